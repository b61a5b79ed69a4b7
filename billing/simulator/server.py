"""The simulator's HTTP side: bounded, on loopback only, one thread for each request."""

from __future__ import annotations

import json
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from . import routes
from .bank import Bank, Shop
from .knobs import Knobs, Panel
from .notices import Notices
from .store import Store

MAX_BODY = 64 * 1024
MAX_FIELDS = 100
MAX_THREADS = 64
IDLE_S = 15
HUGE = 300 * 1024


class Refusal(Exception):
    """The request itself is not right; carries the HTTP status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Options:
    """How a simulator is set up; port 0 takes a free one, an empty public_url means this machine."""

    store: Path
    store_id: str
    store_password: str = field(repr=False)
    port: int = 8001
    public_url: str = ""
    shop_name: str = "HealthStack"
    window_s: float = 1_800
    quiet: bool = False


class Simulator(ThreadingHTTPServer):
    """A gateway for one store; `serve_forever()` in a thread or process, then `close()`."""

    daemon_threads = True
    request_queue_size = 64
    bank: Bank

    def __init__(self, options: Options) -> None:
        super().__init__(("127.0.0.1", options.port), Handler)
        self.options = options
        self.stopping = threading.Event()
        shop = Shop(options.store_id, options.store_password, options.shop_name)
        self.bank = Bank(Store(options.store), Panel(), shop, options.window_s)
        self.notices = Notices(self.bank, self.stopping)
        port = self.server_address[1]
        self.base_url = f"http://127.0.0.1:{port}"
        self.public_url = options.public_url.rstrip("/") or self.base_url
        self.hosts = {f"127.0.0.1:{port}", f"localhost:{port}", urlsplit(self.public_url).netloc}
        self._places = threading.BoundedSemaphore(MAX_THREADS)

    def close(self) -> None:
        """Stop serving and waiting, and free the port; call it from another thread than `serve_forever`."""
        self.stopping.set()
        self.shutdown()
        self.server_close()

    def server_close(self) -> None:
        # Threads that hang on purpose are daemons; nobody waits for them.
        self.socket.close()

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        # The default prints a traceback for every client that goes away, which hanging on purpose makes common.
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            sys.stderr.write(f"simulator: {type(error).__name__}\n")


class Handler(BaseHTTPRequestHandler):
    """Parses, bends by the knobs, answers."""

    server: Simulator
    timeout = IDLE_S
    server_version, sys_version = "PaymentSimulator", ""

    def handle_any(self) -> None:
        """Answer one request of any method."""
        try:
            self._answer()
        except Refusal as refusal:
            page = routes.Page(refusal.status, "text/plain; charset=utf-8", f"{refusal}\n".encode())
            self._send(page)

    do_GET = do_POST = do_HEAD = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = handle_any

    def log_message(self, format: str, *args: Any) -> None:
        # Never the query: it carries the store's password.
        if not self.server.options.quiet:
            path = urlsplit(getattr(self, "path", "")).path[:100]
            sys.stderr.write(f"simulator: {self.command or '-'} {path!r}\n")

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        # For what the base class refuses; its own page would repeat the request line.
        self.close_connection = True
        self._send(routes.Page(code, "text/plain; charset=utf-8", b"The request is not right.\n"))

    def _answer(self) -> None:
        if self.headers.get("Host", "") not in self.server.hosts:
            raise Refusal(400, "This address is not the simulator's.")
        path, query = self._target()
        route = routes.find(path)
        if route is None:
            raise Refusal(404, "There is nothing here.")
        if self.command not in route.methods:
            raise Refusal(405, "That can't be done here.")
        fields = self._json() if route.takes_json else dict(query)
        if self.command == "POST" and not route.takes_json:
            fields = dict(self._pairs(self._body()))
        call = routes.Call(self.server, self.command, path, fields)
        try:
            if route.gateway_call:
                self._answer_gateway_call(route, call)
            else:
                self._send(route.answer(call))
        except (routes.BadRequest, UnicodeError) as error:
            raise Refusal(
                400, str(error) if isinstance(error, routes.BadRequest) else "Unreadable text."
            ) from None

    def _answer_gateway_call(self, route: routes.Route, call: routes.Call) -> None:
        bank = self.server.bank
        name, tran_id = routes.name_of_call(call), bank.tran_id_of(call.fields)
        bank.calls.append((name, tran_id))
        knobs = bank.panel.faults(tran_id, name)
        self._wait(knobs.delay_ms / 1000)
        if not knobs.after_effect:
            self._wait(knobs.hang_s)
            if knobs.http_500:
                return self._send(routes.BROKEN)
        page = route.answer(call)
        if knobs.after_effect:
            self._wait(knobs.hang_s)
            if knobs.http_500:
                return self._send(routes.BROKEN)
        return self._send(_bent(page, knobs), cut=knobs.half_answer)

    def _target(self) -> tuple[str, list[tuple[str, str]]]:
        try:
            parts = urlsplit(self.path)
        except ValueError:
            raise Refusal(400, "The address is not right.") from None
        return parts.path, self._pairs(parts.query)

    def _pairs(self, text: str) -> list[tuple[str, str]]:
        try:
            return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
        except ValueError:
            raise Refusal(400, "The fields can't be read.") from None

    def _json(self) -> dict[str, Any]:
        # A page of another site can't send this type without asking first.
        if self.headers.get_content_type() != "application/json":
            raise Refusal(415, "Send application/json.")
        try:
            data = json.loads(self._body())
        except (ValueError, RecursionError):
            raise Refusal(400, "That is not JSON.") from None
        if not isinstance(data, dict):
            raise Refusal(400, "Send a JSON object.")
        return data

    def _body(self) -> str:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and len(length) < 10):
            raise Refusal(411, "Send a Content-Length.")
        if int(length) > MAX_BODY:
            raise Refusal(413, "That is too long.")
        try:
            return self.rfile.read(int(length)).decode()
        except UnicodeDecodeError:
            raise Refusal(400, "The fields can't be read.") from None

    def _wait(self, seconds: float) -> None:
        if seconds > 0:
            self.server.stopping.wait(seconds)

    def _send(self, page: routes.Page, *, cut: bool = False) -> None:
        self.send_response(page.status)
        self.send_header("Content-Type", page.content_type)
        self.send_header("Content-Length", str(len(page.body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        form_action = " ".join(["'self'", *page.forms_to])
        self.send_header(
            "Content-Security-Policy",
            f"default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; form-action {form_action};"
            " base-uri 'none'; frame-ancestors 'none'",
        )
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(page.body[: len(page.body) // 2] if cut else page.body)


def _bent(page: routes.Page, knobs: Knobs) -> routes.Page:
    bodies = {
        "html": b"<html><body>Under maintenance</body></html>",
        "list": b"[1, 2, 3]",
        "nan": b'{"APIConnect": "DONE", "status": "SUCCESS", "amount": NaN}',
        "double": b'{"APIConnect": "DONE", "status": "FAILED", "status": "SUCCESS"}',
        "huge": b'{"APIConnect": "DONE", "padding": "' + b"x" * HUGE + b'"}'
        if knobs.garbage == "huge"
        else b"",
    }
    return routes.Page(200, page.content_type, bodies[knobs.garbage]) if knobs.garbage else page
