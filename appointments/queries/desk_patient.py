"""A patient of a hospital as its desk sees them: visits and bills there, nothing clinical."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    DecimalField,
    F,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from billing.models import Invoice, Payment
from billing.queries import Standing, State
from core.money import round_money
from hospitals.models import Hospital
from patients.models import Patient

from ..models import Appointment

VISITS_A_PAGE = 10
BILLS_SHOWN = 10
_MONEY: DecimalField = DecimalField(max_digits=12, decimal_places=2)


@dataclass(frozen=True)
class VisitsHere:
    """One page of a patient's visits at a hospital: first those to come, the next first, then those that are over."""

    ahead: list[Appointment]
    over: list[Appointment]
    has_more: bool


def visits_here(patient: Patient, hospital: Hospital, *, page: int) -> VisitsHere:
    """Return that page of the visits that were really made; one query."""
    made = Appointment.objects.confirmed().exclude(status=Appointment.Status.CANCELLED, serial__isnull=True)
    is_ahead = When(status__in=Appointment.LIVE, ends_at__gt=timezone.now(), then=Value(0))
    rows = made.filter(patient=patient, hospital=hospital).annotate(
        is_over=Case(is_ahead, default=Value(1), output_field=IntegerField())
    )
    next_first = Case(When(is_over=0, then=F("starts_at")))
    ordered = rows.select_related("doctor__speciality").order_by("is_over", next_first, "-starts_at", "-pk")
    found = list(ordered[(page - 1) * VISITS_A_PAGE : page * VISITS_A_PAGE + 1])
    shown = found[:VISITS_A_PAGE]
    return VisitsHere(
        ahead=[row for row in shown if not row.is_over],
        over=[row for row in shown if row.is_over],
        has_more=len(found) > VISITS_A_PAGE,
    )


@dataclass(frozen=True)
class BillsHere:
    """A patient's last bills at a hospital with how each stands, and what is owed on all of them."""

    rows: list[tuple[Invoice, State]]
    owed: Decimal
    has_more: bool


def bills_here(patient: Patient, hospital: Hospital) -> BillsHere:
    """Return the last bills that were issued or paid for, and the owed sum over all; one query."""
    bills = Invoice.objects.filter(patient=patient, hospital=hospital).annotate(
        paid=_of_payments("amount"), back=_of_payments("refund_total")
    )
    left = F("total") - F("credited") - F("paid") + F("back")
    is_to_pay = When(status=Invoice.Status.ISSUED, kind=Invoice.Kind.INVOICE, then=left)
    owed: Any = Case(is_to_pay, default=Value(Decimal(0)), output_field=_MONEY)
    shown = bills.filter(Q(number__isnull=False) | Q(paid__gt=0))
    summed = shown.annotate(owed_in_all=Window(Sum(owed, output_field=_MONEY)))
    found = list(summed.order_by("-pk")[: BILLS_SHOWN + 1])
    rows = [(row, Standing(row, row.paid, row.back, row.back).state) for row in found[:BILLS_SHOWN]]
    return BillsHere(
        rows, round_money(found[0].owed_in_all if found else Decimal(0)), len(found) > BILLS_SHOWN
    )


def _of_payments(amount: str) -> Any:
    sums = Payment.objects.filter(invoice=OuterRef("pk")).values("invoice").annotate(sum=Sum(amount))
    return Coalesce(Subquery(sums.values("sum")), Value(Decimal(0)), output_field=_MONEY)
