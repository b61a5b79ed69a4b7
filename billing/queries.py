"""Reading money: what is owed, one bill with all that belongs to it, the cash desk's lists."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils import timezone

from core.tenancy import everywhere
from hospitals.models import Hospital
from patients.models import Patient, Registration

from .models import Attempt, Invoice, InvoiceLine, Payment, Refund

NOTHING = Decimal("0.00")
SENT_WITHIN = dt.timedelta(minutes=3)  # an online refund; later its task is taken for lost
OVERDUE_AFTER = dt.timedelta(days=1)  # an online refund that is still not sent
DRAFT_SHOWN_FOR = dt.timedelta(hours=25)  # as long as its payment may still come
PAYABLE = frozenset({Invoice.Status.DRAFT, Invoice.Status.ISSUED})
# What the gateway sends back is compared with our own ids; anything else is no question for the database.
OWN_ID = re.compile(r"[0-9a-z]{1,30}")
WRITTEN_NUMBER = re.compile(r"(?:inv|cn)?[-\s]*0*(\d{1,9})", re.IGNORECASE)


class PaymentResult(StrEnum):
    """What the payer is told about a payment."""

    PAID = "paid"
    CHECKING = "checking"
    FAILED = "failed"
    GOES_BACK = "goes_back"


@dataclass(frozen=True)
class Bill:
    """An invoice with all that a page or a letter shows about it; amounts in the invoice's currency."""

    invoice: Invoice
    lines: list[InvoiceLine]
    credit_notes: list[Invoice]
    attempts: list[Attempt]
    refunds: list[Refund]
    payments: list[Payment] = field(init=False)
    paid: Decimal = field(init=False)
    going_back: Decimal = field(init=False)
    owed: Decimal = field(init=False)

    def __post_init__(self) -> None:
        payments = [attempt.payment for attempt in self.attempts if hasattr(attempt, "payment")]
        paid = sum((payment.amount for payment in payments), NOTHING)
        going_back = sum((payment.refund_total for payment in payments), NOTHING)
        invoice = self.invoice
        left = invoice.total - invoice.credited - paid + going_back
        payable = invoice.kind == Invoice.Kind.INVOICE and invoice.status in PAYABLE
        for name, value in {
            "payments": payments,
            "paid": paid,
            "going_back": going_back,
            "owed": max(NOTHING, left) if payable else NOTHING,
        }.items():
            object.__setattr__(self, name, value)

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
    return Bill(invoice, lines, notes, attempts, refunds)


def result_of(attempt: Attempt) -> PaymentResult:
    """Return what became of a payment, in the payer's eyes."""
    if attempt.status == Attempt.Status.PAID:
        return PaymentResult.PAID if attempt.payment.applied > 0 else PaymentResult.GOES_BACK
    if attempt.status in {Attempt.Status.FAILED, Attempt.Status.CANCELLED, Attempt.Status.EXPIRED}:
        return PaymentResult.FAILED
    return PaymentResult.CHECKING


def outstanding(invoice: Invoice) -> Decimal:
    """Return what is still owed on an invoice."""
    paid = sum((payment.applied for payment in Payment.objects.filter(invoice=invoice)), NOTHING)
    return max(NOTHING, invoice.total - invoice.credited - paid)


def document_version(invoice: Invoice) -> int:
    """Return the version of the invoice's letter: 1 when issued, one more with each payment, refund and credit note."""
    counts = Invoice.objects.filter(pk=invoice.pk).aggregate(
        paid=Count("payments", distinct=True),
        refunded=Count("payments__refunds", distinct=True),
        noted=Count("credit_notes", distinct=True),
    )
    return 1 + int(counts["paid"]) + int(counts["refunded"]) + int(counts["noted"])


def invoices_of(patient: Patient) -> QuerySet[Invoice]:
    """Return the patient's bills, newest first; of drafts those that can still be paid."""
    fresh = Q(status=Invoice.Status.DRAFT, created_at__gt=timezone.now() - DRAFT_SHOWN_FOR)
    rows = Invoice.objects.for_patient(patient).filter(Q(number__isnull=False) | fresh)
    return rows.prefetch_related("lines")


def desk_invoices(hospital: Hospital, *, text: str = "", only_open: bool = True) -> QuerySet[Invoice]:
    """Return the hospital's issued bills, newest first: those to pay or all, by name, phone or number if given."""
    rows = Invoice.objects.filter(hospital=hospital).numbered()
    if only_open:
        rows = rows.to_pay()
    if text:
        person = Q(patient__name__icontains=text) | Q(patient__phone__contains=text)
        registered = Registration.objects.filter(hospital=hospital, number__iexact=text).values("patient")
        found = WRITTEN_NUMBER.fullmatch(text)
        number = Q(number=int(found[1])) if found else Q()
        rows = rows.filter(person | Q(patient__in=registered) | number)
    here = Registration.objects.filter(hospital=hospital)
    return rows.select_related("patient").prefetch_related(
        Prefetch("patient__registrations", queryset=here, to_attr="here")
    )


