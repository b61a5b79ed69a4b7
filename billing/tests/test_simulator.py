"""The simulator by itself, over HTTP: pages, bounds, messages, memory. How the client reads it: test_sslcommerz."""

from __future__ import annotations

import hashlib
import json
import socket
import subprocess
import sys
import threading
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from sslcommerz_lib import SSLCOMMERZ

from billing.simulator.testing import (
    ROOT,
    STORE_ID,
    STORE_PASSWORD,
    fetch,
    listening_shop,
    running_simulator,
    simulator_process,
)

SESSION = "/gwprocess/v4/api.php"
TRANSACTION = "/validator/api/merchantTransIDvalidationAPI.php"
KEYS = {"store_id": STORE_ID, "store_passwd": STORE_PASSWORD}


@pytest.fixture
def simulator(tmp_path):
    with running_simulator(tmp_path / "gateway.sqlite3") as remote:
        yield remote


@pytest.fixture
def shop():
    with listening_shop() as server:
        yield server


def form_for(shop_url="http://127.0.0.1:9", **changes):
    return {
        **KEYS,
        "total_amount": "1200.00",
        "currency": "BDT",
        "tran_id": "T1",
        "success_url": f"{shop_url}/success",
        "fail_url": f"{shop_url}/fail",
        "cancel_url": f"{shop_url}/cancel",
        "ipn_url": f"{shop_url}/ipn",
        "cus_name": "Paul <b>Gomes</b>",
        "cus_email": "paul@demo.test",
        "cus_add1": "Road 1",
        "cus_city": "Dhaka",
        "cus_country": "Bangladesh",
        "cus_phone": "01700000000",
        "shipping_method": "NO",
        "product_name": "Visit & tests",
        "product_category": "healthcare",
        "product_profile": "general",
        **changes,
    }


def open_session(simulator, shop_url="http://127.0.0.1:9", **changes):
    return fetch(simulator.base_url + SESSION, form_for(shop_url, **changes)).json


