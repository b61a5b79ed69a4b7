"""Asking the gateway, sending refunds and rendering letters, in the worker; the clock hands out the questions."""

from __future__ import annotations

from core.background import periodic, task
from core.gateways import GatewayRefused, GatewayUnavailable

from . import documents, operations


@task("billing.verify_payment")
def verify_payment(tran_id: str, val_id: str = "") -> None:
    """Ask the gateway about a transaction; when it does not answer, the clock asks again."""
    try:
        operations.verify_payment(tran_id, val_id=val_id)
    except (GatewayUnavailable, GatewayRefused):
        operations.postpone_check(tran_id)


@task("billing.send_refund")
def send_refund(refund_id: int) -> None:
    """Send one refund."""
    operations.send_refund(refund_id)


@task("billing.check_refund")
def check_refund(refund_id: int) -> None:
    """Ask what became of one refund."""
    operations.check_refund(refund_id)


@task("billing.render_invoice")
def render_invoice(invoice_id: int) -> None:
    """Make the PDF of an invoice as it stands now."""
    documents.render_invoice(invoice_id)


@task("billing.render_receipt")
def render_receipt(payment_id: int) -> None:
    """Make the PDF of a payment's receipt."""
    documents.render_receipt(payment_id)


@periodic("billing.check_attempts", every=15)
def check_attempts() -> int:
    """Have the gateway asked about payments whose answer is due."""
    return operations.queue_payment_checks()


@periodic("billing.check_refunds", every=30)
def check_refunds() -> int:
    """Hand stuck refunds to a person, have the gateway asked about those with the bank, and send what was not sent."""
    return (
        operations.mark_stuck_refunds() + operations.queue_refund_checks() + operations.queue_unsent_refunds()
    )


@periodic("billing.give_up_drafts", every=600)
def give_up_drafts() -> int:
    """Void drafts whose payment can't come any more."""
    return operations.give_up_drafts()


@periodic("billing.refuse_reviews_of_closed", every=60)
def refuse_reviews_of_closed() -> int:
    """Send back payments that nobody can decide about any more."""
    return operations.refuse_reviews_of_closed()
