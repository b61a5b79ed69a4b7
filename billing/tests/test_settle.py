"""What becomes of a payment: every answer of the gateway on every state, and every captured taka's end."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from billing import operations
from billing.gateways import Capture, Outcome
from billing.models import Attempt, Invoice, InvoiceLine, Payment, Refund
from core.actors import GATEWAY
from core.errors import Conflict
from core.models import ThrottleWindow
from core.tenancy import in_hospital
from hospitals.models import Hospital
from ledger.models import EntrySecret

from .factories import draft, in_review, issued, paid_at_desk, paid_online, started
from .shop import shop

NOW = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
Status = Attempt.Status
# Where the attempt stands after the answer; the columns are where it stood.
MATRIX = {
    Outcome.PAID: "paid paid paid paid paid paid paid",
    Outcome.PENDING: "created pending review paid failed cancelled expired",
    Outcome.UNKNOWN: "created pending review paid failed cancelled expired",
    Outcome.FAILED: "failed failed review paid failed cancelled expired",
    Outcome.CANCELLED: "cancelled cancelled review paid failed cancelled expired",
    Outcome.EXPIRED: "expired expired review paid failed cancelled expired",
}
BEFORE = "created pending review paid failed cancelled expired".split()
CASES = [
    (outcome, before, after)
    for outcome, row in MATRIX.items()
    for before, after in zip(BEFORE, row.split(), strict=True)
]


def kinds_about(reference):
    rows = EntrySecret.objects.filter(reference=reference).order_by("at")
    return list(rows.values_list("kind", flat=True))


def attempt_in(state, cast, gateway):
    attempt = started(draft(cast.city, cast.payer))
    if state == "review":
        gateway.set_payment(attempt.tran_id, risk_level=1)
        operations.verify_payment(attempt.tran_id)
    elif state == "paid":
        gateway.set_payment(attempt.tran_id)
        operations.verify_payment(attempt.tran_id)
    else:
        with in_hospital(cast.city):
            Attempt.objects.filter(pk=attempt.pk).update(status=state)
    attempt.refresh_from_db()
    return attempt


@pytest.mark.parametrize(("outcome", "before", "after"), CASES)
def test_settle_moves_the_attempt(cast, gateway, outcome, before, after):
    attempt = attempt_in(before, cast, gateway)
    answer = gateway.set_payment(attempt.tran_id, outcome)
    if before == "paid":
        answer = gateway.set_payment(attempt.tran_id, outcome, val_id=attempt.val_id)
    with in_hospital(cast.city):
        operations.settle(attempt, answer=answer, by=GATEWAY)
        attempt.refresh_from_db()
        payments = Payment.objects.filter(attempt=attempt).count()
    assert attempt.status == after
    assert payments == (1 if after == "paid" else 0)
    assert (attempt.next_check_at is None) == (after in {"paid", "review"})


def test_settle_of_a_draft_fulfils_numbers_and_tells(cast, gateway):
    attempt = paid_online(draft(cast.city, cast.payer))
    with in_hospital(cast.city):
        invoice = Invoice.objects.get()
        payment = Payment.objects.get()
        line = invoice.lines.get()
    assert (attempt.status, attempt.card_masked, attempt.note) == (Status.PAID, "432149XXXXXX0667", "")
    assert (invoice.status, invoice.label, invoice.total) == ("paid", "INV-000001", Decimal("1200.00"))
    assert (payment.amount, payment.applied, line.status) == (
        Decimal("1200.00"),
        Decimal("1200.00"),
        "fulfilled",
    )
    assert shop.things["thing-1"].state == "sold"
    assert kinds_about(payment.public_id) == ["billing.payment_captured"]
    assert kinds_about(invoice.public_id) == ["billing.invoice_issued"]


def test_settle_twice_changes_nothing(cast, gateway):
    attempt = paid_online(draft(cast.city, cast.payer))
    entries = EntrySecret.objects.count()
    for _ in range(2):
        operations.verify_payment(attempt.tran_id)
    with in_hospital(cast.city):
        assert Payment.objects.count() == 1
        operations.settle(attempt, answer=gateway.payments[attempt.tran_id], by=GATEWAY)
        assert Payment.objects.count() == 1
    assert EntrySecret.objects.count() == entries


@pytest.mark.parametrize(
    ("bent", "wrong"),
    [
        ({"tran_id": "another"}, "tran_id"),
        ({"store_id": "other-store"}, "store"),
        ({"store_id": ""}, "store"),
        ({"amount": Decimal("1199.99")}, "amount"),
        ({"amount": Decimal("1200.01")}, "amount"),
        ({"amount": None}, "amount"),
        ({"currency": "USD"}, "currency"),
        ({"currency": ""}, "currency"),
        ({"val_id": ""}, "val_id"),
    ],
)
def test_settle_refuses_an_answer_that_does_not_fit(cast, gateway, bent, wrong):
    invoice = draft(cast.city, cast.payer)
    attempt = started(invoice)
    answer = replace(gateway.set_payment(attempt.tran_id), **bent)
    with in_hospital(cast.city):
        for _ in range(2):
            operations.settle(attempt, answer=answer, by=GATEWAY)
        attempt.refresh_from_db()
        invoice.refresh_from_db()
        assert not Payment.objects.exists()
    assert (attempt.status, attempt.mismatch, invoice.status) == (Status.PENDING, wrong, Invoice.Status.DRAFT)
    assert kinds_about(attempt.public_id) == ["billing.answer_refused"]
    assert shop.things["thing-1"].state == "kept"


def test_settle_refuses_a_val_id_that_paid_before(cast, gateway):
    first = paid_online(draft(cast.city, cast.payer))
    second = started(draft(cast.city, cast.other))
    gateway.set_payment(second.tran_id, val_id=first.val_id)
    operations.verify_payment(second.tran_id)
    second.refresh_from_db()
    assert (second.status, second.mismatch) == (Status.PENDING, "val_id")


def test_settle_after_a_mismatch_takes_the_right_answer(cast, gateway):
    attempt = started(draft(cast.city, cast.payer))
    gateway.set_payment(attempt.tran_id, amount=Decimal("1.00"))
    operations.verify_payment(attempt.tran_id)
    gateway.set_payment(attempt.tran_id)
    operations.verify_payment(attempt.tran_id)
    attempt.refresh_from_db()
    assert (attempt.status, attempt.mismatch) == (Status.PAID, "")


def test_settle_of_a_risky_payment_waits_for_a_person(cast, gateway):
    attempt = in_review(draft(cast.city, cast.payer))
    operations.verify_payment(attempt.tran_id)
    with in_hospital(cast.city):
        assert not Payment.objects.exists()
        assert Invoice.objects.get().status == Invoice.Status.DRAFT
    assert kinds_about(attempt.public_id) == ["billing.payment_in_review"]


@pytest.mark.parametrize(
    ("accepted", "invoice_status", "applied"),
    [(True, "paid", Decimal("1200.00")), (False, "draft", Decimal("0.00"))],
)
def test_resolve_attempt_accepts_or_sends_back(cast, gateway, accepted, invoice_status, applied):
    attempt = in_review(draft(cast.city, cast.payer))
    with in_hospital(cast.city):
        operations.resolve_attempt(attempt, accepted=accepted, by=cast.ada)
        payment = Payment.objects.get()
        assert (payment.invoice.status, payment.applied) == (invoice_status, applied)
        assert payment.refunds.count() == (0 if accepted else 1)
        with pytest.raises(Exception, match="does not wait for a decision any more"):
            operations.resolve_attempt(attempt, accepted=accepted, by=cast.ada)
    assert kinds_about(attempt.public_id) == ["billing.payment_in_review", "billing.review_decided"]


def test_a_payment_in_review_goes_back_when_its_hospital_has_closed(cast, gateway):
    attempt = in_review(draft(cast.city, cast.payer))
    other = in_review(draft(cast.lakeside, cast.payer))
    assert operations.refuse_reviews_of_closed() == 0

    Hospital.objects.filter(pk=cast.city.pk).update(is_active=False)
    assert [operations.refuse_reviews_of_closed() for _ in range(2)] == [1, 0]
    with in_hospital(cast.city):
        payment = Payment.objects.get()
        assert (payment.attempt, payment.applied) == (attempt, Decimal("0.00"))
    with in_hospital(cast.lakeside):
        assert Attempt.objects.get(pk=other.pk).status == "review"


@pytest.mark.parametrize("state", ["created", "pending", "failed", "cancelled", "expired", "paid"])
def test_resolve_attempt_needs_one_in_review(cast, gateway, state):
    attempt = attempt_in(state, cast, gateway)
    with in_hospital(cast.city), pytest.raises(Exception, match="does not wait for a decision any more"):
        operations.resolve_attempt(attempt, accepted=True, by=cast.ada)


def test_second_payment_of_one_bill_goes_back(cast, gateway):
    invoice = draft(cast.city, cast.payer)
    first, second = started(invoice), started(invoice)
    for attempt in (first, second):
        gateway.set_payment(attempt.tran_id)
        operations.verify_payment(attempt.tran_id)
    with in_hospital(cast.city):
        rows = [(payment.applied, payment.refund_total) for payment in Payment.objects.order_by("pk")]
        refund = Refund.objects.get()
    assert rows == [(Decimal("1200.00"), Decimal("0.00")), (Decimal("0.00"), Decimal("1200.00"))]
    assert (refund.status, refund.reason) == ("due", "This was paid already.")


def test_online_payment_after_the_desk_took_the_money_goes_back(cast, gateway):
    invoice = issued(cast.city, cast.payer)
    attempt = started(invoice)
    paid_at_desk(invoice, by=cast.rita)
    gateway.set_payment(attempt.tran_id)
    operations.verify_payment(attempt.tran_id)
    with in_hospital(cast.city):
        assert [payment.applied for payment in Payment.objects.order_by("pk")] == [
            Decimal("1200.00"),
            Decimal("0.00"),
        ]


@pytest.mark.parametrize(
    ("state", "applied", "status"),
    [
        ("kept", Decimal("1200.00"), "paid"),
        ("taken", Decimal("0.00"), "void"),
        ("cancelled", Decimal("0.00"), "void"),
        ("sold", Decimal("1200.00"), "paid"),
    ],
)
def test_late_success_is_applied_or_goes_back(cast, gateway, state, applied, status):
    with time_machine.travel(NOW, tick=False) as clock:
        attempt = started(draft(cast.city, cast.payer))
        gateway.set_payment(attempt.tran_id, Outcome.FAILED)
        operations.verify_payment(attempt.tran_id)
        clock.shift(dt.timedelta(hours=2))
        shop.things["thing-1"].state = state
        gateway.set_payment(attempt.tran_id)
        operations.verify_payment(attempt.tran_id)
    with in_hospital(cast.city):
        payment = Payment.objects.get()
        assert (payment.applied, payment.invoice.status) == (applied, status)
        assert payment.amount == payment.applied + sum(r.amount for r in payment.refunds.all())


def test_payment_of_a_voided_draft_goes_back(cast, gateway):
    invoice = draft(cast.city, cast.payer)
    attempt = started(invoice)
    with in_hospital(cast.city):
        operations.void_draft(invoice, by=cast.paul)
    gateway.set_payment(attempt.tran_id)
    operations.verify_payment(attempt.tran_id)
    with in_hospital(cast.city):
        assert Payment.objects.get().applied == 0
        assert Refund.objects.get().amount == Decimal("1200.00")
        assert Refund.objects.get().reason == "This was given up before the payment came."


def test_half_of_a_bill_is_applied_and_half_goes_back(cast, gateway):
    invoice = draft(cast.city, cast.payer, "700.00", "500.50")
    attempt = started(invoice)
    shop.things["thing-2"].state = "taken"
    gateway.set_payment(attempt.tran_id)
    operations.verify_payment(attempt.tran_id)
    with in_hospital(cast.city):
        invoice.refresh_from_db()
        payment = Payment.objects.get()
        lines = list(InvoiceLine.objects.order_by("pk").values_list("status", flat=True))
        refund = Refund.objects.get()
    assert (invoice.status, invoice.total, payment.applied) == ("paid", Decimal("700.00"), Decimal("700.00"))
    assert lines == ["fulfilled", "refund_due"]
    assert (refund.amount, refund.reason) == (Decimal("500.50"), "Somebody else has it now.")


def test_refused_line_leaves_no_trace(cast, gateway):
    invoice = draft(cast.city, cast.payer, on_fulfil="refuse")
    paid_online(invoice)
    with in_hospital(cast.city):
        assert Refund.objects.get().reason == "Half of it was there, then somebody was faster."
    assert not ThrottleWindow.objects.filter(key__startswith="tests.trace").exists()


def test_reconciliation_asks_until_the_window_and_a_day_are_over(cast, gateway):
    with time_machine.travel(NOW, tick=False) as clock:
        attempt = started(draft(cast.city, cast.payer))
        waits = []
        while attempt.next_check_at is not None:
            waits.append(round((attempt.next_check_at - timezone.now()).total_seconds() / 60))
            clock.move_to(attempt.next_check_at)
            operations.verify_payment(attempt.tran_id)
            attempt.refresh_from_db()
    assert waits[:9] == [1, 1, 2, 4, 8, 16, 32, 60, 60]
    assert (attempt.status, len(waits)) == (Status.EXPIRED, 31)


def test_free_line_that_can_not_be_had_owes_nothing_back(cast, gateway):
    invoice = draft(cast.city, cast.payer, "0.00", "1200.00")
    paid_online(invoice, taken="thing-1")
    with in_hospital(cast.city):
        invoice.refresh_from_db()
        lines = list(invoice.lines.values_list("status", flat=True))
        assert (invoice.status, Payment.objects.get().applied) == ("paid", Decimal("1200.00"))
        assert not Refund.objects.exists()
    assert lines == ["refund_due", "fulfilled"]


TWICE = (
    Capture("val-1", "bank-1", Decimal("1200.00"), "BDT"),
    Capture("val-2", "bank-2", Decimal("1200.00"), "BDT"),
)


def surplus_of(attempt):
    attempt.refresh_from_db()
    return attempt.surplus, attempt.surplus_open


def test_payment_that_was_taken_twice_is_applied_once_and_shown_to_a_person(cast, gateway):
    attempt = paid_online(draft(cast.city, cast.payer), captures=TWICE)
    assert attempt.status == Status.PAID
    assert surplus_of(attempt) == ("1200.00 BDT, val-2, bank-2", True)
    with in_hospital(cast.city):
        assert [payment.applied for payment in Payment.objects.all()] == [Decimal("1200.00")]
        operations.close_surplus(attempt, by=cast.ada)
        with pytest.raises(Conflict):
            operations.close_surplus(attempt, by=cast.ada)
        # The same answer again is not news.
        operations.settle(attempt, answer=gateway.payments[attempt.tran_id], by=GATEWAY)
    assert surplus_of(attempt) == ("1200.00 BDT, val-2, bank-2", False)
    assert kinds_about(attempt.public_id) == ["billing.surplus_seen", "billing.surplus_closed"]


def test_notice_of_a_second_capture_has_the_gateway_asked_although_it_is_paid(cast, gateway, run_tasks):
    attempt = paid_online(draft(cast.city, cast.payer))
    asked = len(gateway.calls)
    message = {"tran_id": attempt.tran_id, "verify_sign": "signed"}
    for val_id in ({}, {"val_id": "val-1"}):
        operations.receive_notice(message | val_id, address="gateway")
        operations.receive_return(message | val_id, address="browser")
    run_tasks()
    assert (len(gateway.calls), surplus_of(attempt)) == (asked, ("", False))
    gateway.payments[attempt.tran_id] = replace(gateway.payments[attempt.tran_id], captures=TWICE)
    operations.receive_notice(message | {"val_id": "val-2"}, address="gateway")
    run_tasks()
    assert surplus_of(attempt) == ("1200.00 BDT, val-2, bank-2", True)
    with in_hospital(cast.city):
        assert Payment.objects.count() == 1
