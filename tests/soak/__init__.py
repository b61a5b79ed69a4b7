"""Tests with two sizes: small in ``make test``, full in ``make soak AREA=…``.

An area is one file, ``tests/soak/test_<area>.py``; an area whose name ends in ``postgresql`` runs on PostgreSQL. Its
tests ask ``soak_count`` how often, draw from ``random.Random(soak_seed())``, and ``record_result`` what they saw. Long
ones call ``checkpoint`` now and then and begin at ``resume_from``, so that an interrupted soak goes on. For example::

    pytestmark = [pytest.mark.soak, pytest.mark.django_db(transaction=True)]


    def test_racing_bookings_never_overlap():
        rounds = soak_count("rounds", small=5, full=500)
        for number in range(resume_from("rounds"), rounds):
            ...
            checkpoint("rounds", number + 1)
        record_result("rounds", rounds)
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

SMALL_SEED = 20261121
STATE_FOLDER = Path(__file__).resolve().parents[2] / "var" / "soak"


class State:
    """What an area has done so far: kept in one JSON file, replaced in one step."""

    def __init__(self, area: str) -> None:
        self.path = STATE_FOLDER / f"{area}.json"
        self.values: dict[str, Any] = {"passed": [], "checkpoints": {}, "results": {}, "seconds": 0.0}
        if self.path.exists():
            self.values.update(json.loads(self.path.read_text(encoding="utf-8")))

    def save(self) -> None:
        """Write the state so that a killed soak finds a whole file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_suffix(".new")
        unfinished.write_text(json.dumps(self.values, indent=1), encoding="utf-8")
        unfinished.replace(self.path)

    def forget(self) -> None:
        """Start over."""
        self.path.unlink(missing_ok=True)


def is_full() -> bool:
    """Say whether this is ``make soak``."""
    return "SOAK_AREA" in os.environ


def _state() -> State:
    return State(os.environ["SOAK_AREA"])


def soak_seed() -> int:
    """Return the seed of this run: printed by ``make soak``, always the same in ``make test``."""
    return int(os.environ.get("SOAK_SEED", SMALL_SEED))


def soak_count(name: str, small: int, full: int) -> int:
    """Return how often: ``small`` in ``make test``, ``full`` times SOAK_SCALE (1 unless set) in ``make soak``."""
    if not is_full():
        return small
    count = max(small, round(full * float(os.environ.get("SOAK_SCALE", "1"))))
    record_result(f"{name} (asked for)", count)
    return count


def record_result(name: str, value: object) -> None:
    """Keep a figure for docs/results/<area>.md; in ``make test`` nothing is kept."""
    if is_full():
        state = _state()
        state.values["results"][name] = value if isinstance(value, int | float) else str(value)
        state.save()


def checkpoint(name: str, count: int) -> None:
    """Remember that ``count`` rounds of ``name`` are done, for an interrupted soak to go on from."""
    if is_full():
        state = _state()
        state.values["checkpoints"][name] = count
        state.save()


def resume_from(name: str) -> int:
    """Return how many rounds of ``name`` are done already."""
    return int(_state().values["checkpoints"].get(name, 0)) if is_full() else 0
