"""Finding a doctor: by speciality, name, place and fee, those who are free soonest first."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from core.memory import remembered
from core.search import normalise, queryset_matches, search_ids
from core.tenancy import public_directory
from doctors.models import Affiliation, Speciality
from doctors.queries import SEARCH_KIND
from hospitals.models import Hospital

from ..models import NextFree
from ..slots import cells_of
from .plans import taken_cells, visits_a_day

NAME_LIMIT = 1000
ALIKE = 0.5  # share of three-letter pieces that two words have in common
SOONEST, CHEAPEST = "soonest", "fee"


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for; everything may be left out. `speciality` and `hospital` are slugs."""

    text: str = ""
    city: str = ""
    speciality: str = ""
    hospital: str = ""
    max_fee: Decimal | None = None
    sort: str = SOONEST


@dataclass(frozen=True)
class Found:
    """The doctors at their hospitals that fit, in order, and what one could narrow it down to, with how many.

    Without words the order may be a minute old: `on_page` leaves out who can't be booked any more.
    """

    rows: QuerySet[Affiliation]
    keys: list[int]
    specialities: list[tuple[Speciality, int]]
    cities: list[tuple[str, int]]

    @property
    def total(self) -> int:
        """How many fit."""
        return len(self.keys)

    def on_page(self, keys: Iterable[int]) -> list[Affiliation]:
        """Return those of these keys, in their order; one query."""
        wanted = list(keys)
        by_key = {row.pk: row for row in self.rows.filter(pk__in=wanted)}
        return [by_key[key] for key in wanted if key in by_key]


def search_doctors(wanted: Wanted) -> Found:
    """Return who can be booked and fits, in at most four queries (the rows themselves not counted)."""
    specialities = list(Speciality.objects.all())
    with public_directory():
        rows = Affiliation.objects.bookable()
    if wanted.text:
        rows = rows.filter(_said(wanted.text, specialities))
    if wanted.hospital:
        rows = rows.filter(hospital__slug=wanted.hospital)
    if wanted.max_fee is not None:
        rows = rows.filter(fee__lte=wanted.max_fee)
    # Without words there are as many counts as hospitals and fees to choose from, and each reads every affiliation.
    asked = f"search:{wanted.hospital}:{wanted.max_fee}"
    groups = _groups(rows) if wanted.text else remembered(asked, lambda: _groups(rows))
    cities = {city.casefold() for _, city in groups}
    if wanted.city:
        rows = rows.filter(Q(hospital__city__iexact=wanted.city) | Q(hospital__area__iexact=wanted.city))
    if wanted.speciality:
        rows = rows.filter(doctor__speciality__slug=wanted.speciality)
    # An area is no group of its own, so it is counted by asking.
    is_area = bool(wanted.city) and wanted.city.casefold() not in cities
    meant = frozenset(row.pk for row in specialities if row.slug == wanted.speciality)
    counted = _Counted(groups, specialities, wanted, is_area, meant)
    ordered = _ordered(rows, wanted.sort)
    return Found(
        rows=ordered,
        keys=_keys_in_order(ordered, wanted),
        specialities=counted.by_speciality(),
        cities=counted.by_city(),
    )


def _keys_in_order(ordered: QuerySet[Affiliation], wanted: Wanted) -> list[int]:
    def read() -> list[int]:
        return list(ordered.values_list("pk", flat=True))

    if wanted.text:
        return read()
    asked = hashlib.sha256(repr(wanted).encode()).hexdigest()
    return remembered(f"search:order:{asked}", read)


def _ordered(rows: QuerySet[Affiliation], sort: str) -> QuerySet[Affiliation]:
    shown = rows.select_related("doctor__speciality", "hospital", "department", "next_free")
    soonest = F("next_free__starts_at").asc(nulls_last=True)
    return shown.order_by(*(["fee"] if sort == CHEAPEST else []), soonest, "doctor__name", "pk")


def _groups(rows: QuerySet[Affiliation]) -> dict[tuple[int, str], int]:
    counted = (
        rows.order_by().values_list("doctor__speciality_id", "hospital__city").annotate(found=Count("pk"))
    )
    return {(speciality, city): found for speciality, city, found in counted}


