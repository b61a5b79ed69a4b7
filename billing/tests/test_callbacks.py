"""The gateway's notices and the payer's return: forged and replayed ones change nothing, and no session is touched."""

from __future__ import annotations

import time
from urllib.parse import urlencode

import pytest
import time_machine
from django.core import signing
from django.urls import reverse
from django_tasks_db.models import DBTaskResult

from billing import operations
from billing.gateways import Outcome
from billing.models import Attempt, Payment
from billing.simulator.signing import signed
from core.tenancy import in_hospital
from ledger.models import EntrySecret
from ledger.operations import body_of

from .factories import draft, in_review, issued, paid_online, started

IPN = "/pay/ipn/"
BACK = "/pay/return/success/"
SSLCOMMERZ = "billing.gateways.sslcommerz.SSLCommerzGateway"


@pytest.fixture
def attempt(cast, gateway):
    return started(draft(cast.city, cast.payer))


def queued():
    names = [row.args_kwargs["args"][0] for row in DBTaskResult.objects.all()]
    return names.count("billing.verify_payment")


def refusals():
    return [
        (row.reference, body_of(row)["body"]["channel"])
        for row in EntrySecret.objects.filter(kind="billing.callback_refused").order_by("at")
    ]


def message(attempt, settings, **changes):
    """What the real gateway would send about a paid attempt, signed with the store's password."""
    fields = {
        "tran_id": attempt.tran_id,
        "val_id": "val-1",
        "amount": str(attempt.amount),
        "currency": "BDT",
        "currency_type": "BDT",
        "currency_amount": str(attempt.amount),
        "status": "VALID",
        "store_id": settings.SSLCOMMERZ_STORE_ID,
        "risk_level": "0",
        **changes,
    }
    return signed(fields, settings.SSLCOMMERZ_STORE_PASSWORD)


def post(client, url, data, **headers):
    body = data if isinstance(data, str | bytes) else urlencode(data)
    return client.post(url, body, content_type="application/x-www-form-urlencoded", **headers)


# the notice


def test_notice_has_the_gateway_asked_after_commit(attempt, gateway, client, run_tasks):
    gateway.set_payment(attempt.tran_id)
    for _ in range(2):
        answer = post(client, IPN, {"tran_id": attempt.tran_id, "verify_sign": "signed"})
        assert (answer.status_code, answer.content) == (200, b"OK")
    assert (queued(), gateway.calls[-1][0]) == (2, "open_session")
    run_tasks()
    attempt.refresh_from_db()
    assert attempt.status == "paid"
    with in_hospital(attempt.hospital):
        assert Payment.objects.count() == 1


def test_notice_about_a_paid_attempt_asks_nobody(cast, gateway, client):
    attempt = paid_online(draft(cast.city, cast.payer))
    assert post(client, IPN, {"tran_id": attempt.tran_id, "verify_sign": "signed"}).status_code == 200
    assert queued() == 0


def test_notice_about_a_foreign_transaction_is_taken_and_dropped(attempt, client):
    for tran_id in ("0" * 26, "x\x00y", "", "ü" * 40):
        assert post(client, IPN, {"tran_id": tran_id, "verify_sign": "signed"}).status_code == 200
    assert (queued(), refusals()) == (0, [])


@pytest.mark.parametrize("sign", [{"verify_sign": "forged"}, {"verify_sign": ""}, {}])
def test_notice_without_a_right_signature_is_refused_and_recorded(attempt, client, sign):
    for tran_id in (attempt.tran_id, "0" * 26):
        assert post(client, IPN, {"tran_id": tran_id, **sign}).status_code == 400
    assert refusals() == [(attempt.public_id, "notice"), ("unknown", "notice")]
    assert queued() == 0


def test_refused_notices_do_not_fill_the_trail(attempt, client):
    for _ in range(70):
        post(client, IPN, {"tran_id": "nobody"})
    assert len(refusals()) == 60


def test_notice_that_is_too_large_or_of_another_kind_is_refused(attempt, client):
    assert post(client, IPN, "tran_id=" + "x" * 65_600).status_code == 413
    assert post(client, IPN, "a=1", CONTENT_LENGTH="-1").status_code == 413
    assert client.post(IPN, {"tran_id": attempt.tran_id, "verify_sign": "signed"}).status_code == 400
    assert client.post(IPN, '{"tran_id": 1}', content_type="application/json").status_code == 400
    assert client.get(IPN).status_code == 405


