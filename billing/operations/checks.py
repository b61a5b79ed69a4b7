"""The reconciliation: hands out what has to be asked, and when it is asked again."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from core.actors import SCHEDULER
from core.background import after_commit
from core.locks import LockKey, Rank, lock_rows
from core.tenancy import everywhere, in_hospital

from ..models import Attempt, Invoice, Refund
from ..queries import abandoned_drafts, due_checks, due_refund_checks, find_attempt, unsent_refunds
from .invoices import lock_bill, void_draft
from .payments import GIVE_UP_AFTER, ask_again_later

LEASE = dt.timedelta(minutes=2)  # until a question counts as lost with its worker


@transaction.atomic
def queue_payment_checks(*, limit: int = 50) -> int:
    """Queue a question for each payment whose answer is due, and say how many. Workers ask: the clock never waits."""
    with everywhere():
        due = [attempt for attempt in due_checks(limit=limit) if _claim(attempt)]
        for attempt in due:
            after_commit("billing.verify_payment", tran_id=attempt.tran_id)
    return len(due)


@transaction.atomic
def queue_refund_checks(*, limit: int = 50) -> int:
    """Queue a question for each refund that is with the bank and whose answer is due, and say how many."""
    with everywhere():
        due = [refund for refund in due_refund_checks(limit=limit) if _claim(refund)]
        for refund in due:
            after_commit("billing.check_refund", refund_id=refund.pk)
    return len(due)


@transaction.atomic
def queue_unsent_refunds(*, limit: int = 50) -> int:
    """Queue again each online refund that is still to be sent: its one task was lost. Says how many; one is sent once."""
    with everywhere():
        unsent = [refund for refund in unsent_refunds(limit=limit) if _claim(refund)]
        for refund in unsent:
            after_commit("billing.send_refund", refund_id=refund.pk)
    return len(unsent)


def _claim(row: Attempt | Refund) -> bool:
    # Only while nobody has settled it or put it off since it was read.
    same = type(row).objects.filter(pk=row.pk, status=row.status, next_check_at=row.next_check_at)
    return bool(same.update(next_check_at=timezone.now() + LEASE))


def give_up_drafts(*, limit: int = 100) -> int:
    """Void drafts whose payment can't come any more, and give back what they kept; returns how many."""
    before = timezone.now() - GIVE_UP_AFTER
    with everywhere():
        drafts = list(abandoned_drafts(before=before)[:limit])
    given_up = 0
    for draft in drafts:
        with in_hospital(draft.hospital_id):
            given_up += _give_up(draft, before)
    return given_up


@transaction.atomic
def _give_up(draft: Invoice, before: dt.datetime) -> bool:
    draft = lock_bill(draft)
    # Somebody may have paid it, or begun to, since it was read.
    if not abandoned_drafts(before=before).filter(pk=draft.pk).exists():
        return False
    void_draft(draft, by=SCHEDULER)
    return True


@transaction.atomic
def postpone_check(tran_id: str) -> None:
    """Ask about a payment later, because the gateway gave no answer."""
    attempt = find_attempt(tran_id)
    if attempt is None:
        return
    lock_rows([LockKey(Rank.MONEY, Attempt, attempt.pk)])
    with in_hospital(attempt.hospital_id):
        attempt = Attempt.objects.get(pk=attempt.pk)
        if attempt.status != Attempt.Status.PAID:
            ask_again_later(attempt)
