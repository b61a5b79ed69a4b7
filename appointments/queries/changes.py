"""A visit's history, and where its money stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from billing.models import Invoice, InvoiceLine

from ..models import PURPOSE, Appointment, Change


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
    if appointment.booked_by_id != appointment.patient.user_id:
        return False  # the desk's own booking waits for nobody
    first = next((row.act for row in changes if row.act not in {Change.Act.BOOKED, Change.Act.MOVED}), None)
    if first is None:
        return appointment.status == Appointment.Status.PENDING
    return first in {Change.Act.ACCEPTED, Change.Act.DECLINED}


def moved_from(appointment: Appointment) -> dt.datetime | None:
    """Return the time that the visit had before its present one; None when it was never moved."""
    moves = Change.objects.filter(appointment=appointment, act=Change.Act.MOVED, version=appointment.version)
    before: dt.datetime | None = moves.values_list("moved_from", flat=True).first()
    return before


def invoice_of(appointment: Appointment) -> Invoice | None:
    """Return the invoice of the visit, also a draft; None only for a visit that was never charged."""
    return payment_states([appointment]).get(appointment.pk)


def payment_states(appointments: Iterable[Appointment]) -> dict[int, Invoice]:
    """Return the invoice of each visit by the visit's primary key; one query."""
    by_reference = {row.public_id: row.pk for row in appointments}
    lines = InvoiceLine.objects.filter(purpose=PURPOSE, reference__in=list(by_reference)).order_by("pk")
    return {by_reference[line.reference]: line.invoice for line in lines.select_related("invoice")}


def money_went_back(appointment: Appointment) -> bool:
    """Say whether a payment for the visit came when its time was gone, and goes back."""
    lines = InvoiceLine.objects.filter(purpose=PURPOSE, reference=appointment.public_id)
    return lines.filter(status=InvoiceLine.Status.REFUND_DUE).exists()
