"""Fills what other rows are chosen from or found by: medicines, the search index, the next free times."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils import timezone

from appointments.models import NextFree
from appointments.operations.next_free import SHOWN
from appointments.queries import HORIZON_DAYS, PROFILE_DAYS, plans_for
from appointments.slots import days_from, free_slots
from core.models import SearchGram
from core.search import gram_values
from doctors.models import Affiliation, Doctor
from doctors.queries import SEARCH_KIND as DOCTORS
from formulary.models import Medicine
from formulary.operations import load_demonstration_data
from formulary.queries import SEARCH_KIND as MEDICINES
from formulary.queries import search_text
from hospitals.operations.searching import SEARCH_KIND as HOSPITALS
from patients.models import Registration, search_kind

from .rows import insert, insert_values
from .world import World

SYLLABLES = "ra vi mo ta le xi no du ke sa pri zo ban cor fen lin".split()
ALIKE = "generic form strength route dose_unit pack_size prescription_only controlled bn_name".split()
TOGETHER = 300  # affiliations whose plans are read together
INDEXED_TOGETHER = 5_000  # texts


@transaction.atomic
def add_medicines(world: World) -> list[Medicine]:
    """Load the shipped medicines, add variants under made-up brands up to the number asked for, and return all."""
    load_demonstration_data()
    shipped = list(Medicine.objects.select_related("generic").order_by("code"))
    brands = _brands(world, {medicine.brand for medicine in shipped})
    added = []
    for number in range(max(0, world.size.medicines - len(shipped))):
        like = world.random.choice(shipped)
        row = Medicine(
            public_id=world.id(), code=f"BULK-{number:06d}", brand=next(brands), demonstration=True
        )
        for name in ALIKE:
            setattr(row, name, getattr(like, name))
        row.manufacturer = "Bulk Demonstration Laboratories"
        added.append(row)
    insert(added)
    _index(MEDICINES, ((row.pk, search_text(row)) for row in added))
    return shipped + added


def _brands(world: World, taken: set[str]) -> Iterator[str]:
    """Yield brands that no other medicine has."""
    while True:
        brand = "".join(world.random.choices(SYLLABLES, k=world.random.randint(3, 4))).capitalize()
        if brand not in taken:
            taken.add(brand)
            yield brand


@transaction.atomic
def index_all(world: World) -> None:
    """Make doctors, patients and hospitals findable."""
    _index_names(DOCTORS, Doctor.objects.order_by("pk").values_list("pk", "name", "name_bn"))
    for place in world.places:
        here = Registration.objects.filter(hospital=place.hospital).order_by("patient")
        names = here.values_list("patient", "patient__name", "patient__name_bn")
        _index_names(search_kind(place.hospital.pk), names)
    words = (
        (
            place.hospital.pk,
            [place.hospital.name, place.hospital.city, place.hospital.area, *map(str, place.departments)],
        )
        for place in world.places
    )
    _index(HOSPITALS, ((pk, " ".join(word for word in found if word)) for pk, found in words))


def _index_names(kind: str, rows: Any) -> None:
    _index(kind, ((pk, f"{name} {name_bn}") for pk, name, name_bn in rows.iterator(chunk_size=5_000)))


def _index(kind: str, texts: Iterator[tuple[int, str]]) -> None:
    """Do what `index_many` does, for objects that were not indexed before."""
    while batch := list(islice(texts, INDEXED_TOGETHER)):
        insert_values(SearchGram, (row for pk, text in batch for row in gram_values(kind, pk, text)))


@transaction.atomic
def add_next_free(world: World) -> None:
    """Compute when each doctor is next free, as the worker does, but for many at once."""
    works = (work for place in world.places for work in place.works)
    while batch := list(islice(works, TOGETHER)):
        insert(_next_free_rows(batch))


def _next_free_rows(works: list[Affiliation]) -> list[NextFree]:
    now = timezone.now()
    first = works[0].hospital.local(now).date()
    plans = plans_for(works, days=HORIZON_DAYS, first=first)
    rows = []
    for work in works:
        plan = plans[work.pk]
        soon = list(free_slots(plan, days_from(first, PROFILE_DAYS), now))
        later = free_slots(
            plan, days_from(first + dt.timedelta(days=PROFILE_DAYS), HORIZON_DAYS - PROFILE_DAYS), now
        )
        starts = soon[:SHOWN] or list(islice(later, SHOWN))
        stale = [now + dt.timedelta(days=1)]
        if starts:
            stale.append(starts[0] - dt.timedelta(minutes=work.lead_minutes))
        rows.append(
            NextFree(
                hospital=work.hospital,
                affiliation=work,
                starts_at=starts[0] if starts else None,
                first_starts=[start.isoformat() for start in starts],
                free_count=len(soon),
                computed_at=now,
                stale_at=max(min(stale), now + dt.timedelta(seconds=5)),
            )
        )
    return rows
