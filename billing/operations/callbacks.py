"""What the gateway and the payer's browser post to us: a hint to ask the gateway, never the truth."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from core.actors import GATEWAY
from core.background import after_commit
from core.gateways import GatewayRefused, GatewayUnavailable
from core.throttle import count_try
from ledger.operations import NOBODY, record

from ..gateways import get_gateway
from ..models import Attempt
from ..queries import find_attempt
from .invoices import about
from .payments import verify_payment

REFUSALS_AN_HOUR = 60


@transaction.atomic
def receive_notice(fields: Mapping[str, str], *, address: str) -> bool:
    """Take a server's notice about a payment: have the gateway asked after commit. False for a wrong or missing signature.

    A refused one is recorded, at most sixty times an hour from one address, so that nobody can fill the trail.
    """
    if not get_gateway().signature_is_valid(fields):
        _refuse(fields, "notice", address)
        return False
    attempt = find_attempt(fields.get("tran_id", ""))
    val_id = fields.get("val_id", "")[:60]
    if attempt is not None and (attempt.status != Attempt.Status.PAID or val_id not in {"", attempt.val_id}):
        after_commit("billing.verify_payment", tran_id=attempt.tran_id, val_id=val_id)
    return True


def receive_return(fields: Mapping[str, str], *, address: str) -> Attempt | None:
    """Take the payer's browser back: ask the gateway at once and return the attempt; None for one that is not ours.

    Not atomic. Without a right signature nobody is asked and the attempt stays as it is; likewise when the gateway does not
    answer: the reconciliation asks later.
    """
    tran_id = fields.get("tran_id", "")
    if not get_gateway().signature_is_valid(fields):
        with transaction.atomic():
            _refuse(fields, "return", address)
        return find_attempt(tran_id)
    try:
        return verify_payment(tran_id, val_id=fields.get("val_id", ""))
    except (GatewayUnavailable, GatewayRefused):
        return find_attempt(tran_id)


def _refuse(fields: Mapping[str, str], channel: str, address: str) -> None:
    if not count_try("billing.callback", address, limit=REFUSALS_AN_HOUR, seconds=3600):
        return
    attempt = find_attempt(fields.get("tran_id", ""))
    whom = about(attempt.invoice) if attempt else NOBODY
    reference = attempt.public_id if attempt else "unknown"
    record("billing.callback_refused", reference, by=GATEWAY, about=whom, body={"channel": channel})
