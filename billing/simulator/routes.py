"""The simulator's addresses and what stands behind each."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from . import pages
from .knobs import BadKnob
from .store import FINAL, Row

if TYPE_CHECKING:
    from .server import Simulator

HTML, JSON = "text/html; charset=utf-8", "application/json"


class BadRequest(Exception):
    """What was sent can't be done."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer; `forms_to` are origins its forms may post to."""

    status: int
    content_type: str
    body: bytes
    forms_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """One request."""

    simulator: Simulator
    method: str
    path: str
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes; knobs bend gateway calls only."""

    answer: Callable[[Call], Page]
    methods: tuple[str, ...] = ("GET",)
    gateway_call: bool = False
    takes_json: bool = False


BROKEN = Page(500, HTML, b"<html><body>Internal Server Error</body></html>")


def find(path: str) -> Route | None:
    """The route of an address; None when there is none."""
    if path.startswith("/pay/") and path.count("/") == 2:
        return PAY
    return ROUTES.get(path)


def name_of_call(call: Call) -> str:
    """Which of the gateway's calls this is, in the words of the knob `only`."""
    if call.path == SESSION:
        return "session"
    if call.path == VALIDATION:
        return "validation"
    if "refund_ref_id" in call.fields:
        return "refund_status"
    return "refund" if "refund_amount" in call.fields else "query"


def _open_session(call: Call) -> Page:
    return _json(call.simulator.bank.open_session(call.fields, call.simulator.public_url))


def _validate(call: Call) -> Page:
    return _json(call.simulator.bank.validate(call.fields))


def _ask_about_transaction(call: Call) -> Page:
    bank = call.simulator.bank
    answers = {"refund_status": bank.refund_status, "refund": bank.refund, "query": bank.query}
    return _json(answers[name_of_call(call)](call.fields))


def _pay(call: Call) -> Page:
    simulator = call.simulator
    session = simulator.bank.store.session("session_key", call.path.rpartition("/")[2])
    if session is None:
        return _html(
            pages.plain_page("This payment is not known", "Go back to the shop and start it again."), 404
        )
    open_for_choice = simulator.bank.status(session) == "PENDING" and not session["choice"]
    if not open_for_choice:
        return _return(call, session, at_once=False)
    if call.method == "GET":
        return _html(pages.pay_page(session, simulator.options.shop_name))
    choice = call.fields.get("choice", "")
    if choice not in {"pay", "fail", "cancel"}:
        raise BadRequest("Choose pay, fail or cancel.")
    return _return(call, _decide(simulator, session, choice), at_once=True)


def _return(call: Call, session: Row, *, at_once: bool) -> Page:
    bank = call.simulator.bank
    url, name = bank.return_url(session), call.simulator.options.shop_name
    page = pages.return_page(session, url, bank.message(session), name, at_once=at_once)
    parts = urlsplit(url)
    return _html(page, forms_to=(f"{parts.scheme}://{parts.netloc}",))


def _decide(simulator: Simulator, session: Row, choice: str) -> Row:
    decided, by_this_call = simulator.bank.decide(session, choice)
    if by_this_call:
        simulator.notices.announce(decided)
    return decided


def _pay_headless(call: Call) -> Page:
    tran_id, choice = call.fields.get("tran_id"), call.fields.get("outcome", "pay")
    if not isinstance(tran_id, str) or choice not in FINAL:
        raise BadRequest("Send tran_id, and outcome pay, fail, cancel, expire or leave.")
    bank = call.simulator.bank
    found = bank.store.sessions("tran_id", tran_id)
    if not found:
        raise BadRequest("No session has that tran_id.")
    session = next((one for one in reversed(found) if not one["choice"]), found[-1])
    decided = _decide(call.simulator, session, choice)
    message = bank.message(decided)
    return _json({"status": message["status"], "return_url": bank.return_url(decided), "fields": message})


def _turn_knobs(call: Call) -> Page:
    values = dict(call.fields)
    tran_id, reset = values.pop("tran_id", ""), values.pop("reset", False)
    if not isinstance(tran_id, str) or len(tran_id) > 50 or not isinstance(reset, bool):
        raise BadRequest("tran_id is a text, reset is true or false.")
    try:
        return _json(call.simulator.bank.panel.turn(tran_id, values, reset=reset))
    except BadKnob as error:
        raise BadRequest(str(error)) from None


def _state(call: Call) -> Page:
    bank, tran_id = call.simulator.bank, call.fields.get("tran_id", "")
    sessions = bank.store.sessions("tran_id", tran_id)
    refunds = [
        one for row in sessions if row["bank_tran_id"] for one in bank.store.refunds(row["bank_tran_id"])
    ]
    return _json(
        {
            "sessions": [{**row, "status": bank.status(row)} for row in sessions],
            "refunds": refunds,
            "ipns": bank.store.ipns(tran_id),
            "calls": [name for name, about in list(bank.calls) if about == tran_id],
        }
    )


def _health(call: Call) -> Page:
    return _json({"ok": True})


def _home(call: Call) -> Page:
    text = "It stands in for the payment gateway in development and tests. Start a payment in the portal to come here."
    return _html(pages.plain_page("Payment simulator", text))


def _css(call: Call) -> Page:
    return Page(200, "text/css; charset=utf-8", pages.CSS.encode())


def _js(call: Call) -> Page:
    return Page(200, "text/javascript; charset=utf-8", pages.RETURN_JS.encode())


def _html(text: str, status: int = 200, forms_to: tuple[str, ...] = ()) -> Page:
    return Page(status, HTML, text.encode(), forms_to)


def _json(data: dict[str, Any]) -> Page:
    return Page(200, JSON, json.dumps(data).encode())


SESSION = "/gwprocess/v4/api.php"
VALIDATION = "/validator/api/validationserverAPI.php"
TRANSACTION = "/validator/api/merchantTransIDvalidationAPI.php"
PAY = Route(_pay, ("GET", "POST"))
ROUTES = {
    SESSION: Route(_open_session, ("POST",), gateway_call=True),
    VALIDATION: Route(_validate, gateway_call=True),
    TRANSACTION: Route(_ask_about_transaction, gateway_call=True),
    "/_knobs": Route(_turn_knobs, ("POST",), takes_json=True),
    "/_pay": Route(_pay_headless, ("POST",), takes_json=True),
    "/_state": Route(_state),
    "/_health": Route(_health),
    "/": Route(_home),
    "/static/simulator.css": Route(_css),
    "/static/return.js": Route(_js),
}
