"""The registry of what can be paid for. Rooms fill it in `registrations.py`; settle and checkout ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.actors import Actor
from core.locks import LockKey


@dataclass(frozen=True)
class Described:
    """What a line says: its title, price and tax, copied when it is charged."""

    title: str
    unit_price: Decimal
    tax: Decimal = Decimal("0.00")


@dataclass(frozen=True)
class Applied:
    """The money was used for what it was meant for."""


@dataclass(frozen=True)
class RefundDue:
    """The money can't be used; it goes back, with this sentence for the person."""

    reason: str


Outcome = Applied | RefundDue


@dataclass(frozen=True)
class Purpose:
    """What a room does when its thing is paid for; every function gets the record's public id.

    `lock_keys` names the rows to lock before judging. `reserve` keeps the thing while the payment runs and raises
    DomainError when it is gone; called again it extends once. `fulfil` applies the money or says why not (a DomainError
    means RefundDue). `release` gives the thing back when its payment is abandoned, and leaves one that was given back
    before as it is. `url` is where the payer sees what became of it.
    """

    name: str
    describe: Callable[[str], Described]
    lock_keys: Callable[[str], Iterable[LockKey]]
    reserve: Callable[[str], None]
    fulfil: Callable[[str, Actor], Outcome]
    release: Callable[[str], None]
    url: Callable[[str], str]


_purposes: dict[str, Purpose] = {}


def register(purpose: Purpose) -> Purpose:
    """Add a purpose; a second one of the same name is an error."""
    if purpose.name in _purposes:
        raise ValueError(f"Two purposes are called {purpose.name}.")
    _purposes[purpose.name] = purpose
    return purpose


def get(name: str) -> Purpose:
    """Return the purpose; LookupError when no room registered it."""
    if name not in _purposes:
        raise LookupError(f"No purpose is called {name}.")
    return _purposes[name]


def names() -> list[str]:
    """Return all registered names, sorted."""
    return sorted(_purposes)


def lock_keys_of(lines: Iterable[Any]) -> list[LockKey]:
    """Return the rows to lock for these invoice lines."""
    return [key for line in lines for key in get(line.purpose).lock_keys(line.reference)]