def refunds_for_people(hospital: Hospital) -> QuerySet[Refund]:
    """Return the refunds that need a person: to hand over at the desk, unclear, or not sent for a day; oldest first."""
    due, is_online = Q(status=Refund.Status.DUE), Q(payment__attempt__method=Attempt.Method.ONLINE)
    overdue = due & is_online & Q(created_at__lte=timezone.now() - OVERDUE_AFTER)
    wanted = (due & ~is_online) | overdue | Q(status=Refund.Status.UNCLEAR)
    rows = Refund.objects.filter(wanted, hospital=hospital)
    return rows.select_related("payment__attempt", "payment__invoice__patient").order_by("created_at", "pk")


def attempts_for_people(hospital: Hospital) -> QuerySet[Attempt]:
    """Return the payments that need a person, oldest first: in review, taken twice, or an answer that does not fit."""
    odd = Q(note__startswith=Attempt.MISMATCH) & ~Q(status=Attempt.Status.PAID)
    wanted = Q(status=Attempt.Status.REVIEW) | Q(surplus_open=True) | odd
    rows = Attempt.objects.filter(wanted, hospital=hospital)
    return rows.select_related("invoice__patient").order_by("created_at", "pk")


def find_attempt(tran_id: str) -> Attempt | None:
    """Return the online attempt of that transaction, in whichever hospital."""
    if not OWN_ID.fullmatch(tran_id):
        return None
    with everywhere():
        rows = Attempt.objects.select_related("invoice__patient__user", "hospital")
        return rows.filter(tran_id=tran_id, method=Attempt.Method.ONLINE).first()


def find_attempt_by_id(public_id: str) -> Attempt | None:
    """Return the attempt with its payment, in whichever hospital: for the page that a signed link opens."""
    with everywhere():
        rows = Attempt.objects.select_related("invoice", "hospital", "payment").filter(public_id=public_id)
        return rows.prefetch_related("payment__refunds", "invoice__lines").first()


def find_payment(public_id: str) -> Payment:
    """Return the payment in whichever hospital, for a mail about it."""
    with everywhere():
        return Payment.objects.select_related("invoice__patient", "hospital", "attempt").get(
            public_id=public_id
        )


def find_refund(public_id: str) -> Refund:
    """Return the refund in whichever hospital, for a mail about it."""
    with everywhere():
        rows = Refund.objects.select_related("payment__invoice__patient", "payment__attempt", "hospital")
        return rows.get(public_id=public_id)


def due_checks(*, limit: int) -> Iterable[Attempt]:
    """Return the online attempts whose answer is due, the longest waiting first."""
    decided = [Attempt.Status.PAID, Attempt.Status.REVIEW]
    due = Attempt.objects.filter(next_check_at__lte=timezone.now(), method=Attempt.Method.ONLINE).exclude(
        status__in=decided
    )
    return due.order_by("next_check_at")[:limit]


def due_refund_checks(*, limit: int) -> Iterable[Refund]:
    """Return the refunds with the bank whose answer is due, the longest waiting first."""
    due = Refund.objects.filter(status=Refund.Status.PROCESSING, next_check_at__lte=timezone.now())
    return due.order_by("next_check_at")[:limit]


def unsent_refunds(*, limit: int) -> Iterable[Refund]:
    """Return the online refunds that are still to be sent some minutes after they were owed, the oldest first."""
    now = timezone.now()
    is_asked_for = Q(next_check_at=None) | Q(next_check_at__lte=now)
    online = Refund.objects.filter(status=Refund.Status.DUE, payment__attempt__method=Attempt.Method.ONLINE)
    return online.filter(is_asked_for, created_at__lte=now - SENT_WITHIN).order_by("created_at", "pk")[:limit]


def abandoned_drafts(*, before: dt.datetime) -> QuerySet[Invoice]:
    """Return the drafts that are older than that, like each try to pay them, and that no open one can still pay."""
    open_ones = [Attempt.Status.CREATED, Attempt.Status.PENDING, Attempt.Status.REVIEW]
    running = Attempt.objects.filter(Q(status__in=open_ones) | Q(created_at__gte=before)).values("invoice")
    drafts = Invoice.objects.filter(status=Invoice.Status.DRAFT, created_at__lt=before)
    return drafts.exclude(pk__in=running).order_by("created_at", "pk")
