"""What anyone sees: finding a doctor, and a doctor's profile with free times."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.http import page_of
from doctors.models import Affiliation

from .. import queries
from ..forms.visits import SearchForm
from ..queries import Found, Wanted
from .common import day_choice

PAGE = 10
FEES = [Decimal(500), Decimal(1000), Decimal(1500), Decimal(2000)]


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Find doctors who can be booked, those who are free soonest first."""
    form = SearchForm(request.GET)
    form.is_valid()
    values = form.cleaned_data
    wanted = Wanted(
        text=values.get("q", ""),
        city=values.get("city", ""),
        speciality=values.get("speciality", ""),
        hospital=values.get("hospital", ""),
        max_fee=values.get("max_fee"),
        sort=values.get("sort") or queries.SOONEST,
    )
    found = queries.search_doctors(wanted)
    page = page_of(request, found.keys, size=PAGE)
    rows = found.on_page(page)
    context = {"page_obj": page, "cards": _cards(rows), "wanted": wanted, "found": found, "fees": FEES}
    return render(request, "appointments/search.html", {**context, **_chosen(wanted, found, rows)})


def _cards(affiliations: list[Affiliation]) -> list[dict[str, Any]]:
    free = queries.free_starts(affiliations)
    return [
        {"affiliation": row, "days": _by_day(row, free[row.pk]), "free": free[row.pk]} for row in affiliations
    ]


def _by_day(affiliation: Affiliation, starts: list[Any]) -> list[tuple[Any, list[Any]]]:
    """Return the first two days with three times each."""
    days: dict[Any, list[Any]] = {}
    for start in starts:
        days.setdefault(affiliation.hospital.local(start).date(), []).append(start)
    return [(day, found[:3]) for day, found in list(days.items())[:2]]


def _chosen(wanted: Wanted, found: Found, rows: list[Affiliation]) -> dict[str, Any]:
    speciality = next((row for row, _ in found.specialities if row.slug == wanted.speciality), None)
    hospital = next((row.hospital for row in rows), None) if wanted.hospital else None
    currency = next((row.hospital.currency for row in rows), "")
    return {"speciality": speciality, "hospital": hospital, "currency": currency}


@require_safe
def doctor(request: HttpRequest, public_id: str) -> HttpResponse:
    """A doctor's profile, with the free times of two weeks at one of the doctor's hospitals."""
    places = queries.places_of_doctor(public_id)
    if not places:
        raise Http404
    at = request.GET.get("at", "")
    place = next((row for row in places if row.hospital.slug == at), places[0])
    context = {
        "doctor": place.doctor,
        "places": places,
        "place": place,
        "hospital": place.hospital,
        "choice": day_choice(place, request.GET.get("day", "")) if place.takes_bookings else None,
    }
    return render(request, "appointments/doctor.html", context)
