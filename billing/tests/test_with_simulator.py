"""Whole payments over HTTP: the portal on one port, the simulator on another, and everything that can go wrong between."""

from __future__ import annotations

import time
from decimal import Decimal
from types import SimpleNamespace

import pytest

from appointments.models import Appointment
from appointments.operations import release_hold
from appointments.queries import free_by_day
from appointments.tests.factories import book, working
from billing import operations
from billing.models import Attempt, Invoice, Payment, Refund
from billing.simulator.testing import STORE_ID, STORE_PASSWORD, fetch, running_simulator
from core.tenancy import in_hospital, public_directory
from ledger.models import EntrySecret

from .conftest import make_cast
from .factories import draft
from .shop import shop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def street(live_server, settings, tmp_path):
    """The cast, its shop and the simulator, each reachable for the others."""
    settings.PAYMENT_GATEWAY = "billing.gateways.sslcommerz.SSLCommerzGateway"
    settings.SSLCOMMERZ_STORE_ID, settings.SSLCOMMERZ_STORE_PASSWORD = STORE_ID, STORE_PASSWORD
    settings.PUBLIC_URL = live_server.url
    shop.reset()
    with running_simulator(tmp_path / "gateway.sqlite3") as simulator:
        settings.SSLCOMMERZ_BASE_URL = simulator.base_url
        yield SimpleNamespace(cast=make_cast(), simulator=simulator)


def begin(street, as_person):
    """Draft a bill and open its payment page as the payer does."""
    invoice = draft(street.cast.city, street.cast.payer)
    answer = as_person(street.cast.paul).post(f"/me/bills/{invoice.public_id}/pay/")
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"{street.simulator.base_url}/pay/")
    with in_hospital(street.cast.city):
        return Attempt.objects.get()


def come_back(decided):
    """Post the browser's return and read the page that it leads to."""
    return fetch(decided["return_url"], decided["fields"])


def noticed(simulator, tran_id, times=1):
    """Wait until the simulator has sent its notices."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        ipns = simulator.state(tran_id)["ipns"]
        if len(ipns) >= times:
            return [str(ipn["answered"]) for ipn in ipns]
        time.sleep(0.02)
    return [str(ipn["answered"]) for ipn in simulator.state(tran_id)["ipns"]]


def books(street):
    """Return the attempt's state, what was captured, and what of it goes back."""
    with in_hospital(street.cast.city):
        payments = [(payment.amount, payment.refund_total) for payment in Payment.objects.order_by("pk")]
        return Attempt.objects.get().status, payments


WHOLE = ("paid", [(Decimal("1200.00"), Decimal("0.00"))])


def test_notice_and_return_make_one_payment(street, as_person, run_tasks):
    attempt = begin(street, as_person)
    decided = street.simulator.pay(attempt.tran_id)
    assert noticed(street.simulator, attempt.tran_id) == ["200"]
    page = come_back(decided)
    assert (page.status, "৳1,200.00 to City General Hospital" in page.text) == (200, True)
    run_tasks()
    assert books(street) == WHOLE
    assert shop.things["thing-1"].state == "sold"


def test_dropped_notice_is_made_up_for_by_the_return(street, as_person):
    attempt = begin(street, as_person)
    street.simulator.knobs(attempt.tran_id, drop_ipn=True)
    come_back(street.simulator.pay(attempt.tran_id))
    assert books(street) == WHOLE


def test_dropped_notice_and_lost_return_are_made_up_for_by_the_clock(street, as_person, run_tasks):
    attempt = begin(street, as_person)
    street.simulator.knobs(attempt.tran_id, drop_ipn=True)
    street.simulator.pay(attempt.tran_id)
    with in_hospital(street.cast.city):
        Attempt.objects.update(next_check_at=attempt.created_at)
    assert operations.queue_payment_checks() == 1
    run_tasks()
    assert books(street) == WHOLE


def test_doubled_notice_makes_one_payment(street, as_person, run_tasks):
    attempt = begin(street, as_person)
    street.simulator.knobs(attempt.tran_id, duplicate_ipn=True)
    street.simulator.pay(attempt.tran_id)
    assert noticed(street.simulator, attempt.tran_id, times=2) == ["200", "200"]
    run_tasks()
    assert books(street) == WHOLE


def test_badly_signed_messages_change_nothing(street, as_person, run_tasks):
    attempt = begin(street, as_person)
    street.simulator.knobs(attempt.tran_id, bad_signature=True)
    decided = street.simulator.pay(attempt.tran_id)
    assert noticed(street.simulator, attempt.tran_id) == ["400"]
    assert "Your payment is being checked" in come_back(decided).text
    run_tasks()
    assert books(street) == ("pending", [])
    assert (
        EntrySecret.objects.filter(kind="billing.callback_refused", reference=attempt.public_id).count() == 2
    )


@pytest.mark.parametrize(
    ("knob", "wrong"),
    [
        ({"wrong_amount": "1.00"}, "amount"),
        ({"wrong_currency": "USD"}, "currency"),
        ({"wrong_store_id": "other"}, "store"),
    ],
)
def test_payment_of_something_else_is_refused(street, as_person, run_tasks, knob, wrong):
    attempt = begin(street, as_person)
    street.simulator.knobs(attempt.tran_id, **knob)
    decided = street.simulator.pay(attempt.tran_id)
    noticed(street.simulator, attempt.tran_id)
    assert "Your payment is being checked" in come_back(decided).text
    run_tasks()
    attempt.refresh_from_db()
    assert (attempt.mismatch, books(street)) == (wrong, ("pending", []))


