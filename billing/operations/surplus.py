"""What the gateway took again under one tran_id: not ours to book, so a person sends it back at the gateway's pages."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from core.actors import Actor
from core.errors import Conflict
from core.locks import LockKey, Rank, lock_rows
from ledger.operations import record

from ..gateways.base import PaymentAnswer
from ..models import Attempt
from .invoices import about


def note_surplus(attempt: Attempt, answer: PaymentAnswer, *, by: Actor) -> None:
    """Keep what the answer says was taken beside the payment itself, and record it once; the attempt is locked."""
    kept = attempt.val_id or answer.val_id
    found = "; ".join(str(capture) for capture in answer.captures if capture.val_id != kept)[:300]
    if not found or found == attempt.surplus:
        return
    attempt.surplus = found
    attempt.surplus_open = True
    attempt.save(update_fields=["surplus", "surplus_open"])
    record(
        "billing.surplus_seen",
        attempt.public_id,
        by=by,
        about=about(attempt.invoice),
        body={"surplus": found},
    )


@transaction.atomic
def close_surplus(attempt: Attempt, *, by: Actor) -> None:
    """Note that a person sent back, at the gateway's own pages, what was taken twice. Raises Conflict when done before."""
    lock_rows([LockKey(Rank.MONEY, Attempt, attempt.pk)])
    attempt = Attempt.objects.select_related("invoice__patient").get(pk=attempt.pk)
    if not attempt.surplus_open:
        raise Conflict(_("This payment does not wait for a decision any more."))
    attempt.surplus_open = False
    attempt.save(update_fields=["surplus_open"])
    record("billing.surplus_closed", attempt.public_id, by=by, about=about(attempt.invoice))
