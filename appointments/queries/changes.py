"""A visit's history, and where its money stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import QuerySet

from billing.models import Invoice, InvoiceLine

from ..models import PURPOSE, Appointment, Change


def change_history(appointment: Appointment) -> QuerySet[Change]:
    """Return the visit's steps, the first one first."""
    rows: QuerySet[Change] = Change.objects.filter(appointment=appointment).order_by("pk")
    return rows


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
