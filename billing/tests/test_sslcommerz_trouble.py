"""What goes wrong on the way to the gateway is typed, bounded in time, and silent about the password."""

from __future__ import annotations

import logging
import socket
import threading
import time
import traceback
from decimal import Decimal

import pytest
import requests
from django.db import transaction

from billing.gateways import GatewayInTransaction, GatewayUnavailable, Outcome
from billing.simulator.testing import STORE_PASSWORD, running_simulator
from billing.tests.simulated import client_for, paid, request_for

SHORT_S = 0.25


@pytest.fixture
def simulator(tmp_path):
    with running_simulator(tmp_path / "gateway.sqlite3") as remote:
        yield remote


@pytest.fixture
def gateway(simulator):
    return client_for(simulator.base_url)


def all_calls(gateway):
    return {
        "session": lambda: gateway.open_session(request_for()),
        "query": lambda: gateway.find_payment("T1"),
        "validation": lambda: gateway.find_payment("T1"),
        "refund": lambda: gateway.refund("B1", Decimal("10.00"), "RF1", "Slot was gone"),
        "refund_status": lambda: gateway.find_refund("R1"),
    }


@pytest.mark.parametrize("call", ["session", "query", "validation", "refund", "refund_status"])
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"http_500": True}, "status 500"),
        ({"half_answer": True}, "broke off|not JSON"),
        ({"garbage": "html"}, "not JSON"),
        ({"garbage": "nan"}, "not JSON"),
        ({"garbage": "double"}, "not JSON"),
        ({"garbage": "list"}, "not a JSON object"),
        ({"garbage": "huge"}, "too long"),
        ({"hang_s": 20}, "in time"),
    ],
)
def test_trouble_is_unavailable_bounded_and_silent(simulator, gateway, caplog, call, fault, words):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="urllib3")
    paid(simulator, gateway)
    simulator.knobs(only=call, **fault)
    started = time.monotonic()
    with pytest.raises(GatewayUnavailable, match=words) as caught:
        all_calls(client_for(simulator.base_url, read_s=SHORT_S))[call]()
    assert time.monotonic() - started < 3
    assert_silent(caught.value, caplog)


@pytest.mark.parametrize("call", ["session", "query", "refund", "refund_status"])
def test_a_closed_port_is_unavailable_and_silent(caplog, call):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="urllib3")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(GatewayUnavailable, match="could not be reached") as caught:
        all_calls(client_for(f"http://127.0.0.1:{port}"))[call]()
    assert_silent(caught.value, caplog)


def assert_silent(error, caplog):
    """Neither the exception with its whole chain nor any log record holds the password or a query."""
    told = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    told += "".join(f"{record.getMessage()} {record.args} {record.exc_text}" for record in caplog.records)
    for secret in (STORE_PASSWORD, "pass%2Fword", "store_passwd="):
        assert secret not in told
    assert error.__context__ is None


def test_a_dripping_answer_is_cut_off_in_time():
    with socket.create_server(("127.0.0.1", 0)) as server:
        gateway = client_for(f"http://127.0.0.1:{server.getsockname()[1]}", read_s=SHORT_S)
        drip = Drip(server)
        started = time.monotonic()
        with pytest.raises(GatewayUnavailable, match="in time"):
            gateway.find_payment("T1")
        assert time.monotonic() - started < 2
        drip.join(5)


class Drip:
    """Answers one request with a byte every 50 ms, far longer than anybody should wait."""

    def __init__(self, server):
        self._server = server
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.join = self._thread.join

    def _run(self):
        connection, _address = self._server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{")
            try:
                for _ in range(200):
                    connection.sendall(b" ")
                    time.sleep(0.05)
            except OSError:
                return


def test_a_redirect_is_not_followed(simulator):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def redirect():
            connection, _address = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(f"HTTP/1.0 302 Found\r\nLocation: {simulator.base_url}/\r\n\r\n".encode())

        thread = threading.Thread(target=redirect, daemon=True)
        thread.start()
        with pytest.raises(GatewayUnavailable, match="status 302"):
            client_for(f"http://127.0.0.1:{server.getsockname()[1]}").find_payment("T1")
        thread.join(5)


def test_trouble_for_a_number_of_calls_passes(simulator, gateway):
    gateway.open_session(request_for())
    simulator.knobs("T1", http_500=True, only="query", times=2)
    for _ in range(2):
        with pytest.raises(GatewayUnavailable):
            gateway.find_payment("T1")
    assert gateway.find_payment("T1").outcome is Outcome.PENDING


def test_a_slow_answer_in_time_is_an_answer(simulator, gateway):
    simulator.knobs(delay_ms=100)
    started = time.monotonic()
    assert gateway.find_payment("T1").outcome is Outcome.UNKNOWN
    assert time.monotonic() - started >= 0.1


def test_no_call_goes_out_inside_a_transaction(db, simulator, gateway):
    for name, call in all_calls(gateway).items():
        with transaction.atomic(), pytest.raises(GatewayInTransaction):
            call()
        assert simulator.state("T1")["calls"] == [], name


def test_urllib3_speaks_again_outside_our_calls(simulator, gateway, caplog):
    caplog.set_level(logging.DEBUG, logger="urllib3")
    gateway.find_payment("T1")
    assert caplog.records == []
    with requests.Session() as session:
        session.trust_env = False
        session.get(f"{simulator.base_url}/_health", timeout=5)
    assert [record.name for record in caplog.records] == ["urllib3.connectionpool"] * 2
