"""Times kept while they are being paid: what billing's purpose `appointments.visit` does."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.operations import credit_line
from billing.purposes import Applied, Outcome, RefundDue
from core.actors import SCHEDULER, Actor
from core.background import after_commit, run_each
from core.errors import Conflict
from core.tenancy import everywhere
from doctors.models import Affiliation

from ..models import PURPOSE, Appointment, Hold
from ..queries import fits_plan
from .booking import confirm, refuse_another_hold
from .cells import SlotTaken, drop_lapsed_cells, give_back_cells, lock_visit, slot_taken, take_cells

EXTENSION = dt.timedelta(minutes=10)


def _held(reference: str) -> Appointment:
    rows = Appointment.objects.select_related(
        "hospital", "patient__user", "doctor__user", "affiliation", "hold"
    )
    return rows.get(public_id=reference)


def reserve_visit(reference: str) -> None:
    """Keep the time ten minutes longer, once; a lapsed one is taken again if nobody has it.

    Billing has locked the rows. Raises SlotTaken when the time is gone, Conflict when it was given back, DomainError when
    two other times are kept for the patient.
    """
    appointment = _held(reference)
    hold = appointment.hold
    now = timezone.now()
    if appointment.status != Appointment.Status.PROPOSED or hold.status == Hold.Status.RELEASED:
        raise Conflict(_("This time was given back. Please book again."))
    if hold.status == Hold.Status.LIVE and hold.expires_at > now and hold.extended_at:
        return
    lapsed = hold.status != Hold.Status.LIVE or hold.expires_at <= now
    hold.expires_at = (now if lapsed else hold.expires_at) + EXTENSION
    hold.extended_at = now
    if lapsed:
        refuse_another_hold(appointment.patient)
        _take_again(appointment, lapses_at=hold.expires_at)
        if hold.status != Hold.Status.LIVE:
            hold.move_to(Hold.Status.LIVE)
    else:
        appointment.cells.update(lapses_at=hold.expires_at)
    hold.save(update_fields=["expires_at", "extended_at", "status"])


def fulfil_visit(reference: str, by: Actor) -> Outcome:
    """Turn the paid time into a visit, also when the money comes late and the time is still free.

    Else the money goes back: RefundDue. Billing has locked the rows.
    """
    appointment = _held(reference)
    if appointment.status in Appointment.LIVE:
        return Applied()
    if appointment.status != Appointment.Status.PROPOSED:
        return RefundDue(_("The visit was cancelled before the payment came."))
    hold = appointment.hold
    if hold.status != Hold.Status.LIVE or hold.expires_at <= timezone.now():
        try:
            _take_again(appointment, lapses_at=None)
        except SlotTaken:
            return RefundDue(_("The payment came late, and the time was given to somebody else."))
    hold.move_to(Hold.Status.USED)
    hold.save(update_fields=["status"])
    confirm(appointment, at_once=appointment.hospital.accepts_at_once, by=by)
    return Applied()


def _take_again(appointment: Appointment, *, lapses_at: dt.datetime | None) -> None:
    drop_lapsed_cells(appointment.doctor_id, appointment.patient_id)
    give_back_cells(appointment)
    open_there = Affiliation.objects.bookable().select_related("hospital", "doctor")
    affiliation = open_there.filter(pk=appointment.affiliation_id).first()
    if affiliation is None or not fits_plan(affiliation, appointment.starts_at, appointment.ends_at):
        raise slot_taken(appointment.starts_at, appointment.hospital.tz)
    take_cells(appointment, lapses_at=lapses_at)


def release_visit(reference: str) -> None:
    """Give a kept time back because its payment was given up; one that is booked or given back stays as it is.

    Billing has locked the rows.
    """
    appointment = _held(reference)
    if appointment.status == Appointment.Status.PROPOSED:
        give_back(appointment, side=Appointment.Side.SYSTEM, by=SCHEDULER)


@transaction.atomic
def release_hold(appointment: Appointment, *, side: Appointment.Side, by: Actor) -> None:
    """Give a kept time back before it is paid. A payment that still comes in goes back to the payer."""
    give_back(lock_visit(appointment), side=side, by=by)


def give_back(appointment: Appointment, *, side: Appointment.Side, by: Actor, reason: str = "") -> None:
    """Give back the time of a locked hold; its bill comes last, since money is locked after visits."""
    hold = Hold.objects.get(appointment=appointment)
    hold.move_to(Hold.Status.RELEASED)
    hold.save(update_fields=["status"])
    appointment.move_to(Appointment.Status.CANCELLED)
    appointment.cancelled_by, appointment.cancel_reason = side, reason
    appointment.cancelling_since = None
    appointment.save(update_fields=["status", "cancelled_by", "cancel_reason", "cancelling_since"])
    give_back_cells(appointment)
    credit_line(PURPOSE, appointment.public_id, share=Decimal(1), reason=_("The time was given back."), by=by)


def flip_lapsed_holds(*, limit: int = 500) -> int:
    """Tidy up lapsed holds so that search sees their times again; booking never waits for this. Returns how many."""
    with everywhere():
        lapsed = Hold.objects.filter(status=Hold.Status.LIVE, expires_at__lte=timezone.now()).order_by(
            "expires_at"
        )
        visits = [hold.appointment for hold in lapsed.select_related("appointment")[:limit]]
        return run_each(_flip, visits)


@transaction.atomic
def _flip(appointment: Appointment) -> None:
    appointment = lock_visit(appointment)
    drop_lapsed_cells(appointment.doctor_id, appointment.patient_id)
    after_commit("appointments.refresh_doctor", doctor_id=appointment.doctor_id)
