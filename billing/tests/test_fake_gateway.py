from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import transaction

from billing.gateways import (
    GatewayInTransaction,
    GatewayRefused,
    GatewayUnavailable,
    Outcome,
    PaymentAnswer,
    RefundAnswer,
    RefundState,
    SessionRequest,
    get_gateway,
)
from billing.gateways.fake import STORE_ID, FakeGateway

TEN = Decimal("10.00")


@pytest.fixture
def gateway(settings):
    settings.PAYMENT_GATEWAY = "billing.gateways.fake.FakeGateway"
    return FakeGateway.fresh()


def request_for(tran_id="T1"):
    texts = dict.fromkeys(
        "title customer_name customer_email customer_phone customer_address customer_city".split(), "x"
    )
    urls = dict.fromkeys(("success_url", "fail_url", "cancel_url", "ipn_url"), "https://portal.example/x")
    return SessionRequest(tran_id=tran_id, amount=TEN, currency="BDT", **texts, **urls)


def test_get_gateway_is_the_running_tests_own(gateway):
    assert get_gateway() is gateway
    assert FakeGateway.fresh() is get_gateway() is not gateway


def test_a_payment_goes_from_unknown_to_pending_to_what_was_set(gateway):
    assert gateway.find_payment("T1") == PaymentAnswer(Outcome.UNKNOWN, "T1")
    gateway.open_session(request_for())
    assert gateway.find_payment("T1").outcome is Outcome.PENDING
    right = gateway.set_payment("T1")
    assert (right.outcome, right.amount, right.currency, right.store_id) == (
        Outcome.PAID,
        TEN,
        "BDT",
        STORE_ID,
    )
    assert gateway.find_payment("T1") == right
    assert gateway.set_payment("T1", risk_level=1, val_id="V").risk_level == 1


def test_unavailable_does_nothing_and_lost_does_all(gateway):
    gateway.be_unavailable()
    with pytest.raises(GatewayUnavailable):
        gateway.open_session(request_for())
    assert gateway.sessions == {}
    gateway.lose_answers()
    with pytest.raises(GatewayUnavailable):
        gateway.open_session(request_for())
    assert list(gateway.sessions) == ["T1"]
    gateway.refuse("closed", times=2)
    for _ in range(2):
        with pytest.raises(GatewayRefused, match="^closed$"):
            gateway.find_payment("T1")
    assert [call[0] for call in gateway.calls] == ["open_session"] * 2 + ["find_payment"] * 2


def test_refunds_follow_the_states_and_are_taken_once(gateway):
    gateway.set_refund_states(RefundState.ACCEPTED, RefundState.ACCEPTED, RefundState.DONE)
    first = gateway.refund("B1", TEN, "RF1", "x")
    assert first == RefundAnswer(RefundState.ACCEPTED, "refund-1")
    assert gateway.refund("B1", TEN, "RF1", "x") == first
    assert [gateway.find_refund("refund-1").state for _ in range(3)] == [
        RefundState.ACCEPTED,
        RefundState.DONE,
        RefundState.DONE,
    ]
    assert gateway.refund_amounts == {"RF1": TEN}
    assert gateway.find_refund("other").state is RefundState.UNKNOWN


def test_signature_is_the_one_word(gateway):
    assert gateway.signature_is_valid({"verify_sign": "signed"}) is True
    assert gateway.signature_is_valid({}) is False


def test_it_refuses_a_transaction_as_the_real_one(db, gateway):
    with transaction.atomic(), pytest.raises(GatewayInTransaction):
        gateway.find_payment("T1")
