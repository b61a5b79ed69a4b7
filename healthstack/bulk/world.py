"""What the parts of the fill share: the random source, who was made so far, and the trail that is still to be written."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.models import User
from core.actors import SEED
from core.ids import ALPHABET
from doctors.models import Affiliation, Doctor
from healthstack.demo.cast import DOMAIN, PASSWORD
from hospitals.models import Department, Hospital, Membership
from ledger.models import Entry, EntrySecret
from ledger.operations import NOBODY, About, Happened, values_of
from patients.models import Patient
from records.models import Allergies

from .names import Names
from .rows import insert_values
from .size import Size

MAIN = "bulk-main"
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def _canonical(value: dict[str, Any]) -> bytes:
    """Write JSON as RFC 8785 does, ten times as fast; only for names in ASCII, texts and whole numbers."""
    return _encode(value).encode()


@dataclass(eq=False)
class Place:
    """A hospital with the people who were made for it."""

    hospital: Hospital
    departments: list[Department] = field(default_factory=list)
    admin: User = field(default_factory=User)
    desk: User = field(default_factory=User)
    works: list[Affiliation] = field(default_factory=list)
    patients: list[Patient] = field(default_factory=list)
    numbers: dict[int, str] = field(default_factory=dict)  # hospital numbers by the patient's primary key


class World:
    """One fill."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.random = Random(size.seed)
        self.names = Names(self.random, size.seed)
        self.now = timezone.now().replace(microsecond=0)
        self.password_hash = make_password(PASSWORD)
        self.places: list[Place] = []
        # Weekday, opening and closing hour, by affiliation.
        self.hours: dict[int, list[tuple[int, int, int]]] = {}
        self.allergies: dict[int, Allergies] = {}  # by patient
        self.doctor = Doctor()
        self.patient = Patient()
        self._trail: list[Happened] = []
        self.entries = 0

    @property
    def main(self) -> Place:
        """The hospital that is measured."""
        return self.places[0]

    @property
    def others(self) -> list[Place]:
        """All hospitals but the main one; the main one when there is no other."""
        return self.places[1:] or self.places

    def share(self, total: int) -> list[Place]:
        """Return `total` hospitals to hand something out to: the main one a fifth of the times, the others in turn."""
        main = max(1, total // 5) if len(self.places) > 1 else total
        others = self.others
        return [self.main] * main + [others[index % len(others)] for index in range(total - main)]

    def id(self) -> str:
        """Return a public id; the same ones for the same seed, so for measurements only."""
        return "".join(self.random.choices(ALPHABET, k=16))

    def user(self, login: str, name: str) -> User:
        """Return a person who can log in, not saved."""
        user = User(
            public_id=self.id(),
            email=f"{login}@{DOMAIN}",
            name=name,
            password=self.password_hash,
            email_verified_at=self.now,
        )
        self.record("accounts.signed_up", user.public_id, body={"again": False})
        return user

    def member(self, hospital: Hospital, user: User, role: str) -> Membership:
        """Return a membership, not saved."""
        row = Membership(public_id=self.id(), hospital=hospital, user=user, role=role)
        body = {"user": user.public_id, "role": role}
        self.record(
            "hospitals.membership_added", row.public_id, about=About(hospital_id=hospital.pk), body=body
        )
        return row

    def record(
        self,
        kind: str,
        reference: str,
        *,
        by: Any = SEED,
        at: dt.datetime | None = None,
        about: About = NOBODY,
        **rest: Any,
    ) -> None:
        """Keep an entry for the trail; `write_trail` appends it."""
        self._trail.append(Happened(kind, reference, by, at or self.now, about=about, **rest))

    def write_trail(self) -> None:
        """Append what was kept, in the order it happened; inside a transaction."""
        self._trail.sort(key=lambda entry: entry.at)
        rows = [values_of(entry, canonical=_canonical) for entry in self._trail]
        insert_values(Entry, [entry for entry, _ in rows])
        insert_values(EntrySecret, [secret for _, secret in rows])
        self.entries += len(rows)
        self._trail.clear()
