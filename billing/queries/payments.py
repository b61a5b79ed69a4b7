"""Reading payments: by the names that the gateway and our own outbox know them by, and those that the clock asks about."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from enum import StrEnum

from django.db.models import Q, QuerySet
from django.utils import timezone

from core.tenancy import everywhere

from ..models import Attempt, Invoice, Payment, Refund

SENT_WITHIN = dt.timedelta(minutes=3)  # an online refund; later its task is taken for lost
# What the gateway sends back is compared with our own ids; anything else is no question for the database.
OWN_ID = re.compile(r"[0-9a-z]{1,30}")


class PaymentResult(StrEnum):
    """What the payer is told about a payment."""

    PAID = "paid"
    CHECKING = "checking"
    FAILED = "failed"
    GOES_BACK = "goes_back"


def result_of(attempt: Attempt) -> PaymentResult:
    """Return what became of a payment, in the payer's eyes."""
    if attempt.status == Attempt.Status.PAID:
        return PaymentResult.PAID if attempt.payment.applied > 0 else PaymentResult.GOES_BACK
    if attempt.status in {Attempt.Status.FAILED, Attempt.Status.CANCELLED, Attempt.Status.EXPIRED}:
        return PaymentResult.FAILED
    return PaymentResult.CHECKING


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
