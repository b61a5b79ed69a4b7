"""Reading bills: what is owed, one bill with all that belongs to it, the patient's list."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any

from django.db.models import (
    Case,
    Count,
    DecimalField,
    Exists,
    F,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Greatest
from django.utils import timezone

from patients.models import Patient

from ..models import Attempt, Invoice, InvoiceLine, Payment, Refund

NOTHING = Decimal("0.00")
MONEY: DecimalField = DecimalField(max_digits=12, decimal_places=2)
DRAFT_SHOWN_FOR = dt.timedelta(hours=25)  # as long as its payment may still come
WRITTEN_NUMBER = re.compile(r"(inv|cn)?[-\s]*0*(\d{1,9})", re.IGNORECASE)
KINDS = {"inv": [Invoice.Kind.INVOICE], "cn": [Invoice.Kind.CREDIT_NOTE]}
PAYABLE = frozenset({Invoice.Status.DRAFT, Invoice.Status.ISSUED})


class State(StrEnum):
    """How a bill stands, as people say it."""

    CREDIT_NOTE = "credit_note"
    NOT_PAID = "not_paid"
    GIVEN_UP = "given_up"
    NOT_BOOKED = "not_booked"
    TO_PAY = "to_pay"
    PAID = "paid"
    PARTLY_BACK = "partly_back"
    GOES_BACK = "goes_back"
    PAID_BACK = "paid_back"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Standing:
    """How a bill stands, with the money that moved; amounts in the invoice's currency."""

    invoice: Invoice
    paid: Decimal
    going_back: Decimal
    on_its_way: Decimal

    @property
    def paid_back(self) -> Decimal:
        """What the payer has back already."""
        return self.going_back - self.on_its_way

    @property
    def state(self) -> State:
        """The bill's state: of one that was never issued, or was credited, the money that was paid decides."""
        invoice, status = self.invoice, Invoice.Status
        if invoice.kind == Invoice.Kind.CREDIT_NOTE:
            return State.CREDIT_NOTE
        if invoice.number is None and self.paid:
            return State.NOT_BOOKED
        if invoice.status == status.CREDITED:
            return self._credited_state
        if invoice.status == status.PAID and invoice.credited:
            return State.PARTLY_BACK
        plain: dict[str, State] = {
            status.DRAFT: State.NOT_PAID,
            status.VOID: State.GIVEN_UP,
            status.ISSUED: State.TO_PAY,
        }
        return plain.get(invoice.status, State.PAID)

    @property
    def _credited_state(self) -> State:
        if not self.paid:
            return State.CANCELLED
        return State.GOES_BACK if self.on_its_way else State.PAID_BACK


def standing_of(invoice: Invoice) -> Standing:
    """Return how a bill of a list stands; its payments came with the list."""
    payments: list[Any] = getattr(invoice, "received", [])
    return Standing(
        invoice,
        paid=sum((payment.amount for payment in payments), NOTHING),
        going_back=sum((payment.refund_total for payment in payments), NOTHING),
        on_its_way=sum((payment.on_its_way or NOTHING for payment in payments), NOTHING),
    )


@dataclass(frozen=True)
class Move:
    """One thing that changed what is left to pay: a credit note or payment takes from it, a refund adds to it."""

    at: dt.datetime
    amount: Decimal
    note: Invoice | None = None
    payment: Payment | None = None
    refund: Refund | None = None


@dataclass(frozen=True)
class Bill:
    """An invoice with all that a page or a letter shows about it; amounts in the invoice's currency."""

    invoice: Invoice
    lines: list[InvoiceLine]
    credit_notes: list[Invoice]
    attempts: list[Attempt]
    refunds: list[Refund]

    @cached_property
    def payments(self) -> list[Payment]:
        """What was captured."""
        return [attempt.payment for attempt in self.attempts if hasattr(attempt, "payment")]

    @cached_property
    def paid(self) -> Decimal:
        """The sum of its payments."""
        return sum((payment.amount for payment in self.payments), NOTHING)

    @cached_property
    def going_back(self) -> Decimal:
        """The sum of its refunds, whatever their state."""
        return sum((payment.refund_total for payment in self.payments), NOTHING)

    @property
    def owed(self) -> Decimal:
        """What is left to pay; nothing on a credit note, or once it is paid or given up."""
        is_payable = self.invoice.kind == Invoice.Kind.INVOICE and self.invoice.status in PAYABLE
        return left_to_pay(self.invoice, self.paid - self.going_back) if is_payable else NOTHING

    @property
    def in_review(self) -> bool:
        """Whether a payment waits for a person's decision."""
        return any(attempt.status == Attempt.Status.REVIEW for attempt in self.attempts)

    @property
    def being_paid(self) -> bool:
        """Whether a payment page is open somewhere."""
        return any(attempt.status == Attempt.Status.PENDING for attempt in self.attempts)

    @property
    def refunds_on_the_way(self) -> list[Refund]:
        """The refunds that the payer does not have yet."""
        return [refund for refund in self.refunds if refund.status != Refund.Status.DONE]

    @property
    def waits_at_desk(self) -> bool:
        """Whether the payer gets money back at the desk."""
        return any(refund.is_for_desk for refund in self.refunds)

    @property
    def standing(self) -> Standing:
        """How it stands."""
        on_its_way = sum((refund.amount for refund in self.refunds_on_the_way), NOTHING)
        return Standing(self.invoice, self.paid, self.going_back, on_its_way)

    @property
    def state(self) -> State:
        """Its state, as people say it."""
        return self.standing.state

    @property
    def subtotal(self) -> Decimal:
        """What it asks for without tax."""
        return self.invoice.total - self.tax

    @property
    def tax(self) -> Decimal:
        """The tax in its total."""
        counted = [line for line in self.lines if line.status != InvoiceLine.Status.REFUND_DUE]
        return sum((line.tax_total for line in counted), NOTHING)

    @property
    def moves(self) -> list[Move]:
        """All that changed what is left to pay, in the order it happened; with the total they add up to that."""
        notes = [
            Move(note.issued_at or note.created_at, -note.total, note=note) for note in self.credit_notes
        ]
        paid = [Move(payment.captured_at, -payment.amount, payment=payment) for payment in self.payments]
        back = [Move(row.done_at or row.created_at, row.amount, refund=row) for row in self.refunds]
        return sorted([*notes, *paid, *back], key=lambda move: move.at)


