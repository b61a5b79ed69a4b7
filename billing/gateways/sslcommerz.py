"""SSLCommerz v4 (and the simulator that speaks like it) behind the portal's own interface."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Self
from urllib.parse import quote, quote_plus, urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from sslcommerz_lib import SSLCOMMERZ

from core.gateways import GatewayRefused, GatewayUnavailable, offline

from .base import (
    Capture,
    Outcome,
    PaymentAnswer,
    PaymentGateway,
    RefundAnswer,
    RefundState,
    SessionOpened,
    SessionRequest,
)
from .signature import signature_is_valid
from .transport import Trouble, ask

logger = logging.getLogger(__name__)

SANDBOX_URL = "https://sandbox.sslcommerz.com"
LIVE_URL = "https://securepay.sslcommerz.com"
GATEWAY_DOMAIN = ".sslcommerz.com"  # pay pages live on several of its hosts
SESSION_PATH = "/gwprocess/v4/api.php"
VALIDATION_PATH = "/validator/api/validationserverAPI.php"
TRANSACTION_PATH = "/validator/api/merchantTransIDvalidationAPI.php"
CONNECT_S, READ_S = 2.0, 10.0

# What could not be tried against the real gateway; change it here.
OUTCOMES = {
    "VALID": Outcome.PAID,
    "VALIDATED": Outcome.PAID,
    "PENDING": Outcome.PENDING,
    "FAILED": Outcome.FAILED,
    "CANCELLED": Outcome.CANCELLED,
    "EXPIRED": Outcome.EXPIRED,
    "UNATTEMPTED": Outcome.EXPIRED,
}
REFUND_ASKED = {
    "success": RefundState.ACCEPTED,
    "processing": RefundState.ACCEPTED,
    "failed": RefundState.FAILED,
}
REFUND_FOUND = {
    "refunded": RefundState.DONE,
    "processing": RefundState.ACCEPTED,
    "cancelled": RefundState.FAILED,
    "failed": RefundState.FAILED,
}
CONNECTED, NOT_ALLOWED = "DONE", {"INVALID_REQUEST", "INACTIVE"}
REPORTED_IN = ZoneInfo("Asia/Dhaka")
REPORTED_AS = "%Y-%m-%d %H:%M:%S"
NAME_LENGTH, ADDRESS_LENGTH, TITLE_LENGTH, REMARKS_LENGTH, OWN_ID_LENGTH = 50, 50, 255, 255, 30
ITS_ID_LENGTH, BANK_ID_LENGTH = 50, 80
NOT_GIVEN = "Not given"  # it refuses a session with an empty address
COUNTRY, POSTCODE, CATEGORY = "Bangladesh", "1000", "healthcare"

AMOUNT = re.compile(r"\d{1,10}(\.\d{1,4})?")
LONG_NUMBER = re.compile(r"\d{9,}")


class SSLCommerzGateway(PaymentGateway):
    """SSLCommerz by its own library, made safe: bounded, silent about the password, with typed answers."""

    def __init__(
        self,
        *,
        store_id: str,
        store_password: str,
        base_url: str,
        connect_s: float = CONNECT_S,
        read_s: float = READ_S,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._client = _Client(store_id, store_password, self._base_url, (connect_s, read_s))

    @classmethod
    def from_settings(cls) -> Self:
        """The gateway of the settings; an empty SSLCOMMERZ_BASE_URL means the real one."""
        real = SANDBOX_URL if settings.SSLCOMMERZ_SANDBOX else LIVE_URL
        return cls(
            store_id=settings.SSLCOMMERZ_STORE_ID,
            store_password=settings.SSLCOMMERZ_STORE_PASSWORD,
            base_url=settings.SSLCOMMERZ_BASE_URL or real,
        )

    def open_session(self, request: SessionRequest) -> SessionOpened:
        """Ask for one payment; raises GatewayRefused with the gateway's reason, GatewayUnavailable."""
        data = self._usable(self._client.createSession(_session_fields(request)))
        if data.get("status") == "FAILED":
            raise GatewayRefused(self._reason(data, "failedreason"))
        opened = SessionOpened(_string(data.get("GatewayPageURL")), _identifier(data.get("sessionkey")))
        if (
            data.get("status") != "SUCCESS"
            or not opened.session_key
            or not self._is_pay_page(opened.redirect_url)
        ):
            raise GatewayUnavailable("The gateway's answer to a new payment can't be used.")
        return opened

    def find_payment(self, tran_id: str) -> PaymentAnswer:
        """Ask by tran_id, then validate what is paid; raises GatewayRefused, GatewayUnavailable."""
        data = self._connected(self._client.transaction_query_tranid(_own_id(tran_id)))
        attempts = data.get("element") or []
        if not attempts and str(data.get("no_of_trans_found", "")) == "0":
            return PaymentAnswer(Outcome.UNKNOWN, tran_id)
        if not attempts or not isinstance(attempts, list) or not all(isinstance(a, dict) for a in attempts):
            raise GatewayUnavailable("The gateway's list of attempts can't be read.")
        attempt = _telling_attempt(attempts)
        if _outcome(attempt) is not Outcome.PAID:
            return self._answer(attempt)
        answer = self._validated(_identifier(attempt.get("val_id")))
        return replace(answer, captures=_captures(attempts))

    def refund(self, bank_tran_id: str, amount: Decimal, refund_id: str, remarks: str) -> RefundAnswer:
        """Ask for money to go back; raises GatewayRefused (not allowed to ask), GatewayUnavailable (may be taken)."""
        data = self._connected(
            self._client.init_refund(
                bank_tran_id, _money(amount), remarks[:REMARKS_LENGTH], _own_id(refund_id)
            )
        )
        state = REFUND_ASKED.get(_string(data.get("status")).lower())
        answer = RefundAnswer(
            state or RefundState.UNKNOWN,
            _identifier(data.get("refund_ref_id")),
            self._reason(data, "errorReason"),
        )
        if state is None or (state is RefundState.ACCEPTED and not answer.refund_ref_id):
            raise GatewayUnavailable("The gateway's answer to a refund can't be used.")
        return answer

    def find_refund(self, refund_ref_id: str) -> RefundAnswer:
        """Ask what became of a refund; raises GatewayRefused, GatewayUnavailable."""
        data = self._connected(self._client.query_refund_status(refund_ref_id))
        status = _string(data.get("status")).lower()
        if status and status not in REFUND_FOUND:
            raise GatewayUnavailable("The gateway gave a refund a state that is not known here.")
        state = REFUND_FOUND[status] if status else RefundState.UNKNOWN
        return RefundAnswer(state, refund_ref_id, self._reason(data, "errorReason"))

    @offline
    def signature_is_valid(self, fields: Mapping[str, str]) -> bool:
        """Check both signatures of an IPN or a browser's return; never raises."""
        return bool(self._client.hash_validate_ipn(fields))

    def _validated(self, val_id: str) -> PaymentAnswer:
        if not val_id:
            raise GatewayUnavailable("The gateway calls a payment paid but gave it no val_id.")
        data = self._usable(self._client.validationTransactionOrder(val_id))
        if data.get("APIConnect", CONNECTED) != CONNECTED:
            self._connected(data)
        return self._answer({"val_id": val_id, **data})

    def _answer(self, data: Mapping[str, Any]) -> PaymentAnswer:
        amount, currency = _amount_and_currency(data)
        return PaymentAnswer(
            outcome=_outcome(data),
            tran_id=_identifier(data.get("tran_id")),
            val_id=_identifier(data.get("val_id")),
            amount=amount,
            currency=currency,
            # The call was answered to our store and finds only its payments, so an unnamed store is ours.
            store_id=_identifier(data.get("store_id")) or self._client.store_id,
            risk_level=0 if _string(data.get("risk_level")) == "0" else 1,
            bank_tran_id=_identifier(data.get("bank_tran_id"), BANK_ID_LENGTH),
            card_brand=_string(data.get("card_brand"))[:30],
            card_masked=_masked(_string(data.get("card_no"))),
            reported_at=_moment(data.get("tran_date")),
        )

    def _usable(self, data: dict[str, Any] | Trouble) -> dict[str, Any]:
        if isinstance(data, Trouble):
            raise GatewayUnavailable(data.text)
        return data

    def _connected(self, answer: dict[str, Any] | Trouble) -> dict[str, Any]:
        data = self._usable(answer)
        if data.get("APIConnect") in NOT_ALLOWED:
            raise GatewayRefused(
                self._reason(data, "errorReason") or "The gateway does not accept this store."
            )
        if data.get("APIConnect") != CONNECTED:
            raise GatewayUnavailable("The gateway could not look it up.")
        return data

    def _reason(self, data: Mapping[str, Any], name: str) -> str:
        return self._client.without_password(_string(data.get(name)))[:REMARKS_LENGTH]

    def _is_pay_page(self, url: str) -> bool:
        try:
            page, base = urlsplit(url), urlsplit(self._base_url)
            host = page.hostname or ""
        except ValueError:
            return False
        at_home = host == base.hostname or (
            (base.hostname or "").endswith(GATEWAY_DOMAIN) and host.endswith(GATEWAY_DOMAIN)
        )
        return page.scheme == base.scheme and at_home and page.username is None and len(url) <= 2000


