"""Reading money for the hospital: the cash desk's bills, refunds and payments that need a person."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import (
    Case,
    Count,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce, RowNumber
from django.utils import timezone

from core.money import round_money
from hospitals.models import Hospital
from patients.models import Patient, Registration
from patients.queries import patients_of

from ..models import Attempt, Invoice, Payment, Refund
from .bills import (
    MONEY,
    NOTHING,
    Standing,
    State,
    left_to_pay_in_rows,
    was_paid,
    with_number,
    with_payments,
)
from .payments import OWN_ID

OVERDUE_AFTER = dt.timedelta(days=1)  # an online refund that is still not sent
BILLS_SHOWN = 10  # of one patient
SHOWN_FIRST = 10  # of each thing that waits, on the cash desk's first page


def desk_invoices(hospital: Hospital, *, text: str = "", only_open: bool = True) -> QuerySet[Invoice]:
    """Return the hospital's bills, newest first: those to pay, or all that were issued or that money was paid for.

    With a text those of a patient (name, hospital number, phone), a bill's number, a payment's tran_id or receipt.
    """
    rows = Invoice.objects.filter(hospital=hospital)
    if text:
        rows = _like(rows, hospital, text)
    if only_open:
        rows = rows.to_pay()
    else:
        # By key, which is in the order of their making: sorting a big hospital's bills takes longer than the page.
        rows = with_payments(rows.filter(Q(number__isnull=False) | was_paid()).order_by("-pk"))
    here = Registration.objects.filter(hospital=hospital, patient=OuterRef("patient"))
    return rows.select_related("patient").annotate(hospital_number=Subquery(here.values("number")))


def _like(rows: QuerySet[Invoice], hospital: Hospital, text: str) -> QuerySet[Invoice]:
    """Narrow a hospital's bills to what was typed; every way goes by an index, none through all bills."""
    people = patients_of(hospital, text).order_by().values("pk")
    wanted = Q(patient__in=people) | (Q(hospital=hospital) & with_number(text))
    code = text.lower()
    if OWN_ID.fullmatch(code):
        wanted |= Q(pk__in=Attempt.objects.filter(hospital=hospital, tran_id=code).values("invoice"))
        wanted |= Q(pk__in=Payment.objects.filter(hospital=hospital, public_id=code).values("invoice"))
    return rows.filter(wanted)


@dataclass(frozen=True)
class BillsHere:
    """A patient's last bills at a hospital with how each stands, and what is owed on all of them."""

    rows: list[tuple[Invoice, State]]
    owed: Decimal
    has_more: bool


def bills_of_patient(patient: Patient, hospital: Hospital) -> BillsHere:
    """Return the last bills that were issued or paid for, and the owed sum over all; one query."""
    payments = Payment.objects.filter(invoice=OuterRef("pk"))
    refunds = Refund.objects.filter(payment__invoice=OuterRef("pk")).exclude(status=Refund.Status.DONE)
    bills: QuerySet[Any] = Invoice.objects.filter(patient=patient, hospital=hospital).annotate(
        paid=_sum_of(payments, "invoice", "amount"),
        going_back=_sum_of(payments, "invoice", "refund_total"),
        on_its_way=_sum_of(refunds, "payment__invoice", "amount"),
    )
    shown = bills.filter(Q(number__isnull=False) | Q(paid__gt=0))
    summed = shown.annotate(owed_in_all=Window(Sum(left_to_pay_in_rows(), output_field=MONEY)))
    found = list(summed.order_by("-pk")[: BILLS_SHOWN + 1])
    rows = [
        (row, Standing(row, row.paid, row.going_back, row.on_its_way).state) for row in found[:BILLS_SHOWN]
    ]
    owed = round_money(found[0].owed_in_all) if found else NOTHING
    return BillsHere(rows, owed, len(found) > BILLS_SHOWN)


def _sum_of(rows: QuerySet[Any], key: str, amount: str) -> Any:
    sums = rows.order_by().values(key).annotate(sum=Sum(amount)).values("sum")
    return Coalesce(Subquery(sums), Value(NOTHING), output_field=MONEY)


class Wait(StrEnum):
    """Why a refund waits for somebody at the hospital."""

    HAND_OVER = "hand-over"
    UNCLEAR = "unclear"
    UNSENT = "unsent"


@dataclass(frozen=True)
class Waiting:
    """The first of what waits for somebody, and how many there are."""

    rows: list[Any]
    count: int


def refunds_for_people(hospital: Hospital, *, wait: Wait | None = None, text: str = "") -> QuerySet[Refund]:
    """Return the refunds that need a person: to hand over at the desk, unclear, or not sent for a day; oldest first."""
    due, is_online = Q(status=Refund.Status.DUE), Q(payment__attempt__method=Attempt.Method.ONLINE)
    reasons = {
        Wait.HAND_OVER: due & ~is_online,
        Wait.UNCLEAR: Q(status=Refund.Status.UNCLEAR),
        Wait.UNSENT: due & is_online & Q(created_at__lte=timezone.now() - OVERDUE_AFTER),
    }
    # The two states by name: that is what the index is about.
    states = [Refund.Status.DUE, Refund.Status.UNCLEAR]
    rows = Refund.objects.filter(hospital=hospital, status__in=states).annotate(
        wait=Case(*[When(reason, then=Value(name.value)) for name, reason in reasons.items()])
    )
    rows = rows.filter(wait=wait.value) if wait else rows.filter(wait__isnull=False)
    if text:
        bills = _like(Invoice.objects.filter(hospital=hospital), hospital, text)
        rows = rows.filter(payment__invoice__in=bills.values("pk"))
    return rows.select_related("payment__attempt", "payment__invoice__patient").order_by("created_at", "pk")


def first_refunds(hospital: Hospital) -> dict[str, Waiting]:
    """Return the oldest refunds of each kind that need a person, and how many; one query, over those that wait."""
    kind = F("wait")
    rows = refunds_for_people(hospital).annotate(
        place=Window(RowNumber(), partition_by=kind, order_by=["created_at", "pk"]),
        of=Window(Count("pk"), partition_by=kind),
    )
    found: list[Any] = list(rows.filter(place__lte=SHOWN_FIRST))
    groups = {wait.name.lower(): [row for row in found if row.wait == wait.value] for wait in Wait}
    return {name: Waiting(rows, rows[0].of if rows else 0) for name, rows in groups.items()}


def attempts_for_people(hospital: Hospital, *, text: str = "") -> QuerySet[Attempt]:
    """Return the payments that need a person, oldest first: in review, taken twice, or an answer that does not fit."""
    rows = Attempt.objects.filter(hospital=hospital, needs_person=True)
    if text:
        bills = _like(Invoice.objects.filter(hospital=hospital), hospital, text)
        rows = rows.filter(invoice__in=bills.values("pk"))
    return rows.select_related("invoice__patient").order_by("created_at", "pk")


def first_attempts(hospital: Hospital) -> Waiting:
    """Return the oldest payments that need a person, and how many there are; one query."""
    rows: list[Any] = list(attempts_for_people(hospital).annotate(of=Window(Count("pk")))[:SHOWN_FIRST])
    return Waiting(rows, rows[0].of if rows else 0)
