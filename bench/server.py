"""The real server on loopback, as `make run` starts it, and signing in to it."""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

from .database import FOLDER, ROOT, environment

START_SECONDS = 60.0
LOGIN = "/accounts/log-in/"
PASSWORD = "Demo-pass-2026!"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class BenchError(Exception):
    """The measurement cannot go on; the message says why."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    pid: int

    def processor_seconds(self) -> float:
        """Return the processor time that it has used so far; 0 where the system does not tell."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(scale: int) -> Iterator[Server]:
    """Serve the database of that scale while the block runs, and hand over the server. Raises BenchError."""
    port = _free_port()
    command = [
        sys.executable, "scripts/child.py", sys.executable, "-m", "daphne", "-v", "0",
        "-b", "127.0.0.1", "-p", str(port), "healthstack.asgi:application",
    ]  # fmt: skip
    log_file = FOLDER / f"web-x{scale}.log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment(scale) | {"PORT": str(port)}, stdout=log, stderr=log
        )
    try:
        _wait(process, port, log_file.name)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise BenchError(f"The server did not start; var/bench/{log} says why.")


def ask(
    port: int,
    path: str,
    cookie: str = "",
    *,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[http.client.HTTPResponse, bytes]:
    """Return the answer to one request and its body; no redirect is followed."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    sent = {"Cookie": cookie, **(headers or {})}
    connection.request("POST" if body is not None else "GET", path, body=body, headers=sent)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer, content


def sign_in(port: int, email: str) -> str:
    """Log in through the page as a person does, and return the cookies. Raises BenchError."""
    cookies = SimpleCookie()
    answer, page = ask(port, LOGIN)
    _keep(cookies, answer)
    token = TOKEN.search(page.decode())
    if not token:
        raise BenchError(f"The log-in page has no form (status {answer.status}).")
    form = urlencode({"csrfmiddlewaretoken": token[1], "email": email, "password": PASSWORD}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer, _ = ask(port, LOGIN, _header(cookies), body=form, headers=headers)
    if answer.status != 302:
        raise BenchError(f"{email} could not log in (status {answer.status}).")
    _keep(cookies, answer)
    return _header(cookies)


def _keep(cookies: SimpleCookie, answer: http.client.HTTPResponse) -> None:
    for value in answer.headers.get_all("Set-Cookie") or []:
        cookies.load(value)


def _header(cookies: SimpleCookie) -> str:
    return "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())