def test_risky_payment_waits_for_a_person(street, as_person, run_tasks):
    attempt = begin(street, as_person)
    street.simulator.knobs(attempt.tran_id, risk_level=1)
    come_back(street.simulator.pay(attempt.tran_id))
    run_tasks()
    assert books(street) == ("review", [])


@pytest.mark.parametrize(("state", "back"), [("kept", "0.00"), ("taken", "1200.00")])
def test_late_success_is_applied_or_goes_back(street, as_person, run_tasks, state, back):
    attempt = begin(street, as_person)
    street.simulator.knobs(attempt.tran_id, late_success_s=1)
    decided = street.simulator.pay(attempt.tran_id, "fail")
    assert "Nothing was paid" in come_back(decided).text
    shop.things["thing-1"].state = state
    assert noticed(street.simulator, attempt.tran_id, times=2) == ["200", "200"]
    run_tasks()
    assert books(street) == ("paid", [(Decimal("1200.00"), Decimal(back))])


@pytest.mark.parametrize(
    ("choice", "status", "text"),
    [
        ("fail", "failed", "Your bank or card said no"),
        ("cancel", "cancelled", "You left the payment page"),
        ("expire", "expired", "The time to pay ran out"),
    ],
)
def test_payment_that_does_not_happen_can_be_tried_again(street, as_person, choice, status, text):
    attempt = begin(street, as_person)
    page = come_back(street.simulator.pay(attempt.tran_id, choice))
    assert (text in page.text, books(street)) == (True, (status, []))
    with in_hospital(street.cast.city):
        again = as_person(street.cast.paul).post(f"/me/bills/{attempt.invoice.public_id}/pay/")
    assert again.status_code == 302


def test_gateway_that_breaks_down_is_asked_again(street, as_person, run_tasks):
    attempt = begin(street, as_person)
    street.simulator.knobs(attempt.tran_id, http_500=True, times=2, only="query")
    decided = street.simulator.pay(attempt.tran_id)
    noticed(street.simulator, attempt.tran_id)
    assert "Your payment is being checked" in come_back(decided).text
    run_tasks()
    with in_hospital(street.cast.city):
        Attempt.objects.update(next_check_at=attempt.created_at)
    operations.queue_payment_checks()
    run_tasks()
    assert books(street) == WHOLE


@pytest.mark.parametrize(
    ("plan", "status"),
    [
        ("done", "done"),
        ("processing_then_done", "done"),
        ("processing_then_failed", "unclear"),
        ("failed", "unclear"),
    ],
)
def test_refund_goes_back_over_the_gateway(street, as_person, run_tasks, plan, status):
    attempt = begin(street, as_person)
    street.simulator.knobs(attempt.tran_id, refund=plan, refund_polls=1)
    come_back(street.simulator.pay(attempt.tran_id))
    with in_hospital(street.cast.city):
        operations.credit_line(
            "tests.thing", "thing-1", share=Decimal("0.5"), reason="Cancelled", by=street.cast.ada
        )
    run_tasks()
    for _ in range(2):
        with in_hospital(street.cast.city):
            Refund.objects.filter(status="processing").update(next_check_at=attempt.created_at)
        operations.queue_refund_checks()
        run_tasks()
    with in_hospital(street.cast.city):
        refund = Refund.objects.get()
    sent = street.simulator.state(attempt.tran_id)["refunds"]
    assert (refund.status, len(sent)) == (status, 0 if plan == "failed" else 1)


# a visit, from choosing the time to the booking


def hold_visit(street):
    affiliation = working(hospital=street.cast.city)
    with public_directory():
        times = [start for starts in free_by_day(affiliation, days=3).values() for start in starts]
    return book(affiliation, street.cast.payer, times[0], pay="online")


def pay_for(visit, street, as_person):
    with in_hospital(street.cast.city):
        invoice = Invoice.objects.get(lines__reference=visit.public_id)
    assert as_person(street.cast.paul).post(f"/me/bills/{invoice.public_id}/pay/").status_code == 302
    with in_hospital(street.cast.city):
        return invoice, Attempt.objects.get()


def test_visit_is_booked_once_it_is_paid(street, as_person, run_tasks):
    visit = hold_visit(street)
    invoice, attempt = pay_for(visit, street, as_person)
    street.simulator.knobs(attempt.tran_id, duplicate_ipn=True)
    page = come_back(street.simulator.pay(attempt.tran_id))
    noticed(street.simulator, attempt.tran_id, times=2)
    run_tasks()
    visit.refresh_from_db()
    invoice.refresh_from_db()
    assert (visit.status, visit.serial, invoice.label, invoice.status) == ("pending", 1, "INV-000001", "paid")
    assert f"/me/visits/{visit.public_id}/" in page.text
    assert as_person(street.cast.paul).get(f"/me/bills/{invoice.public_id}/pdf/").status_code == 200


def test_visit_that_was_given_back_before_the_money_came_is_refunded(street, as_person, run_tasks):
    visit = hold_visit(street)
    invoice, attempt = pay_for(visit, street, as_person)
    with in_hospital(street.cast.city):
        release_hold(visit, side=Appointment.Side.PATIENT, by=street.cast.paul)
    page = come_back(street.simulator.pay(attempt.tran_id))
    run_tasks()
    visit.refresh_from_db()
    assert ("Your money goes back" in page.text, visit.status) == (True, "cancelled")
    with in_hospital(street.cast.city):
        assert Refund.objects.get().amount == Decimal("1200.00")
        assert Payment.objects.get().applied == 0
