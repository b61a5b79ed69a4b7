"""The registry of what may be recorded. Rooms fill it in `registrations.py`; `record()` refuses an unknown kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Kind:
    """A kind of entry.

    A versioned kind names the frozen version rows that the entry commits to: `load_versions(refs)` returns them by
    (reference, version), and `canonical(row)` their content as JSON values (money and ids as strings). An event has neither:
    its entry's body is all there is. `label` is what people read in "who did what".
    """

    name: str
    label: StrOrPromise
    load_versions: Callable[[Iterable[str]], Mapping[tuple[str, int], Any]] | None = None
    canonical: Callable[[Any], dict[str, Any]] | None = None

    @property
    def is_versioned(self) -> bool:
        return self.canonical is not None


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Add a kind; a second one of the same name, or half a versioned one, is an error."""
    if kind.name in _kinds:
        raise ValueError(f"Two ledger kinds are called {kind.name}.")
    if (kind.canonical is None) != (kind.load_versions is None):
        raise ValueError(f"The versioned kind {kind.name} needs load_versions and canonical.")
    _kinds[kind.name] = kind
    return kind


def event(name: str, label: StrOrPromise) -> Kind:
    """Register an event kind."""
    return register(Kind(name, label))


def get(name: str) -> Kind:
    """Return the kind; LookupError when no room registered it."""
    if name not in _kinds:
        raise LookupError(f"No ledger kind is called {name}.")
    return _kinds[name]


def names() -> list[str]:
    """Return all registered names, sorted."""
    return sorted(_kinds)