class _Client(SSLCOMMERZ):
    """The gateway's own library with the parts replaced that swallow errors, wait for ever or sign too little."""

    def __init__(
        self, store_id: str, store_password: str, base_url: str, timeouts: tuple[float, float]
    ) -> None:
        super().__init__({"store_id": store_id, "store_pass": store_password, "issandbox": True})
        self.createSessionUrl = base_url + SESSION_PATH
        self.validation_url = base_url + VALIDATION_PATH
        self.transaction_url = base_url + TRANSACTION_PATH
        self._connect_s, self._read_s = timeouts

    def call_api(self, method: str, url: str, payload: dict[str, str]) -> dict[str, Any] | Trouble:
        return ask(method, url, payload, connect_s=self._connect_s, read_s=self._read_s)

    def validationTransactionOrder(self, validation_id: str) -> dict[str, Any] | Trouble:
        return self._get(self.validation_url, val_id=validation_id, v="1")

    def init_refund(
        self, bank_tran_id: str, refund_amount: str, refund_remarks: str, refund_id: str
    ) -> dict[str, Any] | Trouble:
        return self._get(
            self.transaction_url,
            bank_tran_id=bank_tran_id,
            refund_amount=refund_amount,
            refund_remarks=refund_remarks,
            refe_id=refund_id,
            # (?) Named beside refe_id by the gateway's newer description, and asked for since 2025.
            refund_trans_id=refund_id,
        )

    def hash_validate_ipn(self, post_body: Mapping[str, str]) -> bool:
        return signature_is_valid(post_body, self.store_pass)

    def without_password(self, text: str) -> str:
        """The gateway may repeat what it was sent; our log need not."""
        for secret in (self.store_pass, quote(self.store_pass), quote_plus(self.store_pass)):
            text = text.replace(secret, "***") if secret else text
        return text

    def _get(self, url: str, **params: str) -> dict[str, Any] | Trouble:
        keys = {"store_id": self.store_id, "store_passwd": self.store_pass, "format": "json"}
        return self.call_api("GET", url, {**params, **keys})


