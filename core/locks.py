"""Row locks in one order for the whole house, so that two operations never wait for each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby
from typing import Any


class Rank(IntEnum):
    """What is locked before what; within a rank by primary key. The invoice counter comes last."""

    HOSPITAL = 1
    DOCTOR = 2
    PATIENT = 3
    APPOINTMENT = 4
    PRESCRIPTION_LINE = 5
    STOCK = 6
    ORDER = 7
    MONEY = 8
    COUNTER = 9


@dataclass(frozen=True)
class LockKey:
    """One row to lock."""

    rank: Rank
    model: type[Any]
    pk: int


def lock_rows(keys: Iterable[LockKey]) -> None:
    """Lock the rows in the house's order. PostgreSQL holds them until commit; SQLite has one write lock already.

    A plain `FOR UPDATE` would block every insert that points at the row, hence `no_key`.
    """
    ordered = sorted(set(keys), key=lambda key: (key.rank, key.model._meta.label, key.pk))
    for model, group in groupby(ordered, key=lambda key: key.model):
        pks = [key.pk for key in group]
        # The base manager knows no scope: a doctor's row is locked from whichever hospital a visit is booked.
        rows = model._base_manager.select_for_update(no_key=True, of=("self",))
        list(rows.filter(pk__in=pks).order_by("pk").values_list("pk"))
