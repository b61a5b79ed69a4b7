"""What the portal asks a payment gateway and what it is told; the same for every gateway."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Self

from core.gateways import Gateway, offline


class Outcome(StrEnum):
    """Where one payment stands, in the gateway's eyes; UNKNOWN means its tran_id never reached the gateway."""

    PAID = "paid"
    PENDING = "pending"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class RefundState(StrEnum):
    """Where one refund stands; ACCEPTED means it is being worked on, UNKNOWN that the gateway does not know it."""

    ACCEPTED = "accepted"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SessionRequest:
    """One payment to ask for; `tran_id` is new for every attempt."""

    tran_id: str
    amount: Decimal
    currency: str
    title: str
    customer_name: str
    customer_email: str
    customer_phone: str
    customer_address: str
    customer_city: str
    success_url: str
    fail_url: str
    cancel_url: str
    ipn_url: str


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """The gateway is ready: send the browser to `redirect_url`."""

    redirect_url: str
    session_key: str


@dataclass(frozen=True, slots=True)
class Capture:
    """Money that the gateway took once; `amount` is None when it named none."""

    val_id: str
    bank_tran_id: str
    amount: Decimal | None
    currency: str

    def __str__(self) -> str:
        amount = f"{self.amount or '?'} {self.currency}".strip()
        return ", ".join(part for part in (amount, self.val_id, self.bank_tran_id) if part)


@dataclass(frozen=True, slots=True)
class PaymentAnswer:
    """What the gateway says about a payment, word for word: the caller compares, this compares nothing.

    `amount` is None when the gateway named none, or two that contradict each other. `risk_level` is 0 only when the
    gateway said so. `store_id` is empty when the answer names no store. `reported_at` is in UTC. `captures` names every time
    that money was taken under this tran_id, when that was more than once.
    """

    outcome: Outcome
    tran_id: str
    val_id: str = ""
    amount: Decimal | None = None
    currency: str = ""
    store_id: str = ""
    risk_level: int = 0
    bank_tran_id: str = ""
    card_brand: str = ""
    card_masked: str = ""
    reported_at: datetime | None = None
    captures: tuple[Capture, ...] = ()


@dataclass(frozen=True, slots=True)
class RefundAnswer:
    """What the gateway says about a refund."""

    state: RefundState
    refund_ref_id: str = ""
    reason: str = ""


class PaymentGateway(Gateway, ABC):
    """A payment gateway; every method but `signature_is_valid` goes out and refuses to run in a transaction.

    All of them raise GatewayUnavailable when the outcome is unknown and GatewayRefused when the gateway says no.
    """

    @classmethod
    @abstractmethod
    def from_settings(cls) -> Self:
        """The gateway as the settings describe it."""

    @abstractmethod
    def open_session(self, request: SessionRequest) -> SessionOpened:
        """Ask for one payment; amounts in the request's currency."""

    @abstractmethod
    def find_payment(self, tran_id: str) -> PaymentAnswer:
        """Ask what became of a payment: the paid attempt if there is one, as its validation reports it."""

    @abstractmethod
    def refund(self, bank_tran_id: str, amount: Decimal, refund_id: str, remarks: str) -> RefundAnswer:
        """Ask for money to go back; `refund_id` is our own reference, at most 30 characters, one for each refund.

        A refusal is an answer with state FAILED. After GatewayUnavailable the refund may have been taken.
        """

    @abstractmethod
    def find_refund(self, refund_ref_id: str) -> RefundAnswer:
        """Ask what became of a refund by the gateway's own reference."""

    @abstractmethod
    @offline
    def signature_is_valid(self, fields: Mapping[str, str]) -> bool:
        """Say whether a message was signed with our store's password; never raises. A first filter, not the truth."""
