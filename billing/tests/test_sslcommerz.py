"""The real client against the real simulator over HTTP: every misbehaviour becomes the right typed answer."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from billing.gateways import (
    GatewayRefused,
    GatewayUnavailable,
    Outcome,
    PaymentAnswer,
    RefundAnswer,
    RefundState,
    get_gateway,
)
from billing.simulator.signing import signed
from billing.simulator.testing import STORE_ID, STORE_PASSWORD, running_simulator
from billing.tests.simulated import client_for, paid, request_for


@pytest.fixture
def simulator(tmp_path):
    with running_simulator(tmp_path / "gateway.sqlite3") as remote:
        yield remote


@pytest.fixture
def gateway(simulator):
    return client_for(simulator.base_url)


# Sessions


def test_open_session_gives_the_pay_page(simulator, gateway):
    opened = gateway.open_session(request_for())
    assert opened.redirect_url == f"{simulator.base_url}/pay/{opened.session_key}"
    [session] = simulator.state("T1")["sessions"]
    assert (session["amount"], session["currency"], session["title"]) == (
        "1200.50",
        "BDT",
        "Visit with Dr. Dora",
    )


def test_open_session_without_an_address_is_opened(gateway):
    assert gateway.open_session(request_for(customer_address=" ", customer_city="")).session_key


def test_open_session_refused_carries_the_reason(simulator, gateway):
    simulator.knobs(refuse_session="Store is closed for the night")
    with pytest.raises(GatewayRefused, match="^Store is closed for the night$"):
        gateway.open_session(request_for())


def test_open_session_with_a_wrong_password_is_refused(simulator):
    with pytest.raises(GatewayRefused, match="^Store Credential Error Or Store is De-active$"):
        client_for(simulator.base_url, store_password="wrong").open_session(request_for())


def test_open_session_never_repeats_the_password_in_a_reason(simulator, gateway):
    simulator.knobs(refuse_session=f"bad password {STORE_PASSWORD} for you")
    with pytest.raises(GatewayRefused, match=r"^bad password \*\*\* for you$"):
        gateway.open_session(request_for())


@pytest.mark.parametrize("amount", ["0.00", "-5.00", "1.005"])
def test_open_session_takes_no_amount_that_would_be_rounded(gateway, amount):
    with pytest.raises(ValueError, match="two decimals"):
        gateway.open_session(request_for(amount=amount))


def test_open_session_takes_no_reference_that_would_be_cut(gateway):
    with pytest.raises(ValueError, match="1 to 30 characters"):
        gateway.open_session(request_for(tran_id="T" * 31))


def test_open_session_does_not_send_people_to_another_host(simulator):
    elsewhere = simulator.base_url.replace("127.0.0.1", "localhost")
    with pytest.raises(GatewayUnavailable, match="can't be used"):
        client_for(elsewhere).open_session(request_for())


# Payments


def test_find_payment_unknown_pending_and_paid(simulator, gateway):
    assert gateway.find_payment("T1") == PaymentAnswer(Outcome.UNKNOWN, "T1")
    gateway.open_session(request_for())
    assert gateway.find_payment("T1").outcome is Outcome.PENDING
    simulator.pay("T1")
    answer = gateway.find_payment("T1")
    [session] = simulator.state("T1")["sessions"]
    assert answer == PaymentAnswer(
        outcome=Outcome.PAID,
        tran_id="T1",
        val_id=session["val_id"],
        amount=Decimal("1200.50"),
        currency="BDT",
        store_id=STORE_ID,
        risk_level=0,
        bank_tran_id=session["bank_tran_id"],
        card_brand="VISA",
        card_masked="432149XXXXXX0667",
        reported_at=answer.reported_at,
    )
    assert abs(answer.reported_at - datetime.now(UTC)) < timedelta(seconds=10)


def test_find_payment_again_is_the_same_answer(simulator, gateway):
    first = paid(simulator, gateway)
    assert gateway.find_payment("T1") == first
    assert simulator.state("T1")["calls"] == ["session", "query", "validation", "query", "validation"]


@pytest.mark.parametrize(
    ("choice", "outcome"),
    [
        ("fail", Outcome.FAILED),
        ("cancel", Outcome.CANCELLED),
        ("expire", Outcome.EXPIRED),
        ("leave", Outcome.EXPIRED),
    ],
)
def test_find_payment_that_was_not_made(simulator, gateway, choice, outcome):
    gateway.open_session(request_for())
    simulator.pay("T1", choice)
    answer = gateway.find_payment("T1")
    assert (answer.outcome, answer.tran_id, answer.val_id, answer.bank_tran_id) == (outcome, "T1", "", "")


def test_find_payment_after_the_window_is_expired(tmp_path):
    with running_simulator(tmp_path / "g.sqlite3", window_s=0) as simulator:
        gateway = client_for(simulator.base_url)
        gateway.open_session(request_for())
        assert gateway.find_payment("T1").outcome is Outcome.EXPIRED


def test_find_payment_chooses_the_paid_attempt_among_several(simulator, gateway):
    for choice in ("fail", "pay", "cancel"):
        gateway.open_session(request_for())
        simulator.pay("T1", choice)
    assert len(simulator.state("T1")["sessions"]) == 3
    assert gateway.find_payment("T1").outcome is Outcome.PAID


def test_find_payment_with_one_attempt_still_open_is_pending(simulator, gateway):
    gateway.open_session(request_for())
    simulator.pay("T1", "fail")
    gateway.open_session(request_for())
    assert gateway.find_payment("T1").outcome is Outcome.PENDING


def test_find_payment_names_every_capture_when_two_attempts_are_paid(simulator, gateway, caplog):
    for _ in range(2):
        gateway.open_session(request_for())
        simulator.pay("T1")
    answer = gateway.find_payment("T1")
    taken = [(capture.amount, capture.currency) for capture in answer.captures]
    assert (answer.outcome, taken) == (Outcome.PAID, [(Decimal("1200.50"), "BDT")] * 2)
    assert answer.val_id in {capture.val_id for capture in answer.captures}
    assert len({(capture.val_id, capture.bank_tran_id) for capture in answer.captures}) == 2
    assert [record.getMessage() for record in caplog.records if record.name.startswith("billing")] == [
        "The gateway holds 2 paid attempts for one tran_id; a person should look."
    ]


@pytest.mark.parametrize(
    ("knob", "field", "reported"),
    [
        ({"wrong_amount": "12.00"}, "amount", Decimal("12.00")),
        ({"wrong_currency": "USD"}, "currency", "USD"),
        ({"wrong_store_id": "other-store"}, "store_id", "other-store"),
        ({"risk_level": 1}, "risk_level", 1),
    ],
)
def test_find_payment_reports_what_the_gateway_says(simulator, gateway, knob, field, reported):
    right = paid(simulator, gateway)
    simulator.knobs("T1", **knob)
    assert gateway.find_payment("T1") == replace(right, **{field: reported})


def test_find_payment_with_a_foreign_val_id_reports_the_foreign_payment(simulator, gateway):
    other = paid(simulator, gateway, "T2", "10.00")
    paid(simulator, gateway, "T1")
    simulator.knobs("T1", foreign_val_id=other.val_id)
    assert gateway.find_payment("T1") == other


@pytest.mark.parametrize("knob", [{"foreign_val_id": "made-up"}, {"invalid_transaction": True}])
def test_find_payment_that_the_validation_denies_is_unknown_yet(simulator, gateway, knob):
    paid(simulator, gateway)
    simulator.knobs("T1", **knob)
    with pytest.raises(GatewayUnavailable, match="not known here"):
        gateway.find_payment("T1")


def test_find_payment_hidden_by_the_gateway_is_unknown(simulator, gateway):
    paid(simulator, gateway)
    simulator.knobs("T1", hide=True)
    assert gateway.find_payment("T1") == PaymentAnswer(Outcome.UNKNOWN, "T1")


@pytest.mark.parametrize(
    ("choice", "before"),
    [("pay", Outcome.PENDING), ("fail", Outcome.FAILED), ("cancel", Outcome.CANCELLED)],
)
def test_find_payment_with_a_late_success(simulator, gateway, choice, before):
    gateway.open_session(request_for())
    simulator.knobs("T1", late_success_s=0.4)
    simulator.pay("T1", choice)
    assert gateway.find_payment("T1").outcome is before
    time.sleep(0.45)
    assert gateway.find_payment("T1").outcome is Outcome.PAID


def test_find_payment_with_a_wrong_password_is_refused(simulator, gateway):
    paid(simulator, gateway)
    with pytest.raises(GatewayRefused, match="does not accept this store"):
        client_for(simulator.base_url, store_password="wrong").find_payment("T1")


def test_a_payment_in_another_currency_is_reported_in_it(simulator, gateway):
    gateway.open_session(request_for(amount="20.00", currency="USD"))
    simulator.pay("T1")
    answer = gateway.find_payment("T1")
    assert (answer.amount, answer.currency) == (Decimal("20.00"), "USD")


# Refunds


def test_refund_is_accepted_then_done(simulator, gateway):
    payment = paid(simulator, gateway)
    answer = gateway.refund(payment.bank_tran_id, Decimal("200.50"), "RF1", "Slot was gone")
    assert answer == RefundAnswer(RefundState.ACCEPTED, answer.refund_ref_id)
    states = [gateway.find_refund(answer.refund_ref_id).state for _ in range(3)]
    assert states == [RefundState.ACCEPTED, RefundState.DONE, RefundState.DONE]
    [refund] = simulator.state("T1")["refunds"]
    assert (refund["cents"], refund["refe_id"]) == (20050, "RF1")


def test_refund_is_accepted_then_fails(simulator, gateway):
    payment = paid(simulator, gateway)
    simulator.knobs(refund="processing_then_failed", refund_polls=2)
    ref = gateway.refund(payment.bank_tran_id, Decimal("10.00"), "RF1", "Slot was gone").refund_ref_id
    answers = [gateway.find_refund(ref) for _ in range(3)]
    assert [answer.state for answer in answers] == [
        RefundState.ACCEPTED,
        RefundState.ACCEPTED,
        RefundState.FAILED,
    ]
    assert answers[-1].reason == "The bank sent the money back."


def test_refund_that_was_cancelled_may_be_asked_again(simulator, gateway):
    payment = paid(simulator, gateway)
    simulator.knobs(refund="processing_then_failed", refund_polls=0)
    first = gateway.refund(payment.bank_tran_id, Decimal("1200.50"), "RF1", "Slot was gone")
    assert gateway.find_refund(first.refund_ref_id).state is RefundState.FAILED
    simulator.reset()
    again = gateway.refund(payment.bank_tran_id, Decimal("1200.50"), "RF1", "Slot was gone")
    assert (again.state, again.refund_ref_id != first.refund_ref_id) == (RefundState.ACCEPTED, True)


def test_refund_that_the_gateway_denies_is_an_answer(simulator, gateway):
    payment = paid(simulator, gateway)
    simulator.knobs(refund="failed")
    answer = gateway.refund(payment.bank_tran_id, Decimal("10.00"), "RF1", "Slot was gone")
    assert answer == RefundAnswer(RefundState.FAILED, "", "The bank does not take this refund.")


def test_refunds_beyond_what_was_captured_fail(simulator, gateway):
    payment = paid(simulator, gateway)
    gateway.refund(payment.bank_tran_id, Decimal("1200.00"), "RF1", "Most of it")
    answer = gateway.refund(payment.bank_tran_id, Decimal("0.51"), "RF2", "The rest and more")
    assert (answer.state, answer.reason) == (
        RefundState.FAILED,
        "The refund is more than what is left of the payment.",
    )


def test_refund_with_the_same_reference_is_the_same_refund(simulator, gateway):
    payment = paid(simulator, gateway)
    first = gateway.refund(payment.bank_tran_id, Decimal("800.00"), "RF1", "Slot was gone")
    assert gateway.refund(payment.bank_tran_id, Decimal("800.00"), "RF1", "Slot was gone") == first
    assert len(simulator.state("T1")["refunds"]) == 1


def test_refund_whose_answer_is_lost_was_taken(simulator, gateway):
    payment = paid(simulator, gateway)
    simulator.knobs("T1", http_500=True, after_effect=True, only="refund")
    with pytest.raises(GatewayUnavailable, match="status 500"):
        gateway.refund(payment.bank_tran_id, Decimal("800.00"), "RF1", "Slot was gone")
    assert len(simulator.state("T1")["refunds"]) == 1


def test_find_refund_that_nobody_knows(simulator, gateway):
    answer = gateway.find_refund("R-nothing")
    assert (answer.state, answer.refund_ref_id) == (RefundState.UNKNOWN, "R-nothing")
    payment = paid(simulator, gateway)
    ref = gateway.refund(payment.bank_tran_id, Decimal("10.00"), "RF1", "Slot was gone").refund_ref_id
    simulator.knobs(refund="unknown")
    assert gateway.find_refund(ref).state is RefundState.UNKNOWN


# Settings


def test_get_gateway_follows_the_settings(simulator, settings):
    settings.PAYMENT_GATEWAY = "billing.gateways.sslcommerz.SSLCommerzGateway"
    settings.SSLCOMMERZ_STORE_ID, settings.SSLCOMMERZ_STORE_PASSWORD = STORE_ID, STORE_PASSWORD
    settings.SSLCOMMERZ_BASE_URL = simulator.base_url + "/"
    opened = get_gateway().open_session(request_for())
    assert opened.redirect_url.startswith(f"{simulator.base_url}/pay/")


def test_what_a_signature_covers_is_checked_offline(db, simulator, gateway):
    gateway.open_session(request_for())
    fields = simulator.pay("T1")["fields"]
    with transaction.atomic():
        assert gateway.signature_is_valid(fields) is True
    assert (
        gateway.signature_is_valid(signed({**{k: fields[k] for k in fields["verify_key"].split(",")}}, "x"))
        is False
    )
