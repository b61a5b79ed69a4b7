"""Who may see and move money."""

from __future__ import annotations

from typing import Any

import rules

from hospitals.rules import is_admin, is_desk
from patients.rules import is_patient


@rules.predicate
def is_payer(user: Any, subject: Any) -> bool:
    """The invoice, or the payment's invoice, is the person's own."""
    invoice = getattr(subject, "invoice", subject)
    return invoice is not None and is_patient(user, invoice.patient)


rules.add_perm("billing.view_own_invoices", rules.is_authenticated)
rules.add_perm("billing.view_invoice", is_desk | is_payer)
rules.add_perm("billing.view_receipt", is_desk | is_payer)
rules.add_perm("billing.pay_invoice", is_payer)
rules.add_perm("billing.view_cash_desk", is_desk)
rules.add_perm("billing.take_payment", is_desk)
rules.add_perm("billing.pay_refund", is_desk)
rules.add_perm("billing.resolve_refund", is_admin)
rules.add_perm("billing.resolve_attempt", is_admin)
