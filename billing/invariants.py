"""What must hold of money at any time, to the poisha."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from django.db.models import F, Sum
from django.utils import timezone

from core.invariants import invariant

from .models import Attempt, Invoice, InvoiceLine, NumberSeries, Payment, Refund
from .queries import OVERDUE_AFTER

NOTHING = Decimal("0.00")


def _sums(rows: object, key: str, amount: str) -> dict[int, Decimal]:
    grouped = rows.order_by().values(key).annotate(sum=Sum(amount))  # type: ignore[attr-defined]
    return {row[key]: row["sum"] for row in grouped}


@invariant("billing: each payment is what was applied and what goes back")
def payments_add_up() -> Iterator[str]:
    """Yield one sentence for each payment whose refunds do not add up, or are more than was captured."""
    refunds = _sums(Refund.objects.all(), "payment", "amount")
    for payment in Payment.objects.iterator(chunk_size=2000):
        refunded = refunds.get(payment.pk, NOTHING)
        if refunded != payment.refund_total:
            yield f"Payment {payment.public_id} counts {payment.refund_total} as refunds, its refunds are {refunded}."
        if refunded > payment.amount:
            yield f"Payment {payment.public_id} of {payment.amount} owes {refunded} back."


@invariant("billing: every paid attempt has its payment, of the same amount")
def attempts_have_payments() -> Iterator[str]:
    """Yield one sentence for each attempt and payment that do not belong together."""
    for attempt in Attempt.objects.filter(status=Attempt.Status.PAID, payment__isnull=True):
        yield f"Attempt {attempt.public_id} is paid and has no payment."
    for payment in Payment.objects.exclude(attempt__status=Attempt.Status.PAID):
        yield f"Payment {payment.public_id} belongs to an attempt that is not paid."
    for payment in Payment.objects.exclude(amount=F("attempt__amount"), currency=F("attempt__currency")):
        yield f"Payment {payment.public_id} is not what its attempt asked for."


@invariant("billing: invoice numbers have no gaps and end where their series does")
def numbers_have_no_gaps() -> Iterator[str]:
    """Yield one sentence for each series that lacks a number or gave one twice."""
    numbers: dict[tuple[int, str], list[int]] = defaultdict(list)
    numbered = Invoice.objects.numbered().order_by("number")
    for hospital_id, kind, number in numbered.values_list("hospital_id", "kind", "number"):
        numbers[hospital_id, kind].append(number)
    last = {(row.hospital_id, row.kind): row.last for row in NumberSeries.objects.all()}
    for key in sorted(numbers.keys() | last.keys()):
        if numbers[key] != list(range(1, last.get(key, 0) + 1)):
            yield f"The {key[1]} numbers of hospital {key[0]} do not run from 1 to {last.get(key, 0)}."


@invariant("billing: what was applied to an invoice is what it asks for")
def applied_money_is_asked_for() -> Iterator[str]:
    """Yield one sentence for each invoice with too little money, or with money that should have gone back."""
    captured = _sums(Payment.objects.all(), "invoice", "amount")
    refunded = _sums(Payment.objects.all(), "invoice", "refund_total")
    closed = {Invoice.Status.PAID, Invoice.Status.CREDITED}
    for invoice in Invoice.objects.filter(kind=Invoice.Kind.INVOICE).iterator(chunk_size=2000):
        asked = invoice.total - invoice.credited if invoice.status in closed else NOTHING
        applied = captured.get(invoice.pk, NOTHING) - refunded.get(invoice.pk, NOTHING)
        if applied != asked:
            yield f"{invoice.label} {invoice.public_id} asks for {asked} and has {applied}."


@invariant("billing: what was credited is the sum of the credit notes")
def credits_add_up() -> Iterator[str]:
    """Yield one sentence for each invoice whose credit notes do not add up."""
    notes = _sums(Invoice.objects.filter(kind=Invoice.Kind.CREDIT_NOTE), "corrects", "total")
    for invoice in Invoice.objects.filter(kind=Invoice.Kind.INVOICE).iterator(chunk_size=2000):
        if invoice.credited != notes.get(invoice.pk, NOTHING):
            yield f"{invoice.label} of hospital {invoice.hospital_id} does not count its credit notes."


@invariant("billing: lines add up to their invoice's total")
def lines_add_up() -> Iterator[str]:
    """Yield one sentence for each invoice whose lines do not; a line whose money goes back is on no issued invoice."""
    rows = InvoiceLine.objects.exclude(status=InvoiceLine.Status.REMOVED)
    everything = _sums(rows, "invoice", "amount")
    kept = _sums(rows.exclude(status=InvoiceLine.Status.REFUND_DUE), "invoice", "amount")
    for invoice in Invoice.objects.iterator(chunk_size=2000):
        lines = kept if invoice.number else everything
        if invoice.total != lines.get(invoice.pk, NOTHING):
            yield f"The lines of {invoice.public_id} do not add up to {invoice.total}."


@invariant("billing: an online refund is sent within a day")
def refunds_are_sent() -> Iterator[str]:
    """Yield one sentence for each online refund that waits longer."""
    unsent = Refund.objects.filter(status=Refund.Status.DUE, payment__attempt__method=Attempt.Method.ONLINE)
    for refund in unsent.filter(created_at__lte=timezone.now() - OVERDUE_AFTER):
        yield f"Refund {refund.public_id} of {refund.amount} is not sent since {refund.created_at:%Y-%m-%d %H:%M}."
