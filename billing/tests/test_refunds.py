"""Money on its way back: sent once, asked about before anything else, unclear ones handed to a person."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django_tasks_db.models import DBTaskResult

from billing import operations, tasks
from billing.gateways import RefundState
from billing.models import Payment, Refund
from billing.operations.refunds import owe_back
from core.actors import SEED
from core.errors import Conflict, DomainError, IllegalTransition
from core.invariants import breaks_of
from core.tenancy import in_hospital
from ledger.models import EntrySecret
from notifications.models import Message, Notice

from .factories import draft, owed_at_desk, paid_online, unclear_refund

NOW = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
Status = Refund.Status
ALLOWED = {
    ("due", "sending"),
    ("due", "done"),
    ("sending", "processing"),
    ("sending", "unclear"),
    ("sending", "done"),
    ("sending", "due"),
    ("processing", "done"),
    ("processing", "unclear"),
    ("processing", "due"),
    ("unclear", "done"),
    ("unclear", "due"),
}


@pytest.fixture
def refund(cast, gateway):
    """A refund of a whole online payment, not sent yet."""
    invoice = draft(cast.city, cast.payer)
    paid_online(invoice)
    with in_hospital(cast.city):
        line = invoice.lines.get()
        operations.credit_line(line.purpose, line.reference, share=Decimal(1), reason="Cancelled", by=SEED)
        return Refund.objects.get()


def again(refund):
    refund.refresh_from_db()
    return refund


def kinds_of(refund):
    rows = EntrySecret.objects.filter(reference=refund.public_id).order_by("at")
    return list(rows.values_list("kind", flat=True))


def sent(gateway):
    return [call for call in gateway.calls if call[0] == "refund"]


@pytest.mark.parametrize("before", Status.values)
@pytest.mark.parametrize("after", Status.values)
def test_every_move_of_a_refund(before, after):
    row = Refund(status=before)
    if (before, after) in ALLOWED:
        row.move_to(after)
        assert row.status == after
    else:
        with pytest.raises(IllegalTransition):
            row.move_to(after)


def test_owe_back_queues_the_refund_and_tells_the_payer(refund, cast):
    names = [row.args_kwargs["args"][0] for row in DBTaskResult.objects.all()]
    assert names.count("billing.send_refund") == 1
    assert Message.objects.get(kind="billing.refund_due").email == "paul@demo.test"
    assert (
        Notice.objects.get(kind="billing.refund_due").title
        == "You get ৳1,200.00 back from City General Hospital"
    )


def test_refund_is_sent_once_and_followed_until_it_is_done(refund, gateway):
    gateway.set_refund_states(RefundState.ACCEPTED, RefundState.ACCEPTED, RefundState.DONE)
    operations.send_refund(refund.pk)
    operations.send_refund(refund.pk)
    assert (again(refund).status, refund.gateway_reference) == (Status.PROCESSING, "refund-1")
    operations.check_refund(refund.pk)
    assert again(refund).status == Status.PROCESSING
    operations.check_refund(refund.pk)
    assert (again(refund).status, refund.next_check_at) == (Status.DONE, None)
    operations.check_refund(refund.pk)
    assert len(sent(gateway)) == 1
    assert sent(gateway)[0][1:] == ("bank-1", "1200.00", refund.public_id)
    assert kinds_of(refund) == ["billing.refund_owed", "billing.refund_done"]
    assert Message.objects.filter(kind="billing.refunded").count() == 1


@pytest.mark.parametrize("trouble", ["be_unavailable", "lose_answers"])
def test_refund_without_an_answer_is_never_sent_again_by_itself(refund, gateway, trouble):
    getattr(gateway, trouble)()
    operations.send_refund(refund.pk)
    for _ in range(3):
        operations.send_refund(refund.pk)
        operations.check_refund(refund.pk)
        tasks.check_refunds()
    assert (again(refund).status, len(sent(gateway))) == (Status.UNCLEAR, 1)
    assert kinds_of(refund) == ["billing.refund_owed", "billing.refund_unclear"]


@pytest.mark.parametrize("state", [RefundState.FAILED, RefundState.UNKNOWN])
def test_refund_that_the_gateway_does_not_take_waits_for_a_person(refund, gateway, state):
    gateway.set_refund_states(RefundState.ACCEPTED, state)
    operations.send_refund(refund.pk)
    operations.check_refund(refund.pk)
    assert again(refund).status == Status.UNCLEAR


def test_refund_that_the_gateway_refuses_waits_for_a_person(refund, gateway):
    gateway.refuse("Not allowed.")
    operations.send_refund(refund.pk)
    assert again(refund).status == Status.UNCLEAR


def test_refund_whose_worker_was_killed_waits_for_a_person(refund, gateway):
    with time_machine.travel(NOW, tick=False) as clock:
        with in_hospital(refund.hospital):
            later = NOW + dt.timedelta(minutes=5)
            Refund.objects.update(status=Status.SENDING, next_check_at=later)
        assert operations.mark_stuck_refunds() == 0
        clock.shift(dt.timedelta(minutes=5))
        assert operations.mark_stuck_refunds() == 1
        assert operations.mark_stuck_refunds() == 0
    assert (again(refund).status, refund.next_check_at) == (Status.UNCLEAR, None)
    assert sent(gateway) == []


def test_check_without_an_answer_asks_later(refund, gateway):
    with time_machine.travel(NOW, tick=False) as clock:
        operations.send_refund(refund.pk)
        waits = []
        for _ in range(4):
            waits.append((again(refund).next_check_at - NOW).total_seconds() / 60)
            gateway.be_unavailable()
            operations.check_refund(refund.pk)
        clock.shift(dt.timedelta(minutes=32))
        assert operations.queue_refund_checks() == 1
        assert operations.queue_refund_checks() == 0
    assert waits == [2, 4, 8, 16]
    assert refund.status == Status.PROCESSING


@pytest.mark.parametrize(
    ("was_paid", "status", "kind"), [(True, "done", "refund_done"), (False, "due", "refund_resent")]
)
def test_resolve_refund_closes_it_or_sends_it_again(cast, gateway, was_paid, status, kind):
    refund = unclear_refund(cast.city, cast.payer)
    with in_hospital(cast.city):
        operations.resolve_refund(refund, was_paid=was_paid, by=cast.ada)
    assert again(refund).status == status
    assert kinds_of(refund)[-1] == f"billing.{kind}"
    operations.send_refund(refund.pk)
    assert len(sent(gateway)) == (1 if was_paid else 2)


@pytest.mark.parametrize("status", ["due", "sending", "processing", "done"])
def test_resolve_refund_needs_an_unclear_one(refund, cast, status):
    with in_hospital(cast.city):
        Refund.objects.update(status=status)
        for was_paid in (True, False):
            with pytest.raises(Conflict):
                operations.resolve_refund(refund, was_paid=was_paid, by=cast.ada)
    assert again(refund).status == status


def test_answer_that_comes_after_a_person_decided_changes_nothing(refund, gateway, cast):
    operations.send_refund(refund.pk)
    with in_hospital(cast.city):
        Refund.objects.update(status=Status.UNCLEAR)
        operations.resolve_refund(refund, was_paid=True, by=cast.ada)
    operations.check_refund(refund.pk)
    assert again(refund).status == Status.DONE


def test_desk_refund_is_handed_over_once_and_never_sent(cast, gateway):
    refund = owed_at_desk(cast.city, cast.payer)
    operations.send_refund(refund.pk)
    assert (again(refund).status, sent(gateway)) == (Status.DUE, [])
    with in_hospital(cast.city):
        operations.pay_refund_at_desk(refund, by=cast.rita)
        with pytest.raises(Conflict):
            operations.pay_refund_at_desk(refund, by=cast.rita)
    assert again(refund).status == Status.DONE
    assert kinds_of(refund) == ["billing.refund_owed", "billing.refund_done"]


def test_online_refund_is_not_handed_over_at_the_desk(refund, cast):
    with in_hospital(cast.city), pytest.raises(DomainError, match="goes back the same way by itself"):
        operations.pay_refund_at_desk(refund, by=cast.rita)


def test_refunds_never_exceed_what_was_captured(refund, cast):
    with in_hospital(cast.city):
        payment = Payment.objects.get()
        with pytest.raises(IntegrityError), transaction.atomic():
            owe_back(payment, amount=Decimal("0.01"), reason="Too much", by=SEED)
        assert Refund.objects.count() == 1


def tasks_that_send():
    return [
        row.args_kwargs["args"][1]
        for row in DBTaskResult.objects.all()
        if row.args_kwargs["args"][0] == "billing.send_refund"
    ]


def test_refund_whose_task_was_lost_is_queued_again_and_sent_once(cast, gateway):
    with time_machine.travel(NOW, tick=False) as clock:
        invoice = draft(cast.city, cast.payer)
        paid_online(invoice, taken="thing-1")
        with in_hospital(cast.city):
            lost = Refund.objects.get()
        DBTaskResult.objects.all().delete()
        clock.shift(dt.timedelta(minutes=2))
        assert (tasks.check_refunds(), tasks_that_send()) == (0, [])
        clock.shift(dt.timedelta(minutes=1))
        assert (tasks.check_refunds(), tasks.check_refunds()) == (1, 0)
        clock.shift(dt.timedelta(minutes=2))
        assert tasks.check_refunds() == 1
        assert tasks_that_send() == [{"refund_id": lost.pk}] * 2
        for task in tasks_that_send():
            operations.send_refund(**task)
        assert (again(lost).status, len(sent(gateway))) == (Status.PROCESSING, 1)
        clock.shift(dt.timedelta(minutes=1))
        assert (tasks.check_refunds(), len(tasks_that_send())) == (0, 2)


def test_desk_refund_is_never_queued(cast, gateway):
    with time_machine.travel(NOW, tick=False) as clock:
        owed_at_desk(cast.city, cast.payer)
        clock.shift(dt.timedelta(days=2))
        assert (tasks.check_refunds(), tasks_that_send()) == (0, [])


def test_invariant_names_an_online_refund_that_is_not_sent_for_a_day(cast, gateway):
    name = "billing: an online refund is sent within a day"
    with time_machine.travel(NOW, tick=False) as clock:
        paid_online(draft(cast.city, cast.payer), taken="thing-1")
        owed_at_desk(cast.city, cast.payer)
        with in_hospital(cast.city):
            refund = Refund.objects.order_by("pk").first()
        clock.shift(dt.timedelta(hours=23))
        assert breaks_of(name) == []
        clock.shift(dt.timedelta(hours=1))
        assert breaks_of(name) == [
            f"Refund {refund.public_id} of 1200.00 is not sent since 2026-11-21 09:00."
        ]