class Form(HTMLParser):
    """The last form of a page: its action and hidden fields."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields = "", {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "form":
            self.action, self.fields = values["action"], {}
        if tag == "input":
            self.fields[values["name"]] = values["value"]


def test_session_with_all_fields_gives_a_pay_page(simulator):
    opened = open_session(simulator)
    assert opened["status"] == "SUCCESS"
    assert opened["GatewayPageURL"] == f"{simulator.base_url}/pay/{opened['sessionkey']}"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"store_passwd": "other"}, "Store Credential Error Or Store is De-active"),
        ({"store_id": "other"}, "Store Credential Error Or Store is De-active"),
        ({"cus_phone": " "}, "Invalid Information: cus_phone is missing"),
        ({"total_amount": "9.99"}, "Invalid Information: total_amount is out of bounds"),
        ({"total_amount": "500000.01"}, "Invalid Information: total_amount is out of bounds"),
        ({"total_amount": "1,200.00"}, "Invalid Information: total_amount or currency"),
        ({"total_amount": "NaN"}, "Invalid Information: total_amount or currency"),
        ({"currency": "TAK"}, "Invalid Information: total_amount or currency"),
        ({"tran_id": "T" * 31}, "Invalid Information: tran_id is too long"),
        ({"ipn_url": "javascript:alert(1)"}, "Invalid Information: an address is not right"),
    ],
)
def test_session_that_is_not_right_is_refused(simulator, changes, reason):
    opened = open_session(simulator, **changes)
    assert (opened["status"], opened["failedreason"]) == ("FAILED", reason)


def test_pay_page_shows_what_is_paid_escaped_and_says_that_no_money_moves(simulator):
    page = fetch(open_session(simulator)["GatewayPageURL"])
    assert page.status == 200
    assert "Payment simulator — no money moves" in page.text
    assert "<h1>Visit &amp; tests</h1>" in page.text
    assert "Paul &lt;b&gt;Gomes&lt;/b&gt;" in page.text
    assert page.text.count("BDT 1,200.00") == 3
    assert [f'value="{choice}"' in page.text for choice in ("pay", "fail", "cancel")] == [True] * 3
    assert "<script" not in page.text


def test_paying_sends_a_signed_ipn_and_a_page_that_posts_back(simulator, shop):
    opened = open_session(simulator, shop.url)
    page = fetch(opened["GatewayPageURL"], {"choice": "pay"})
    form = Form(page.text)
    [ipn] = shop.wait_for(1)
    assert form.action == f"{shop.url}/success"
    assert (form.fields["status"], form.fields["tran_id"], form.fields["amount"]) == (
        "VALID",
        "T1",
        "1200.00",
    )
    assert form.fields == ipn
    assert "sessionkey" not in ipn
    assert f"form-action 'self' {shop.url};" in page.headers["Content-Security-Policy"]
    assert "Continue to HealthStack" in page.text


def test_the_gateways_own_library_accepts_the_md5_signature(simulator):
    open_session(simulator)
    library = SSLCOMMERZ({"store_id": STORE_ID, "store_pass": STORE_PASSWORD, "issandbox": True})
    assert library.hash_validate_ipn(simulator.pay("T1")["fields"]) is True


def test_the_sha2_signature_is_the_described_one(simulator):
    open_session(simulator)
    fields = simulator.pay("T1", "fail")["fields"]
    signed = {name: fields[name] for name in fields["verify_key"].split(",")}
    signed["store_passwd"] = hashlib.sha256(STORE_PASSWORD.encode()).hexdigest()
    text = "&".join(f"{name}={value}" for name, value in sorted(signed.items()))
    assert fields["verify_sign_sha2"] == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(("choice", "path"), [("fail", "/fail"), ("cancel", "/cancel")])
def test_not_paying_goes_back_to_its_own_address(simulator, choice, path):
    page = fetch(open_session(simulator)["GatewayPageURL"], {"choice": choice})
    assert urlsplit(Form(page.text).action).path == path


def test_a_session_is_decided_once_and_told_once(simulator, shop):
    opened = open_session(simulator, shop.url)
    fetch(opened["GatewayPageURL"], {"choice": "pay"})
    again = fetch(opened["GatewayPageURL"], {"choice": "cancel"})
    later = fetch(opened["GatewayPageURL"])
    assert (Form(again.text).fields["status"], Form(later.text).fields["status"]) == ("VALID", "VALID")
    assert "<script" not in later.text
    assert len(shop.wait_for(2, seconds=0.3)) == 1


def test_two_clicks_at_once_decide_once(simulator):
    url = open_session(simulator)["GatewayPageURL"]
    seen = []
    threads = [
        threading.Thread(
            target=lambda c=choice: seen.append(Form(fetch(url, {"choice": c}).text).fields["status"])
        )
        for choice in ("pay", "cancel") * 4
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len(set(seen)) == 1


def test_knob_drop_ipn(simulator, shop):
    open_session(simulator, shop.url)
    simulator.knobs("T1", drop_ipn=True)
    simulator.pay("T1")
    assert shop.wait_for(1, seconds=0.3) == []


def test_knob_duplicate_ipn(simulator, shop):
    open_session(simulator, shop.url)
    simulator.knobs(duplicate_ipn=True)
    simulator.pay("T1")
    first, second = shop.wait_for(2)
    assert first == second


def test_knob_reorder_sends_the_ipn_after_the_return(simulator, shop):
    opened = open_session(simulator, shop.url)
    simulator.knobs(reorder=True)
    form = Form(fetch(opened["GatewayPageURL"], {"choice": "pay"}).text)
    fetch(form.action, form.fields)
    shop.wait_for(2)
    assert [path for path, _form, _when in shop.received] == ["/success", "/ipn"]


def test_knob_late_success_after_cancelling_tells_both(simulator, shop):
    open_session(simulator, shop.url)
    simulator.knobs(late_success_s=0.3)
    assert simulator.pay("T1", "cancel")["status"] == "CANCELLED"
    assert [form["status"] for form in shop.wait_for(2)] == ["CANCELLED", "VALID"]


def test_state_lists_what_happened(simulator, shop):
    open_session(simulator, shop.url)
    simulator.pay("T1")
    shop.wait_for(1)
    for _ in range(100):
        state = simulator.state("T1")
        if state["ipns"]:
            break
    assert [(row["choice"], row["status"]) for row in state["sessions"]] == [("pay", "VALID")]
    assert [(row["status"], row["answered"]) for row in state["ipns"]] == [("VALID", "200")]
    assert state["calls"] == ["session"]


@pytest.mark.parametrize(
    "knobs",
    [{"bend": 1}, {"risk_level": 2}, {"delay_ms": -1}, {"refund": "x"}, {"only": "x"}, {"drop_ipn": 1}],
)
def test_an_unknown_or_overturned_knob_is_refused(simulator, knobs):
    reply = fetch(f"{simulator.base_url}/_knobs", data=knobs)
    assert (reply.status, next(iter(knobs)) in reply.text) == (400, True)


def test_a_knob_of_one_payment_overrules_the_general_one_and_reset_forgets(simulator):
    simulator.knobs(risk_level=1, drop_ipn=True)
    own = simulator.knobs("T1", risk_level=0)
    assert (own["risk_level"], own["drop_ipn"]) == (0, True)
    simulator.reset()
    assert simulator.knobs("T1")["drop_ipn"] is False


@pytest.mark.parametrize(
    ("path", "kwargs", "status"),
    [
        ("/nothing", {}, 404),
        ("/pay/UNKNOWN", {}, 404),
        ("/pay/a/b", {}, 404),
        (SESSION, {}, 405),
        ("/_state", {"form": {}}, 405),
        ("/_health", {"method": "DELETE"}, 405),
        ("/_knobs", {"form": {"drop_ipn": "1"}}, 415),
        ("/_knobs", {"data": [1]}, 400),
        ("/_pay", {"data": {"tran_id": "none"}}, 400),
        ("/_pay", {"data": {"tran_id": "\ud800"}}, 400),
        ("/_state?" + "a=1&" * 101, {}, 400),
        ("/_state?tran_id=%ff", {}, 400),
        (SESSION, {"form": {"a": "x" * 65536}}, 413),
    ],
)
def test_what_is_not_right_is_answered_plainly(simulator, path, kwargs, status):
    assert fetch(simulator.base_url + path, **kwargs).status == status


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        ("GET /_health HTTP/1.0\r\nHost: evil.example\r\n\r\n", b"400"),
        ("POST /_knobs HTTP/1.0\r\nHost: {host}\r\nContent-Type: application/json\r\n\r\n", b"411"),
        (
            "POST /_pay HTTP/1.0\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: -1\r\n\r\n",
            b"411",
        ),
        ("BREW /_health HTTP/1.0\r\nHost: {host}\r\n\r\n", b"501"),
    ],
)
def test_raw_requests_that_are_not_right(simulator, request_text, status):
    host = urlsplit(simulator.base_url).netloc
    with socket.create_connection(tuple(host.split(":")), timeout=5) as connection:
        connection.sendall(request_text.format(host=host).encode())
        answer = connection.recv(4096)
    assert answer.split()[1] == status
    assert b"/_" not in answer


def test_it_listens_on_loopback_only(simulator):
    assert urlsplit(simulator.base_url).hostname == "127.0.0.1"


def test_it_remembers_after_being_killed(tmp_path):
    store = tmp_path / "gateway.sqlite3"
    with simulator_process(store) as (simulator, process):
        open_session(simulator)
        simulator.pay("T1")
        process.kill()
    with running_simulator(store) as simulator:
        [session] = simulator.state("T1")["sessions"]
    assert session["status"] == "VALID"


def test_it_refuses_production_and_an_empty_password(tmp_path):
    command = [
        sys.executable,
        "-m",
        "billing.simulator",
        "--port",
        "0",
        "--store",
        str(tmp_path / "s.sqlite3"),
    ]
    for env, words in (
        ({"ENVIRONMENT": "production", "SSLCOMMERZ_STORE_PASSWORD": "x"}, "does not run in production"),
        ({}, "set SSLCOMMERZ_STORE_PASSWORD"),
    ):
        done = subprocess.run(
            command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=30, check=False
        )
        assert (done.returncode, words in done.stderr) == (2, True)


def test_it_needs_nothing_but_the_standard_library():
    code = (
        "import sys, json, billing.simulator.__main__, billing.simulator.testing;"
        "print(json.dumps([m for m in ('django', 'requests', 'sslcommerz_lib', 'core') if m in sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )
    assert json.loads(done.stdout) == []


def test_query_by_session_key(simulator):
    opened = open_session(simulator)
    query = f"{TRANSACTION}?sessionkey={opened['sessionkey']}&store_id={STORE_ID}&store_passwd=test+%26+pass%2Fword%3D1"
    assert fetch(simulator.base_url + query).json["status"] == "PENDING"
