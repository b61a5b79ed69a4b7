"""Who acts: a person who is logged in, or a named part of the system."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


class Actor(Protocol):
    """What operations need to know of `by`: an id that the ledger keeps."""

    @property
    def actor_id(self) -> str: ...


@dataclass(frozen=True)
class System:
    """A named system actor, for example the scheduler."""

    name: str

    @property
    def actor_id(self) -> str:
        return f"system:{self.name}"


SCHEDULER = System("scheduler")
GATEWAY = System("payment gateway")
SEED = System("seed")
VISITOR = System("visitor")


def person_of(actor: Actor) -> Any:
    """Return the user who acts; None when a part of the system does."""
    return None if isinstance(actor, System) else actor