def _session_fields(request: SessionRequest) -> dict[str, str]:
    return {
        "total_amount": _money(request.amount),
        "currency": request.currency,
        "tran_id": _own_id(request.tran_id),
        "success_url": request.success_url,
        "fail_url": request.fail_url,
        "cancel_url": request.cancel_url,
        "ipn_url": request.ipn_url,
        "cus_name": request.customer_name[:NAME_LENGTH],
        "cus_email": request.customer_email,
        "cus_add1": request.customer_address.strip()[:ADDRESS_LENGTH] or NOT_GIVEN,
        "cus_city": request.customer_city.strip()[:NAME_LENGTH] or NOT_GIVEN,
        "cus_postcode": POSTCODE,
        "cus_country": COUNTRY,
        "cus_phone": request.customer_phone,
        "shipping_method": "NO",
        "num_of_item": "1",
        "product_name": request.title[:TITLE_LENGTH],
        "product_category": CATEGORY,
        "product_profile": "general",
    }


def _telling_attempt(attempts: list[dict[str, Any]]) -> dict[str, Any]:
    """The attempt that decides: the first paid one, else one still open, else the latest."""
    ordered = sorted(attempts, key=lambda attempt: _string(attempt.get("tran_date")))
    paid = [attempt for attempt in ordered if _is_paid(attempt)]
    undecided = [
        a for a in ordered if OUTCOMES.get(_string(a.get("status")), Outcome.PENDING) is Outcome.PENDING
    ]
    return (paid or undecided or ordered[-1:])[0]


