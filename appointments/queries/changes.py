"""A visit's history, and where its money stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from billing.models import Invoice, InvoiceLine, Payment

from ..models import PURPOSE, Appointment, Change

PATIENTS_OWN = {Change.Act.BOOKED, Change.Act.MOVED}  # a visit that knows no other step was never answered


@dataclass(frozen=True)
class Step:
    """One step of a visit's history, and what it is called."""

    change: Change
    words: str


def change_history(appointment: Appointment) -> list[Step]:
    """Return the visit's steps, the first one first; a booking that the hospital had to accept was only asked for."""
    changes = list(Change.objects.filter(appointment=appointment).order_by("pk"))
    asked = _was_asked_for(appointment, changes)
    return [
        Step(row, _("Asked for") if asked and row.act == Change.Act.BOOKED else row.get_act_display())
        for row in changes
    ]


def _was_asked_for(appointment: Appointment, changes: list[Change]) -> bool:
    if not _booked_by_patient(appointment):
        return False  # the desk's own booking waits for nobody
    first = next((row.act for row in changes if row.act not in PATIENTS_OWN), None)
    if first is None:
        return appointment.status == Appointment.Status.PENDING
    return first in {Change.Act.ACCEPTED, Change.Act.DECLINED}


def _booked_by_patient(appointment: Appointment) -> bool:
    return appointment.booked_by_id == appointment.patient.user_id


def waits_for_first_answer(appointment: Appointment) -> bool:
    """Say whether the patient asked for the visit and the hospital has not answered at all."""
    if appointment.status != Appointment.Status.PENDING or not _booked_by_patient(appointment):
        return False
    answered = Change.objects.filter(appointment=appointment).exclude(act__in=PATIENTS_OWN)
    return not answered.exists()


def last_move(appointment: Appointment) -> Change | None:
    """Return the step that gave the visit its present time; None when it was never moved."""
    moves = Change.objects.filter(appointment=appointment, act=Change.Act.MOVED, version=appointment.version)
    found: Change | None = moves.first()
    return found


def invoice_of(appointment: Appointment) -> Invoice | None:
    """Return the invoice of the visit, also a draft; None only for a visit that was never charged."""
    return payment_states([appointment]).get(appointment.pk)


def payment_states(appointments: Iterable[Appointment]) -> dict[int, Invoice]:
    """Return the invoice of each visit by the visit's primary key; one query."""
    by_reference = {row.public_id: row.pk for row in appointments}
    lines = InvoiceLine.objects.filter(purpose=PURPOSE, reference__in=list(by_reference)).order_by("pk")
    return {by_reference[line.reference]: line.invoice for line in lines.select_related("invoice")}


def was_paid_for(invoice: Invoice | None) -> bool:
    """Say whether any money came for a visit's invoice, though it came too late and goes back."""
    return Payment.objects.filter(invoice=invoice).exists()
