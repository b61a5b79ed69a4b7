"""Sends IPNs from background threads, apart from the pages, as late and as often as the knobs say."""

from __future__ import annotations

import http.client
import threading
import urllib.error
import urllib.parse
import urllib.request
from email.message import Message
from typing import IO, Any

from .bank import Bank
from .store import Row

MAX_WAITING = 200
TIMEOUT_S = 10.0
REORDER_S = 1.0


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


class Notices:
    """The IPNs on their way; `stopping` ends their waiting."""

    def __init__(self, bank: Bank, stopping: threading.Event) -> None:
        self._bank = bank
        self._stopping = stopping
        self._places = threading.BoundedSemaphore(MAX_WAITING)
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects())

    def announce(self, session: Row) -> None:
        """Start sending what a decided session has to say; returns at once."""
        knobs = self._bank.panel.of(session["tran_id"])
        delay = max(knobs.ipn_delay_ms / 1000, REORDER_S if knobs.reorder else 0.0)
        late = session["settles_at"] - session["decided_at"]
        moments = [delay] if session["first_status"] != "PENDING" else []
        if late > 0:
            moments.append(late + delay)
        if knobs.drop_ipn or not session["ipn_url"]:
            moments = []
        if moments and self._places.acquire(blocking=False):
            copies = 2 if knobs.duplicate_ipn else 1
            threading.Thread(target=self._send_all, args=(session, moments, copies), daemon=True).start()

    def _send_all(self, session: Row, moments: list[float], copies: int) -> None:
        try:
            waited = 0.0
            for moment in moments:
                if self._stopping.wait(max(moment - waited, 0)):
                    return
                waited = moment
                for _ in range(copies):
                    self._send(session)
        finally:
            self._places.release()

    def _send(self, session: Row) -> None:
        message = self._bank.message(session)
        request = urllib.request.Request(
            session["ipn_url"],
            data=urllib.parse.urlencode(message).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "PaymentSimulator"},
        )
        answered: Any
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as response:
                answered = response.status
        except urllib.error.HTTPError as error:
            with error:
                answered = error.code
        except (OSError, http.client.HTTPException, ValueError):
            answered = "none"
        self._bank.store.note_ipn(session["tran_id"], message["status"], str(answered))
