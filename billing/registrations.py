"""What billing puts into the registries of lower rooms: entries, mails, invariants, tasks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db.models import Count, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.money import format_money
from hospitals.losses import register_loss
from hospitals.models import Hospital
from ledger import kinds as ledger_kinds
from notifications.kinds import Bell, Content, Kind, register

from . import invariants, tasks  # noqa: F401
from .models import Invoice, Refund
from .queries import find_payment, find_refund, refunds_for_people

for _name, _label in {
    "invoice_issued": gettext_lazy("Issued an invoice or a credit note"),
    "payment_captured": gettext_lazy("Received a payment"),
    "refund_owed": gettext_lazy("Owed money back"),
    "refund_done": gettext_lazy("Paid money back"),
    "refund_resent": gettext_lazy("Sent a refund again"),
    "refund_unclear": gettext_lazy("Could not tell what became of a refund"),
    "answer_refused": gettext_lazy("Refused an answer of the gateway that did not fit"),
    "callback_refused": gettext_lazy("Refused a message that the gateway did not sign"),
    "payment_in_review": gettext_lazy("Put a payment aside to be checked"),
    "review_decided": gettext_lazy("Decided about a payment that was put aside"),
    "surplus_seen": gettext_lazy("Saw that the gateway took a payment more than once"),
    "surplus_closed": gettext_lazy("Closed a payment that was taken more than once"),
}.items():
    ledger_kinds.event(f"billing.{_name}", _label)


def _left_at_desk(hospital: Hospital) -> Iterable[str]:
    """Say what only a closed hospital's own desk could finish."""
    if hospital.is_active:
        return
    rows = refunds_for_people(hospital).order_by()
    sums = rows.aggregate(count=Count("pk"), amount=Sum("amount"))
    if sums["count"]:
        yield ngettext(
            "%(count)s refund of %(amount)s waits at the desk. While the hospital is closed nobody can hand it over.",
            "%(count)s refunds (%(amount)s) wait at the desk. While the hospital is closed nobody can hand them over.",
            sums["count"],
        ) % {"count": sums["count"], "amount": format_money(sums["amount"], hospital.currency)}


register_loss(Hospital, _left_at_desk)


def _bill_path(invoice: Invoice) -> str:
    return reverse("billing:invoice", args=[invoice.public_id])


def _values(invoice: Invoice, **values: Any) -> dict[str, Any]:
    shared = {"name": invoice.patient.name, "number": invoice.label if invoice.number else "", **values}
    if invoice.patient.user_id is None:
        return shared  # nobody there who could log in
    link = {
        "action_url": settings.PUBLIC_URL + _bill_path(invoice),
        "action_label": gettext_lazy("Open the bill"),
    }
    return shared | link


def _paid(reference: str, version: int) -> Content:
    payment = find_payment(reference)
    amount = format_money(payment.applied, payment.currency)
    values = _values(payment.invoice, amount=amount, method=payment.attempt.paid_with)
    return Content(values, hospital_name=payment.hospital.name)


def _paid_bell(reference: str, version: int) -> Bell:
    payment = find_payment(reference)
    told = {"amount": format_money(payment.applied, payment.currency), "hospital": payment.hospital.name}
    return Bell(_("%(hospital)s has your payment of %(amount)s") % told, _bill_path(payment.invoice))


def _is_applied(reference: str, version: int) -> bool:
    return find_payment(reference).applied > 0


def _refund(reference: str, version: int) -> Content:
    refund = find_refund(reference)
    amount = format_money(refund.amount, refund.currency)
    at_desk = refund.payment.attempt.method != "online"
    values = _values(refund.payment.invoice, amount=amount, at_desk=at_desk)
    return Content(values, hospital_name=refund.hospital.name)


def _refund_due_bell(reference: str, version: int) -> Bell:
    refund = find_refund(reference)
    told = {"amount": format_money(refund.amount, refund.currency), "hospital": refund.hospital.name}
    return Bell(_("You get %(amount)s back from %(hospital)s") % told, _bill_path(refund.payment.invoice))


def _refunded_bell(reference: str, version: int) -> Bell:
    refund = find_refund(reference)
    told = {"amount": format_money(refund.amount, refund.currency), "hospital": refund.hospital.name}
    return Bell(_("%(hospital)s has paid %(amount)s back") % told, _bill_path(refund.payment.invoice))


def _is_still_due(reference: str, version: int) -> bool:
    return find_refund(reference).status != Refund.Status.DONE


register(
    Kind("billing.paid", gettext_lazy("Payment received"), _paid, bell=_paid_bell, still_true=_is_applied)
)
register(
    Kind(
        "billing.refund_due",
        gettext_lazy("Money goes back"),
        _refund,
        bell=_refund_due_bell,
        still_true=_is_still_due,
    )
)
register(Kind("billing.refunded", gettext_lazy("Money paid back"), _refund, bell=_refunded_bell))
