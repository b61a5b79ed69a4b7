"""When a doctor is next free at a hospital: computed on change, read by search."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from core.background import run_each
from core.tenancy import everywhere
from doctors.models import Affiliation

from ..models import Cell, NextFree
from ..queries import HORIZON_DAYS, PROFILE_DAYS, plans_for, stale_affiliations
from ..slots import days_from, free_slots

SHOWN = 6


@transaction.atomic
def refresh_next_free(affiliation_id: int) -> None:
    """Compute an affiliation's next free times again."""
    with everywhere():
        affiliation = _locked(affiliation_id)
        now = timezone.now()
        first = affiliation.hospital.local(now).date()
        plan = plans_for([affiliation], days=HORIZON_DAYS, first=first)[affiliation.pk]
        soon = list(free_slots(plan, days_from(first, PROFILE_DAYS), now))
        later = days_from(first + dt.timedelta(days=PROFILE_DAYS), HORIZON_DAYS - PROFILE_DAYS)
        starts = soon[:SHOWN] or [
            start for start, _ in zip(free_slots(plan, later, now), range(SHOWN), strict=False)
        ]
        NextFree.objects.update_or_create(
            affiliation=affiliation,
            defaults={
                "hospital": affiliation.hospital,
                "starts_at": starts[0] if starts else None,
                "first_starts": [start.isoformat() for start in starts],
                "free_count": len(soon),
                "computed_at": now,
                "stale_at": _stale_at(affiliation, starts, now),
            },
        )


def _locked(affiliation_id: int) -> Affiliation:
    """Read the affiliation with its row of next free times locked.

    Two workers may compute it at once: whoever locks it last has also seen the latest bookings.
    """
    rows = Affiliation.objects.select_related("hospital", "doctor")
    found = (
        NextFree.objects.select_for_update(no_key=True, of=("self",))
        .filter(affiliation=affiliation_id)
        .first()
    )
    affiliation: Affiliation = rows.get(pk=affiliation_id)
    if found is None:
        empty = {"hospital": affiliation.hospital, "computed_at": timezone.now()}
        NextFree.objects.get_or_create(affiliation=affiliation, defaults=empty)
        NextFree.objects.select_for_update(no_key=True, of=("self",)).get(affiliation=affiliation)
    return affiliation


def _stale_at(affiliation: Affiliation, starts: list[dt.datetime], now: dt.datetime) -> dt.datetime:
    moments = [now + dt.timedelta(days=1)]
    if starts:
        moments.append(starts[0] - dt.timedelta(minutes=affiliation.lead_minutes))
    lapse = Cell.objects.filter(doctor=affiliation.doctor_id, lapses_at__gt=now).order_by("lapses_at")
    moments.extend(moment for moment in lapse.values_list("lapses_at", flat=True)[:1] if moment)
    return max(min(moments), now + dt.timedelta(seconds=5))


def refresh_doctor(doctor_id: int) -> None:
    """Compute all of a doctor's next free times again: a visit in one hospital takes the time in all."""
    with everywhere():
        ids = list(Affiliation.objects.filter(doctor=doctor_id).values_list("pk", flat=True))
    for affiliation_id in ids:
        refresh_next_free(affiliation_id)


def refresh_stale() -> int:
    """Compute what has become stale by the clock; returns how many."""
    with everywhere():
        ids = stale_affiliations()
    return run_each(refresh_next_free, ids)
