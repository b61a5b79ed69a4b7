"""The specialities that doctors and patients choose from."""

from __future__ import annotations

import csv
from pathlib import Path

from django.db import transaction

from ..models import Speciality

FILE = Path(__file__).resolve().parent.parent / "data" / "specialities.csv"


@transaction.atomic
def load_specialities() -> int:
    """Write the specialities of the list, changing those that are there by their slug; returns how many. Idempotent."""
    with FILE.open(encoding="utf-8", newline="") as lines:
        rows = [Speciality(**row) for row in csv.DictReader(lines)]
    Speciality.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["slug"],
        update_fields=["name", "lay_name", "practitioner", "search_words"],
    )
    return len(rows)
