"""What becomes of a visit: accepted, declined, moved, cancelled, done, not come."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.operations import credit_line
from core.actors import SCHEDULER, Actor
from core.background import run_each
from core.errors import DomainError
from core.formats import day, moment
from core.tenancy import in_hospital
from doctors.models import Affiliation
from patients.models import CareRelation
from patients.operations import end_care_relation

from ..models import PURPOSE, Appointment, Change
from ..queries import is_bookable, own_share, unanswered_visits
from .booking import open_chart, serial_of, tell, tell_doctor
from .cells import drop_lapsed_cells, give_back_cells, lock_visit, slot_taken, take_cells, write_change

KEEPS_CHART_FOR = dt.timedelta(days=365)
Side = Appointment.Side


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
def decline_appointment(appointment: Appointment, *, reason: str, by: Actor) -> Decimal:
    """Decline a visit that waits for the hospital, and return what goes back: all that was paid.

    Side effects: the time is free again, the patient is told.
    """
    appointment = lock_visit(appointment)
    _refuse_unless_waiting(appointment)
    return call_off(appointment, Change.Act.DECLINED, side=Side.HOSPITAL, reason=reason, by=by)


def decline_all_unanswered() -> int:
    """Decline the visits that started without an answer, each in its own transaction; returns how many."""
    return run_each(decline_unanswered, unanswered_visits())


def decline_unanswered(appointment: Appointment) -> bool:
    """Decline a visit that has started and still waits; returns whether it did: it may just have been moved."""
    with in_hospital(appointment.hospital_id), transaction.atomic():
        appointment = lock_visit(appointment)
        if appointment.status != Appointment.Status.PENDING or not appointment.is_past:
            return False
        reason = _("The hospital did not answer in time.")
        call_off(appointment, Change.Act.DECLINED, side=Side.HOSPITAL, reason=reason, by=SCHEDULER)
        return True


def _refuse_unless_waiting(appointment: Appointment) -> None:
    if appointment.status != Appointment.Status.PENDING:
        raise DomainError(_("This visit is not waiting for an answer any more."))


@transaction.atomic
def cancel_appointment(appointment: Appointment, *, side: Side, reason: str, by: Actor) -> Decimal:
    """Cancel a visit and return what goes back to the payer: all when the hospital cancels, else by its rules.

    The hospital may also cancel one whose time has come and that never began; for the patient it is too late then.
    """
    appointment = lock_visit(appointment)
    if appointment.status == Appointment.Status.PROPOSED:
        raise DomainError(_("This time is only kept while it is being paid. Give it back instead."))
    if appointment.status == Appointment.Status.ARRIVED:
        raise DomainError(_("This visit has begun, so it can't be cancelled any more."))
    if side == Side.PATIENT and appointment.is_past:
        raise DomainError(
            _("This visit's time has come, so it can't be cancelled any more. Please call the hospital.")
        )
    return call_off(appointment, Change.Act.CANCELLED, side=side, reason=reason, by=by)


def call_off(appointment: Appointment, act: Change.Act, *, side: Side, reason: str, by: Actor) -> Decimal:
    """Cancel or decline a locked visit and return what goes back; its bill comes last, whose number locks the counter."""
    share = own_share(appointment) if side == Side.PATIENT else Decimal(1)
    appointment.move_to(Appointment.Status.CANCELLED)
    appointment.cancelled_by, appointment.cancel_reason = side, reason[:300]
    appointment.cancelling_since = None
    appointment.save(update_fields=["status", "cancelled_by", "cancel_reason", "cancelling_since"])
    give_back_cells(appointment)
    end_chart_at(appointment, timezone.now(), by=by)
    write_change(appointment, act, by=by, note=reason)
    tell(appointment, act)
    if act == Change.Act.CANCELLED:
        tell_doctor(appointment, "visit_cancelled", by=by)
    note = _("Visit on %(time)s cancelled") % {"time": moment(appointment.starts_at, appointment.hospital.tz)}
    returned = credit_line(PURPOSE, appointment.public_id, share=share, reason=note, by=by)
    appointment.returned = returned
    appointment.save(update_fields=["returned"])
    return returned


def end_chart_at(appointment: Appointment, ends_at: dt.datetime, *, by: Actor) -> None:
    """Let what the visit opened end then."""
    end_care_relation(
        appointment.patient,
        reason=CareRelation.Reason.APPOINTMENT,
        reference=appointment.public_id,
        ends_at=ends_at,
        by=by,
    )


@transaction.atomic
def reschedule_appointment(
    appointment: Appointment, *, starts_at: dt.datetime, side: Side, by: Actor, reason: str = ""
) -> None:
    """Move a visit to another free time of the same doctor and hospital; payment and history stay.

    Patients may move it while at least half of the fee would come back, and never get back more than then; a visit that
    they moved waits for the hospital again if it wants to accept. After a move by the hospital they get all back if they
    cancel. The patient reads the reason. Raises SlotTaken when the new time is not free.
    """
    appointment = lock_visit(appointment)
    hospital = appointment.hospital
    if appointment.status not in Appointment.AHEAD or appointment.is_past:
        raise DomainError(_("This visit can't be moved any more."))
    by_patient = side == Side.PATIENT
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
    write_change(appointment, Change.Act.MOVED, by=by, note=reason, moved_from=moved_from)
    if appointment.status == Appointment.Status.BOOKED:
        open_chart(appointment, by=by)
    tell(appointment, "moved")
    tell_doctor(appointment, by=by)


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
    appointment.day = appointment.hospital.local(starts_at).date()
    appointment.serial = serial_of(appointment)
    take_cells(appointment, lapses_at=None)


@transaction.atomic
def begin_visit(appointment: Appointment, *, by: Actor) -> Appointment:
    """Note that the patient is with the doctor, and return the visit: from now on it is not moved or cancelled.

    Also not if that was decided already. The chart stays open for a year, so that an unfinished visit does not lose it.
    Raises DomainError before the visit's day.
    """
    appointment = lock_visit(appointment)
    if appointment.day > appointment.hospital.local(timezone.now()).date():
        raise DomainError(
            _("This visit is on %(day)s. You can write in it from then on.") % {"day": day(appointment.day)}
        )
    appointment.move_to(Appointment.Status.ARRIVED)
    appointment.cancelling_since, appointment.cancel_reason = None, ""
    appointment.save(update_fields=["status", "cancelling_since", "cancel_reason"])
    write_change(appointment, Change.Act.ARRIVED, by=by)
    open_chart(appointment, until=timezone.now() + KEEPS_CHART_FOR, by=by)
    return appointment


@transaction.atomic
def undo_begin(appointment: Appointment, *, by: Actor) -> Appointment:
    """Take back that the patient is with the doctor, and return the visit: booked, its chart open as long as for that."""
    appointment = lock_visit(appointment)
    if appointment.status != Appointment.Status.ARRIVED:
        raise DomainError(_("Only a visit that has begun and is not finished can be taken back."))
    appointment.move_to(Appointment.Status.BOOKED)
    appointment.save(update_fields=["status"])
    write_change(appointment, Change.Act.UNDONE, by=by)
    open_chart(appointment, by=by)
    return appointment


@transaction.atomic
def fulfil_appointment(appointment: Appointment, *, by: Actor) -> Appointment:
    """Note that the patient, who was with the doctor, was seen, and return the visit; the doctor reads on for a year."""
    appointment = lock_visit(appointment)
    appointment.move_to(Appointment.Status.FULFILLED)
    appointment.save(update_fields=["status"])
    write_change(appointment, Change.Act.FULFILLED, by=by)
    end_chart_at(appointment, timezone.now() + KEEPS_CHART_FOR, by=by)
    return appointment


@transaction.atomic
def mark_no_show(appointment: Appointment, *, by: Actor) -> None:
    """Note that the patient did not come; only after the visit's start."""
    appointment = lock_visit(appointment)
    if not appointment.is_past:
        raise DomainError(_("The visit has not begun yet."))
    appointment.move_to(Appointment.Status.NOSHOW)
    appointment.save(update_fields=["status"])
    write_change(appointment, Change.Act.NOSHOW, by=by)
    end_chart_at(appointment, timezone.now(), by=by)
