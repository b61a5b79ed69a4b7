"""For tests: a simulator in a thread or in a process of its own, and a shop that notes what it is told.

`with running_simulator(tmp_path / "gateway.sqlite3") as simulator:` gives a `Remote`.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from .server import Options, Simulator

STORE_ID, STORE_PASSWORD = "test-store", "test & pass/word=1"
ROOT = Path(__file__).resolve().parents[2]
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Reply:
    """What an HTTP request came back with."""

    status: int
    text: str
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.text)


def fetch(
    url: str, form: dict[str, str] | None = None, *, data: Any = None, method: str | None = None
) -> Reply:
    """GET, or POST a form or JSON; answers also when the status is an error."""
    headers = {"Content-Type": "application/json"} if data is not None else {}
    body = json.dumps(data).encode() if data is not None else None
    body = urllib.parse.urlencode(form).encode() if form is not None else body
    request = urllib.request.Request(url, data=body, headers=headers, method=method)
    try:
        with _opener.open(request, timeout=10) as response:
            return Reply(response.status, response.read().decode(), dict(response.headers))
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, error.read().decode(), dict(error.headers))


@dataclass(frozen=True)
class Remote:
    """A running simulator, reached over HTTP."""

    base_url: str
    store_id: str = STORE_ID
    store_password: str = field(default=STORE_PASSWORD, repr=False)

    def knobs(self, tran_id: str = "", **values: Any) -> dict[str, Any]:
        """Turn knobs for all payments or for one; returns all that now hold."""
        reply = fetch(f"{self.base_url}/_knobs", data={"tran_id": tran_id, **values})
        if reply.status != 200:
            raise ValueError(reply.text)
        return dict(reply.json)

    def reset(self) -> None:
        """All knobs back to rest."""
        self.knobs(reset=True)

    def pay(self, tran_id: str, outcome: str = "pay") -> dict[str, Any]:
        """Decide as a person would: pay, fail, cancel, expire, leave; returns status, return_url, signed fields."""
        reply = fetch(f"{self.base_url}/_pay", data={"tran_id": tran_id, "outcome": outcome})
        if reply.status != 200:
            raise ValueError(reply.text)
        return dict(reply.json)

    def state(self, tran_id: str) -> dict[str, Any]:
        """What the simulator knows: sessions, refunds, ipns, calls."""
        return dict(fetch(f"{self.base_url}/_state?{urllib.parse.urlencode({'tran_id': tran_id})}").json)


@contextlib.contextmanager
def running_simulator(store: Path, *, window_s: float = 1_800) -> Iterator[Remote]:
    """A simulator in a thread, on a free port."""
    simulator = Simulator(
        Options(
            store=store,
            store_id=STORE_ID,
            store_password=STORE_PASSWORD,
            port=0,
            window_s=window_s,
            quiet=True,
        )
    )
    thread = threading.Thread(target=simulator.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Remote(simulator.base_url)
    finally:
        simulator.close()
        thread.join(5)


@contextlib.contextmanager
def simulator_process(store: Path) -> Iterator[tuple[Remote, subprocess.Popen[str]]]:
    """A simulator in its own process, on a free port; killed at the end."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "billing.simulator",
            "--port",
            "0",
            "--store",
            str(store),
            "--store-id",
            STORE_ID,
        ],
        cwd=ROOT,
        env={**os.environ, "SSLCOMMERZ_STORE_PASSWORD": STORE_PASSWORD, "ENVIRONMENT": "demo"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield Remote(process.stdout.readline().split()[-1]), process
    finally:
        process.kill()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()


class ListeningShop(ThreadingHTTPServer):
    """Keeps every form that is posted to it, with the moment (monotonic seconds) it came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _ShopHandler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.received: list[tuple[str, dict[str, str], float]] = []
        self._came = threading.Condition()

    def keep(self, path: str, form: dict[str, str]) -> None:
        """Note one message."""
        with self._came:
            self.received.append((path, form, time.monotonic()))
            self._came.notify_all()

    def wait_for(self, number: int, seconds: float = 5) -> list[dict[str, str]]:
        """The forms so far, once there are `number`, or when the time is up."""
        with self._came:
            self._came.wait_for(lambda: len(self.received) >= number, seconds)
            return [form for _path, form, _when in self.received]


class _ShopHandler(BaseHTTPRequestHandler):
    server: ListeningShop

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.keep(self.path, dict(urllib.parse.parse_qsl(body, keep_blank_values=True)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def listening_shop() -> Iterator[ListeningShop]:
    """A shop's server for IPNs and returns, on a free port."""
    shop = ListeningShop()
    thread = threading.Thread(target=shop.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield shop
    finally:
        shop.shutdown()
        shop.server_close()
        thread.join(5)
