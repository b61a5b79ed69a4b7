"""Slots are computed, never stored: hours of the week and exceptions, less time off, less what is taken."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

CELL = dt.timedelta(minutes=5)
EPOCH = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
STEP = 5  # minutes: starts lie on this grid, or two visits could overlap without sharing a cell
Interval = tuple[dt.datetime, dt.datetime]


@dataclass(frozen=True)
class Plan:
    """All that decides a doctor's slots at one hospital; hours are local, everything else is UTC."""

    zone: ZoneInfo
    slot_minutes: int
    lead_minutes: int
    daily_cap: int | None
    weekly: dict[int, list[tuple[dt.time, dt.time]]]
    exceptions: dict[dt.date, list[tuple[dt.time, dt.time]]] = field(default_factory=dict)
    time_off: list[Interval] = field(default_factory=list)
    taken: frozenset[dt.datetime] = frozenset()
    booked_a_day: dict[dt.date, int] = field(default_factory=dict)
    last_day: dt.date = dt.date.max  # the doctor's licence ends with it

    def hours_on(self, day: dt.date) -> list[tuple[dt.time, dt.time]]:
        """Return the local hours of that day: the exception's if there is one, else the week's."""
        if day > self.last_day:
            return []
        return self.exceptions.get(day, self.weekly.get(day.weekday(), []))

    def is_full(self, day: dt.date) -> bool:
        """Say whether the day has as many visits as it may have."""
        return self.daily_cap is not None and self.booked_a_day.get(day, 0) >= self.daily_cap


def to_utc(day: dt.date, clock: dt.time, zone: ZoneInfo) -> dt.datetime | None:
    """Return the local time as UTC: None in a clock change's gap, the first of the two in its fold."""
    local = dt.datetime.combine(day, clock, tzinfo=zone)
    moment = local.astimezone(dt.UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None) else None


def cells_of(starts_at: dt.datetime, ends_at: dt.datetime) -> list[dt.datetime]:
    """Return the starts of the five-minute cells that an interval touches, in order; they lie on the clock's grid."""
    first = starts_at - (starts_at - EPOCH) % CELL
    count = -(-(ends_at - first) // CELL)
    return [first + index * CELL for index in range(count)]


def slots_of_day(plan: Plan, day: dt.date) -> Iterator[dt.datetime]:
    """Yield the starts that the day's hours hold, in order, taken or not; all are multiples of five minutes."""
    step = _up_to_grid(plan.slot_minutes)
    for opens, closes in plan.hours_on(day):
        minute = _up_to_grid(opens.hour * 60 + opens.minute)
        last = closes.hour * 60 + closes.minute - plan.slot_minutes
        while minute <= last:
            start = to_utc(day, dt.time(minute // 60, minute % 60), plan.zone)
            if start is not None:
                yield start
            minute += step


def place_in_day(plan: Plan, start: dt.datetime) -> int:
    """Return the place of a start among the day's slots: how many of them come before it, and one; taken or not."""
    return 1 + sum(slot < start for slot in slots_of_day(plan, start.astimezone(plan.zone).date()))


def _up_to_grid(minutes: int) -> int:
    return -(-minutes // STEP) * STEP


def in_time_off(plan: Plan, start: dt.datetime, end: dt.datetime) -> bool:
    """Say whether any of the doctor's time off touches the interval."""
    return any(start < off_end and off_start < end for off_start, off_end in plan.time_off)


def holds(plan: Plan, start: dt.datetime, end: dt.datetime) -> bool:
    """Say whether the doctor sees patients for the whole interval, taken or not."""
    day = start.astimezone(plan.zone).date()
    opening = [
        (to_utc(day, opens, plan.zone), to_utc(day, closes, plan.zone))
        for opens, closes in plan.hours_on(day)
    ]
    inside = any(opens and closes and opens <= start and end <= closes for opens, closes in opening)
    return inside and not in_time_off(plan, start, end)


def is_free(plan: Plan, start: dt.datetime, now: dt.datetime) -> bool:
    """Say whether a visit can start then: far enough ahead, not in time off, no cell taken."""
    end = start + dt.timedelta(minutes=plan.slot_minutes)
    if start < now + dt.timedelta(minutes=plan.lead_minutes) or start <= now:
        return False
    if in_time_off(plan, start, end):
        return False
    return plan.taken.isdisjoint(cells_of(start, end))


def free_slots(plan: Plan, days: Iterable[dt.date], now: dt.datetime) -> Iterator[dt.datetime]:
    """Yield the free starts of these local days, in order."""
    for day in days:
        if plan.is_full(day):
            continue
        for start in slots_of_day(plan, day):
            if is_free(plan, start, now):
                yield start


def days_from(first: dt.date, count: int) -> list[dt.date]:
    """Return that many days from the first one on."""
    return [first + dt.timedelta(days=offset) for offset in range(count)]
