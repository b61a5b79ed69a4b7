"""Money under every order of events that a machine can think of: none is lost, none is made, to the poisha."""

from __future__ import annotations

import contextlib
import datetime as dt
import warnings
from dataclasses import replace
from decimal import Decimal

import time_machine
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.errors import NonInteractiveExampleWarning
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from billing import operations, tasks
from billing.gateways import Outcome, RefundState
from billing.gateways.fake import FakeGateway
from billing.models import Attempt, Invoice, Payment, Refund
from core.actors import GATEWAY, SEED
from core.errors import DomainError
from core.invariants import breaks_of, invariant_names
from core.tenancy import everywhere, in_hospital

from .factories import draft, issued
from .shop import PURPOSE, shop

warnings.filterwarnings("ignore", category=NonInteractiveExampleWarning)
START = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
# All but the one about time: here nobody need be quick.
INVARIANTS = [
    name for name in invariant_names() if name.startswith("billing:") and "within a day" not in name
]
PRICES = ("10.00", "33.33", "1200.00", "0.01")
pick = st.integers(0, 10_000)
prices = st.lists(st.sampled_from(PRICES), min_size=1, max_size=2)
shares = st.sampled_from([Decimal(0), Decimal("0.5"), Decimal(1)])


class MoneyMachine(RuleBasedStateMachine):
    """Bills, payments, refunds and clocks in any order; `cast` is given by the test."""

    cast = None

    def __init__(self):
        super().__init__()
        self.invoices, self.attempts, self.seen = [], [], set()
        # As a test case's own block, so that the gateway does not take it for a transaction of ours.
        self.block = transaction.atomic()
        self.block._from_testcase = True
        self.block.__enter__()
        self.clock = time_machine.travel(START, tick=False)
        self.traveller = self.clock.start()
        shop.reset()
        self.gateway = FakeGateway.fresh()

    def teardown(self):
        try:
            self._ask_about_everything()
            self.money_is_conserved()
            self._assert_all_captured_money_arrived()
        finally:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)
            self.clock.stop()

    def _attempt(self, number):
        return self.attempts[number % len(self.attempts)]

    def _invoice(self, number):
        invoice = self.invoices[number % len(self.invoices)]
        invoice.refresh_from_db()
        return invoice

    def _calm(self):
        self.gateway._troubles.clear()

    def _has(self, status):
        return status in self.seen

    @initialize(trouble=st.sampled_from(["", "be_unavailable", "lose_answers"]))
    def open_the_day(self, trouble):
        self.hold(["1200.00", "33.33"])
        self.book_for_the_desk(["10.00"])
        self.start_paying(0, trouble)
        self.start_paying(1, "")

    # charging

    @rule(prices=prices)
    def hold(self, prices):
        self.invoices.append(draft(self.cast.city, self.cast.payer, *prices))

    @rule(prices=prices)
    def book_for_the_desk(self, prices):
        self.invoices.append(issued(self.cast.city, self.cast.payer, *prices))

    @precondition(lambda self: self.invoices)
    @rule(number=pick, line=pick, share=shares)
    def cancel(self, number, line, share):
        with in_hospital(self.cast.city):
            lines = list(self._invoice(number).lines.all())
            reference = lines[line % len(lines)].reference
            operations.credit_line(PURPOSE, reference, share=share, reason="Cancelled", by=SEED)
        shop.things[reference].state = "cancelled"

    @rule()
    def old_drafts_are_given_up(self):
        operations.give_up_drafts()

    @precondition(lambda self: self.attempts)
    @rule(number=pick)
    def somebody_else_takes_it(self, number):
        thing = list(shop.things.values())[number % len(shop.things)]
        if thing.state == "kept":
            thing.state = "taken"

    @rule(minutes=st.sampled_from([1, 14, 61, 60 * 26]))
    def time_passes(self, minutes):
        self.traveller.shift(dt.timedelta(minutes=minutes))

    # paying

    @precondition(lambda self: self.invoices)
    @rule(number=pick, trouble=st.sampled_from(["", "", "be_unavailable", "lose_answers"]))
    def start_paying(self, number, trouble):
        invoice = self._invoice(number)
        if trouble:
            getattr(self.gateway, trouble)()
        with in_hospital(self.cast.city):
            with contextlib.suppress(DomainError):
                operations.start_payment(invoice, by=SEED)
            self._calm()
            self.attempts = list(Attempt.objects.filter(method="online").order_by("pk"))

    @precondition(lambda self: self.attempts)
    @rule(
        number=pick,
        outcome=st.sampled_from([Outcome.PAID, Outcome.PAID, *Outcome]),
        risk=st.sampled_from([0, 0, 0, 1]),
    )
    def decide_at_the_gateway(self, number, outcome, risk):
        attempt = self._attempt(number)
        known = self.gateway.payments.get(attempt.tran_id)
        # Captured money stays captured; what failed may still be paid.
        if known and known.outcome is not Outcome.PAID and attempt.tran_id in self.gateway.sessions:
            extra = {"risk_level": risk} if outcome is Outcome.PAID else {}
            self.gateway.set_payment(attempt.tran_id, outcome, **extra)

    @precondition(lambda self: self.invoices)
    @rule(number=pick, late=st.booleans(), told=st.booleans())
    def pay(self, number, late, told):
        self.start_paying(number, "")
        if self.attempts:
            self.decide_at_the_gateway(-1, Outcome.FAILED if late else Outcome.PAID, 0)
            self.notice_comes(-1, 1, "" if told else "be_unavailable")
            self.decide_at_the_gateway(-1, Outcome.PAID, 0)

    @precondition(lambda self: self.attempts)
    @rule(number=pick, times=st.integers(1, 3), trouble=st.sampled_from(["", "", "be_unavailable"]))
    def notice_comes(self, number, times, trouble):
        tran_id = self._attempt(number).tran_id
        for _ in range(times):
            assert operations.receive_notice({"tran_id": tran_id, "verify_sign": "signed"}, address="gateway")
            if trouble:
                getattr(self.gateway, trouble)()
            tasks.verify_payment(tran_id)
            self._calm()

    @precondition(lambda self: self.attempts)
    @rule(number=pick, trouble=st.sampled_from(["", "be_unavailable"]))
    def browser_returns(self, number, trouble):
        tran_id = self._attempt(number).tran_id
        if trouble:
            getattr(self.gateway, trouble)()
        attempt = operations.receive_return({"tran_id": tran_id, "verify_sign": "signed"}, address="browser")
        assert attempt.tran_id == tran_id
        self._calm()

    @precondition(lambda self: self.attempts)
    @rule(number=pick)
    def forged_message_comes(self, number):
        fields = {"tran_id": self._attempt(number).tran_id, "status": "VALID", "verify_sign": "forged"}
        before = self._fingerprint()
        assert not operations.receive_notice(fields, address="mallory")
        operations.receive_return(fields, address="mallory")
        assert self._fingerprint() == before

    @precondition(lambda self: self.attempts)
    @rule(
        number=pick,
        bent=st.sampled_from(
            [
                {"more": Decimal("0.01")},
                {"amount": None},
                {"currency": "USD"},
                {"store_id": "other"},
                {"tran_id": "other"},
                {"val_id": ""},
            ]
        ),
    )
    def answer_does_not_fit(self, number, bent):
        attempt = self._attempt(number)
        if "more" in bent:  # than was asked: a fixed amount might be the one that was
            bent = {"amount": attempt.amount + bent["more"]}
        known = self.gateway.find_payment(attempt.tran_id)
        fits = replace(
            known,
            outcome=Outcome.PAID,
            amount=attempt.amount,
            currency="BDT",
            store_id="fake-store",
            val_id="val-forged",
        )
        before = self._fingerprint()
        with in_hospital(self.cast.city):
            operations.settle(attempt, answer=replace(fits, **bent), by=GATEWAY)
        assert self._fingerprint() == before

    @rule()
    def reconcile(self):
        operations.queue_payment_checks()
        with everywhere():
            open_ones = Attempt.objects.filter(next_check_at__isnull=False, method="online")
            tran_ids = list(open_ones.values_list("tran_id", flat=True))
        for tran_id in tran_ids:
            tasks.verify_payment(tran_id)

    @precondition(lambda self: self.invoices)
    @rule(number=pick)
    def pay_at_the_desk(self, number):
        with in_hospital(self.cast.city), contextlib.suppress(DomainError):
            operations.take_desk_payment(self._invoice(number), method="cash", by=SEED)

    @precondition(lambda self: self._has("review"))
    @rule(accepted=st.booleans())
    def decide_about_risky_payments(self, accepted):
        with in_hospital(self.cast.city):
            for attempt in Attempt.objects.filter(status=Attempt.Status.REVIEW):
                operations.resolve_attempt(attempt, accepted=accepted, by=SEED)

    # paying back

    @precondition(lambda self: self.seen & {"due", "processing"})
    @rule(
        first=st.sampled_from([RefundState.ACCEPTED, RefundState.DONE, RefundState.FAILED]),
        then=st.sampled_from([RefundState.ACCEPTED, RefundState.DONE, RefundState.FAILED]),
        trouble=st.sampled_from(["", "", "be_unavailable", "lose_answers"]),
    )
    def refunds_are_sent_and_followed(self, first, then, trouble):
        for pk in self._refunds(Refund.Status.DUE):
            self.gateway.set_refund_states(first)
            if trouble:
                getattr(self.gateway, trouble)()
            operations.send_refund(pk)
            self._calm()
        for pk in self._refunds(Refund.Status.PROCESSING):
            self.gateway.set_refund_states(then)
            operations.check_refund(pk)
        self.gateway.set_refund_states()

    @precondition(lambda self: self._has("due"))
    @rule()
    def worker_is_killed_while_it_sends(self):
        for pk in self._refunds(Refund.Status.DUE)[:1]:
            with everywhere():
                refund = Refund.objects.select_related("payment__attempt").get(pk=pk)
                if refund.payment.attempt.method == Attempt.Method.ONLINE:
                    Refund.objects.filter(pk=pk).update(
                        status="sending", next_check_at=dt.datetime.now(dt.UTC)
                    )
        operations.mark_stuck_refunds()

    @precondition(lambda self: self._has("unclear"))
    @rule()
    def admin_looks_at_unclear_refunds(self):
        with in_hospital(self.cast.city):
            for refund in Refund.objects.filter(status=Refund.Status.UNCLEAR):
                ref = self.gateway._refund_refs.get(refund.public_id)
                state = self.gateway.refunds[ref].state if ref else RefundState.UNKNOWN
                if state is RefundState.ACCEPTED:
                    self.gateway.set_refund(ref, RefundState.DONE)
                went_back = state in {RefundState.ACCEPTED, RefundState.DONE}
                operations.resolve_refund(refund, was_paid=went_back, by=SEED)

    @precondition(lambda self: self._has("due"))
    @rule()
    def desk_hands_money_back(self):
        for pk in self._refunds(Refund.Status.DUE):
            with in_hospital(self.cast.city), contextlib.suppress(DomainError):
                operations.pay_refund_at_desk(Refund.objects.get(pk=pk), by=SEED)

    def _refunds(self, status):
        with everywhere():
            return list(Refund.objects.filter(status=status).order_by("pk").values_list("pk", flat=True))

    # what must hold

    def _fingerprint(self):
        with everywhere():
            return (
                sorted(
                    Attempt.objects.exclude(status__in=["created", "pending", "expired"]).values_list(
                        "pk", "status"
                    )
                ),
                sorted(Payment.objects.values_list("pk", "amount", "refund_total")),
                sorted(Invoice.objects.values_list("pk", "status", "number", "total", "credited")),
                sorted(Refund.objects.values_list("pk", "status", "amount")),
            )

    @invariant()
    def money_is_conserved(self):
        assert {name: found for name in INVARIANTS if (found := breaks_of(name))} == {}
        captured = self._captured()
        with everywhere():
            self.seen = {
                *Attempt.objects.values_list("status", flat=True),
                *Refund.objects.values_list("status", flat=True),
            }
            for payment in Payment.objects.select_related("attempt"):
                refunds = list(payment.refunds.all())
                assert payment.amount == payment.applied + sum((r.amount for r in refunds), Decimal(0))
                if payment.attempt.method == Attempt.Method.ONLINE:
                    assert payment.amount == captured[payment.attempt.tran_id]
        self._assert_the_gateway_pays_back_no_more_than_it_took(captured)

    def _captured(self):
        paid = self.gateway.payments.values()
        return {answer.tran_id: answer.amount for answer in paid if answer.outcome is Outcome.PAID}

    def _assert_the_gateway_pays_back_no_more_than_it_took(self, captured):
        by_bank = {
            answer.bank_tran_id: answer.amount
            for answer in self.gateway.payments.values()
            if answer.outcome is Outcome.PAID
        }
        back = dict.fromkeys(by_bank, Decimal(0))
        bank_of = {call[3]: call[1] for call in self.gateway.calls if call[0] == "refund"}
        for refund_id, amount in self.gateway.refund_amounts.items():
            if self.gateway.refunds[self.gateway._refund_refs[refund_id]].state is not RefundState.FAILED:
                back[bank_of[refund_id]] += amount
        assert all(back[bank] <= by_bank[bank] for bank in by_bank)

    def _ask_about_everything(self):
        self._calm()
        for attempt in self.attempts:
            tasks.verify_payment(attempt.tran_id)
        self.decide_about_risky_payments(accepted=True)

    def _assert_all_captured_money_arrived(self):
        with everywhere():
            rows = Payment.objects.filter(attempt__method=Attempt.Method.ONLINE)
            arrived = dict(rows.values_list("attempt__tran_id", "amount"))
            done = Refund.objects.filter(status="done", payment__attempt__method=Attempt.Method.ONLINE)
            paid_back = dict(done.values_list("public_id", "amount"))
        assert arrived == self._captured()
        assert {ref: self.gateway.refund_amounts.get(ref) for ref in paid_back} == paid_back
