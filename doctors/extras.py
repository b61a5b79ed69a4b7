"""What rooms above add to the pages of this one, without this room knowing them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

NextFree = Callable[[list[int]], Mapping[int, dt.datetime]]
ComingVisits = Callable[[list[int]], Mapping[int, int]]

_next_free: list[NextFree] = []
_coming_visits: list[ComingVisits] = []


def register_next_free(find: NextFree) -> None:
    """Let `find(affiliation ids)` say when each is next free; inside the hospital's scope, in one query."""
    _next_free[:] = [find]


def next_free_of(affiliation_ids: list[int]) -> dict[int, dt.datetime]:
    """Return when each affiliation is next free, by primary key; nothing for those that are not."""
    found: dict[int, dt.datetime] = {}
    for find in _next_free:
        found.update(find(affiliation_ids))
    return found


def register_coming_visits(count: ComingVisits) -> None:
    """Let `count(affiliation ids)` say how many visits to each are still to come; in the scope, in one query."""
    _coming_visits[:] = [count]


def coming_visits_of(affiliation_ids: list[int]) -> dict[int, int]:
    """Return how many visits to each affiliation are still to come, by primary key; nothing for those without."""
    found: dict[int, int] = {}
    for count in _coming_visits:
        found.update(count(affiliation_ids))
    return found
