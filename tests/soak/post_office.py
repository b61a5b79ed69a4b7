"""A real SMTP server on loopback that is slow, busy, picky, hangs or is down, as told."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from email import message_from_bytes
from typing import Any

from aiosmtpd.controller import Controller

UP, SLOW, BUSY, HANGS, FORGETFUL = "up", "slow", "busy", "hangs", "forgetful"
SLOW_SECONDS, HANG_SECONDS = 0.15, 1.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PostOffice:
    """Takes mails at 127.0.0.1:`port`; `mood` says how, `refused` whom it does not know, `received` what it has."""

    def __init__(self) -> None:
        self.port = _free_port()
        self.mood = UP
        self.refused: set[str] = set()
        self.received: list[tuple[str, str]] = []  # to whom, and the mail's own id
        self._controller: Controller | None = None

    def open(self) -> None:
        """Begin to listen."""
        if self._controller is None:
            self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
            self._controller.start()

    def close(self) -> None:
        """Be down: whoever connects is refused."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def copies(self) -> Counter[str]:
        """Return how often each mail came, by its own id."""
        return Counter(message_id for _, message_id in self.received)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        """Take the address, or not, or not now."""
        if self.mood == HANGS:
            await asyncio.sleep(HANG_SECONDS)
        if address in self.refused:
            return "550 5.1.1 No such person here"
        if self.mood == BUSY:
            return "451 4.7.1 Come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Take the mail; slowly when slow; when forgetful, hang up without a word about it."""
        if self.mood == SLOW:
            await asyncio.sleep(SLOW_SECONDS)
        mail = message_from_bytes(envelope.content)
        self.received.append((envelope.rcpt_tos[0], str(mail["Message-ID"])))
        if self.mood == FORGETFUL:
            server.transport.abort()
        return "250 OK"
