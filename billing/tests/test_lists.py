"""Lists of money: what moved is seen, in people's words; what waits for somebody is found."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from billing import operations
from billing.gateways import RefundState
from billing.gateways.fake import FakeGateway
from billing.models import Attempt, Invoice, Payment
from core.actors import SEED
from core.tenancy import in_hospital
from hospitals.models import Hospital

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
from .test_pages import count_queries

NOW = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


def text_of(answer):
    return " ".join(answer.text.split())


def credited(invoice, share):
    with in_hospital(invoice.hospital):
        for line in invoice.lines.all():
            operations.credit_line(line.purpose, line.reference, share=share, reason="Cancelled", by=SEED)
    invoice.refresh_from_db()
    return invoice


def sent_back(invoice):
    """Have the gateway pay an online refund back at once."""
    FakeGateway.from_settings().set_refund_states(RefundState.DONE)
    with in_hospital(invoice.hospital):
        refund = invoice.payments.get().refunds.get()
    operations.send_refund(refund.pk)


def paid_late(cast, patient=None):
    """Pay a draft of ৳900 after its thing went to somebody else: nothing is booked, all of it goes back."""
    invoice = draft(cast.city, patient or cast.payer, "900.00")
    paid_online(invoice, taken=_reference(invoice))
    invoice.refresh_from_db()
    return invoice


def _reference(invoice):
    with in_hospital(invoice.hospital):
        return invoice.lines.get().reference


# money that was never booked


def test_money_that_was_not_booked_is_on_the_payers_list(cast, as_person, gateway):
    with time_machine.travel(NOW, tick=False) as clock:
        invoice = paid_late(cast)
        clock.shift(dt.timedelta(days=40))
        browser = as_person(cast.paul)
        page = text_of(browser.get("/me/bills/"))
        assert invoice.status == "void"
        assert ("Not booked" in page, "paid ৳900, ৳900 on its way back" in page) == (True, True)
        sent_back(invoice)
        assert "paid ৳900, ৳900 paid back" in text_of(browser.get("/me/bills/"))


def test_money_that_was_not_booked_has_a_bill_with_payment_refund_and_receipt(cast, as_person, gateway):
    invoice = paid_late(cast)
    with in_hospital(cast.city):
        payment = Payment.objects.get()
    for person, start in ((cast.paul, "/me/bills/"), (cast.rita, "/h/city/bills/")):
        browser = as_person(person)
        page = text_of(browser.get(f"{start}{invoice.public_id}/"))
        for part in (
            "Not booked",
            "but this was not booked",
            "৳900.00 received",
            "৳900.00 goes back",
            "Somebody else has it now.",
            f"{start}{payment.public_id}/receipt/",
        ):
            assert part in page, (start, part)
        assert f"{start}{invoice.public_id}/pdf/" not in page
        assert browser.get(f"{start}{payment.public_id}/receipt/").status_code == 202


def test_draft_whose_payment_the_hospital_refused_is_on_the_payers_list(cast, as_person, gateway):
    with time_machine.travel(NOW, tick=False) as clock:
        invoice = draft(cast.city, cast.payer)
        attempt = in_review(invoice)
        with in_hospital(cast.city):
            operations.resolve_attempt(attempt, accepted=False, by=cast.ada)
        clock.shift(dt.timedelta(hours=30))
        page = text_of(as_person(cast.paul).get("/me/bills/"))
    assert ("Not booked" in page, "paid ৳1,200, ৳1,200 on its way back" in page) == (True, True)


def test_draft_that_nobody_paid_is_on_no_list(cast, as_person):
    with time_machine.travel(NOW, tick=False) as clock:
        draft(cast.city, cast.payer)
        clock.shift(dt.timedelta(hours=30))
        assert "No bills yet" in as_person(cast.paul).get("/me/bills/").text
        assert "No bills yet" in as_person(cast.rita).get("/h/city/desk/?show=all").text


@pytest.mark.parametrize("query", ["show=all", "show=all&q=pau", "show=all&q=P-000001", "tran_id", "receipt"])
def test_desk_finds_money_that_was_not_booked(cast, as_person, gateway, query):
    invoice = paid_late(cast)
    paid_late(cast, cast.other)
    with in_hospital(cast.city):
        payment = Payment.objects.get(invoice=invoice)
    asked = {"tran_id": payment.attempt.tran_id, "receipt": payment.public_id.upper()}
    found = f"show=all&q={asked[query]}" if query in asked else query
    page = text_of(as_person(cast.rita).get(f"/h/city/desk/?{found}"))
    assert ("paid ৳900, ৳900 on its way back" in page, f"/bills/{invoice.public_id}/" in page) == (True, True)
    assert page.count("Not booked") == (2 if found == "show=all" else 1)


def test_lists_ask_as_little_with_money_that_was_not_booked(cast, as_person, gateway):
    browsers = {"/me/bills/": as_person(cast.paul), "/h/city/desk/?show=all": as_person(cast.rita)}
    paid_late(cast)
    one = [count_queries(browser, url) for url, browser in browsers.items()]
    for _ in range(2):
        paid_late(cast)
    assert (one, [count_queries(browser, url) for url, browser in browsers.items()]) == ([8, 8], [8, 8])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("thing-2", {"INV-000002"}),
        ("thing", {"INV-000001", "INV-000002"}),
        ("general", {"INV-000001", "INV-000002"}),
        ("inv-1", {"INV-000001"}),
        ("000002", {"INV-000002"}),
        ("%", set()),
        ("nothing like it", set()),
    ],
)
def test_payer_finds_bills(cast, as_person, query, found):
    issued(cast.city, cast.payer)
    issued(cast.city, cast.payer)
    issued(cast.city, cast.other)
    page = as_person(cast.paul).get("/me/bills/", {"q": query}).text
    assert {f"INV-00000{number}" for number in (1, 2, 3) if f"INV-00000{number}<" in page} == found
    assert ("No bill fits" in page) == (not found)


# words


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda cast: issued(cast.city, cast.payer), "To pay"),
        (lambda cast: credited(issued(cast.city, cast.payer), Decimal(1)), "Cancelled"),
        (lambda cast: _paid_and_credited(cast, Decimal(1)), "Goes back"),
        (lambda cast: _paid_and_credited(cast, Decimal("0.5")), "Partly paid back"),
        (lambda cast: _paid_and_credited(cast, Decimal(0)), "Paid"),
        (lambda cast: draft(cast.city, cast.payer), "Not paid yet"),
    ],
)
def test_bill_says_the_same_word_on_the_list_and_the_page(cast, as_person, gateway, make, word):
    invoice = make(cast)
    browser = as_person(cast.paul)
    for address in ("/me/bills/", f"/me/bills/{invoice.public_id}/"):
        assert f"</svg>{word}</span>" in browser.get(address).text, address
    if invoice.number:
        desk = as_person(cast.rita)
        for address in ("/h/city/desk/?show=all", f"/h/city/bills/{invoice.public_id}/"):
            assert f"</svg>{word}</span>" in desk.get(address).text, address


def _paid_and_credited(cast, share):
    invoice = issued(cast.city, cast.payer)
    paid_at_desk(invoice)
    return credited(invoice, share)


def test_bill_is_paid_back_once_its_refund_was_handed_over(cast, as_person, gateway):
    refund = owed_at_desk(cast.city, cast.payer)
    with in_hospital(cast.city):
        operations.pay_refund_at_desk(refund, by=cast.rita)
    for address in ("/me/bills/", f"/me/bills/{refund.payment.invoice.public_id}/"):
        page = as_person(cast.paul).get(address).text
        assert ("</svg>Paid back</span>" in page, "</svg>Goes back</span>" in page) == (True, False)


def test_no_page_speaks_of_credited(cast, as_person, gateway):
    invoice = _paid_and_credited(cast, Decimal("0.5"))
    for address in ("/me/bills/", f"/me/bills/{invoice.public_id}/"):
        assert "Credited" not in as_person(cast.paul).get(address).text


def test_credit_note_has_a_minus_on_lists_and_its_page(cast, as_person, gateway):
    invoice = _paid_and_credited(cast, Decimal("0.5"))
    with in_hospital(cast.city):
        note = invoice.credit_notes.get()
    assert "−৳600.00" in as_person(cast.rita).get("/h/city/desk/?show=all").text
    page = text_of(as_person(cast.paul).get(f"/me/bills/{note.public_id}/"))
    assert page.count("−৳600.00") == 2


# what waits for somebody


def test_desk_shows_the_oldest_ten_of_each_and_the_way_to_all(cast, as_person, gateway):
    for number in range(11):
        with time_machine.travel(NOW + dt.timedelta(minutes=number), tick=False):
            payer = register(cast.city, WalkInFactory(name=f"Waiting {number:02d}"))
            owed_at_desk(cast.city, payer)
            unclear_refund(cast.city, payer)
            in_review(draft(cast.city, payer))
    with time_machine.travel(NOW + dt.timedelta(hours=1), tick=False):
        page = text_of(as_person(cast.ada).get("/h/city/desk/"))
        for link in ("refunds/", "refunds/?show=unclear", "checks/"):
            assert f'<a class="push" href="/h/city/desk/{link}">All 11<' in page, link
        assert (page.count('scope="row">Waiting 09'), page.count('scope="row">Waiting 10')) == (3, 0)
        for link in ("refunds/", "refunds/?show=unclear", "checks/"):
            listed = text_of(as_person(cast.ada).get(f"/h/city/desk/{link}"))
            assert (listed.count('scope="row">Waiting'), "1 to 11 of 11" in listed) == (11, True), link


def test_desk_that_looks_for_a_bill_shows_bills_alone(cast, as_person, gateway):
    owed_at_desk(cast.city, cast.payer)
    browser = as_person(cast.rita)
    shown = [
        "Hand back" in browser.get(f"/h/city/desk/{query}").text for query in ("", "?q=paul", "?show=all")
    ]
    assert shown == [True, False, False]


@pytest.mark.parametrize("address", ["refunds/", "refunds/?show=unclear", "refunds/?show=unsent", "checks/"])
def test_waiting_list_asks_as_little_with_three_rows_as_with_one(cast, as_person, gateway, address):
    url = f"/h/city/desk/{address}"
    with time_machine.travel(NOW, tick=False) as clock:
        _one_of_each(cast)
        clock.shift(dt.timedelta(days=2))
        one = count_queries(as_person(cast.ada), url)
    with time_machine.travel(NOW, tick=False) as clock:
        _one_of_each(cast)
        _one_of_each(cast)
        clock.shift(dt.timedelta(days=2))
        assert (one, count_queries(as_person(cast.ada), url)) == (7, 7)


def _one_of_each(cast):
    owed_at_desk(cast.city, cast.payer)
    unclear_refund(cast.city, cast.payer)
    in_review(draft(cast.city, cast.payer))
    paid_late(cast)


@pytest.mark.parametrize("show", ["", "unclear", "unsent"])
@pytest.mark.parametrize("query", ["name", "number", "tran_id", "nothing"])
def test_refunds_are_found(cast, as_person, gateway, show, query):
    with time_machine.travel(NOW, tick=False) as clock:
        for payer in (cast.payer, cast.other):
            owed_at_desk(cast.city, payer)
            unclear_refund(cast.city, payer)
            paid_late(cast, payer)
        clock.shift(dt.timedelta(days=2))
        wanted = {"": "cash", "unclear": "unclear", "unsent": "void"}[show]
        attempt = _attempt_of(cast, wanted)
        asked = {
            "name": "paul",
            "number": attempt.invoice.label if attempt.invoice.number else "P-000001",
            "tran_id": attempt.tran_id,
            "nothing": "Zz Nobody",
        }[query]
        page = text_of(as_person(cast.ada).get(f"/h/city/desk/refunds/?show={show}&q={asked}"))
    found = query != "nothing"
    assert ('scope="row">Paul' in page, 'scope="row">Pia' in page) == (found, False)
    assert ("No such refund waits" in page) == (not found)


def _attempt_of(cast, wanted):
    with in_hospital(cast.city):
        paid = Attempt.objects.select_related("invoice").filter(invoice__patient=cast.payer)
        return {
            "cash": lambda: paid.get(method="cash"),
            "unclear": lambda: paid.get(payment__refunds__status="unclear"),
            "void": lambda: paid.get(invoice__status=Invoice.Status.VOID),
        }[wanted]()


@pytest.mark.parametrize("query", ["name", "tran_id", "nothing"])
def test_checks_are_found(cast, as_person, gateway, query):
    mine = in_review(draft(cast.city, cast.payer))
    odd = paid_online(draft(cast.city, cast.payer), amount=Decimal("1.00"))
    in_review(draft(cast.city, cast.other))
    asked = {"name": "paul", "tran_id": mine.tran_id, "nothing": "Zz Nobody"}[query]
    page = text_of(as_person(cast.ada).get(f"/h/city/desk/checks/?q={asked}"))
    assert page.count('scope="row">Paul') == {"name": 2, "tran_id": 1, "nothing": 0}[query]
    assert (odd.tran_id in page, "Pia" in page) == (query == "name", False)
    assert ("No such payment waits" in page) == (query == "nothing")


def test_waiting_lists_are_empty_at_first_and_show_nothing_of_other_hospitals(cast, as_person, gateway):
    _one_of_each(cast)
    browser = as_person(cast.mallory)
    for show in ("", "unclear", "unsent", "nonsense"):
        for query in ("", "&q=paul", "&q=INV-000001"):
            page = browser.get(f"/h/lakeside/desk/refunds/?show={show}{query}").text
            assert ("No such refund waits" in page, "Paul" in page) == (True, False)
    for query in ("", "?q=paul"):
        page = browser.get(f"/h/lakeside/desk/checks/{query}").text
        assert ("Paul" in page, "risky</td>" in page) == (False, False)


def test_tran_id_of_another_hospital_finds_nothing(cast, as_person, gateway):
    attempt = started(issued(cast.city, cast.payer))
    FakeGateway.from_settings().set_payment(attempt.tran_id)
    operations.verify_payment(attempt.tran_id)
    found = [
        "No bill fits" in as_person(person).get(f"/h/{slug}/desk/?show=all&q={attempt.tran_id}").text
        for person, slug in ((cast.rita, "city"), (cast.mallory, "lakeside"))
    ]
    assert found == [False, True]


def test_number_with_its_letters_finds_its_kind_alone(cast, as_person, gateway):
    credited(issued(cast.city, cast.payer), Decimal(1))
    browser = as_person(cast.rita)
    found = {
        text: [label for label in ("INV-000001", "CN-000001") if f">{label}</td>" in page]
        for text in ("inv-1", "CN 000001", "1")
        for page in [browser.get(f"/h/city/desk/?show=all&q={text}").text]
    }
    both = ["INV-000001", "CN-000001"]
    assert found == {"inv-1": ["INV-000001"], "CN 000001": ["CN-000001"], "1": both}


def test_the_platform_sees_that_refunds_wait_at_a_closed_desk(cast, as_person):
    owed_at_desk(cast.city, cast.payer)
    page = reverse("hospitals:platform_detail", args=[cast.city.public_id])
    assert "1 refund of ৳1,200.00 waits at the desk." not in as_person(cast.root).get(page).content.decode()
    Hospital.objects.filter(pk=cast.city.pk).update(is_active=False)
    assert "1 refund of ৳1,200.00 waits at the desk." in as_person(cast.root).get(page).content.decode()
