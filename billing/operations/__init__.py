"""What changes money: invoices, payments, refunds."""

from .callbacks import receive_notice, receive_return
from .checks import (
    give_up_drafts,
    postpone_check,
    queue_payment_checks,
    queue_refund_checks,
    queue_unsent_refunds,
)
from .invoices import Charge, credit_line, draft_invoice, issue_invoice, void_draft
from .payments import settle, start_payment, take_desk_payment, verify_payment
from .refunds import check_refund, mark_stuck_refunds, pay_refund_at_desk, resolve_refund, send_refund
from .review import refuse_reviews_of_closed, resolve_attempt
from .surplus import close_surplus

__all__ = [
    "Charge",
    "check_refund",
    "close_surplus",
    "credit_line",
    "draft_invoice",
    "give_up_drafts",
    "issue_invoice",
    "mark_stuck_refunds",
    "pay_refund_at_desk",
    "postpone_check",
    "queue_payment_checks",
    "queue_refund_checks",
    "queue_unsent_refunds",
    "receive_notice",
    "receive_return",
    "refuse_reviews_of_closed",
    "resolve_attempt",
    "resolve_refund",
    "send_refund",
    "settle",
    "start_payment",
    "take_desk_payment",
    "verify_payment",
    "void_draft",
]
