"""What the simulated gateway does: calls 1, 5, 6 and 7, and the messages of 3 and 4."""

from __future__ import annotations

import hmac
import re
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from .knobs import Knobs, Panel
from .signing import signed
from .store import PAID, Row, Store

DHAKA = timedelta(hours=6)
AMOUNT = re.compile(r"\d{1,7}(\.\d{1,2})?")
SMALLEST, LARGEST = Decimal("10.00"), Decimal("500000.00")  # in BDT; the gateway takes no less and no more
TO_BDT = {"BDT": Decimal(1), "USD": Decimal(120), "EUR": Decimal(130), "GBP": Decimal(150)}
REQUIRED = [
    "total_amount",
    "currency",
    "tran_id",
    "success_url",
    "fail_url",
    "cancel_url",
    "cus_name",
    "cus_email",
    "cus_add1",
    "cus_city",
    "cus_country",
    "cus_phone",
    "shipping_method",
    "product_name",
    "product_category",
    "product_profile",
]
RETURNS = {
    "pay": "success_url",
    "fail": "fail_url",
    "cancel": "cancel_url",
    "expire": "fail_url",
    "leave": "cancel_url",
}
CARD = {
    "card_type": "VISA-Simulator",
    "card_no": "432149XXXXXX0667",
    "card_issuer": "SIMULATED BANK",
    "card_brand": "VISA",
    "card_issuer_country": "Bangladesh",
    "card_issuer_country_code": "BD",
}


@dataclass(frozen=True, slots=True)
class Shop:
    """The one store this simulator serves."""

    store_id: str
    password: str
    name: str = "the shop"


