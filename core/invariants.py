"""Invariants: what must hold in the data at any time, asked by tests, seeds and operators alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable

_checks: dict[str, Callable[[], Iterable[str]]] = {}


def invariant(name: str) -> Callable[[Callable[[], Iterable[str]]], Callable[[], Iterable[str]]]:
    """Register a check that yields one sentence for each break. It runs with all hospitals in view."""

    def register(function: Callable[[], Iterable[str]]) -> Callable[[], Iterable[str]]:
        if name in _checks:
            raise ValueError(f"Two invariants are called {name}.")
        _checks[name] = function
        return function

    return register


def invariant_names() -> list[str]:
    """Return the names of all checks, sorted."""
    return sorted(_checks)


def breaks_of(name: str) -> list[str]:
    """Run one check and return its breaks."""
    from .tenancy import everywhere

    with everywhere():
        return list(_checks[name]())
