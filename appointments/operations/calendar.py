"""The doctor's calendar: hours, days that differ, time off, rules of booking, leaving a hospital.

Each operation locks the doctor first, as booking does: a visit is booked before a change or after it, never across it.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.actors import Actor
from core.background import after_commit
from core.errors import DomainError
from core.locks import LockKey, Rank, lock_rows
from core.tenancy import everywhere
from doctors.models import Affiliation, Doctor, ScheduleException, TimeOff, WeeklyHours
from doctors.operations import (
    BookingRules,
    Hours,
    delete_exception,
    delete_time_off,
    end_affiliation,
    write_booking_rules,
    write_exception,
    write_time_off,
    write_weekly_hours,
)

from ..models import Appointment
from ..queries import coming_visits, live_visits, spans_of, visits_outside, visits_outside_hours


class BookingsHit(DomainError):
    """Visits stand in the way; `visits` are those that have to be moved or cancelled first."""

    code = "bookings_hit"

    def __init__(self, visits: list[Appointment]) -> None:
        super().__init__(
            ngettext(
                "%(count)s visit is booked in this time. Move or cancel it first.",
                "%(count)s visits are booked in this time. Move or cancel them first.",
                len(visits),
            )
            % {"count": len(visits)}
        )
        self.visits = visits


@transaction.atomic
def set_weekly_hours(affiliation: Affiliation, *, hours: list[Hours], by: Actor) -> int:
    """Replace the hours of the week and return how many booked visits lie outside of the new ones; those stay.

    Raises DomainError for times that are not in steps of five minutes, turned round or overlapping.
    """
    affiliation = _locked(affiliation)
    write_weekly_hours(affiliation, hours=hours, by=by)
    _refresh(affiliation.doctor_id)
    return len(visits_outside_hours(affiliation))


@transaction.atomic
def add_exception(
    affiliation: Affiliation, *, day: dt.date, starts: dt.time | None, ends: dt.time | None, by: Actor
) -> ScheduleException:
    """Close a day, or open it at these hours instead. Raises BookingsHit when a visit would lie outside, DomainError."""
    affiliation = _locked(affiliation)
    exception = write_exception(affiliation, day=day, starts=starts, ends=ends, by=by)
    _refuse_if_hit(visits_outside(coming_visits(affiliation).filter(day=day), spans_of(exception)))
    _refresh(affiliation.doctor_id)
    return exception


@transaction.atomic
def remove_exception(exception: ScheduleException, *, by: Actor) -> None:
    """Let the day be like its weekday again. Raises BookingsHit when a visit would lie outside of the week's hours."""
    affiliation = _locked(exception.affiliation)
    week = WeeklyHours.objects.filter(affiliation=affiliation, weekday=exception.day.weekday())
    visits = coming_visits(affiliation).filter(day=exception.day)
    if exception.starts is not None:
        _refuse_if_hit(visits_outside(visits, list(week.values_list("starts", "ends"))))
    delete_exception(exception, by=by)
    _refresh(affiliation.doctor_id)


@transaction.atomic
def take_time_off(doctor: Doctor, *, starts_at: dt.datetime, ends_at: dt.datetime, by: Actor) -> TimeOff:
    """Keep a time (UTC) free of visits in all hospitals. Raises BookingsHit with the visits of all hospitals."""
    _lock_doctor(doctor.pk)
    with everywhere():
        visits = live_visits(Appointment.objects.filter(doctor=doctor)).filter(
            starts_at__lt=ends_at, ends_at__gt=starts_at
        )
        hit = list(visits)
    _refuse_if_hit(hit)
    time_off = write_time_off(doctor, starts_at=starts_at, ends_at=ends_at, by=by)
    _refresh(doctor.pk)
    return time_off


@transaction.atomic
def remove_time_off(time_off: TimeOff, *, by: Actor) -> None:
    """Let the doctor be booked again in that time."""
    _lock_doctor(time_off.doctor_id)
    delete_time_off(time_off, by=by)
    _refresh(time_off.doctor_id)


@transaction.atomic
def change_booking_rules(affiliation: Affiliation, *, rules: BookingRules, by: Actor) -> None:
    """Change fee, length of a visit, lead time and daily cap; they count for new bookings. Raises DomainError."""
    affiliation = _locked(affiliation)
    write_booking_rules(affiliation, rules=rules, by=by)
    _refresh(affiliation.doctor_id)


@transaction.atomic
def leave_hospital(affiliation: Affiliation, *, by: Actor) -> None:
    """End the doctor's work at a hospital, by the doctor or its admin. Raises BookingsHit while visits are to come."""
    affiliation = _locked(affiliation)
    _refuse_if_hit(list(coming_visits(affiliation)))
    end_affiliation(affiliation, by=by)
    _refresh(affiliation.doctor_id)


def _refuse_if_hit(visits: list[Appointment]) -> None:
    if visits:
        raise BookingsHit(visits)


def _lock_doctor(doctor_id: int) -> None:
    lock_rows([LockKey(Rank.DOCTOR, Doctor, doctor_id)])


def _locked(affiliation: Affiliation) -> Affiliation:
    """Lock the doctor and read the affiliation again; one that has ended can't be changed."""
    _lock_doctor(affiliation.doctor_id)
    rows = Affiliation.objects.current().select_related("hospital", "doctor")
    found: Affiliation | None = rows.filter(pk=affiliation.pk).first()
    if found is None:
        raise DomainError(_("The doctor does not work there any more."))
    return found


def _refresh(doctor_id: int) -> None:
    after_commit("appointments.refresh_doctor", doctor_id=doctor_id)