FORGERIES = {
    "another order": {"tran_id": "other"},
    "amount": {"amount": "1.00"},
    "charged amount": {"currency_amount": "1.00"},
    "currency": {"currency": "USD"},
    "charged currency": {"currency_type": "USD"},
    "store": {"store_id": "my-own-store"},
    "val_id": {"val_id": "val-used"},
    "status": {"status": "VALIDATED"},
    "risk": {"risk_level": "1"},
    "no signature": {"verify_sign": "", "verify_sign_sha2": ""},
    "half a signature": {"verify_sign_sha2": ""},
    "fewer keys": {"verify_key": "tran_id,status"},
}


@pytest.mark.parametrize("change", FORGERIES.values(), ids=FORGERIES)
@pytest.mark.parametrize(("url", "channel", "code"), [(IPN, "notice", 400), (BACK, "return", 303)])
def test_message_changed_on_its_way_is_refused(attempt, cast, settings, client, change, url, channel, code):
    settings.PAYMENT_GATEWAY = SSLCOMMERZ
    other = Attempt(tran_id="other", amount=attempt.amount)
    forged = message(other if "tran_id" in change else attempt, settings) | {
        **change,
        "tran_id": attempt.tran_id,
    }
    assert post(client, url, forged).status_code == code
    attempt.refresh_from_db()
    assert (attempt.status, queued(), refusals()) == ("pending", 0, [(attempt.public_id, channel)])


def test_failed_message_turned_into_a_valid_one_is_refused(attempt, settings, client):
    settings.PAYMENT_GATEWAY = SSLCOMMERZ
    forged = message(attempt, settings, status="FAILED", error="&status=VALID&x=") | {"status": "VALID"}
    assert post(client, IPN, forged).status_code == 400
    assert refusals() == [(attempt.public_id, "notice")]


def test_signed_message_is_taken(attempt, settings, client):
    settings.PAYMENT_GATEWAY = SSLCOMMERZ
    assert post(client, IPN, message(attempt, settings)).status_code == 200
    assert (queued(), refusals()) == (1, [])


@pytest.mark.parametrize("outcome", [Outcome.PENDING, Outcome.FAILED])
def test_signed_message_that_says_paid_counts_for_nothing(attempt, gateway, client, run_tasks, outcome):
    gateway.set_payment(attempt.tran_id, outcome)
    post(client, IPN, {"tran_id": attempt.tran_id, "status": "VALID", "verify_sign": "signed"})
    run_tasks()
    attempt.refresh_from_db()
    assert attempt.status == outcome.value


# the return


def result_of(answer):
    assert answer.status_code == 303
    assert answer["Location"].startswith("/pay/result/")
    return answer["Location"]


@pytest.mark.parametrize("way", ["success", "fail", "cancel"])
def test_return_asks_at_once_and_leads_to_the_result(attempt, gateway, client, way):
    gateway.set_payment(attempt.tran_id)
    answer = post(client, f"/pay/return/{way}/", {"tran_id": attempt.tran_id, "verify_sign": "signed"})
    page = client.get(result_of(answer))
    attempt.refresh_from_db()
    assert attempt.status == "paid"
    assert (page.status_code, "৳1,200.00 to City General Hospital" in page.text) == (200, True)
    assert "/things/thing-1/" in page.text


@pytest.mark.parametrize(("trouble", "values"), [("be_unavailable", ()), ("refuse", ("No.",))])
def test_return_while_the_gateway_is_down_says_that_it_is_checked(attempt, gateway, client, trouble, values):
    getattr(gateway, trouble)(*values)
    answer = post(client, BACK, {"tran_id": attempt.tran_id, "verify_sign": "signed"})
    page = client.get(result_of(answer))
    assert "Your payment is being checked" in page.text
    assert 'http-equiv="refresh"' in page.text
    attempt.refresh_from_db()
    assert attempt.status == "pending"


def test_return_of_a_foreign_transaction_and_other_methods(attempt, client):
    assert post(client, BACK, {"tran_id": "0" * 26, "verify_sign": "signed"}).status_code == 400
    assert post(client, BACK, {"tran_id": "0" * 26}).status_code == 400
    assert post(client, "/pay/return/elsewhere/", {}).status_code == 404
    assert post(client, BACK, "x=" + "x" * 65_600).status_code == 413
    assert client.get(BACK).status_code == 405


