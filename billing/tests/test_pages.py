"""The payer's bills and the cash desk, as people use them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing import operations
from billing.gateways import Capture
from billing.gateways.fake import FakeGateway
from billing.models import Attempt, Payment, Refund
from core.actors import SEED
from core.tenancy import in_hospital

from .factories import (
    WalkInFactory,
    draft,
    in_review,
    issued,
    owed_at_desk,
    paid_at_desk,
    paid_online,
    register,
    started,
    unclear_refund,
)
from .shop import shop

NOW = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


def count_queries(browser, url):
    """Count what a page asks once the session knows the area."""
    browser.get(url)
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(url).status_code == 200
    return len(asked)


def credit(invoice, share=Decimal("0.5")):
    with in_hospital(invoice.hospital):
        line = invoice.lines.first()
        operations.credit_line(line.purpose, line.reference, share=share, reason="Cancelled", by=SEED)


# how much the pages ask


def test_bills_ask_as_little_with_three_rows_as_with_one(cast, as_person):
    browser = as_person(cast.paul)
    issued(cast.city, cast.payer)
    one = count_queries(browser, "/me/bills/")
    for _ in range(2):
        issued(cast.city, cast.payer, "10.00", "20.00")
    assert (one, count_queries(browser, "/me/bills/")) == (8, 8)


def test_bill_asks_at_most_ten_times(cast, as_person):
    browser = as_person(cast.paul)
    invoice = draft(cast.city, cast.payer, "10.00", "20.00", "30.00")
    first, second = started(invoice), started(invoice)
    for attempt in (first, second):
        attempt_paid(attempt)
    for line in (1, 2, 3):
        with in_hospital(cast.city):
            operations.credit_line("tests.thing", f"thing-{line}", share=Decimal("0.5"), reason="x", by=SEED)
    assert count_queries(browser, f"/me/bills/{invoice.public_id}/") == 9
    assert count_queries(browser, f"/me/bills/{invoice.public_id}/pay/") == 8


def attempt_paid(attempt):
    FakeGateway.from_settings().set_payment(attempt.tran_id)
    operations.verify_payment(attempt.tran_id)


def test_desk_asks_as_little_with_three_rows_as_with_one(cast, as_person):
    browser = as_person(cast.ada)

    def one_of_each():
        issued(cast.city, register(cast.city, WalkInFactory()))
        owed_at_desk(cast.city, cast.payer)
        unclear_refund(cast.city, cast.payer)
        in_review(draft(cast.city, cast.payer))

    one_of_each()
    one = count_queries(browser, "/h/city/desk/")
    one_of_each()
    one_of_each()
    assert (one, count_queries(browser, "/h/city/desk/")) == (9, 9)
    assert count_queries(browser, "/h/city/desk/?q=walk&show=all") == 10


# the payer's pages


def test_bills_are_empty_at_first(cast, as_person):
    assert "No bills yet" in as_person(cast.paul).get("/me/bills/").text


def test_bills_show_ones_own_in_all_hospitals_and_fresh_drafts(cast, as_person):
    register(cast.lakeside, cast.payer)
    with time_machine.travel(NOW, tick=False) as clock:
        issued(cast.city, cast.payer)
        draft(cast.lakeside, cast.payer)
        issued(cast.city, cast.other, "77.00")
        browser = as_person(cast.paul)
        page = browser.get("/me/bills/").text
        assert ("INV-000001" in page, "Lakeside Clinic" in page, "77.00" in page) == (True, True, False)
        clock.shift(dt.timedelta(hours=26))
        assert "Lakeside Clinic" not in browser.get("/me/bills/").text


def test_bill_shows_what_was_paid_and_what_goes_back(cast, as_person, gateway):
    invoice = draft(cast.city, cast.payer)
    paid_online(invoice)
    credit(invoice)
    page = as_person(cast.paul).get(f"/me/bills/{invoice.public_id}/").text
    for text in (
        "VISA 432149XXXXXX0667",
        "৳1,200.00 received",
        "৳600.00 goes back",
        "Credit note CN-000001",
        "Receipt",
    ):
        assert text in page
    assert "Take ৳" not in page


@pytest.mark.parametrize(
    ("make", "text"),
    [(in_review, "You need not pay again"), (started, "A payment was begun"), (paid_online, "Paid")],
)
def test_bill_says_how_its_payment_stands(cast, as_person, gateway, make, text):
    invoice = draft(cast.city, cast.payer)
    make(invoice)
    browser = as_person(cast.paul)
    assert text in browser.get(f"/me/bills/{invoice.public_id}/").text
    assert browser.get(f"/me/bills/{invoice.public_id}/pay/").status_code == 200


def test_pay_leads_to_the_gateway(cast, as_person, gateway):
    invoice = draft(cast.city, cast.payer)
    answer = as_person(cast.paul).post(f"/me/bills/{invoice.public_id}/pay/")
    with in_hospital(cast.city):
        attempt = Attempt.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"https://pay.example/{attempt.tran_id}")
    assert attempt.made_by == cast.paul


def test_pay_while_the_gateway_is_down_says_so_on_the_same_page(cast, as_person, gateway):
    invoice = draft(cast.city, cast.payer)
    gateway.be_unavailable()
    answer = as_person(cast.paul).post(f"/me/bills/{invoice.public_id}/pay/")
    assert (answer.status_code, "The payment page does not answer. Nothing was paid." in answer.text) == (
        422,
        True,
    )
    assert "Pay ৳1,200" in answer.text


def test_pay_for_something_gone_says_so(cast, as_person, gateway):
    invoice = draft(cast.city, cast.payer)
    shop.things["thing-1"].state = "taken"
    answer = as_person(cast.paul).post(f"/me/bills/{invoice.public_id}/pay/")
    assert (answer.status_code, "This was just taken." in answer.text) == (422, True)


def test_pay_needs_a_csrf_token(cast, as_person, gateway):
    invoice = draft(cast.city, cast.payer)
    browser = as_person(cast.paul, enforce_csrf_checks=True)
    assert browser.post(f"/me/bills/{invoice.public_id}/pay/").status_code == 403
    assert gateway.calls == []


def test_pay_where_the_desk_takes_money_only_offers_the_desk(cast, as_person, gateway):
    invoice = issued(cast.city, cast.payer)
    type(cast.city).objects.filter(pk=cast.city.pk).update(pays_online=False)
    page = as_person(cast.paul).get(f"/me/bills/{invoice.public_id}/pay/").text
    assert ("You can also pay in cash" in page, "Online now" in page) == (True, False)


# the desk


def test_desk_is_empty_at_first(cast, as_person):
    page = as_person(cast.rita).get("/h/city/desk/").text
    assert "Nobody has to pay" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=pau", {"INV-000001"}),
        ("q=P-000001", {"INV-000001"}),
        ("q=INV-000002", {"INV-000002"}),
        ("q=inv 2", {"INV-000002"}),
        ("q=2", {"INV-000002"}),
        ("q=nobody", set()),
        ("q=%25", set()),
        ("", {"INV-000001", "INV-000002"}),
        ("show=all", {"INV-000001", "INV-000002", "INV-000003"}),
        ("show=all&page=99", {"INV-000001", "INV-000002", "INV-000003"}),
    ],
)
def test_desk_finds_bills(cast, as_person, query, found):
    issued(cast.city, cast.payer)
    issued(cast.city, cast.other)
    paid_at_desk(issued(cast.city, cast.other))
    page = as_person(cast.rita).get(f"/h/city/desk/?{query}").text
    shown = {
        f"INV-00000{number}" for number in (1, 2, 3) if f'<td class="nowrap">INV-00000{number}</td>' in page
    }
    assert shown == found


def test_desk_shows_nothing_of_other_hospitals(cast, as_person, gateway):
    patient = register(cast.city, WalkInFactory(name="Canary of city"))
    issued(cast.city, patient)
    owed_at_desk(cast.city, patient)
    unclear_refund(cast.city, patient)
    in_review(draft(cast.city, patient))
    for query in ("", "?show=all", "?q=canary&show=all"):
        assert "Canary of city" not in as_person(cast.mallory).get(f"/h/lakeside/desk/{query}").text


def test_desk_lists_what_needs_a_person(cast, as_person, gateway):
    owed_at_desk(cast.city, cast.payer)
    unclear_refund(cast.city, cast.payer)
    in_review(draft(cast.city, cast.payer))
    paid_online(draft(cast.city, cast.payer), amount=Decimal("1.00"))
    admin, clerk = (as_person(person).get("/h/city/desk/").text for person in (cast.ada, cast.rita))
    for text in (
        "To hand back at the desk",
        "Refunds to check",
        "The gateway calls it risky",
        "does not fit: amount",
    ):
        assert text in admin
    assert (admin.count("An admin decides"), clerk.count("An admin decides")) == (0, 2)


def test_desk_shows_an_online_refund_that_is_not_sent_for_a_day(cast, as_person, gateway):
    with time_machine.travel(NOW, tick=False) as clock:
        paid_online(draft(cast.city, cast.payer), taken="thing-1")
        assert "Refunds that could not be sent yet" not in as_person(cast.rita).get("/h/city/desk/").text
        clock.shift(dt.timedelta(days=1))
        page = as_person(cast.rita).get("/h/city/desk/").text
    assert ("Refunds that could not be sent yet" in page, "Hand back" in page) == (True, False)


def test_admin_closes_a_payment_that_was_taken_twice(cast, as_person, gateway):
    twice = tuple(Capture(f"val-{number}", "", Decimal("1200.00"), "BDT") for number in (1, 2))
    attempt = paid_online(draft(cast.city, cast.payer), captures=twice)
    browser, url = as_person(cast.ada), f"/h/city/payments/{attempt.public_id}/resolve/"
    page = browser.get("/h/city/desk/").text
    assert ("The gateway took money more than once: 1200.00 BDT, val-2" in page, url in page) == (True, True)
    assert url not in as_person(cast.rita).get("/h/city/desk/").text
    assert "Did Paul get back what was taken twice?" in browser.get(url).text
    assert [browser.post(url).status_code for _ in range(2)] == [302, 422]
    assert "more than once" not in browser.get("/h/city/desk/").text


def test_desk_payment_names_the_amount_and_is_taken_once(cast, as_person, gateway):
    invoice = issued(cast.city, cast.payer)
    browser, url = as_person(cast.rita), f"/h/city/bills/{invoice.public_id}/pay/"
    assert "Take ৳1,200.00 from Paul?" in browser.get(url).text
    sent = {"method": "cash", "amount": "1200.00"}
    answers = [browser.post(url, sent) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 422]
    assert "There is nothing left to pay here" in answers[1].text
    with in_hospital(cast.city):
        assert Payment.objects.get().attempt.made_by == cast.rita


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({}, "Choose cash or card."),
        ({"method": "gold", "amount": "1200.00"}, "Choose cash or card."),
        ({"method": "online", "amount": "1200.00"}, "Choose cash or card."),
        ({"method": "cash", "amount": "1000.00"}, "The amount has changed: ৳1,200.00 is to pay now."),
        ({"method": "cash", "amount": "much"}, "amount"),
    ],
)
def test_desk_payment_that_is_not_right_is_refused(cast, as_person, gateway, sent, sentence):
    invoice = issued(cast.city, cast.payer)
    answer = as_person(cast.rita).post(f"/h/city/bills/{invoice.public_id}/pay/", sent)
    assert (answer.status_code, sentence in answer.text) == (422, True)
    with in_hospital(cast.city):
        assert not Payment.objects.exists()


def test_desk_hands_money_back_once(cast, as_person, gateway):
    refund = owed_at_desk(cast.city, cast.payer)
    browser, url = as_person(cast.rita), f"/h/city/refunds/{refund.public_id}/pay/"
    assert "Hand ৳1,200.00 back to Paul?" in browser.get(url).text
    answers = [browser.post(url) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 422]
    assert "handed over already" in answers[1].text


def test_desk_does_not_hand_back_what_was_paid_online(cast, as_person, gateway):
    refund = unclear_refund(cast.city, cast.payer)
    answer = as_person(cast.rita).post(f"/h/city/refunds/{refund.public_id}/pay/")
    assert (answer.status_code, "goes back the same way by itself" in answer.text) == (422, True)


@pytest.mark.parametrize(("decision", "status"), [("yes", "done"), ("no", "due")])
def test_admin_decides_about_an_unclear_refund(cast, as_person, gateway, decision, status):
    refund = unclear_refund(cast.city, cast.payer)
    browser, url = as_person(cast.ada), f"/h/city/refunds/{refund.public_id}/resolve/"
    assert browser.post(url, {"decision": "maybe"}).status_code == 422
    assert browser.post(url, {"decision": decision}).status_code == 302
    assert browser.post(url, {"decision": decision}).status_code == 422
    with in_hospital(cast.city):
        assert Refund.objects.get().status == status


@pytest.mark.parametrize(("decision", "applied"), [("yes", Decimal("1200.00")), ("no", Decimal("0.00"))])
def test_admin_decides_about_a_risky_payment(cast, as_person, gateway, decision, applied):
    attempt = in_review(draft(cast.city, cast.payer))
    browser, url = as_person(cast.ada), f"/h/city/payments/{attempt.public_id}/resolve/"
    assert "Accept ৳1,200.00 from Paul?" in browser.get(url).text
    assert browser.post(url, {"decision": decision}).status_code == 302
    with in_hospital(cast.city):
        assert Payment.objects.get().applied == applied


def test_credit_note_offers_no_payment(cast, as_person, gateway):
    invoice = issued(cast.city, cast.payer)
    credit(invoice)
    with in_hospital(cast.city):
        note = invoice.credit_notes.get()
    page = as_person(cast.paul).get(f"/me/bills/{note.public_id}/").text
    assert ("Corrects INV-000001" in page, "Pay ৳" in page) == (True, False)
    assert as_person(cast.paul).post(f"/me/bills/{note.public_id}/pay/").status_code == 422
    desk = as_person(cast.rita).post(
        f"/h/city/bills/{note.public_id}/pay/", {"method": "cash", "amount": "1.00"}
    )
    assert desk.status_code == 422
