"""What a request really did: what it wrote and kept, and what it made the log say."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

WRITING = re.compile(
    r'^\s*(?:INSERT INTO|INSERT OR \w+ INTO|UPDATE|DELETE FROM|REPLACE INTO)\s+"?(\w+)"?', re.IGNORECASE
)
SAVEPOINT = re.compile(r"^(SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT)\s", re.IGNORECASE)


class Writes:
    """The tables that were written and not rolled back again, by savepoint."""

    def __init__(self) -> None:
        self._open: list[set[str]] = [set()]

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        mark, wrote = SAVEPOINT.match(sql), WRITING.match(sql)
        if wrote:
            self._open[-1].add(wrote.group(1))
        elif mark and mark.group(1).upper() == "SAVEPOINT":
            self._open.append(set())
        elif mark and mark.group(1).upper().startswith("RELEASE") and len(self._open) > 1:
            inner = self._open.pop()
            self._open[-1] |= inner
        elif mark:
            self._open[-1].clear()
        return result

    @property
    def kept(self) -> set[str]:
        """The tables in which something has changed."""
        return set().union(*self._open)


class Log(logging.Handler):
    """Keeps every line that tells of a failure."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep errors and whatever carries an exception."""
        if record.levelno >= logging.ERROR or record.exc_info:
            error = f" {record.exc_info[1]!r}" if record.exc_info and record.exc_info[1] else ""
            self.lines.append(f"{record.name}: {record.getMessage()}{error}"[:500])


@contextmanager
def watched() -> Iterator[tuple[Writes, Log]]:
    """Watch this thread's database and the whole log."""
    writes, log, root = Writes(), Log(), logging.getLogger()
    root.addHandler(log)
    try:
        with connection.execute_wrapper(writes):
            yield writes, log
    finally:
        root.removeHandler(log)