def test_return_needs_no_csrf_token_and_keeps_the_payer_logged_in(attempt, cast, gateway, as_person):
    browser = as_person(cast.paul, enforce_csrf_checks=True)
    assert browser.get("/me/bills/").status_code == 200
    before = {name: morsel.value for name, morsel in browser.cookies.items()}
    # A cross-site POST: the browser sends none of our cookies, but would take any that came back.
    elsewhere = as_person(None, enforce_csrf_checks=True)
    answer = post(
        elsewhere,
        BACK,
        {"tran_id": attempt.tran_id, "verify_sign": "signed"},
        HTTP_ORIGIN="https://pay.example",
    )
    assert (answer.status_code, dict(answer.cookies)) == (303, {})
    assert {name: morsel.value for name, morsel in browser.cookies.items()} == before
    assert browser.get("/me/bills/").status_code == 200


def test_return_with_cookies_sets_none_and_rotates_nothing(attempt, cast, gateway, as_person):
    browser = as_person(cast.paul)
    browser.get("/me/bills/")
    key = browser.session.session_key
    answer = post(browser, BACK, {"tran_id": attempt.tran_id, "verify_sign": "signed"})
    assert (answer.status_code, dict(answer.cookies)) == (303, {})
    assert browser.session.session_key == key
    assert browser.get("/me/bills/").status_code == 200


# the result


def result_page(client, attempt):
    token = signing.dumps(attempt.public_id, salt="billing.result")
    return client.get(reverse("billing:result", args=[token]))


@pytest.mark.parametrize(
    ("outcome", "word", "link"),
    [
        (Outcome.FAILED, "Your bank or card said no", "/pay/"),
        (Outcome.CANCELLED, "You left the payment page", "/pay/"),
        (Outcome.EXPIRED, "The time to pay ran out", "/pay/"),
        (Outcome.PENDING, "Your payment is being checked", "/things/thing-1/"),
    ],
)
def test_result_without_money_offers_the_way_on(cast, gateway, client, outcome, word, link):
    invoice = draft(cast.city, cast.payer)
    attempt = paid_online(invoice, outcome=outcome)
    page = result_page(client, attempt)
    assert word in page.text
    assert link in page.text
    assert ('http-equiv="refresh"' in page.text) == (outcome is Outcome.PENDING)


def test_result_is_asked_for_again_by_the_page_itself(attempt, gateway, client):
    token = signing.dumps(attempt.public_id, salt="billing.result")
    address = reverse("billing:result", args=[token])
    assert client.get(address, headers={"HX-Request": "true"}).status_code == 204
    gateway.set_payment(attempt.tran_id)
    operations.verify_payment(attempt.tran_id)
    page = client.get(address, headers={"HX-Request": "true"})
    assert (page.status_code, "Thank you." in page.text, "hx-trigger" in page.text) == (200, True, False)


def test_result_of_money_that_goes_back_says_why(cast, gateway, client):
    invoice = draft(cast.city, cast.payer)
    page = result_page(client, paid_online(invoice, taken="thing-1"))
    assert "Your money goes back" in page.text
    assert "Somebody else has it now." in page.text


def test_result_of_half_a_payment_names_both_halves(cast, gateway, client):
    invoice = draft(cast.city, cast.payer, "700.00", "500.00")
    page = result_page(client, paid_online(invoice, taken="thing-2"))
    assert "৳500.00 of it goes back to you" in page.text


def test_result_of_a_payment_in_review_does_not_reload(cast, gateway, client):
    page = result_page(client, in_review(issued(cast.city, cast.payer)))
    assert "Somebody at the hospital does that" in page.text
    assert 'http-equiv="refresh"' not in page.text


def test_result_shows_nothing_personal(cast, gateway, client):
    attempt = paid_online(draft(cast.city, cast.payer))
    page = result_page(client, attempt).text
    for secret in (
        "Paul",
        "paul@demo.test",
        "432149",
        "INV-000001",
        "Thing thing-1",
        attempt.tran_id,
        attempt.val_id,
    ):
        assert secret not in page


def test_result_of_a_wrong_or_old_token(attempt, client):
    token = signing.dumps(attempt.public_id, salt="billing.result")
    assert client.get(f"/pay/result/{token}x/").status_code == 404
    other = signing.dumps(attempt.public_id, salt="another")
    assert client.get(f"/pay/result/{other}/").status_code == 404
    nobody = signing.dumps("nobody", salt="billing.result")
    assert client.get(f"/pay/result/{nobody}/").status_code == 404
    with time_machine.travel(time.time() + 86_401):
        assert client.get(f"/pay/result/{token}/").status_code == 410
