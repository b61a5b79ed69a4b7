"""Writes of the formulary."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

from django.db import transaction

from core.search import index_many

from .models import Generic, Medicine
from .queries import SEARCH_KIND, search_text

DATA_FILE = Path(__file__).parent / "data" / "medicines.csv"
DATA_DATE = dt.date(2026, 11, 1)  # shown wherever a check says which data it used
_COPIED = ("brand", "form", "strength", "route", "dose_unit", "manufacturer", "pack_size", "bn_name")
_FLAGS = ("prescription_only", "controlled")


@transaction.atomic
def load_demonstration_data() -> int:
    """Load the medicines shipped with the project and index them; returns how many.

    Updates by code what is there already, so that it can be run again; public ids stay.
    """
    rows = _read_rows()
    generics = _load_generics(rows)
    medicines = [_medicine(row, generics[row["generic"]]) for row in rows]
    updated = [*_COPIED, *_FLAGS, "generic", "demonstration"]
    Medicine.objects.bulk_create(
        medicines, update_conflicts=True, unique_fields=["code"], update_fields=updated, batch_size=50
    )
    stored = Medicine.objects.select_related("generic").filter(code__in=[row["code"] for row in rows])
    return index_many(SEARCH_KIND, [(medicine.pk, search_text(medicine)) for medicine in stored])


def _read_rows() -> list[dict[str, str]]:
    with DATA_FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _load_generics(rows: list[dict[str, str]]) -> dict[str, Generic]:
    by_name = {row["generic"]: row for row in rows}
    Generic.objects.bulk_create(
        [
            Generic(name=name, atc_code=row["atc_code"], therapeutic_class=row["therapeutic_class"])
            for name, row in by_name.items()
        ],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["atc_code", "therapeutic_class"],
    )
    return {generic.name: generic for generic in Generic.objects.filter(name__in=by_name)}


def _medicine(row: dict[str, str], generic: Generic) -> Medicine:
    copied = {name: row[name] for name in _COPIED}
    flags = {name: row[name] == "yes" for name in _FLAGS}
    return Medicine(code=row["code"], generic=generic, demonstration=True, **copied, **flags)
