"""Signed messages from the simulator, and all the ways to forge one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.gateways.signature import signature_is_valid
from billing.simulator.signing import signed

PASSWORD = "test & pass/word=1"
PAID = {
    "tran_id": "T1",
    "val_id": "V1",
    "amount": "1200.50",
    "currency": "BDT",
    "status": "VALID",
    "store_id": "test-store",
    "currency_type": "BDT",
    "currency_amount": "1200.50",
    "risk_level": "0",
    "risk_title": "Safe",
    "card_issuer": "BANK & SONS",
    "value_a": "",
}
FAILED = {name: PAID[name] for name in PAID if name not in {"val_id", "risk_level", "risk_title"}} | {
    "status": "FAILED"
}
ALWAYS = ["tran_id", "amount", "currency", "status", "store_id", "currency_amount", "currency_type"]


def without(fields, *names):
    return {name: value for name, value in fields.items() if name not in names}


@pytest.mark.parametrize(
    "fields", [PAID, FAILED, FAILED | {"status": "CANCELLED"}, PAID | {"card_issuer": "ব্যাংক"}]
)
def test_a_message_as_the_gateway_signs_it_is_valid(fields):
    assert signature_is_valid(signed(fields, PASSWORD), PASSWORD) is True


@pytest.mark.parametrize("missing", ["verify_sign", "verify_sign_sha2", "verify_key"])
def test_a_message_without_a_part_of_the_signature_is_not(missing):
    assert signature_is_valid(without(signed(PAID, PASSWORD), missing), PASSWORD) is False


@pytest.mark.parametrize("altered", sorted(PAID))
def test_an_altered_field_breaks_it(altered):
    message = signed(PAID, PASSWORD) | {altered: PAID[altered] + "0"}
    assert signature_is_valid(message, PASSWORD) is False


@pytest.mark.parametrize("name", ["verify_sign", "verify_sign_sha2"])
def test_each_of_the_two_signatures_must_hold(name):
    message = signed(PAID, PASSWORD)
    assert signature_is_valid(message | {name: "0" * len(message[name])}, PASSWORD) is False


def test_another_stores_signature_is_not_ours():
    assert signature_is_valid(signed(PAID, "another password"), PASSWORD) is False


@pytest.mark.parametrize("unsigned", [*ALWAYS, "val_id", "risk_level"])
def test_a_paid_message_must_sign_every_field_that_counts(unsigned):
    partly = signed(without(PAID, unsigned), PASSWORD)
    assert signature_is_valid(partly | {unsigned: PAID[unsigned]}, PASSWORD) is False


@pytest.mark.parametrize("unsigned", ALWAYS)
def test_a_failed_message_must_sign_every_field_that_counts(unsigned):
    partly = signed(without(FAILED, unsigned), PASSWORD)
    assert signature_is_valid(partly | {unsigned: FAILED[unsigned]}, PASSWORD) is False


def test_a_failed_message_turned_valid_with_chosen_keys_is_not():
    message = signed(FAILED, PASSWORD) | {"status": "VALID", "val_id": "V9", "risk_level": "0"}
    assert signature_is_valid(message, PASSWORD) is False
    keys = [name for name in message["verify_key"].split(",") if name != "status"]
    assert signature_is_valid(message | {"verify_key": ",".join(keys)}, PASSWORD) is False
    assert signature_is_valid(message | {"verify_key": ",".join([*keys, "status"])}, PASSWORD) is False


def test_a_field_hidden_in_another_ones_value_is_not():
    # The signed text of {risk_title: "Safe", status: FAILED} and of {risk_title: "Safe&status=FAILED"} is the same.
    failed = PAID | {"status": "FAILED", "value_a": "x"}
    genuine = signed(failed, PASSWORD)
    forged = without(genuine, "status") | {
        "risk_title": "Safe&status=FAILED",
        "verify_key": ",".join(sorted(without(failed, "status"))),
    }
    assert signature_is_valid(genuine, PASSWORD) is True
    assert signature_is_valid(forged, PASSWORD) is False
    hidden = signed(PAID | {"risk_title": "Safe&status=FAILED"}, PASSWORD)
    assert signature_is_valid(hidden, PASSWORD) is False


@pytest.mark.parametrize(
    "change",
    [
        {"verify_key": ""},
        {"verify_key": "," * 5000},
        {"verify_key": ",".join(f"k{n}" for n in range(200))},
        {"verify_key": "tran_id,nothing"},
        {"verify_key": ["tran_id"]},
        {"verify_sign": None},
        {"verify_sign": "é\ud800"},
        {"tran_id": "\ud800"},
        {"tran_id": 5},
        {"amount": "x" * 5000},
    ],
)
def test_hostile_input_is_just_not_valid(change):
    assert signature_is_valid(signed(PAID, PASSWORD) | change, PASSWORD) is False


@given(st.dictionaries(st.sampled_from([*PAID, "verify_key", "verify_sign", "verify_sign_sha2"]), st.text()))
def test_no_message_raises_and_none_is_valid_by_luck(fields):
    assert signature_is_valid(fields, PASSWORD) is False
