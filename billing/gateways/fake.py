"""A gateway without a network, for tests of everything above it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar, Self

from core.gateways import GatewayRefused, GatewayUnavailable, offline

from .base import (
    Outcome,
    PaymentAnswer,
    PaymentGateway,
    RefundAnswer,
    RefundState,
    SessionOpened,
    SessionRequest,
)

STORE_ID = "fake-store"
REPORTED_AT = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)


class FakeGateway(PaymentGateway):
    """Keeps sessions, payments and refunds in memory and answers as it was told.

    A test starts with `gateway = FakeGateway.fresh()`; with PAYMENT_GATEWAY naming this class, `get_gateway()` returns
    that same object until the next `fresh()`.
    """

    _current: ClassVar[FakeGateway | None] = None

    def __init__(self) -> None:
        self.sessions: dict[str, SessionRequest] = {}
        self.payments: dict[str, PaymentAnswer] = {}
        self.refunds: dict[str, RefundAnswer] = {}
        self.refund_amounts: dict[str, Decimal] = {}
        self.calls: list[tuple[str, ...]] = []
        self.signature = "signed"
        self._refund_refs: dict[str, str] = {}
        self._refund_states: list[RefundState] = []
        self._troubles: list[tuple[str, str]] = []
        self._numbers = itertools.count(1)

    @classmethod
    def fresh(cls) -> Self:
        """A new, empty gateway that from now on answers for the settings."""
        gateway = cls()
        FakeGateway._current = gateway
        return gateway

    @classmethod
    def from_settings(cls) -> Self:
        """The gateway of the running test."""
        return FakeGateway._current if isinstance(FakeGateway._current, cls) else cls.fresh()

    @offline
    def set_payment(self, tran_id: str, outcome: Outcome = Outcome.PAID, **fields: Any) -> PaymentAnswer:
        """Decide a payment as its session asked, except `fields` (amount, risk_level … of PaymentAnswer)."""
        session = self.sessions.get(tran_id)
        answer = PaymentAnswer(
            outcome=outcome,
            tran_id=tran_id,
            amount=session.amount if session else None,
            currency=session.currency if session else "",
            store_id=STORE_ID,
            reported_at=REPORTED_AT,
        )
        if outcome is Outcome.PAID:
            number = next(self._numbers)
            answer = replace(
                answer,
                val_id=f"val-{number}",
                bank_tran_id=f"bank-{number}",
                card_brand="VISA",
                card_masked="432149XXXXXX0667",
            )
        self.payments[tran_id] = replace(answer, **fields)
        return self.payments[tran_id]

    @offline
    def be_unavailable(self, times: int = 1) -> None:
        """The next calls raise GatewayUnavailable and do nothing."""
        self._troubles += [("unavailable", "")] * times

    @offline
    def lose_answers(self, times: int = 1) -> None:
        """The next calls do what they are asked and then raise GatewayUnavailable."""
        self._troubles += [("lost", "")] * times

    @offline
    def refuse(self, reason: str, times: int = 1) -> None:
        """The next calls raise GatewayRefused with this reason and do nothing."""
        self._troubles += [("refused", reason)] * times

    @offline
    def set_refund_states(self, *states: RefundState) -> None:
        """Answer these states in turn: the first to `refund`, the rest to `find_refund`; the last stays."""
        self._refund_states = list(states)

    @offline
    def set_refund(self, refund_ref_id: str, state: RefundState, reason: str = "") -> None:
        """Decide a refund."""
        self.refunds[refund_ref_id] = RefundAnswer(state, refund_ref_id, reason)

    def open_session(self, request: SessionRequest) -> SessionOpened:
        """Keep the request; the payment is pending from now on."""
        lost = self._start("open_session", request.tran_id)
        self.sessions[request.tran_id] = request
        if request.tran_id not in self.payments:
            self.set_payment(request.tran_id, Outcome.PENDING)
        self._finish(lost)
        return SessionOpened(f"https://pay.example/{request.tran_id}", f"session-{request.tran_id}")

    def find_payment(self, tran_id: str) -> PaymentAnswer:
        """What was decided by `set_payment`, else pending, or unknown without a session."""
        self._finish(self._start("find_payment", tran_id))
        return self.payments.get(tran_id, PaymentAnswer(Outcome.UNKNOWN, tran_id))

    def refund(self, bank_tran_id: str, amount: Decimal, refund_id: str, remarks: str) -> RefundAnswer:
        """Take a refund once for each `refund_id`."""
        lost = self._start("refund", bank_tran_id, str(amount), refund_id)
        ref = self._refund_refs.setdefault(refund_id, f"refund-{len(self._refund_refs) + 1}")
        if ref not in self.refunds:
            self.refund_amounts[refund_id] = amount
            self.set_refund(ref, self._next_refund_state(RefundState.ACCEPTED))
        self._finish(lost)
        answer = self.refunds[ref]
        return replace(answer, refund_ref_id="") if answer.state is RefundState.FAILED else answer

    def find_refund(self, refund_ref_id: str) -> RefundAnswer:
        """The refund's next state, or unknown."""
        self._finish(self._start("find_refund", refund_ref_id))
        known = self.refunds.get(refund_ref_id)
        if known is None:
            return RefundAnswer(RefundState.UNKNOWN, refund_ref_id)
        self.set_refund(refund_ref_id, self._next_refund_state(known.state), known.reason)
        return self.refunds[refund_ref_id]

    @offline
    def signature_is_valid(self, fields: Mapping[str, str]) -> bool:
        """True when `verify_sign` is this gateway's `signature`."""
        return fields.get("verify_sign") == self.signature

    def _next_refund_state(self, current: RefundState) -> RefundState:
        return self._refund_states.pop(0) if self._refund_states else current

    def _start(self, *call: str) -> bool:
        self.calls.append(call)
        kind, reason = self._troubles.pop(0) if self._troubles else ("", "")
        if kind == "unavailable":
            raise GatewayUnavailable("The fake gateway is away.")
        if kind == "refused":
            raise GatewayRefused(reason)
        return kind == "lost"

    def _finish(self, lost: bool) -> None:
        if lost:
            raise GatewayUnavailable("The fake gateway's answer was lost.")
