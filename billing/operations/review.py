"""Payments that the gateway calls risky, decided by a person."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from core.actors import SCHEDULER, Actor
from core.background import run_each
from core.errors import Conflict
from core.locks import LockKey, Rank
from core.tenancy import everywhere, in_hospital
from ledger.operations import record

from ..models import Attempt
from .invoices import about, lock_bill
from .payments import capture


@transaction.atomic
def resolve_attempt(attempt: Attempt, *, accepted: bool, by: Actor) -> None:
    """Accept a payment in review, or refuse it, which owes all of it back. Raises Conflict when decided before."""
    lock_bill(attempt.invoice, LockKey(Rank.MONEY, Attempt, attempt.pk))
    attempt = Attempt.objects.select_related("invoice__patient__user").get(pk=attempt.pk)
    if attempt.status != Attempt.Status.REVIEW:
        raise Conflict(_("This payment does not wait for a decision any more."))
    attempt.move_to(Attempt.Status.PAID)
    attempt.save(update_fields=["status"])
    record(
        "billing.review_decided",
        attempt.public_id,
        by=by,
        about=about(attempt.invoice),
        body={"accepted": accepted},
    )
    capture(attempt, by=by, refuse="" if accepted else _("The hospital could not accept this payment."))


def refuse_reviews_of_closed(*, limit: int = 100) -> int:
    """Send back the payments that wait for a decision in hospitals that have closed: nobody is there to decide.

    Returns how many; each has its own transaction.
    """
    with everywhere():
        waiting = Attempt.objects.filter(needs_person=True, status=Attempt.Status.REVIEW)
        rows = list(waiting.filter(hospital__is_active=False).order_by("pk")[:limit])
    return run_each(_refuse_in_closed, rows)


def _refuse_in_closed(attempt: Attempt) -> None:
    with in_hospital(attempt.hospital_id):
        resolve_attempt(attempt, accepted=False, by=SCHEDULER)
