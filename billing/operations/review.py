"""Payments that the gateway calls risky, decided by a person."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from core.actors import Actor
from core.errors import Conflict
from core.locks import LockKey, Rank, lock_rows
from ledger.operations import record

from .. import purposes
from ..models import Attempt, Invoice
from .invoices import about
from .payments import capture


@transaction.atomic
def resolve_attempt(attempt: Attempt, *, accepted: bool, by: Actor) -> None:
    """Accept a payment in review, or refuse it, which owes all of it back. Raises Conflict when decided before."""
    lines = attempt.invoice.lines.all()
    money = [LockKey(Rank.MONEY, Invoice, attempt.invoice_id), LockKey(Rank.MONEY, Attempt, attempt.pk)]
    lock_rows([*purposes.lock_keys_of(lines), *money])
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
