"""Beginning a payment online, and taking one at the desk."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.db import transaction
from django_tasks_db.models import DBTaskResult

from billing import operations, tasks
from billing.gateways import GatewayInTransaction, Outcome
from billing.gateways.fake import FakeGateway
from billing.models import Attempt, Payment
from core.errors import Conflict, DomainError, Throttled
from core.tenancy import in_hospital

from .factories import WalkInFactory, draft, in_review, issued, paid_online, register, started
from .shop import shop

NOW = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


def tasks_named(name):
    return [row for row in DBTaskResult.objects.all() if row.args_kwargs["args"][0] == name]


def test_start_payment_commits_the_attempt_and_returns_the_gateways_page(cast, gateway, settings):
    invoice = draft(cast.city, cast.payer)
    with in_hospital(cast.city):
        url = operations.start_payment(invoice, by=cast.paul)
        attempt = Attempt.objects.get()
    asked = gateway.sessions[attempt.tran_id]
    assert url == f"https://pay.example/{attempt.tran_id}"
    assert (attempt.status, attempt.amount, attempt.made_by) == ("pending", Decimal("1200.00"), cast.paul)
    assert (asked.amount, asked.currency, asked.customer_email) == (
        Decimal("1200.00"),
        "BDT",
        "paul@demo.test",
    )
    assert asked.ipn_url == f"{settings.PUBLIC_URL}/pay/ipn/"
    assert asked.success_url == f"{settings.PUBLIC_URL}/pay/return/success/"


def test_start_payment_tells_the_gateway_nothing_of_what_is_charged(cast, gateway):
    attempt = started(draft(cast.city, cast.payer))
    assert "Thing" not in repr(gateway.sessions[attempt.tran_id])


def test_start_payment_extends_what_is_kept_once(cast, gateway):
    with time_machine.travel(NOW, tick=False):
        invoice = draft(cast.city, cast.payer)
        started(invoice)
        started(invoice)
    assert shop.things["thing-1"].kept_until == NOW + dt.timedelta(minutes=25)


def test_start_payment_of_something_gone_asks_nobody(cast, gateway):
    invoice = draft(cast.city, cast.payer)
    shop.things["thing-1"].state = "taken"
    with in_hospital(cast.city):
        with pytest.raises(Conflict, match="This was just taken"):
            operations.start_payment(invoice, by=cast.paul)
        assert not Attempt.objects.exists()
    assert gateway.calls == []


@pytest.mark.parametrize("trouble", ["be_unavailable", "lose_answers"])
def test_start_payment_keeps_the_attempt_when_the_gateway_is_down(cast, gateway, trouble):
    invoice = draft(cast.city, cast.payer)
    getattr(gateway, trouble)()
    with in_hospital(cast.city), pytest.raises(DomainError, match="Nothing was paid"):
        operations.start_payment(invoice, by=cast.paul)
    with in_hospital(cast.city):
        attempt = Attempt.objects.get()
    assert (attempt.status, bool(attempt.note), attempt.next_check_at is None) == ("created", True, False)
    # The page may have opened although its answer was lost: money from there is not lost either.
    gateway.set_payment(attempt.tran_id, amount=attempt.amount, currency="BDT")
    operations.verify_payment(attempt.tran_id)
    with in_hospital(cast.city):
        assert Payment.objects.get().applied == Decimal("1200.00")


def test_start_payment_inside_a_transaction_is_a_mistake(cast, gateway):
    invoice = draft(cast.city, cast.payer)
    with in_hospital(cast.city), pytest.raises(GatewayInTransaction), transaction.atomic():
        operations.start_payment(invoice, by=cast.paul)


def test_start_payment_of_a_paid_bill_is_refused(cast, gateway):
    invoice = draft(cast.city, cast.payer)
    paid_online(invoice)
    with in_hospital(cast.city), pytest.raises(Conflict, match="nothing left to pay"):
        operations.start_payment(invoice, by=cast.paul)


def test_start_payment_while_one_is_checked_is_refused(cast, gateway):
    invoice = draft(cast.city, cast.payer)
    in_review(invoice)
    with in_hospital(cast.city), pytest.raises(Conflict, match="need not pay again"):
        operations.start_payment(invoice, by=cast.paul)


def test_start_payment_where_only_the_desk_takes_money_is_refused(cast, gateway):
    invoice = issued(cast.city, cast.payer)
    cast.city.pays_online = False
    cast.city.save(update_fields=["pays_online"])
    with in_hospital(cast.city), pytest.raises(DomainError, match="at its desk only"):
        operations.start_payment(invoice, by=cast.paul)


def test_start_payment_ends_after_ten_tries(cast, gateway):
    invoice = draft(cast.city, cast.payer)
    for _ in range(10):
        started(invoice)
    with in_hospital(cast.city), pytest.raises(DomainError, match="tried many times"):
        operations.start_payment(invoice, by=cast.paul)


@pytest.mark.parametrize("trouble", ["be_unavailable", "lose_answers"])
def test_outage_takes_no_try_away(cast, gateway, trouble):
    with time_machine.travel(NOW, tick=False) as clock, in_hospital(cast.city):
        invoice = draft(cast.city, cast.payer)
        getattr(gateway, trouble)(11)
        for _ in range(11):
            clock.shift(dt.timedelta(minutes=3))
            with pytest.raises(DomainError, match="does not answer. Nothing was paid"):
                operations.start_payment(invoice, by=cast.paul)
        clock.shift(dt.timedelta(minutes=3))
        assert started(invoice).status == "pending"


def test_outage_is_tried_five_times_in_ten_minutes(cast, gateway):
    with time_machine.travel(NOW, tick=False) as clock, in_hospital(cast.city):
        invoice, other = draft(cast.city, cast.payer), draft(cast.city, cast.payer)
        gateway.be_unavailable(5)
        for _ in range(5):
            with pytest.raises(DomainError, match="does not answer"):
                operations.start_payment(invoice, by=cast.paul)
        with pytest.raises(Throttled, match="Try again in ten minutes, or pay at the desk"):
            operations.start_payment(invoice, by=cast.paul)
        assert Attempt.objects.filter(invoice=invoice).count() == 5
        assert started(other).status == "pending"
        clock.shift(dt.timedelta(minutes=10))
        assert started(invoice).status == "pending"


def test_outage_of_a_day_is_tried_thirty_times(cast, gateway):
    with time_machine.travel(NOW, tick=False) as clock, in_hospital(cast.city):
        invoice = draft(cast.city, cast.payer)
        gateway.be_unavailable(30)
        for _ in range(30):
            clock.shift(dt.timedelta(minutes=5))
            with pytest.raises(DomainError, match="does not answer"):
                operations.start_payment(invoice, by=cast.paul)
        clock.shift(dt.timedelta(hours=12))
        with pytest.raises(Throttled, match="Please pay at the desk, or call the hospital"):
            operations.start_payment(invoice, by=cast.paul)
        clock.shift(dt.timedelta(hours=12))
        assert started(invoice).status == "pending"


class OvertakenGateway(FakeGateway):
    """Its notice comes, and does not fit, before its own answer is lost."""

    def open_session(self, request):
        opened = super().open_session(request)
        self.set_payment(request.tran_id, amount=Decimal("1.00"))
        operations.verify_payment(request.tran_id)
        self.be_unavailable()
        self.find_payment(request.tran_id)
        return opened


def test_lost_answer_does_not_hide_what_the_notice_said(cast, gateway, settings):
    settings.PAYMENT_GATEWAY = f"{__name__}.OvertakenGateway"
    OvertakenGateway.fresh()
    invoice = draft(cast.city, cast.payer)
    with in_hospital(cast.city):
        with pytest.raises(DomainError, match="Nothing was paid"):
            operations.start_payment(invoice, by=cast.paul)
        assert Attempt.objects.get().mismatch == "amount"


def test_gateway_gets_the_address_that_the_person_logs_in_with(cast, gateway):
    cast.paul.email = "new@demo.test"
    cast.paul.save(update_fields=["email"])
    attempt = started(draft(cast.city, cast.payer))
    assert gateway.sessions[attempt.tran_id].customer_email == "new@demo.test"


def test_gateway_gets_our_address_for_somebody_without_one(cast, gateway, settings):
    attempt = started(draft(cast.city, register(cast.city, WalkInFactory())))
    assert gateway.sessions[attempt.tran_id].customer_email == settings.DEFAULT_FROM_EMAIL


def test_notice_that_overtakes_the_gateways_answer_stays(cast, gateway):
    invoice = draft(cast.city, cast.payer)
    attempt = paid_online(invoice)
    with in_hospital(cast.city):
        fresh = Attempt.objects.get(pk=attempt.pk)
    assert (fresh.status, fresh.session_key) == ("paid", f"session-{attempt.tran_id}")


def test_check_attempts_queues_what_is_due_once(cast, gateway):
    with time_machine.travel(NOW, tick=False) as clock:
        attempt = started(draft(cast.city, cast.payer))
        assert tasks.check_attempts() == 0
        clock.shift(dt.timedelta(minutes=1))
        assert [tasks.check_attempts(), tasks.check_attempts()] == [1, 0]
    assert len(tasks_named("billing.verify_payment")) == 1
    assert tasks_named("billing.verify_payment")[0].args_kwargs["args"][1] == {"tran_id": attempt.tran_id}


@pytest.mark.parametrize("trouble", [("be_unavailable", ()), ("refuse", ("No.",))])
def test_verify_task_asks_later_when_the_gateway_gives_no_answer(cast, gateway, trouble):
    name, values = trouble
    with time_machine.travel(NOW, tick=False):
        attempt = started(draft(cast.city, cast.payer))
        for _ in range(2):
            getattr(gateway, name)(*values)
            tasks.verify_payment(attempt.tran_id)
        attempt.refresh_from_db()
        assert (attempt.status, attempt.next_check_at) == ("pending", NOW + dt.timedelta(minutes=2))
        gateway.set_payment(attempt.tran_id, Outcome.CANCELLED)
        tasks.verify_payment(attempt.tran_id)
    attempt.refresh_from_db()
    assert attempt.status == "cancelled"


@pytest.mark.parametrize(
    ("hours", "answer", "status", "state"),
    [
        (24, None, "draft", "kept"),
        (26, None, "void", "cancelled"),
        (26, Outcome.FAILED, "void", "cancelled"),
        (26, Outcome.PENDING, "draft", "kept"),
    ],
)
def test_drafts_are_given_up_when_no_payment_can_come(cast, gateway, hours, answer, status, state):
    with time_machine.travel(NOW, tick=False) as clock:
        invoice = draft(cast.city, cast.payer)
        if answer:
            paid_online(invoice, outcome=answer)
        clock.shift(dt.timedelta(hours=hours))
        assert tasks.give_up_drafts() == (1 if status == "void" else 0)
        assert tasks.give_up_drafts() == 0
    invoice.refresh_from_db()
    assert (invoice.status, shop.things["thing-1"].state) == (status, state)


def test_draft_that_was_tried_lately_is_not_given_up(cast, gateway):
    with time_machine.travel(NOW, tick=False) as clock:
        invoice = draft(cast.city, cast.payer)
        clock.shift(dt.timedelta(hours=20))
        paid_online(invoice, outcome=Outcome.FAILED)
        clock.shift(dt.timedelta(hours=6))
        assert tasks.give_up_drafts() == 0
        clock.shift(dt.timedelta(hours=20))
        assert tasks.give_up_drafts() == 1
    invoice.refresh_from_db()
    assert (invoice.status, shop.things["thing-1"].released) == ("void", 1)


def test_draft_that_is_tried_while_the_others_are_given_up_stays(cast, gateway):
    with time_machine.travel(NOW, tick=False) as clock:
        first, second = draft(cast.city, cast.payer), draft(cast.city, cast.payer)
        clock.shift(dt.timedelta(hours=26))
        shop.things["thing-1"].on_release = lambda: Attempt.objects.create(
            hospital=cast.city, invoice=second, method="online", amount=second.total, currency="BDT"
        )
        assert tasks.give_up_drafts() == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("void", "draft")


def test_verify_of_a_foreign_transaction_asks_nobody(cast, gateway):
    assert operations.verify_payment("nobody-knows-it") is None
    assert operations.verify_payment("0" * 26) is None
    assert gateway.calls == []


@pytest.mark.parametrize("method", ["cash", "terminal"])
def test_desk_payment_is_captured_at_once(cast, gateway, method):
    invoice = issued(cast.city, cast.payer)
    with in_hospital(cast.city):
        payment = operations.take_desk_payment(
            invoice, method=method, expected=Decimal("1200.00"), by=cast.rita
        )
        invoice.refresh_from_db()
    assert (payment.amount, payment.attempt.method, payment.attempt.made_by) == (
        Decimal("1200.00"),
        method,
        cast.rita,
    )
    assert invoice.status == "paid"
    assert len(tasks_named("billing.render_receipt")) == 1
    assert len(tasks_named("billing.render_invoice")) == 2


def test_desk_payment_of_a_draft_applies_it(cast, gateway):
    invoice = draft(cast.city, register(cast.city, WalkInFactory()))
    with in_hospital(cast.city):
        operations.take_desk_payment(invoice, method="cash", by=cast.rita)
        invoice.refresh_from_db()
    assert (invoice.label, invoice.status, shop.things["thing-1"].state) == ("INV-000001", "paid", "sold")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"method": "online"}, "Choose cash or card"),
        ({"method": "cash", "expected": Decimal("1000.00")}, "৳1,200.00 is to pay now"),
    ],
)
def test_desk_payment_that_is_not_right_is_refused(cast, gateway, values, sentence):
    invoice = issued(cast.city, cast.payer)
    with in_hospital(cast.city):
        with pytest.raises(DomainError, match=sentence):
            operations.take_desk_payment(invoice, by=cast.rita, **values)
        assert not Payment.objects.exists()


def test_desk_payment_twice_is_refused(cast, gateway):
    invoice = issued(cast.city, cast.payer)
    with in_hospital(cast.city):
        operations.take_desk_payment(invoice, method="cash", by=cast.rita)
        with pytest.raises(Conflict, match="nothing left to pay"):
            operations.take_desk_payment(invoice, method="cash", by=cast.rita)
        assert Payment.objects.count() == 1