def _is_paid(attempt: Mapping[str, Any]) -> bool:
    return OUTCOMES.get(_string(attempt.get("status"))) is Outcome.PAID


def _captures(attempts: list[dict[str, Any]]) -> tuple[Capture, ...]:
    """Every val_id that is paid, when there are several: the payer went through the page again."""
    paid = {_identifier(attempt.get("val_id")): attempt for attempt in attempts if _is_paid(attempt)}
    if len(paid) < 2:
        return ()
    logger.warning("The gateway holds %d paid attempts for one tran_id; a person should look.", len(paid))
    rows = [
        Capture(val_id, _identifier(row.get("bank_tran_id"), BANK_ID_LENGTH), *_amount_and_currency(row))
        for val_id, row in sorted(paid.items())
    ]
    return tuple(rows)


def _outcome(data: Mapping[str, Any]) -> Outcome:
    outcome = OUTCOMES.get(_string(data.get("status")))
    if outcome is None:
        raise GatewayUnavailable("The gateway gave a payment a state that is not known here.")
    return outcome


def _amount_and_currency(data: Mapping[str, Any]) -> tuple[Decimal | None, str]:
    """What was charged in the currency that was asked for; None when two figures in one currency differ."""
    settled, settled_in = _decimal(data.get("amount")), _string(data.get("currency"))
    asked, asked_in = _decimal(data.get("currency_amount")), _string(data.get("currency_type"))
    if not asked_in:
        return settled, settled_in[:3]
    if settled_in == asked_in and settled is not None and settled != asked:
        return None, asked_in[:3]
    return asked, asked_in[:3]


def _decimal(value: object) -> Decimal | None:
    text = _string(value)
    return Decimal(text) if AMOUNT.fullmatch(text) else None


def _money(amount: Decimal) -> str:
    cents = amount.quantize(Decimal("0.01"))
    if cents != amount or cents <= 0:
        raise ValueError("An amount for the gateway is above zero and has at most two decimals.")
    return str(cents)


def _own_id(value: str) -> str:
    if not 0 < len(value) <= OWN_ID_LENGTH:
        raise ValueError(f"A reference for the gateway has 1 to {OWN_ID_LENGTH} characters.")
    return value


def _string(value: object) -> str:
    """What the gateway wrote, as one printable line; numbers as they were written, all else is empty."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return ""
    return "".join(character for character in str(value) if character.isprintable()).strip()


def _identifier(value: object, longest: int = ITS_ID_LENGTH) -> str:
    text = _string(value)
    if len(text) > longest:
        raise GatewayUnavailable("The gateway sent a reference that is too long.")
    return text


def _masked(number: str) -> str:
    """Never more than the first six and the last four digits, whatever the gateway sends."""

    def mask(match: re.Match[str]) -> str:
        digits = match.group()
        head = 6 if len(digits) > 12 else 3
        return digits[:head] + "X" * (len(digits) - head - 4) + digits[-4:]

    return LONG_NUMBER.sub(mask, re.sub(r"(?<=\d)[ -](?=\d)", "", number))[:30]


def _moment(value: object) -> datetime | None:
    try:
        return datetime.strptime(_string(value), REPORTED_AS).replace(tzinfo=REPORTED_IN).astimezone(UTC)
    except ValueError:
        return None