def bill_of(invoice: Invoice) -> Bill:
    """Return the invoice with its lines, credit notes, payments and refunds, in three queries."""
    rows = InvoiceLine.objects.filter(Q(invoice=invoice) | Q(invoice__corrects=invoice))
    lines, notes = [], []
    for line in rows.exclude(status=InvoiceLine.Status.REMOVED).select_related("invoice").order_by("pk"):
        if line.invoice_id == invoice.pk:
            lines.append(line)
        else:
            notes.append(line.invoice)
    attempts = list(Attempt.objects.filter(invoice=invoice).select_related("payment").order_by("pk"))
    refunds = list(Refund.objects.filter(payment__invoice=invoice).order_by("pk"))
    payments = {attempt.payment.pk: attempt.payment for attempt in attempts if hasattr(attempt, "payment")}
    for refund in refunds:
        refund.payment = payments[refund.payment_id]
    return Bill(invoice, lines, notes, attempts, refunds)


def outstanding(invoice: Invoice) -> Decimal:
    """Return what is still owed on an invoice."""
    payments = Payment.objects.filter(invoice=invoice)
    return left_to_pay(invoice, sum((payment.applied for payment in payments), NOTHING))


def left_to_pay(invoice: Invoice, applied: Decimal) -> Decimal:
    """Return what is left of an invoice once so much was applied to it."""
    return max(NOTHING, invoice.total - invoice.credited - applied)


def left_to_pay_in_rows() -> Case:
    """Return the same as an expression over invoices that bear `paid` and `going_back`; of issued ones only."""
    left = Greatest(Value(NOTHING), F("total") - F("credited") - F("paid") + F("going_back"))
    waits = When(kind=Invoice.Kind.INVOICE, status=Invoice.Status.ISSUED, then=left)
    return Case(waits, default=Value(NOTHING), output_field=MONEY)


def document_version(invoice: Invoice) -> int:
    """Return the version of the invoice's letter: 1 when issued, one more with all that changes what it says.

    That is each payment, each refund when it is owed and again when it is paid back, and each credit note.
    """
    done = Q(payments__refunds__status=Refund.Status.DONE)
    counts = Invoice.objects.filter(pk=invoice.pk).aggregate(
        paid=Count("payments", distinct=True),
        refunded=Count("payments__refunds", distinct=True),
        done=Count("payments__refunds", filter=done, distinct=True),
        noted=Count("credit_notes", distinct=True),
    )
    return 1 + sum(int(count) for count in counts.values())


def was_paid() -> Exists:
    return Exists(Payment.objects.filter(invoice=OuterRef("pk")))


def with_payments(rows: QuerySet[Invoice]) -> QuerySet[Invoice]:
    unfinished = ~Q(refunds__status=Refund.Status.DONE)
    payments = Payment.objects.annotate(on_its_way=Sum("refunds__amount", filter=unfinished))
    return rows.prefetch_related(Prefetch("payments", queryset=payments.order_by("pk"), to_attr="received"))


def with_number(text: str) -> Q:
    """Return the condition of a bill's number as people write it: INV-000012, cn 4, 12; of none when it is no number."""
    found = WRITTEN_NUMBER.fullmatch(text)
    if not found:
        return Q(pk__in=[])
    return Q(kind__in=KINDS.get((found[1] or "").lower(), list(Invoice.Kind)), number=int(found[2]))


def invoices_of(patient: Patient, *, text: str = "") -> QuerySet[Invoice]:
    """Return the patient's bills, newest first: the issued ones, all that was paid for, drafts that can still be paid.

    With a text those of a hospital, of something charged, or of that number.
    """
    fresh = Q(status=Invoice.Status.DRAFT, created_at__gt=timezone.now() - DRAFT_SHOWN_FOR)
    rows = Invoice.objects.for_patient(patient).filter(Q(number__isnull=False) | fresh | was_paid())
    if text:
        charged = InvoiceLine.objects.filter(invoice=OuterRef("pk"), title__icontains=text)
        rows = rows.filter(Exists(charged) | Q(hospital__name__icontains=text) | with_number(text))
    return with_payments(rows).prefetch_related("lines")
