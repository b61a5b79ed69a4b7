"""Reads of the formulary."""

from __future__ import annotations

from core.search import search_ids

from .models import Medicine

SEARCH_KIND = "formulary.medicine"


def search_medicines(text: str, *, limit: int = 20) -> list[Medicine]:
    """Return medicines by generic, brand, strength, form, class or Bangla name, best first; two queries at most."""
    ids = [medicine_id for medicine_id, _score in search_ids(SEARCH_KIND, text, limit=limit)]
    found = Medicine.objects.select_related("generic").in_bulk(ids) if ids else {}
    return [found[medicine_id] for medicine_id in ids if medicine_id in found]


def medicine_by_public_id(public_id: str) -> Medicine:
    """Return the medicine with its generic; raises Medicine.DoesNotExist."""
    return Medicine.objects.select_related("generic").get(public_id=public_id)


def search_text(medicine: Medicine) -> str:
    """Return what a medicine is found by."""
    generic = medicine.generic
    parts = [
        generic.name,
        medicine.brand,
        medicine.strength,
        medicine.form,
        generic.therapeutic_class,
        medicine.bn_name,
    ]
    return " ".join(parts)