@dataclass(frozen=True)
class _Counted:
    """How many there are of each speciality in each city, from one query for the counts of both."""

    groups: dict[tuple[int, str], int]
    specialities: list[Speciality]
    wanted: Wanted
    is_area: bool
    meant: frozenset[int]  # the wanted speciality

    def _fits_city(self, city: str) -> bool:
        return self.is_area or not self.wanted.city or city.casefold() == self.wanted.city.casefold()

    def _fits_speciality(self, key: int) -> bool:
        return not self.wanted.speciality or key in self.meant

    def by_speciality(self) -> list[tuple[Speciality, int]]:
        counts: Counter[int] = Counter()
        for (key, city), found in self.groups.items():
            counts[key] += found if self._fits_city(city) else 0
        return [(row, counts[row.pk]) for row in self.specialities if counts[row.pk]]

    def by_city(self) -> list[tuple[str, int]]:
        counts: Counter[str] = Counter()
        for (key, city), found in self.groups.items():
            counts[city] += found if self._fits_speciality(key) else 0
        return sorted(
            ((city, found) for city, found in counts.items() if found), key=lambda pair: (-pair[1], pair[0])
        )


def _said(text: str, specialities: list[Speciality]) -> Q:
    """Return what a free text means: a name, a field of medicine in whosever words, or a place; misspelt too."""
    by_name = Q(doctor__in=[pk for pk, _ in search_ids(SEARCH_KIND, text, limit=NAME_LIMIT)])
    words = normalise(text).split()
    fields = {word: _fields_of(word, specialities) for word in words}
    meant = [found for found in fields.values() if found]
    rest = " ".join(word for word in words if not fields[word])
    if not meant:
        return _or_in_place(by_name, text)
    field = Q(doctor__speciality__in=set.intersection(*meant) or set.union(*meant))
    if not rest:
        return by_name | field
    named = Q(doctor__in=queryset_matches(SEARCH_KIND, rest).order_by().values("match"))
    return by_name | (field & _or_in_place(named, rest))


def _or_in_place(found: Q, text: str) -> Q:
    named = Q(city__iexact=text) | Q(area__iexact=text) | Q(name__icontains=text) | Q(name_bn__icontains=text)
    hospitals = list(Hospital.objects.public().filter(named).values_list("pk", flat=True))
    # Asked first, and left out when no place is meant: an "or" over two tables would read every affiliation.
    return found | Q(hospital__in=hospitals) if hospitals else found


def _fields_of(word: str, specialities: list[Speciality]) -> set[int]:
    return {row.pk for row in specialities if any(_alike(word, known) for known in _words_of(row))}


def _words_of(row: Speciality) -> tuple[str, ...]:
    return _split(f"{row.name} {row.lay_name} {row.practitioner} {row.search_words}")


@lru_cache(maxsize=512)
def _split(text: str) -> tuple[str, ...]:
    return tuple(word for word in normalise(text).split() if len(word) > 2)


@lru_cache(maxsize=4096)
def _pieces(word: str) -> frozenset[str]:
    padded = f"  {word} "
    return frozenset(padded[start : start + 3] for start in range(len(padded) - 2))


def _alike(typed: str, known: str) -> bool:
    if typed == known or len(typed) > 3 and known.startswith(typed):
        return True
    if len(typed) <= 3:
        return False
    ours, theirs = _pieces(typed), _pieces(known)
    return 2 * len(ours & theirs) / (len(ours) + len(theirs)) >= ALIKE


def free_starts(affiliations: Iterable[Affiliation]) -> dict[int, list[dt.datetime]]:
    """Return the next free starts of each affiliation (with its `next_free`), checked against what is taken now.

    One query, and one more when a day can be full.
    """
    now = timezone.now()
    rows = list(affiliations)
    listed = {row.pk: [start for start in _stored(row) if _in_time(row, start, now)] for row in rows}
    starts = [start for found in listed.values() for start in found]
    if not starts:
        return listed
    first, last = min(starts) - dt.timedelta(hours=5), max(starts) + dt.timedelta(hours=5)
    taken = taken_cells({row.doctor_id for row in rows}, since=first, until=last)
    capped = [row.pk for row in rows if row.daily_cap is not None]
    full = visits_a_day(capped, first.date(), last.date()) if capped else {}
    free: dict[int, list[dt.datetime]] = {}
    for row in rows:
        length = dt.timedelta(minutes=row.slot_minutes)
        free[row.pk] = [
            start
            for start in listed[row.pk]
            if taken[row.doctor_id].isdisjoint(cells_of(start, start + length))
            and not _is_full(row, full.get(row.pk, {}), start)
        ]
    return free


def _stored(row: Affiliation) -> list[dt.datetime]:
    stored: NextFree | None = getattr(row, "next_free", None)
    return [dt.datetime.fromisoformat(start) for start in stored.first_starts] if stored else []


def _in_time(row: Affiliation, start: dt.datetime, now: dt.datetime) -> bool:
    return start > now and start >= now + dt.timedelta(minutes=row.lead_minutes)


def _is_full(row: Affiliation, visits: dict[dt.date, int], start: dt.datetime) -> bool:
    return row.daily_cap is not None and visits.get(row.hospital.local(start).date(), 0) >= row.daily_cap
