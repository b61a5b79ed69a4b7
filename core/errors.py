"""Errors that people cause and can mend; each carries a sentence for them."""

from __future__ import annotations

from typing import ClassVar


class DomainError(Exception):
    """A rule of the house says no; `str(error)` is the sentence that the person reads."""

    code: ClassVar[str] = "refused"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = str(message)
        self.field = field


class IllegalTransition(DomainError):
    """Something can't move to that state from where it is now."""

    code = "illegal_transition"


class Conflict(DomainError):
    """Somebody else was faster, or the page that was sent is older than what is stored."""

    code = "conflict"


class Throttled(DomainError):
    """Too many tries in a short time."""

    code = "throttled"
