"""What decides a doctor's free times: hours, exceptions, time off, what is taken."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from core.tenancy import public_directory
from doctors.models import Affiliation, ScheduleException, TimeOff, WeeklyHours

from ..models import Appointment, Cell, NextFree
from ..slots import CELL, Interval, Plan, cells_of, days_from, free_slots, holds, place_in_day

HORIZON_DAYS = 60  # how far ahead a visit can be booked
PROFILE_DAYS = 14  # how many days the profile page shows
Hours = list[tuple[dt.time, dt.time]]


def _live_cells(doctor_ids: Iterable[int], since: dt.datetime, until: dt.datetime) -> QuerySet[Cell]:
    rows = Cell.objects.filter(doctor__in=list(doctor_ids), starts_at__gte=since, starts_at__lt=until)
    return rows.filter(Q(lapses_at__isnull=True) | Q(lapses_at__gt=timezone.now()))


def taken_cells(
    doctor_ids: Iterable[int], *, since: dt.datetime, until: dt.datetime
) -> dict[int, set[dt.datetime]]:
    """Return the cells of these doctors that are taken now, in all hospitals; a lapsed hold takes nothing."""
    taken: dict[int, set[dt.datetime]] = defaultdict(set)
    for doctor_id, starts_at in _live_cells(doctor_ids, since, until).values_list("doctor_id", "starts_at"):
        taken[doctor_id].add(starts_at)
    return taken


def _busy(
    doctor_ids: Iterable[int], since: dt.datetime, until: dt.datetime
) -> tuple[dict[int, list[Interval]], dict[int, set[dt.datetime]]]:
    """Return time off and taken cells of these doctors from one query; a cell's row ends where it starts."""
    cells = _live_cells(doctor_ids, since, until).annotate(until=F("starts_at"))
    off = TimeOff.objects.filter(doctor__in=list(doctor_ids), starts_at__lt=until, ends_at__gt=since)
    rows = cells.values_list("doctor_id", "starts_at", "until").union(
        off.order_by().values_list("doctor_id", "starts_at", "ends_at"), all=True
    )
    time_off: dict[int, list[Interval]] = defaultdict(list)
    taken: dict[int, set[dt.datetime]] = defaultdict(set)
    for doctor_id, starts_at, ends_at in rows:
        if starts_at == ends_at:
            taken[doctor_id].add(starts_at)
        else:
            time_off[doctor_id].append((starts_at, ends_at))
    return time_off, taken


def plans_for(affiliations: list[Affiliation], *, days: int, first: dt.date | None = None) -> dict[int, Plan]:
    """Return the plan of each affiliation (by primary key) for so many days, today first unless given; 3 or 4 queries."""
    now = timezone.now()
    begin = dt.datetime.combine(first, dt.time(), dt.UTC) if first else now
    since, until = begin - dt.timedelta(days=2), begin + dt.timedelta(days=days + 2)
    ids = [affiliation.pk for affiliation in affiliations]
    doctor_ids = {affiliation.doctor_id for affiliation in affiliations}
    weekly, exceptions = _hours(ids, since.date(), until.date())
    time_off, taken = _busy(doctor_ids, since, until)
    capped = [affiliation.pk for affiliation in affiliations if affiliation.daily_cap is not None]
    booked = visits_a_day(capped, since.date(), until.date()) if capped else {}
    return {
        affiliation.pk: Plan(
            zone=affiliation.hospital.tz,
            slot_minutes=affiliation.slot_minutes,
            lead_minutes=affiliation.lead_minutes,
            daily_cap=affiliation.daily_cap,
            weekly=weekly[affiliation.pk],
            exceptions=exceptions[affiliation.pk],
            time_off=time_off[affiliation.doctor_id],
            taken=frozenset(taken[affiliation.doctor_id]),
            booked_a_day=booked.get(affiliation.pk, {}),
            last_day=affiliation.licensed_until,
        )
        for affiliation in affiliations
    }


