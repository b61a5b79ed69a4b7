"""A doctor at a hospital: rules of booking, hours, days that differ; and the doctor's time off everywhere.

Changes of the calendar enter through appointments' operations, which know the visits and lock the doctor first.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import Actor
from core.errors import Conflict, DomainError
from core.money import round_money
from hospitals.models import Department, Membership
from hospitals.operations import end_membership
from ledger.operations import About, record

from ..models import SLOT_STEP, Affiliation, Doctor, ScheduleException, TimeOff, WeeklyHours

Hours = tuple[int, dt.time, dt.time]  # weekday (Monday is 0), from, until; local at the hospital
MOST_HOURS_A_DAY = 8  # rows, not hours
LONGEST_TIME_OFF = dt.timedelta(days=400)


@dataclass(frozen=True)
class BookingRules:
    """How patients book a doctor at a hospital; the fee is in the hospital's currency, lengths are minutes."""

    fee: Decimal
    slot_minutes: int
    lead_minutes: int
    daily_cap: int | None
    takes_bookings: bool
    room: str = ""


def check_rules(rules: BookingRules) -> None:
    """Refuse rules that can't work. Raises DomainError."""
    if rules.fee < 0:
        raise DomainError(_("A fee can't be less than nothing."), field="fee")
    if not 5 <= rules.slot_minutes <= 240 or rules.slot_minutes % SLOT_STEP:
        raise DomainError(_("A visit takes 5 to 240 minutes, in steps of five."), field="slot_minutes")
    if not 0 <= rules.lead_minutes <= 60 * 24 * 30:
        raise DomainError(
            _("Visits can be booked up to 30 days ahead at the earliest."), field="lead_minutes"
        )
    if rules.daily_cap is not None and rules.daily_cap < 1:
        raise DomainError(_("Write at least one visit a day, or leave it empty."), field="daily_cap")


def check_hours(hours: Iterable[Hours]) -> list[Hours]:
    """Return the hours in order. Raises DomainError for odd times, hours that end before they start, and overlaps."""
    ordered = sorted(set(hours))
    by_day: dict[int, list[Hours]] = defaultdict(list)
    for weekday, starts, ends in ordered:
        check_span(starts, ends)
        earlier = by_day[weekday]
        if not 0 <= weekday <= 6 or len(earlier) >= MOST_HOURS_A_DAY:
            raise DomainError(_("That is more than fits into a day."))
        if earlier and starts < earlier[-1][2]:
            raise DomainError(_("Two of the hours on one day overlap. Let one end before the next begins."))
        earlier.append((weekday, starts, ends))
    return ordered


def check_span(starts: dt.time, ends: dt.time) -> None:
    """Refuse hours that are turned round or do not stand on five minutes. Raises DomainError."""
    if any(time.minute % SLOT_STEP or time.second or time.microsecond for time in (starts, ends)):
        raise DomainError(_("Times are in steps of five minutes, like 9:00 or 9:05."))
    if ends <= starts:
        raise DomainError(_("Hours end later than they begin, on the same day."), field="ends")


@transaction.atomic
def write_weekly_hours(affiliation: Affiliation, *, hours: list[Hours], by: Actor) -> None:
    """Replace the hours of the week; visits already booked are not touched. Raises DomainError."""
    ordered = check_hours(hours)
    stored = WeeklyHours.objects.filter(affiliation=affiliation)
    if sorted(stored.values_list("weekday", "starts", "ends")) == ordered:
        return
    stored.delete()
    WeeklyHours.objects.bulk_create(
        WeeklyHours(
            hospital_id=affiliation.hospital_id,
            affiliation=affiliation,
            weekday=weekday,
            starts=starts,
            ends=ends,
        )
        for weekday, starts, ends in ordered
    )
    body = {"hours": [f"{weekday} {starts:%H:%M}-{ends:%H:%M}" for weekday, starts, ends in ordered]}
    _record("weekly_hours_written", affiliation, by, body)


@transaction.atomic
def write_exception(
    affiliation: Affiliation, *, day: dt.date, starts: dt.time | None, ends: dt.time | None, by: Actor
) -> ScheduleException:
    """Close a day (no hours), or open it at these hours instead of the week's. Raises DomainError, Conflict."""
    if (starts is None) != (ends is None):
        raise DomainError(_("Write both times, or none when the day is closed."), field="ends")
    if starts is not None and ends is not None:
        check_span(starts, ends)
    if day < affiliation.hospital.local(timezone.now()).date():
        raise DomainError(_("This day is over. Choose today or a later day."), field="day")
    exception = ScheduleException(
        hospital_id=affiliation.hospital_id, affiliation=affiliation, day=day, starts=starts, ends=ends
    )
    try:
        with transaction.atomic():
            exception.save()
    except IntegrityError as error:
        raise Conflict(_("This day is in the list already. Remove it there first."), field="day") from error
    _record("exception_written", affiliation, by, _exception_body(exception))
    return exception


