"""Who is who in the cast of tests that cross rooms, and which word may be shown to whom."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from accounts.models import User
from doctors.models import Affiliation, Doctor
from hospitals.models import Hospital, Role
from patients.models import Patient

NOW = dt.datetime(2026, 11, 21, 6, 0, tzinfo=dt.UTC)  # a Saturday, noon in Dhaka
OWN, SAME, OTHER, NOBODY, WALK_IN = "own", "same", "other", "nobody", "walk_in"
HOME = {OWN: "own", SAME: "own", OTHER: "other"}
PATIENT = {OWN: "paul", SAME: "pia", OTHER: "omar"}
DOCTOR = {OWN: "dora", SAME: "dana", OTHER: "deb"}
DESK = {"own": "rita", "other": "sam"}
STAFF = {
    "own": {"ada": Role.ADMIN, "rita": Role.RECEPTIONIST},
    "other": {"mallory": Role.ADMIN, "sam": Role.RECEPTIONIST},
}
NAMES = {
    "ada": "Ada Hoque", "rita": "Rita Saha", "mallory": "Mallory Khan", "sam": "Sam Dey", "root": "Root Ahmed",
    "nadia": "Nadia Islam", "paul": "Paul Rahman", "pia": "Pia Sarkar", "omar": "Omar Faruk", "dora": "Dr Dora Sen",
    "dana": "Dr Dana Bose", "deb": "Dr Deb Roy", "tess": "Dr Tess Yasmin", "toby": "Dr Toby Das",
}  # fmt: skip
ABSENT = "zzzzzzzzzzzzzzzz"  # a public id that nothing has


@dataclass(frozen=True)
class Canary:
    """A text that may be shown to these people and to nobody else."""

    text: str
    seen_by: frozenset[str]
    what: str


@dataclass
class Cast:
    """Everybody, both hospitals, the ids of their records by kind and variant, and the canaries."""

    people: dict[str, User] = field(default_factory=dict)
    hospitals: dict[str, Hospital] = field(default_factory=dict)
    patients: dict[str, Patient] = field(default_factory=dict)
    doctors: dict[str, Doctor] = field(default_factory=dict)
    affiliations: dict[str, Affiliation] = field(default_factory=dict)
    medicine: Any = None
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    canaries: list[Canary] = field(default_factory=list)

    def keep(self, kind: str, variant: str, row: Any) -> Any:
        """Remember the first row of its kind and variant."""
        self.rows.setdefault(kind, {}).setdefault(variant, row)
        return row

    def row(self, kind: str, variant: str) -> Any:
        """Return that row."""
        return self.rows[kind][variant]

    def id_of(self, kind: str, variant: str) -> str:
        """Return that row's public id; `nobody` has one that does not exist."""
        return ABSENT if variant == NOBODY else str(self.rows[kind][variant].public_id)

    def canary(self, text: str, *seen_by: str, what: str = "") -> str:
        """Remember a text and who may see it, and return it."""
        self.canaries.append(Canary(text, frozenset(seen_by), what or text))
        return text
