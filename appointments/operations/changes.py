"""What becomes of a visit: accepted, declined, moved, cancelled, done, not come."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.operations import credit_line
from core.actors import SCHEDULER, Actor
from core.background import after_commit
from core.errors import DomainError
from core.formats import moment
from doctors.models import Affiliation
from patients.models import CareRelation
from patients.operations import end_care_relation

from ..models import PURPOSE, Appointment, Change
from ..queries import is_bookable, own_share
from .booking import next_serial, open_chart, tell, tell_doctor
from .cells import drop_lapsed_cells, give_back_cells, lock_visit, slot_taken, take_cells, write_change

KEEPS_CHART_FOR = dt.timedelta(days=365)


@transaction.atomic
def accept_appointment(appointment: Appointment, *, by: Actor) -> None:
    """Accept a visit that waits for the hospital; the doctor may open the chart from now on, the patient is told.

    Raises DomainError once its start has passed.
    """
    appointment = lock_visit(appointment)
    _refuse_unless_waiting(appointment)
    if appointment.is_past:
        raise DomainError(_("This visit's time has come, so it can't be accepted any more."))
    appointment.move_to(Appointment.Status.BOOKED)
    appointment.save(update_fields=["status"])
    write_change(appointment, Change.Act.ACCEPTED, by=by)
    open_chart(appointment, by=by)
    tell(appointment, "accepted")


@transaction.atomic
def decline_appointment(appointment: Appointment, *, reason: str, by: Actor) -> None:
    """Decline a visit that waits for the hospital: all money goes back, the time is free again, the patient is told."""
    appointment = lock_visit(appointment)
    _refuse_unless_waiting(appointment)
    _end(appointment, Appointment.Side.HOSPITAL, Decimal(1), reason, by=by)
    write_change(appointment, Change.Act.DECLINED, by=by, note=reason)
    tell(appointment, "declined")


@transaction.atomic
def decline_unanswered(appointment: Appointment) -> bool:
    """Decline a visit that has started and still waits; returns whether it did: it may just have been moved."""
    appointment = lock_visit(appointment)
    if appointment.status != Appointment.Status.PENDING or not appointment.is_past:
        return False
    decline_appointment(appointment, reason=_("The hospital did not answer in time."), by=SCHEDULER)
    return True


def _refuse_unless_waiting(appointment: Appointment) -> None:
    if appointment.status != Appointment.Status.PENDING:
        raise DomainError(_("This visit is not waiting for an answer any more."))


@transaction.atomic
def cancel_appointment(appointment: Appointment, *, side: str, reason: str, by: Actor) -> Decimal:
    """Cancel a visit and return what goes back to the payer: all when the hospital cancels, else by its rules.

    The hospital may also cancel one whose time has come and that never began; for the patient it is too late then.
    """
    appointment = lock_visit(appointment)
    if appointment.status == Appointment.Status.PROPOSED:
        raise DomainError(_("This time is only kept while it is being paid. Give it back instead."))
    if appointment.status == Appointment.Status.ARRIVED:
        raise DomainError(_("This visit has begun, so it can't be cancelled any more."))
    by_patient = side == Appointment.Side.PATIENT
    if by_patient and appointment.is_past:
        raise DomainError(
            _("This visit's time has come, so it can't be cancelled any more. Please call the hospital.")
        )
    share = own_share(appointment) if by_patient else Decimal(1)
    _end(appointment, side, share, reason, by=by)
    write_change(appointment, Change.Act.CANCELLED, by=by, note=reason)
    tell(appointment, "cancelled")
    return appointment.returned or Decimal(0)


def _end(appointment: Appointment, side: str, share: Decimal, reason: str, *, by: Actor) -> None:
    appointment.move_to(Appointment.Status.CANCELLED)
    appointment.cancelled_by = side
    appointment.cancel_reason = reason[:300]
    give_back_cells(appointment)
    note = _("Visit on %(time)s cancelled") % {"time": moment(appointment.starts_at, appointment.hospital.tz)}
    appointment.returned = credit_line(PURPOSE, appointment.public_id, share=share, reason=note, by=by)
    appointment.save(update_fields=["status", "cancelled_by", "cancel_reason", "returned"])
    close_chart(appointment, timezone.now(), by=by)
    after_commit("appointments.refresh_doctor", doctor_id=appointment.doctor_id)


def close_chart(appointment: Appointment, ends_at: dt.datetime, *, by: Actor) -> None:
    """End what the visit opened."""
    end_care_relation(
        appointment.patient,
        reason=CareRelation.Reason.APPOINTMENT,
        reference=appointment.public_id,
        ends_at=ends_at,
        by=by,
    )


@transaction.atomic
def reschedule_appointment(
    appointment: Appointment, *, starts_at: dt.datetime, by_patient: bool, by: Actor
) -> None:
    """Move a visit to another free time of the same doctor and hospital; payment and history stay.

    Patients may move it while at least half of the fee would come back, and never get back more than then; a visit that
    they moved waits for the hospital again if it wants to accept. After a move by the hospital they get all back if they
    cancel. Raises SlotTaken when the new time is not free.
    """
    appointment = lock_visit(appointment)
    hospital = appointment.hospital
    if appointment.status not in Appointment.AHEAD or appointment.is_past:
        raise DomainError(_("This visit can't be moved any more."))
    if by_patient:
        _keep_what_is_lost(appointment)
    appointment.moved_by_hospital = not by_patient
    moved_from = appointment.starts_at
    _take_other_time(appointment, starts_at)
    if by_patient and not hospital.accepts_at_once and appointment.status == Appointment.Status.BOOKED:
        appointment.move_to(Appointment.Status.PENDING)
    appointment.version += 1
    moved = ["starts_at", "ends_at", "day", "serial", "status", "version"]
    appointment.save(update_fields=[*moved, "refund_share_cap", "moved_by_hospital"])
    write_change(appointment, Change.Act.MOVED, by=by, moved_from=moved_from)
    if appointment.status == Appointment.Status.BOOKED:
        open_chart(appointment, by=by)
    tell(appointment, "moved")
    if by_patient:
        tell_doctor(appointment)
    after_commit("appointments.refresh_doctor", doctor_id=appointment.doctor_id)


def _keep_what_is_lost(appointment: Appointment) -> None:
    share = own_share(appointment)
    if share == 0:
        raise DomainError(_("It is too late to move this visit yourself. Please call the hospital."))
    appointment.refund_share_cap = share


def _take_other_time(appointment: Appointment, starts_at: dt.datetime) -> None:
    drop_lapsed_cells(appointment.doctor_id, appointment.patient_id)
    # Its own cells count as free: moving by ten minutes may overlap the old time.
    give_back_cells(appointment)
    works_there = Affiliation.objects.bookable().select_related("hospital", "doctor")
    affiliation = works_there.filter(pk=appointment.affiliation_id).first()
    same_time = starts_at == appointment.starts_at
    if affiliation is None or same_time or not is_bookable(affiliation, starts_at):
        raise slot_taken(starts_at, appointment.hospital.tz)
    appointment.starts_at = starts_at
    appointment.ends_at = starts_at + dt.timedelta(minutes=affiliation.slot_minutes)
    _renumber(appointment)
    take_cells(appointment, lapses_at=None)


def _renumber(appointment: Appointment) -> None:
    day = appointment.hospital.local(appointment.starts_at).date()
    if day != appointment.day:
        appointment.day = day
        appointment.serial = next_serial(appointment)


@transaction.atomic
def begin_visit(appointment: Appointment, *, by: Actor) -> None:
    """Note that the patient is with the doctor, not before the visit's day: from now on it is not moved or cancelled.

    The chart stays open for a year, so that an unfinished visit does not lose it.
    """
    appointment = lock_visit(appointment)
    if appointment.day > appointment.hospital.local(timezone.now()).date():
        raise DomainError(_("This visit is on another day."))
    appointment.move_to(Appointment.Status.ARRIVED)
    appointment.save(update_fields=["status"])
    write_change(appointment, Change.Act.ARRIVED, by=by)
    open_chart(appointment, until=timezone.now() + KEEPS_CHART_FOR, by=by)


@transaction.atomic
def undo_begin(appointment: Appointment, *, by: Actor) -> None:
    """Take back that the patient is with the doctor: booked again, and the chart is open only as long as for that."""
    appointment = lock_visit(appointment)
    if appointment.status != Appointment.Status.ARRIVED:
        raise DomainError(_("Only a visit that has begun and is not finished can be taken back."))
    appointment.move_to(Appointment.Status.BOOKED)
    appointment.save(update_fields=["status"])
    write_change(appointment, Change.Act.UNDONE, by=by)
    open_chart(appointment, by=by)


@transaction.atomic
def fulfil_appointment(appointment: Appointment, *, by: Actor) -> None:
    """Note that the patient, who was with the doctor, was seen; the doctor may read on for a year."""
    appointment = lock_visit(appointment)
    appointment.move_to(Appointment.Status.FULFILLED)
    appointment.save(update_fields=["status"])
    write_change(appointment, Change.Act.FULFILLED, by=by)
    close_chart(appointment, timezone.now() + KEEPS_CHART_FOR, by=by)


@transaction.atomic
def mark_no_show(appointment: Appointment, *, by: Actor) -> None:
    """Note that the patient did not come; only after the visit's start."""
    appointment = lock_visit(appointment)
    if not appointment.is_past:
        raise DomainError(_("The visit has not begun yet."))
    appointment.move_to(Appointment.Status.NOSHOW)
    appointment.save(update_fields=["status"])
    write_change(appointment, Change.Act.NOSHOW, by=by)
    close_chart(appointment, timezone.now(), by=by)
