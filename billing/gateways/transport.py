"""One bounded, silent HTTP exchange with a gateway that wants its password in the query string.

Nothing here raises or logs an address, and no traceback runs through a frame that holds the password: what went wrong
comes back as a `Trouble`, and the caller raises from there.
"""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3

MAX_ANSWER_BYTES = 256 * 1024
CHUNK_BYTES = 16 * 1024
LOOPBACK = {"127.0.0.1", "::1", "localhost"}

_quiet: ContextVar[bool] = ContextVar("gateway_quiet", default=False)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is no usable answer; safe to log and to raise."""

    text: str


class _Hush(logging.Filter):
    """Drops what urllib3 says about our own calls: its debug lines and warnings hold whole addresses."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not _quiet.get()


for _name in ("urllib3.connectionpool", "urllib3.connection", "urllib3.response", "urllib3.util.retry"):
    logging.getLogger(_name).addFilter(_Hush())


def ask(
    method: str, url: str, payload: Mapping[str, str], *, connect_s: float, read_s: float
) -> dict[str, Any] | Trouble:
    """Send `payload` (query of a GET, form of a POST) and read one JSON object; seconds; the network never raises."""
    with _hushed():
        try:
            body = _exchange(method, url, payload, connect_s, read_s)
        except (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError):
            return Trouble("The gateway did not answer in time.")
        except (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError):
            return Trouble("The gateway could not be reached, or its answer broke off.")
    return body if isinstance(body, Trouble) else _read_json(body)


@contextlib.contextmanager
def _hushed() -> Iterator[None]:
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


def _exchange(
    method: str, url: str, payload: Mapping[str, str], connect_s: float, read_s: float
) -> bytes | Trouble:
    form = method.upper() == "POST"
    with requests.Session() as session:
        # A proxy of the environment must not see what stays on this machine.
        session.trust_env = urlsplit(url).hostname not in LOOPBACK
        # A redirect would carry the password to wherever it points.
        with session.request(
            method.upper(),
            url,
            params=None if form else payload,
            data=payload if form else None,
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "User-Agent": "HealthStack",
            },
            timeout=(connect_s, read_s),
            allow_redirects=False,
            stream=True,
        ) as response:
            if response.status_code != 200:
                return Trouble(f"The gateway answered with status {response.status_code}.")
            return _read_bounded(response, deadline=time.monotonic() + read_s)


def _read_bounded(response: requests.Response, *, deadline: float) -> bytes | Trouble:
    body = bytearray()
    while chunk := response.raw.read1(CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            return Trouble("The gateway's answer is too long.")
        if time.monotonic() > deadline:
            return Trouble("The gateway did not answer in time.")
    return bytes(body)


def _read_json(body: bytes) -> dict[str, Any] | Trouble:
    try:
        data = json.loads(
            body.decode("utf-8"),
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_without_doubles,
        )
    except (ValueError, RecursionError):
        return Trouble("The gateway's answer is not JSON.")
    return data if isinstance(data, dict) else Trouble("The gateway's answer is not a JSON object.")


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("a name occurs twice")
    return data
