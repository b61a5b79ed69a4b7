"""Payments: start one, ask the gateway about it, settle what it says; and money taken at the desk."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import GATEWAY, Actor, person_of
from core.background import after_commit
from core.errors import Conflict, DomainError, Throttled
from core.gateways import GatewayRefused, GatewayUnavailable
from core.locks import LockKey, Rank, lock_rows
from core.money import format_money
from core.tenancy import everywhere, in_hospital
from ledger.operations import record
from notifications.operations import notify

from .. import purposes
from ..gateways import get_gateway
from ..gateways.base import Outcome, PaymentAnswer, SessionOpened, SessionRequest
from ..models import MISMATCH, Attempt, Invoice, InvoiceLine, Payment
from ..queries import NOTHING, PAYABLE, find_attempt, outstanding
from .invoices import about, lock_bill, number_invoice
from .refunds import owe_back
from .surplus import note_surplus

MAX_ATTEMPTS = 10
# Tries that the gateway never answered take none of those ten away, but nobody hammers a gateway that is down.
UNANSWERED_IN_A_ROW, UNANSWERED_WITHIN = 5, dt.timedelta(minutes=10)
UNANSWERED_A_DAY = 30
GIVE_UP_AFTER = dt.timedelta(hours=25)  # the gateway's window and a day
CLOSED_BY = {
    Outcome.FAILED: Attempt.Status.FAILED,
    Outcome.CANCELLED: Attempt.Status.CANCELLED,
    Outcome.EXPIRED: Attempt.Status.EXPIRED,
}


def start_payment(invoice: Invoice, *, by: Actor) -> str:
    """Open a payment page at the gateway and return its address; not atomic: the attempt is committed before the call.

    Extends what the lines keep, once. Raises Conflict when a line is gone, DomainError when the gateway does not answer.
    """
    attempt = _begin_attempt(invoice, by=by)
    try:
        opened = get_gateway().open_session(_session_request(attempt))
    except (GatewayUnavailable, GatewayRefused) as error:
        _note_failure(attempt, note=str(error))
        raise DomainError(
            _(
                "The payment page does not answer. Nothing was paid. Try again in a minute, or pay at the desk."
            )
        ) from error
    _keep_session(attempt, opened)
    return opened.redirect_url


def lock_payable(invoice: Invoice) -> tuple[Invoice, Decimal]:
    """Lock an invoice with all that its lines need, and return it with what is owed. Raises Conflict when nothing is."""
    if invoice.kind == Invoice.Kind.INVOICE:
        invoice = lock_bill(invoice)
        owed = outstanding(invoice)
        if invoice.status in PAYABLE and owed > 0:
            return invoice, owed
    raise Conflict(_("There is nothing left to pay here."))


@transaction.atomic
def _begin_attempt(invoice: Invoice, *, by: Actor) -> Attempt:
    invoice, owed = lock_payable(invoice)
    if not invoice.hospital.pays_online:
        raise DomainError(
            _("%(hospital)s takes payments at its desk only.") % {"hospital": invoice.hospital.name}
        )
    if invoice.attempts.filter(status=Attempt.Status.REVIEW).exists():
        raise Conflict(_("Your payment is being checked by the hospital. You need not pay again."))
    _refuse_too_many_tries(invoice)
    for line in invoice.lines.filter(status=InvoiceLine.Status.OPEN):
        purposes.get(line.purpose).reserve(line.reference)
    return Attempt.objects.create(
        hospital_id=invoice.hospital_id,
        invoice=invoice,
        method=Attempt.Method.ONLINE,
        amount=owed,
        currency=invoice.currency,
        made_by=person_of(by),
        next_check_at=timezone.now() + dt.timedelta(minutes=1),
    )


def _refuse_too_many_tries(invoice: Invoice) -> None:
    """Raise DomainError after ten pages that the gateway opened, Throttled after too many tries that it never answered."""
    tries = invoice.attempts.filter(method=Attempt.Method.ONLINE)
    if tries.exclude(session_key="").count() >= MAX_ATTEMPTS:
        raise DomainError(_("This was tried many times. Please pay at the desk, or call the hospital."))
    now = timezone.now()
    unanswered = tries.filter(session_key="", created_at__gt=now - dt.timedelta(days=1))
    begun = list(unanswered.values_list("created_at", flat=True))
    if len(begun) >= UNANSWERED_A_DAY:
        raise Throttled(
            _(
                "The payment page did not answer all day. Nothing was paid. Please pay at the desk, or call the hospital."
            )
        )
    if sum(at > now - UNANSWERED_WITHIN for at in begun) >= UNANSWERED_IN_A_ROW:
        raise Throttled(
            _(
                "The payment page still does not answer. Nothing was paid. Try again in ten minutes, or pay at the desk."
            )
        )


def _session_request(attempt: Attempt) -> SessionRequest:
    invoice, patient = attempt.invoice, attempt.invoice.patient
    base = settings.PUBLIC_URL
    back = {
        name: base + reverse("billing:gateway_return", args=[name]) for name in ("success", "fail", "cancel")
    }
    return SessionRequest(
        tran_id=attempt.tran_id,
        amount=attempt.amount,
        currency=attempt.currency,
        # What was charged may be clinical; the gateway learns no more than that it is a hospital's bill.
        title=_("Hospital bill"),
        customer_name=patient.name,
        customer_email=patient.recipient.email or patient.email or settings.DEFAULT_FROM_EMAIL,
        customer_phone=str(patient.phone or invoice.hospital.phone or "0"),
        customer_address=patient.address or invoice.hospital.address,
        customer_city=patient.city or invoice.hospital.city,
        success_url=back["success"],
        fail_url=back["fail"],
        cancel_url=back["cancel"],
        ipn_url=base + reverse("billing:ipn"),
    )


@transaction.atomic
def _note_failure(attempt: Attempt, *, note: str) -> None:
    lock_rows([LockKey(Rank.MONEY, Attempt, attempt.pk)])
    attempt.refresh_from_db()
    # The gateway may have opened the page although its answer was lost: the reconciliation still asks, or did so already.
    if attempt.status == Attempt.Status.CREATED and not attempt.note:
        attempt.note = note[:200]
        attempt.save(update_fields=["note"])


@transaction.atomic
def _keep_session(attempt: Attempt, opened: SessionOpened) -> None:
    lock_rows([LockKey(Rank.MONEY, Attempt, attempt.pk)])
    attempt.refresh_from_db()
    attempt.session_key = opened.session_key[:100]
    if attempt.status == Attempt.Status.CREATED:
        attempt.move_to(Attempt.Status.PENDING)
    attempt.save(update_fields=["session_key", "status"])


def verify_payment(tran_id: str, *, val_id: str = "") -> Attempt | None:
    """Ask the gateway what became of a transaction and settle its answer; None for a transaction that is not ours.

    Not atomic. Idempotent, in any order, from the IPN, the browser's return and the reconciliation. About a paid one
    nobody is asked, unless the gateway named another `val_id`: then it took the money again. Raises GatewayUnavailable or
    GatewayRefused; then nothing changed, and the reconciliation asks again.
    """
    attempt = find_attempt(tran_id)
    if attempt is None or (attempt.status == Attempt.Status.PAID and val_id in {"", attempt.val_id}):
        return attempt
    answer = get_gateway().find_payment(tran_id)
    with in_hospital(attempt.hospital_id):
        return settle(attempt, answer=answer, by=GATEWAY)


@transaction.atomic
def settle(attempt: Attempt, *, answer: PaymentAnswer, by: Actor) -> Attempt:
    """Apply the gateway's answer to an attempt; every captured taka ends as applied or as refund due.

    Side effects: payment, refunds, invoice number, what the lines' purposes do, ledger, mail. An answer that does not match
    the attempt changes nothing and is recorded.
    """
    lock_bill(attempt.invoice, LockKey(Rank.MONEY, Attempt, attempt.pk))
    attempt = Attempt.objects.select_related("invoice__patient__user", "invoice__hospital").get(pk=attempt.pk)
    if answer.outcome == Outcome.PAID:
        note_surplus(attempt, answer, by=by)
        if attempt.status != Attempt.Status.PAID:
            _settle_paid(attempt, answer, by=by)
        return attempt
    if attempt.status == Attempt.Status.PAID:
        return attempt
    closed = CLOSED_BY.get(answer.outcome)
    if closed and attempt.may_move_to(closed):
        attempt.move_to(closed)
    # Also a closed one is asked about until the gateway's window is over: its page lets people try again.
    ask_again_later(attempt)
    return attempt


def _settle_paid(attempt: Attempt, answer: PaymentAnswer, *, by: Actor) -> None:
    wrong = _mismatch(attempt, answer)
    if wrong:
        _refuse_answer(attempt, wrong, by=by)
        return
    known = attempt.status == Attempt.Status.REVIEW
    risky = answer.risk_level != 0
    attempt.val_id = answer.val_id
    attempt.bank_tran_id = answer.bank_tran_id[:80]
    attempt.card_brand = answer.card_brand[:40]
    attempt.card_masked = answer.card_masked[:40]
    attempt.next_check_at = None
    attempt.note = ""
    if not (known and risky):
        attempt.move_to(Attempt.Status.REVIEW if risky else Attempt.Status.PAID)
    attempt.save()
    if not risky:
        capture(attempt, by=by)
    elif not known:
        record("billing.payment_in_review", attempt.public_id, by=by, about=about(attempt.invoice))


def _refuse_answer(attempt: Attempt, wrong: str, *, by: Actor) -> None:
    note = f"{MISMATCH}{wrong}"
    # The same answer comes again with every check; the trail needs it once.
    if attempt.note != note:
        attempt.note = note
        attempt.save(update_fields=["note"])
        record(
            "billing.answer_refused",
            attempt.public_id,
            by=by,
            about=about(attempt.invoice),
            body={"wrong": wrong},
        )
    ask_again_later(attempt)


def _mismatch(attempt: Attempt, answer: PaymentAnswer) -> str:
    if answer.tran_id != attempt.tran_id:
        return "tran_id"
    if answer.store_id != settings.SSLCOMMERZ_STORE_ID:
        return "store"
    if answer.amount != attempt.amount:
        return "amount"
    if answer.currency != attempt.currency:
        return "currency"
    with everywhere():
        used = Attempt.objects.filter(val_id=answer.val_id).exclude(pk=attempt.pk).exists()
    return "val_id" if used or not answer.val_id else ""


def ask_again_later(attempt: Attempt) -> None:
    """Ask the gateway again in 1, 2, 4 … 60 minutes, until its window and a day are over; the attempt is locked."""
    if attempt.status == Attempt.Status.REVIEW:
        attempt.next_check_at = None  # a person decides
    elif attempt.created_at < timezone.now() - GIVE_UP_AFTER:
        attempt.next_check_at = None
        if attempt.may_move_to(Attempt.Status.EXPIRED):
            attempt.move_to(Attempt.Status.EXPIRED)
    else:
        minutes = min(2 ** min(attempt.checks, 6), 60)
        attempt.checks += 1
        attempt.next_check_at = timezone.now() + dt.timedelta(minutes=minutes)
    attempt.save(update_fields=["status", "checks", "next_check_at"])


def capture(attempt: Attempt, *, by: Actor, refuse: str = "") -> Payment:
    """Turn a paid attempt into a payment, apply it to the invoice's lines, owe back what can't be applied.

    With `refuse` (a sentence for the payer) all of it is owed back.
    """
    invoice = Invoice.objects.select_related("patient__user", "hospital").get(pk=attempt.invoice_id)
    was_numbered = invoice.number is not None
    owed = outstanding(invoice) if invoice.status in PAYABLE and not refuse else NOTHING
    payment = Payment.objects.create(
        hospital_id=attempt.hospital_id,
        attempt=attempt,
        invoice=invoice,
        amount=attempt.amount,
        currency=attempt.currency,
        captured_at=timezone.now(),
    )
    body = {"amount": str(payment.amount), "currency": payment.currency, "method": attempt.method}
    record("billing.payment_captured", payment.public_id, by=by, about=about(invoice), body=body)
    if payment.amount > owed:
        given_up = invoice.status not in {Invoice.Status.PAID, *PAYABLE}
        reason = refuse or (
            _("This was given up before the payment came.") if given_up else _("This was paid already.")
        )
        owe_back(payment, amount=payment.amount - owed, reason=reason, by=by)
    if owed > 0:
        _apply(invoice, payment, by=by)
    after_commit("billing.render_receipt", payment_id=payment.pk)
    if was_numbered:
        after_commit("billing.render_invoice", invoice_id=invoice.pk)
    return payment


def _apply(invoice: Invoice, payment: Payment, *, by: Actor) -> None:
    for line in invoice.lines.filter(status=InvoiceLine.Status.OPEN):
        outcome = _fulfil(line, by=by)
        applied = isinstance(outcome, purposes.Applied)
        line.status = InvoiceLine.Status.FULFILLED if applied else InvoiceLine.Status.REFUND_DUE
        line.save(update_fields=["status"])
        if isinstance(outcome, purposes.RefundDue) and line.amount > 0:
            owe_back(payment, amount=line.amount, reason=outcome.reason, by=by)
    kept = invoice.lines.filter(status=InvoiceLine.Status.FULFILLED)
    if invoice.status == Invoice.Status.DRAFT:
        if not kept:
            invoice.move_to(Invoice.Status.VOID)
            invoice.save(update_fields=["status"])
            return
        invoice.total = sum((line.amount for line in kept), NOTHING)
        number_invoice(invoice, Invoice.Status.PAID, by=by)
    else:
        invoice.move_to(Invoice.Status.PAID)
        invoice.save(update_fields=["status"])
    notify(invoice.patient.recipient, "billing.paid", payment.public_id, hospital_id=invoice.hospital_id)


def _fulfil(line: InvoiceLine, *, by: Actor) -> purposes.Outcome:
    try:
        # Its own savepoint: what a refused line began must not stay.
        with transaction.atomic():
            return purposes.get(line.purpose).fulfil(line.reference, by)
    except DomainError as error:
        return purposes.RefundDue(error.message)


@transaction.atomic
def take_desk_payment(
    invoice: Invoice, *, method: str, expected: Decimal | None = None, by: Actor
) -> Payment:
    """Take the whole outstanding amount at the desk, in cash or by the card terminal.

    `expected` is the amount that the person at the desk was shown. Raises Conflict when nothing is owed or when it changed.
    """
    if method not in {Attempt.Method.CASH, Attempt.Method.TERMINAL}:
        raise DomainError(_("Choose cash or card."), field="method")
    invoice, owed = lock_payable(invoice)
    if expected is not None and expected != owed:
        amount = format_money(owed, invoice.currency)
        raise Conflict(_("The amount has changed: %(amount)s is to pay now.") % {"amount": amount})
    attempt = Attempt.objects.create(
        hospital_id=invoice.hospital_id,
        invoice=invoice,
        method=method,
        status=Attempt.Status.PAID,
        amount=owed,
        currency=invoice.currency,
        made_by=person_of(by),
    )
    return capture(attempt, by=by)
