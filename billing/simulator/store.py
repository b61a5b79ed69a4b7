"""What the simulator remembers: one SQLite file that survives a kill and serves several threads."""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS session (
    session_key TEXT PRIMARY KEY,
    tran_id TEXT NOT NULL,
    amount TEXT NOT NULL,
    currency TEXT NOT NULL,
    title TEXT NOT NULL,
    customer TEXT NOT NULL,
    success_url TEXT NOT NULL,
    fail_url TEXT NOT NULL,
    cancel_url TEXT NOT NULL,
    ipn_url TEXT NOT NULL,
    opened_at REAL NOT NULL,
    choice TEXT NOT NULL DEFAULT '',
    decided_at REAL NOT NULL DEFAULT 0,
    first_status TEXT NOT NULL DEFAULT 'PENDING',
    last_status TEXT NOT NULL DEFAULT 'PENDING',
    settles_at REAL NOT NULL DEFAULT 0,
    val_id TEXT UNIQUE,
    bank_tran_id TEXT UNIQUE,
    validated INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS session_tran_id ON session (tran_id);
CREATE TABLE IF NOT EXISTS refund (
    refund_ref_id TEXT PRIMARY KEY,
    bank_tran_id TEXT NOT NULL,
    refe_id TEXT NOT NULL,
    cents INTEGER NOT NULL,
    plan TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'processing',
    polls_left INTEGER NOT NULL,
    asked_at REAL NOT NULL,
    UNIQUE (bank_tran_id, refe_id)
);
CREATE TABLE IF NOT EXISTS ipn (
    id INTEGER PRIMARY KEY,
    tran_id TEXT NOT NULL,
    status TEXT NOT NULL,
    answered TEXT NOT NULL,
    sent_at REAL NOT NULL
);
"""
PAID = ("VALID", "VALIDATED")
FINAL = {"pay": "VALID", "fail": "FAILED", "cancel": "CANCELLED", "expire": "EXPIRED", "leave": "UNATTEMPTED"}

Row = dict[str, Any]


class Store:
    """Sessions, refunds and sent notices; every method is one transaction."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(SCHEMA)

    def open_session(self, values: Row) -> str:
        """Keep a new session and return its key."""
        row = {**values, "session_key": secrets.token_hex(16).upper(), "opened_at": time.time()}
        names = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        with self._write() as connection:
            connection.execute(f"INSERT INTO session ({names}) VALUES ({marks})", row)
        return str(row["session_key"])

    def session(self, column: str, value: str) -> Row | None:
        """The newest session by session_key, tran_id, val_id or bank_tran_id."""
        rows = self.sessions(column, value)
        return rows[-1] if rows else None

    def sessions(self, column: str, value: str) -> list[Row]:
        """All sessions with that value, oldest first."""
        if column not in {"session_key", "tran_id", "val_id", "bank_tran_id"}:
            raise ValueError(column)
        with self._open() as connection:
            found = connection.execute(
                f"SELECT * FROM session WHERE {column} = ? ORDER BY opened_at, rowid", (value,)
            )
            return [dict(row) for row in found]

    def decide(self, session_key: str, choice: str, late_s: float) -> tuple[Row, bool]:
        """Decide a session once; returns it and whether this call did. With `late_s` it turns paid that much later."""
        now = time.time()
        late = late_s > 0 and choice in {"pay", "fail", "cancel"}
        last = "VALID" if late else FINAL[choice]
        first = "PENDING" if late and choice == "pay" else FINAL[choice]
        paid = last == "VALID"
        with self._write() as connection:
            changed = connection.execute(
                "UPDATE session SET choice = ?, decided_at = ?, first_status = ?, last_status = ?, settles_at = ?,"
                " val_id = ?, bank_tran_id = ? WHERE session_key = ? AND choice = ''",
                (
                    choice,
                    now,
                    first,
                    last,
                    now + late_s if late else now,
                    secrets.token_hex(12) if paid else None,
                    "B" + secrets.token_hex(10) if paid else None,
                    session_key,
                ),
            ).rowcount
            row = connection.execute("SELECT * FROM session WHERE session_key = ?", (session_key,)).fetchone()
        return dict(row), changed == 1

    def mark_validated(self, session_key: str) -> bool:
        """Note that the shop has validated a payment; True for the first time."""
        with self._write() as connection:
            done = connection.execute(
                "UPDATE session SET validated = 1 WHERE session_key = ? AND validated = 0", (session_key,)
            )
            return done.rowcount == 1

    def add_refund(self, refund: Row, limit_cents: int) -> tuple[str, str]:
        """Take a refund within what was captured; returns its reference and `new`, `known` or `too_much`.

        A reference that was cancelled may be asked again and starts anew.
        """
        with self._write() as connection:
            known = connection.execute(
                "SELECT refund_ref_id, state FROM refund WHERE bank_tran_id = :bank_tran_id AND refe_id = :refe_id",
                refund,
            ).fetchone()
            if known and known["state"] != "cancelled":
                return str(known["refund_ref_id"]), "known"
            taken = connection.execute(
                "SELECT COALESCE(SUM(cents), 0) AS cents FROM refund"
                " WHERE bank_tran_id = :bank_tran_id AND state != 'cancelled'",
                refund,
            ).fetchone()["cents"]
            if taken + refund["cents"] > limit_cents:
                return "", "too_much"
            row = {**refund, "refund_ref_id": "R" + secrets.token_hex(10), "asked_at": time.time()}
            names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
            # Replaces the cancelled one of the same reference.
            connection.execute(f"INSERT OR REPLACE INTO refund ({names}) VALUES ({marks})", row)
        return str(row["refund_ref_id"]), "new"

    def poll_refund(self, refund_ref_id: str) -> Row | None:
        """Look at a refund, which moves it on."""
        with self._write() as connection:
            found = connection.execute(
                "SELECT * FROM refund WHERE refund_ref_id = ?", (refund_ref_id,)
            ).fetchone()
            if found is None:
                return None
            refund = dict(found)
            if refund["state"] == "processing" and refund["polls_left"] == 0:
                refund["state"] = "cancelled" if refund["plan"] == "processing_then_failed" else "refunded"
            refund["polls_left"] = max(refund["polls_left"] - 1, 0)
            connection.execute(
                "UPDATE refund SET state = :state, polls_left = :polls_left WHERE refund_ref_id = :refund_ref_id",
                refund,
            )
        return refund

    def refund(self, refund_ref_id: str) -> Row | None:
        """A refund, only looked at."""
        with self._open() as connection:
            found = connection.execute(
                "SELECT * FROM refund WHERE refund_ref_id = ?", (refund_ref_id,)
            ).fetchone()
        return dict(found) if found else None

    def refunds(self, bank_tran_id: str) -> list[Row]:
        """All refunds of one payment."""
        with self._open() as connection:
            found = connection.execute(
                "SELECT * FROM refund WHERE bank_tran_id = ? ORDER BY asked_at", (bank_tran_id,)
            )
            return [dict(row) for row in found]

    def note_ipn(self, tran_id: str, status: str, answered: str) -> None:
        """Keep that a notice was sent and what came back: an HTTP status or `none`."""
        with self._write() as connection:
            connection.execute(
                "INSERT INTO ipn (tran_id, status, answered, sent_at) VALUES (?, ?, ?, ?)",
                (tran_id, status, answered, time.time()),
            )

    def ipns(self, tran_id: str) -> list[Row]:
        """The notices sent for one payment, in order."""
        with self._open() as connection:
            found = connection.execute("SELECT * FROM ipn WHERE tran_id = ? ORDER BY id", (tran_id,))
            return [dict(row) for row in found]

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=20, isolation_level=None)
        connection.row_factory = sqlite3.Row
        try:
            yield connection
        finally:
            connection.close()

    @contextlib.contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            # Commits at the end, rolls back on any error.
            with connection:
                yield connection