def _hours(
    affiliation_ids: list[int], first: dt.date, last: dt.date
) -> tuple[dict[int, dict[int, Hours]], dict[int, dict[dt.date, Hours]]]:
    """Return the hours of the week, and those of the days that differ; two queries."""
    weekly: dict[int, dict[int, Hours]] = defaultdict(lambda: defaultdict(list))
    exceptions: dict[int, dict[dt.date, Hours]] = defaultdict(dict)
    with public_directory():
        for row in WeeklyHours.objects.filter(affiliation__in=affiliation_ids):
            weekly[row.affiliation_id][row.weekday].append((row.starts, row.ends))
        for row in ScheduleException.objects.filter(
            affiliation__in=affiliation_ids, day__range=(first, last)
        ):
            exceptions[row.affiliation_id][row.day] = [(row.starts, row.ends)] if row.starts else []
    return weekly, exceptions


def place_of(appointment: Appointment) -> int:
    """Return the place of the visit's start among its day's slots, by the hours as they are now; two queries."""
    affiliation, day = appointment.affiliation, appointment.day
    weekly, exceptions = _hours([affiliation.pk], day, day)
    plan = Plan(
        zone=appointment.hospital.tz,
        slot_minutes=affiliation.slot_minutes,
        lead_minutes=0,
        daily_cap=None,
        weekly=weekly[affiliation.pk],
        exceptions=exceptions[affiliation.pk],
    )
    return place_in_day(plan, appointment.starts_at)


def visits_a_day(affiliation_ids: list[int], first: dt.date, last: dt.date) -> dict[int, dict[dt.date, int]]:
    """Return how many visits each affiliation has on each local day; lapsed holds do not count."""
    rows = Cell.objects.filter(
        Q(lapses_at__isnull=True) | Q(lapses_at__gt=timezone.now()),
        appointment__affiliation__in=affiliation_ids,
        appointment__day__range=(first, last),
    )
    counts: dict[int, dict[dt.date, int]] = defaultdict(Counter)
    for affiliation_id, day, number in rows.values_list(
        "appointment__affiliation_id", "appointment__day"
    ).annotate(Count("appointment", distinct=True)):
        counts[affiliation_id][day] = number
    return counts


def free_by_day(
    affiliation: Affiliation, *, days: int = PROFILE_DAYS, first: dt.date | None = None
) -> dict[dt.date, list[dt.datetime]]:
    """Return the free starts (UTC) of each local day from today (or `first`) on, days without one included."""
    now = timezone.now()
    first = first or affiliation.hospital.local(now).date()
    plan = plans_for([affiliation], days=days, first=first)[affiliation.pk]
    return {day: list(free_slots(plan, [day], now)) for day in days_from(first, days)}


def is_bookable(affiliation: Affiliation, starts_at: dt.datetime) -> bool:
    """Say whether that very start is one of the free slots now."""
    now = timezone.now()
    if not now < starts_at < now + dt.timedelta(days=HORIZON_DAYS + 1):
        return False
    day = affiliation.hospital.local(starts_at).date()
    plan = plans_for([affiliation], days=1, first=day)[affiliation.pk]
    return starts_at in free_slots(plan, [day], now)


def still_free(affiliation: Affiliation, starts_at: dt.datetime, ends_at: dt.datetime) -> bool:
    """Say whether nobody has the doctor's time and it is not too soon; one query, where `is_bookable` asks all."""
    now = timezone.now()
    ahead = starts_at > now and starts_at >= now + dt.timedelta(minutes=affiliation.lead_minutes)
    taken = taken_cells([affiliation.doctor_id], since=starts_at - CELL, until=ends_at)[affiliation.doctor_id]
    return ahead and taken.isdisjoint(cells_of(starts_at, ends_at))


def fits_plan(affiliation: Affiliation, starts_at: dt.datetime, ends_at: dt.datetime) -> bool:
    """Say whether a time that was once kept could still be given: in the hours, no time off, the day not full.

    Unlike `is_bookable` it asks for no lead time and looks at no cells.
    """
    day = affiliation.hospital.local(starts_at).date()
    plan = plans_for([affiliation], days=1, first=day)[affiliation.pk]
    return starts_at > timezone.now() and not plan.is_full(day) and holds(plan, starts_at, ends_at)


def stale_affiliations(*, limit: int = 200) -> list[int]:
    """Return the affiliations whose next free time must be computed again, or never was."""
    rows = NextFree.objects.filter(stale_at__lte=timezone.now()).order_by("stale_at")
    stale = list(rows.values_list("affiliation_id", flat=True)[:limit])
    new = Affiliation.objects.filter(next_free__isnull=True).order_by("pk").values_list("pk", flat=True)
    return stale + list(new[: limit - len(stale)])