class Bank:
    """Answers the shop's calls out of the store, bent by the knobs."""

    def __init__(self, store: Store, panel: Panel, shop: Shop, window_s: float) -> None:
        self.store = store
        self.panel = panel
        self.shop = shop
        self._window_s = window_s
        self.calls: deque[tuple[str, str]] = deque(maxlen=1_000)

    def knows(self, fields: dict[str, str]) -> bool:
        """Whether the call carries our store's name and password."""
        same_id = hmac.compare_digest(fields.get("store_id", "").encode(), self.shop.store_id.encode())
        same_password = hmac.compare_digest(
            fields.get("store_passwd", "").encode(), self.shop.password.encode()
        )
        return same_id and same_password

    def tran_id_of(self, fields: dict[str, str]) -> str:
        """The payment a call is about; empty when there is none."""
        if fields.get("tran_id"):
            return fields["tran_id"]
        refund = self.store.refund(fields.get("refund_ref_id", ""))
        bank_tran_id = refund["bank_tran_id"] if refund else fields.get("bank_tran_id", "")
        for column, value in (
            ("val_id", fields.get("val_id", "")),
            ("session_key", fields.get("sessionkey", "")),
            ("bank_tran_id", bank_tran_id),
        ):
            session = self.store.session(column, value) if value else None
            if session:
                return str(session["tran_id"])
        return ""

    def open_session(self, fields: dict[str, str], pay_url: str) -> dict[str, Any]:
        """Call 1: check what the shop sent and open a session; `pay_url` is where pay pages live."""
        wrong = self._what_is_wrong(fields)
        if wrong:
            return {"status": "FAILED", "failedreason": wrong, "sessionkey": "", "GatewayPageURL": ""}
        names = ("tran_id", "currency", "success_url", "fail_url", "cancel_url")
        key = self.store.open_session(
            {
                **{name: fields[name] for name in names},
                "amount": f"{Decimal(fields['total_amount']):.2f}",
                "title": fields["product_name"][:255],
                "customer": fields["cus_name"][:50],
                "ipn_url": fields.get("ipn_url", ""),
            }
        )
        return {
            "status": "SUCCESS",
            "failedreason": "",
            "sessionkey": key,
            "GatewayPageURL": f"{pay_url}/pay/{key}",
        }

    def validate(self, fields: dict[str, str]) -> dict[str, Any]:
        """Call 5: VALID the first time, VALIDATED afterwards."""
        if not self.knows(fields):
            return {"APIConnect": "INVALID_REQUEST", "status": "INVALID_TRANSACTION"}
        session = self.store.session("val_id", fields.get("val_id", ""))
        knobs = self.panel.of(session["tran_id"] if session else "")
        if session is None or self.status(session) not in PAID or knobs.invalid_transaction:
            return {"APIConnect": "DONE", "status": "INVALID_TRANSACTION"}
        first = self.store.mark_validated(session["session_key"])
        report = self.report(session, knobs) | {"status": "VALID" if first else "VALIDATED"}
        return {**report, "validated_on": _stamp(time.time()), "gw_version": "4", "APIConnect": "DONE"}

    def query(self, fields: dict[str, str]) -> dict[str, Any]:
        """Call 6: all attempts of a tran_id, or the one of a session key."""
        if not self.knows(fields):
            return {"APIConnect": "INVALID_REQUEST"}
        if "sessionkey" in fields:
            session = self.store.session("session_key", fields["sessionkey"])
            return {"APIConnect": "DONE", **(self._element(session) if session else {"status": "FAILED"})}
        found = self.store.sessions("tran_id", fields.get("tran_id", ""))
        if self.panel.of(fields.get("tran_id", "")).hide:
            found = []
        return {
            "APIConnect": "DONE",
            "no_of_trans_found": len(found),
            "element": [self._element(session) for session in found],
        }

    def refund(self, fields: dict[str, str]) -> dict[str, Any]:
        """Call 7: take a refund of a paid session; the same reference again is the same refund."""
        if not self.knows(fields):
            return {"APIConnect": "INVALID_REQUEST"}
        session = self.store.session("bank_tran_id", fields.get("bank_tran_id", ""))
        amount = fields.get("refund_amount", "")
        refe_id = fields.get("refund_trans_id") or fields.get("refe_id", "")
        if session is None or self.status(session) not in PAID:
            return _refund_failed("The transaction was not found.")
        if (
            not AMOUNT.fullmatch(amount)
            or Decimal(amount) <= 0
            or not refe_id
            or not fields.get("refund_remarks")
        ):
            return _refund_failed("refund_amount, refund_trans_id or refund_remarks is not right.")
        knobs = self.panel.of(session["tran_id"])
        if knobs.refund == "failed":
            return _refund_failed("The bank does not take this refund.")
        polls = 0 if knobs.refund == "done" else int(knobs.refund_polls)
        asked = {"bank_tran_id": session["bank_tran_id"], "refe_id": refe_id[:50], "cents": _cents(amount)}
        captured = knobs.wrong_amount or session["amount"]
        ref, how = self.store.add_refund(
            {**asked, "plan": knobs.refund, "polls_left": polls}, _cents(captured)
        )
        if how == "too_much":
            return _refund_failed("The refund is more than what is left of the payment.")
        answer = {
            "APIConnect": "DONE",
            "bank_tran_id": session["bank_tran_id"],
            "trans_id": session["tran_id"],
        }
        return {
            **answer,
            "refund_ref_id": ref,
            "status": "success" if how == "new" else "processing",
            "errorReason": "",
        }

    def refund_status(self, fields: dict[str, str]) -> dict[str, Any]:
        """The second half of call 7: refunded, processing or cancelled."""
        if not self.knows(fields):
            return {"APIConnect": "INVALID_REQUEST"}
        ref = fields.get("refund_ref_id", "")
        refund = (
            None
            if self.panel.of(self.tran_id_of(fields)).refund == "unknown"
            else self.store.poll_refund(ref)
        )
        if refund is None:
            return {"APIConnect": "DONE", "refund_ref_id": ref, "status": "", "errorReason": "Not found."}
        reason = "The bank sent the money back." if refund["state"] == "cancelled" else ""
        answer = {"APIConnect": "DONE", "refund_ref_id": ref, "bank_tran_id": refund["bank_tran_id"]}
        return {
            **answer,
            "initiated_on": _stamp(refund["asked_at"]),
            "status": refund["state"],
            "errorReason": reason,
        }

    def decide(self, session: Row, choice: str) -> tuple[Row, bool]:
        """Pay, fail, cancel, expire or leave a session, once; returns it and whether this call decided."""
        return self.store.decide(
            session["session_key"], choice, self.panel.of(session["tran_id"]).late_success_s
        )

    def status(self, session: Row) -> str:
        """How a session stands now."""
        if not session["choice"]:
            return "EXPIRED" if time.time() > session["opened_at"] + self._window_s else "PENDING"
        settled = time.time() >= session["settles_at"]
        return str(session["last_status"] if settled else session["first_status"])

    def message(self, session: Row) -> dict[str, str]:
        """The signed fields of an IPN or a browser's return, as of now."""
        knobs = self.panel.of(session["tran_id"])
        fields = self.report(session, knobs)
        return signed(fields, self.shop.password + ("-wrong" if knobs.bad_signature else ""))

    def return_url(self, session: Row) -> str:
        """Where the browser goes after the pay page."""
        return str(session[RETURNS.get(session["choice"], "cancel_url")])

    def report(self, session: Row, knobs: Knobs) -> dict[str, str]:
        """The fields about one session that every message and answer carries."""
        status = self.status(session)
        amount = knobs.wrong_amount or session["amount"]
        currency = knobs.wrong_currency or session["currency"]
        rate = TO_BDT.get(currency, Decimal(1))
        in_bdt = Decimal(amount) * rate
        fields = {
            "tran_id": session["tran_id"],
            "status": status,
            "amount": f"{in_bdt:.2f}",
            "currency": "BDT" if currency in TO_BDT else currency,
            "currency_type": currency,
            "currency_amount": amount,
            "currency_rate": f"{rate:.4f}",
            "base_fair": "0.00",
            "tran_date": _stamp(session["settles_at"] or session["decided_at"] or session["opened_at"]),
            "store_id": knobs.wrong_store_id or self.shop.store_id,
            "bank_tran_id": "",
            "value_a": "",
            "value_b": "",
            "value_c": "",
            "value_d": "",
        }
        if status not in PAID:
            return fields | {"error": "" if status == "PENDING" else f"The payment is {status.lower()}."}
        return (
            fields
            | CARD
            | {
                "val_id": knobs.foreign_val_id or session["val_id"],
                "bank_tran_id": session["bank_tran_id"],
                "store_amount": f"{in_bdt * Decimal('0.975'):.2f}",
                "error": "",
                "risk_level": str(int(knobs.risk_level)),
                "risk_title": "Risky" if knobs.risk_level else "Safe",
            }
        )

    def _element(self, session: Row) -> dict[str, str]:
        fields = self.report(session, self.panel.of(session["tran_id"]))
        if fields["status"] in PAID and session["validated"]:
            fields["status"] = "VALIDATED"
        return {**fields, "sessionkey": session["session_key"]}

    def _what_is_wrong(self, fields: dict[str, str]) -> str:
        if not self.knows(fields):
            return "Store Credential Error Or Store is De-active"
        missing = [name for name in REQUIRED if not fields.get(name, "").strip()]
        if missing:
            return f"Invalid Information: {missing[0]} is missing"
        if fields["currency"] not in TO_BDT or not AMOUNT.fullmatch(fields["total_amount"]):
            return "Invalid Information: total_amount or currency"
        if not SMALLEST <= Decimal(fields["total_amount"]) * TO_BDT[fields["currency"]] <= LARGEST:
            return "Invalid Information: total_amount is out of bounds"
        if len(fields["tran_id"]) > 30:
            return "Invalid Information: tran_id is too long"
        urls = [fields[name] for name in ("success_url", "fail_url", "cancel_url")] + [
            fields.get("ipn_url", "")
        ]
        if not all(_is_web_address(url) for url in urls if url):
            return "Invalid Information: an address is not right"
        return self.panel.of(fields["tran_id"]).refuse_session


def _refund_failed(reason: str) -> dict[str, Any]:
    return {"APIConnect": "DONE", "refund_ref_id": "", "status": "failed", "errorReason": reason}


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in {"http", "https"}
            and bool(parts.hostname)
            and len(url) <= 2_000
            and url.isprintable()
        )
    except ValueError:
        return False


def _cents(amount: str) -> int:
    return int(Decimal(amount) * 100)


def _stamp(moment: float) -> str:
    return (datetime.fromtimestamp(moment, UTC) + DHAKA).strftime("%Y-%m-%d %H:%M:%S")
