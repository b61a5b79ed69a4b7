"""Reading a doctor's calendar at one hospital: hours, days that differ, time off, and the visits that stand in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from doctors.models import Affiliation, Doctor, ScheduleException, TimeOff, WeeklyHours

from ..models import Appointment, Hold, NextFree

Spans = list[tuple[dt.time, dt.time]]


@dataclass(frozen=True)
class Overlap:
    """Hours at another hospital at the same time of the week."""

    weekday: int
    starts: dt.time
    ends: dt.time
    hospital: str


@dataclass(frozen=True)
class Calendar:
    """What the calendar page of one hospital shows."""

    week: dict[int, Spans]
    overlaps: list[Overlap]
    exceptions: list[ScheduleException]
    time_off: list[TimeOff]
    outside: int


def calendar_of(affiliation: Affiliation, others: Iterable[Affiliation] = ()) -> Calendar:
    """Return the calendar at one hospital, warned of hours at the others; four queries, inside the doctor's scope."""
    hospitals = {other.pk: other.hospital for other in [*others, affiliation]}
    week: dict[int, Spans] = {}
    elsewhere: list[WeeklyHours] = []
    for row in WeeklyHours.objects.filter(affiliation__in=list(hospitals)):
        if row.affiliation_id == affiliation.pk:
            week.setdefault(row.weekday, []).append((row.starts, row.ends))
        elif hospitals[row.affiliation_id].zone == affiliation.hospital.zone:
            elsewhere.append(row)
    overlaps = [
        Overlap(row.weekday, max(starts, row.starts), min(ends, row.ends), hospitals[row.affiliation_id].name)
        for row in elsewhere
        for starts, ends in week.get(row.weekday, [])
        if starts < row.ends and row.starts < ends
    ]
    today = affiliation.hospital.local(timezone.now()).date()
    exceptions = list(
        ScheduleException.objects.filter(affiliation=affiliation, day__gte=today).order_by("day")
    )
    return Calendar(
        week=week,
        overlaps=overlaps,
        exceptions=exceptions,
        time_off=list(coming_time_off(affiliation.doctor)),
        outside=len(_outside_of_all(coming_visits(affiliation), week, exceptions)),
    )


def coming_time_off(doctor: Doctor) -> QuerySet[TimeOff]:
    """Return the doctor's time off that is not over."""
    return TimeOff.objects.filter(doctor=doctor, ends_at__gt=timezone.now()).order_by("starts_at")


def live_visits(visits: QuerySet[Appointment]) -> QuerySet[Appointment]:
    """Return those that are booked, or being paid at this moment, and not over; with hospital and patient."""
    now = timezone.now()
    held = Q(status=Appointment.Status.PROPOSED, hold__status=Hold.Status.LIVE, hold__expires_at__gt=now)
    rows = visits.filter(held | Q(status__in=Appointment.LIVE), ends_at__gt=now)
    return rows.select_related("hospital", "patient").order_by("starts_at", "pk")


def coming_visits(affiliation: Affiliation) -> QuerySet[Appointment]:
    """Return the live visits to the doctor at that hospital."""
    return live_visits(Appointment.objects.filter(affiliation=affiliation))


def visits_outside_hours(affiliation: Affiliation) -> list[Appointment]:
    """Return the coming visits that lie outside of the hours, as they are now; three queries."""
    week: dict[int, Spans] = {}
    for row in WeeklyHours.objects.filter(affiliation=affiliation):
        week.setdefault(row.weekday, []).append((row.starts, row.ends))
    exceptions = ScheduleException.objects.filter(affiliation=affiliation)
    return _outside_of_all(coming_visits(affiliation), week, exceptions)


def visits_outside(visits: Iterable[Appointment], spans: Spans) -> list[Appointment]:
    """Return those that do not lie wholly inside one of the local spans of their day."""
    return [visit for visit in visits if not any(_lies_in(visit, starts, ends) for starts, ends in spans)]


def spans_of(exception: ScheduleException) -> Spans:
    """Return the hours of a day that differs; none when it is closed."""
    return [(exception.starts, exception.ends)] if exception.starts and exception.ends else []


def next_free_times(affiliation_ids: list[int]) -> dict[int, dt.datetime]:
    """Return when each affiliation is next free, by primary key; those that are not are left out."""
    rows: Any = NextFree.objects.filter(affiliation__in=affiliation_ids, starts_at__gt=timezone.now())
    return dict(rows.values_list("affiliation_id", "starts_at"))


def _outside_of_all(
    visits: Iterable[Appointment], week: dict[int, Spans], exceptions: Iterable[ScheduleException]
) -> list[Appointment]:
    special = {exception.day: spans_of(exception) for exception in exceptions}
    return [
        visit
        for visit in visits
        if visits_outside([visit], special.get(visit.day, week.get(visit.day.weekday(), [])))
    ]


def _lies_in(visit: Appointment, starts: dt.time, ends: dt.time) -> bool:
    begin, end = (
        visit.hospital.local(moment).replace(tzinfo=None) for moment in (visit.starts_at, visit.ends_at)
    )
    return dt.datetime.combine(visit.day, starts) <= begin and end <= dt.datetime.combine(visit.day, ends)
