"""Slots are computed: hours and exceptions, clock changes, lead time, caps, time off, the licence's end."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from appointments.slots import Plan, cells_of, days_from, free_slots, holds, slots_of_day, to_utc

DHAKA, BERLIN = ZoneInfo("Asia/Dhaka"), ZoneInfo("Europe/Berlin")
MONDAY = dt.date(2026, 11, 23)
LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)


def hours(opens: str, closes: str) -> list[tuple[dt.time, dt.time]]:
    return [(dt.time.fromisoformat(opens), dt.time.fromisoformat(closes))]


def plan(zone: ZoneInfo = DHAKA, opens: str = "16:00", closes: str = "17:00", **options) -> Plan:
    values = {"slot_minutes": 20, "lead_minutes": 60, "daily_cap": None} | options
    return Plan(zone=zone, weekly={day: hours(opens, closes) for day in range(7)}, **values)


def local(starts, zone: ZoneInfo = DHAKA) -> list[str]:
    return [start.astimezone(zone).strftime("%H:%M") for start in starts]


def free(the_plan: Plan, day: dt.date = MONDAY, now: dt.datetime = LONG_AGO) -> list[str]:
    return local(free_slots(the_plan, [day], now), the_plan.zone)


def test_slots_fill_the_hours_and_the_last_one_ends_with_them():
    assert free(plan()) == ["16:00", "16:20", "16:40"]
    assert free(plan(closes="16:59")) == ["16:00", "16:20"]
    assert free(plan(closes="16:19")) == []


def test_slots_are_utc_moments_of_local_hours():
    assert list(slots_of_day(plan(), MONDAY)) == [
        utc(2026, 11, 23, 10),
        utc(2026, 11, 23, 10, 20),
        utc(2026, 11, 23, 10, 40),
    ]


def test_starts_lie_on_multiples_of_five_minutes_whatever_was_stored():
    assert free(plan(opens="16:03")) == ["16:05", "16:25"]
    assert free(plan(slot_minutes=17)) == ["16:00", "16:20", "16:40"]


@pytest.mark.parametrize(
    ("start", "minutes", "count"), [(0, 20, 4), (0, 5, 1), (0, 17, 4), (3, 5, 2), (0, 1, 1)]
)
def test_cells_cover_every_five_minutes_that_a_visit_touches(start, minutes, count):
    begin = utc(2026, 11, 23, 10, start)
    cells = cells_of(begin, begin + dt.timedelta(minutes=minutes))
    assert len(cells) == count
    assert all(cell.minute % 5 == 0 for cell in cells)


def test_visits_that_touch_share_no_cell():
    first = cells_of(utc(2026, 11, 23, 10), utc(2026, 11, 23, 10, 20))
    assert set(first).isdisjoint(cells_of(utc(2026, 11, 23, 10, 20), utc(2026, 11, 23, 10, 40)))
    assert not set(first).isdisjoint(cells_of(utc(2026, 11, 23, 10, 15), utc(2026, 11, 23, 10, 35)))


def test_a_taken_cell_takes_every_slot_it_lies_in():
    taken = frozenset({utc(2026, 11, 23, 10, 35)})
    assert free(plan(taken=taken)) == ["16:00", "16:40"]
    assert free(plan(taken=taken, slot_minutes=30)) == ["16:00"]
    assert free(plan(taken=frozenset({utc(2026, 11, 23, 10)}), slot_minutes=5, closes="16:15")) == [
        "16:05",
        "16:10",
    ]


def test_a_visit_must_be_booked_ahead_by_the_lead_time_to_the_minute():
    exactly = utc(2026, 11, 23, 9, 20)
    assert free(plan(), now=exactly) == ["16:20", "16:40"]
    assert free(plan(), now=exactly + dt.timedelta(seconds=1)) == ["16:40"]


def test_without_lead_time_a_start_that_is_now_has_passed():
    assert free(plan(lead_minutes=0), now=utc(2026, 11, 23, 10, 20)) == ["16:40"]


def test_a_day_with_as_many_visits_as_it_may_have_is_full():
    assert free(plan(daily_cap=2, booked_a_day={MONDAY: 1})) == ["16:00", "16:20", "16:40"]
    assert free(plan(daily_cap=2, booked_a_day={MONDAY: 2})) == []
    assert free(plan(daily_cap=0)) == []


def test_time_off_is_half_open():
    off = [(utc(2026, 11, 23, 10, 20), utc(2026, 11, 23, 10, 40))]
    assert free(plan(time_off=off)) == ["16:00", "16:40"]
    assert free(plan(time_off=[(utc(2026, 11, 23, 10, 39), utc(2026, 11, 23, 10, 40))])) == ["16:00", "16:40"]


def test_the_licences_last_day_still_counts():
    assert free(plan(last_day=MONDAY)) == ["16:00", "16:20", "16:40"]
    assert free(plan(last_day=MONDAY - dt.timedelta(days=1))) == []


def test_an_exception_replaces_the_weekdays_hours():
    assert free(plan(exceptions={MONDAY: []})) == []
    assert free(plan(exceptions={MONDAY: hours("09:00", "09:40")})) == ["09:00", "09:20"]
    assert free(plan(exceptions={MONDAY: []}), MONDAY + dt.timedelta(days=7)) == ["16:00", "16:20", "16:40"]


def test_two_spans_of_hours_give_slots_of_both_in_order():
    weekly = {0: [*hours("09:00", "09:20"), *hours("16:00", "16:40")]}
    split = Plan(zone=DHAKA, slot_minutes=20, lead_minutes=0, daily_cap=None, weekly=weekly)
    assert free(split) == ["09:00", "16:00", "16:20"]


def test_in_the_gap_of_a_clock_change_there_is_no_slot():
    # On 29 March 2026 the clocks in Berlin go from 2 to 3.
    spring = dt.date(2026, 3, 29)
    assert to_utc(spring, dt.time(2, 30), BERLIN) is None
    nightly = plan(BERLIN, "01:00", "04:00", slot_minutes=30)
    assert free(nightly, spring) == ["01:00", "01:30", "03:00", "03:30"]
    starts = list(slots_of_day(nightly, spring))
    assert [b - a for a, b in zip(starts, starts[1:], strict=False)] == [dt.timedelta(minutes=30)] * 3


def test_in_the_fold_of_a_clock_change_a_time_is_offered_once_and_means_the_first():
    # On 25 October 2026 the clocks in Berlin go from 3 back to 2.
    autumn = dt.date(2026, 10, 25)
    nightly = plan(BERLIN, "02:00", "04:00", slot_minutes=30)
    assert list(slots_of_day(nightly, autumn)) == [
        utc(2026, 10, 25, 0), utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 2), utc(2026, 10, 25, 2, 30),
    ]  # fmt: skip
    assert free(nightly, autumn) == ["02:00", "02:30", "03:00", "03:30"]


def test_hours_hold_an_interval_only_whole():
    the_plan = plan(time_off=[(utc(2026, 11, 23, 10, 40), utc(2026, 11, 23, 11))])
    assert holds(the_plan, utc(2026, 11, 23, 10), utc(2026, 11, 23, 10, 40))
    assert not holds(the_plan, utc(2026, 11, 23, 9, 55), utc(2026, 11, 23, 10, 15))
    assert not holds(the_plan, utc(2026, 11, 23, 10, 30), utc(2026, 11, 23, 10, 50))


def test_days_are_consecutive():
    assert days_from(MONDAY, 3) == [MONDAY, MONDAY + dt.timedelta(days=1), MONDAY + dt.timedelta(days=2)]
