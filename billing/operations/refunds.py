"""Refunds: owed in the transaction that decides so, sent by the worker, never sent twice without asking."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import GATEWAY, SCHEDULER, Actor
from core.background import after_commit
from core.errors import Conflict, DomainError
from core.gateways import GatewayRefused, GatewayUnavailable
from core.tenancy import everywhere, in_hospital
from ledger.operations import About, record
from notifications.operations import notify

from ..gateways import get_gateway
from ..gateways.base import RefundAnswer, RefundState
from ..models import Attempt, Payment, Refund

STUCK_AFTER = dt.timedelta(minutes=5)


def owe_back(payment: Payment, *, amount: Decimal, reason: str, by: Actor) -> Refund:
    """Owe part of a payment back to the payer; inside the caller's transaction, with the payment's invoice locked.

    Online payments are sent back through the gateway after commit; cash waits for the desk. Tells the patient.
    """
    payment.refresh_from_db()
    payment.refund_total += amount
    payment.save(update_fields=["refund_total"])
    refund = Refund.objects.create(
        hospital_id=payment.hospital_id,
        payment=payment,
        amount=amount,
        currency=payment.currency,
        reason=reason[:200],
    )
    patient = payment.invoice.patient
    record(
        "billing.refund_owed",
        refund.public_id,
        by=by,
        about=About(patient.public_id, payment.hospital_id),
        body={
            "amount": str(amount),
            "currency": payment.currency,
            "payment": payment.public_id,
            "reason": reason,
        },
    )
    notify(patient.recipient, "billing.refund_due", refund.public_id, hospital_id=payment.hospital_id)
    if payment.attempt.method == Attempt.Method.ONLINE:
        after_commit("billing.send_refund", refund_id=refund.pk)
    return refund


def send_refund(refund_id: int) -> None:
    """Send one refund to the gateway; not atomic: intent first, then the question, then the answer.

    Without a clear answer the refund waits for a person: sending it again might pay twice.
    """
    refund = _claim(refund_id)
    if refund is None:
        return
    attempt = refund.payment.attempt
    try:
        answer = get_gateway().refund(attempt.bank_tran_id, refund.amount, refund.public_id, refund.reason)
    except GatewayRefused as error:
        answer = RefundAnswer(RefundState.FAILED, reason=str(error))
    except GatewayUnavailable:
        answer = RefundAnswer(RefundState.UNKNOWN)
    _keep_answer(refund, answer)


def check_refund(refund_id: int) -> None:
    """Ask the gateway what became of a refund that it accepted; not atomic."""
    with everywhere():
        refund = Refund.objects.get(pk=refund_id)
    if refund.status != Refund.Status.PROCESSING:
        return
    try:
        answer = get_gateway().find_refund(refund.gateway_reference)
    except (GatewayUnavailable, GatewayRefused):
        answer = RefundAnswer(RefundState.ACCEPTED, refund.gateway_reference)
    _keep_answer(refund, answer)


@transaction.atomic
def _claim(refund_id: int) -> Refund | None:
    with everywhere():
        refund = _locked(refund_id)
        if refund.status != Refund.Status.DUE or refund.payment.attempt.method != Attempt.Method.ONLINE:
            return None
        refund.move_to(Refund.Status.SENDING)
        refund.attempts += 1
        refund.next_check_at = timezone.now() + STUCK_AFTER
        refund.save(update_fields=["status", "attempts", "next_check_at"])
        return refund


def _locked(refund_id: int) -> Refund:
    rows = Refund.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("payment__attempt", "payment__invoice__patient__user").get(pk=refund_id)


@transaction.atomic
def _keep_answer(refund: Refund, answer: RefundAnswer) -> None:
    with in_hospital(refund.hospital_id):
        refund = _locked(refund.pk)
        if refund.status not in {Refund.Status.SENDING, Refund.Status.PROCESSING}:
            return  # a person decided meanwhile
        if answer.refund_ref_id:
            refund.gateway_reference = answer.refund_ref_id[:80]
        if answer.state == RefundState.DONE:
            _finish(refund, by=GATEWAY)
        elif answer.state == RefundState.ACCEPTED and refund.gateway_reference:
            if refund.status == Refund.Status.SENDING:
                refund.move_to(Refund.Status.PROCESSING)
            refund.next_check_at = timezone.now() + dt.timedelta(
                minutes=min(2 ** min(refund.attempts, 9), 360)
            )
            refund.attempts += 1
        else:
            _hand_to_person(refund, by=GATEWAY)
        refund.save(update_fields=["status", "gateway_reference", "attempts", "next_check_at", "done_at"])


def _hand_to_person(refund: Refund, *, by: Actor) -> None:
    refund.move_to(Refund.Status.UNCLEAR)
    refund.next_check_at = None
    record("billing.refund_unclear", refund.public_id, by=by, about=_about(refund))


def _about(refund: Refund) -> About:
    return About(refund.payment.invoice.patient.public_id, refund.hospital_id)


def _finish(refund: Refund, *, by: Actor) -> None:
    refund.move_to(Refund.Status.DONE)
    refund.done_at = timezone.now()
    refund.next_check_at = None
    body = {"amount": str(refund.amount), "currency": refund.currency}
    record("billing.refund_done", refund.public_id, by=by, about=_about(refund), body=body)
    invoice = refund.payment.invoice
    notify(invoice.patient.recipient, "billing.refunded", refund.public_id, hospital_id=refund.hospital_id)
    if invoice.number is not None:
        after_commit("billing.render_invoice", invoice_id=invoice.pk)


@transaction.atomic
def pay_refund_at_desk(refund: Refund, *, by: Actor) -> None:
    """Note that a refund was handed over at the desk, once; only for money that was taken there."""
    refund = _locked(refund.pk)
    if refund.status == Refund.Status.DONE:
        raise Conflict(_("This refund was handed over already."))
    if refund.payment.attempt.method == Attempt.Method.ONLINE:
        raise DomainError(_("This was paid online, so it goes back the same way by itself."))
    _finish(refund, by=by)
    refund.save(update_fields=["status", "next_check_at", "done_at"])


@transaction.atomic
def resolve_refund(refund: Refund, *, was_paid: bool, by: Actor) -> None:
    """Close an unclear refund after a person looked at the gateway's own pages: it was paid back, or it is sent again."""
    refund = _locked(refund.pk)
    if refund.status != Refund.Status.UNCLEAR:
        raise Conflict(_("This refund does not wait for a decision any more."))
    if was_paid:
        _finish(refund, by=by)
    else:
        refund.move_to(Refund.Status.DUE)
        record("billing.refund_resent", refund.public_id, by=by, about=_about(refund))
        after_commit("billing.send_refund", refund_id=refund.pk)
    refund.save(update_fields=["status", "next_check_at", "done_at"])


def mark_stuck_refunds() -> int:
    """Hand refunds whose worker was killed while it asked the gateway to a person; returns how many."""
    marked = 0
    with everywhere(), transaction.atomic():
        stuck = Refund.objects.filter(status=Refund.Status.SENDING, next_check_at__lte=timezone.now())
        rows = stuck.select_related("payment__invoice__patient").order_by("pk")
        for refund in rows.select_for_update(no_key=True, of=("self",)):
            _hand_to_person(refund, by=SCHEDULER)
            refund.save(update_fields=["status", "next_check_at"])
            marked += 1
    return marked