@transaction.atomic
def delete_exception(exception: ScheduleException, *, by: Actor) -> None:
    """Let the day be like its weekday again."""
    body = _exception_body(exception)
    affiliation = exception.affiliation
    exception.delete()
    _record("exception_deleted", affiliation, by, body)


@transaction.atomic
def write_time_off(doctor: Doctor, *, starts_at: dt.datetime, ends_at: dt.datetime, by: Actor) -> TimeOff:
    """Keep a time (UTC) in which the doctor works in no hospital. Raises DomainError."""
    if ends_at <= starts_at:
        raise DomainError(_("Time off ends later than it begins."), field="ends_at")
    if ends_at <= timezone.now():
        raise DomainError(_("This time is over already."), field="ends_at")
    if ends_at - starts_at > LONGEST_TIME_OFF:
        raise DomainError(
            _("Time off is a year at most. Leave a hospital if you stop working there."), field="ends_at"
        )
    time_off = TimeOff.objects.create(doctor=doctor, starts_at=starts_at, ends_at=ends_at)
    record("doctors.time_off_written", doctor.public_id, by=by, body=_span_body(time_off))
    return time_off


@transaction.atomic
def delete_time_off(time_off: TimeOff, *, by: Actor) -> None:
    """Let the doctor be free to book again in that time."""
    body, doctor = _span_body(time_off), time_off.doctor
    time_off.delete()
    record("doctors.time_off_deleted", doctor.public_id, by=by, body=body)


@transaction.atomic
def write_booking_rules(affiliation: Affiliation, *, rules: BookingRules, by: Actor) -> None:
    """Change fee, length of a visit and the other rules; they count for new bookings. Raises DomainError."""
    check_rules(rules)
    before = {name: getattr(affiliation, name) for name in asdict(rules)}
    after = {**asdict(rules), "fee": round_money(rules.fee)}
    if before == after:
        return
    for name, value in after.items():
        setattr(affiliation, name, value)
    affiliation.save(update_fields=list(after))
    _record("booking_rules_written", affiliation, by, {"from": _words(before), "to": _words(after)})


@transaction.atomic
def move_to_department(affiliation: Affiliation, *, department: Department | None, by: Actor) -> None:
    """Put the doctor into a department of the same hospital. Raises DomainError."""
    locked = Affiliation.objects.select_for_update(no_key=True, of=("self",)).get(pk=affiliation.pk)
    check_department(locked.hospital_id, department)
    locked.department = department
    locked.save(update_fields=["department"])
    _record("department_changed", locked, by, {"department": department.public_id if department else ""})


def check_department(hospital_id: int, department: Department | None) -> None:
    """Refuse a department that is removed or another hospital's. Raises DomainError."""
    if department and (department.hospital_id != hospital_id or department.removed_at is not None):
        raise DomainError(_("This department is not there any more. Choose another one."), field="department")


@transaction.atomic
def end_affiliation(affiliation: Affiliation, *, by: Actor) -> None:
    """End the doctor's work at a hospital: the membership is removed, so every right there ends at once."""
    membership = Membership.objects.get(pk=affiliation.membership_id)
    end_membership(membership, by=by)
    _record("affiliation_ended", affiliation, by, {"doctor": affiliation.doctor.public_id})


def _words(values: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}


def _exception_body(exception: ScheduleException) -> dict[str, str]:
    if exception.starts is None or exception.ends is None:
        return {"day": exception.day.isoformat(), "hours": ""}
    return {"day": exception.day.isoformat(), "hours": f"{exception.starts:%H:%M}-{exception.ends:%H:%M}"}


def _span_body(time_off: TimeOff) -> dict[str, str]:
    return {"starts_at": time_off.starts_at.isoformat(), "ends_at": time_off.ends_at.isoformat()}


def _record(what: str, affiliation: Affiliation, by: Actor, body: dict[str, Any]) -> None:
    about = About(hospital_id=affiliation.hospital_id)
    record(f"doctors.{what}", affiliation.public_id, by=by, about=about, body=body)
