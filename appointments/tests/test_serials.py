"""A visit's place in the doctor's day, and how many visits somebody may book without paying."""

from __future__ import annotations

import datetime as dt

import pytest

from appointments import operations
from core.errors import DomainError
from core.invariants import breaks_of, invariant_names
from core.tenancy import in_hospital

from . import factories as f


def all_is_well() -> None:
    assert [broken for name in invariant_names() for broken in breaks_of(name)] == []


def test_serial_numbers_follow_the_times_of_the_day(world):
    late = f.book(world.at_city, world.paul, f.FOUR + 4 * f.LENGTH)
    early = f.book(world.at_city, world.pia, f.FOUR)
    with in_hospital(world.city):
        operations.decline_appointment(early, reason="Ill", by=world.users.dora)
    instead = f.book(world.at_city, f.PatientFactory(), f.FOUR)
    other_day = f.book(world.at_city, f.PatientFactory(), f.FOUR + dt.timedelta(days=1) + f.LENGTH)
    # A cancelled visit keeps its number; whoever has its time now has the same.
    assert [f.again(visit).serial for visit in (late, early, instead, other_day)] == [5, 1, 1, 2]
    all_is_well()


def test_a_number_that_is_taken_since_the_hours_changed_gives_way_to_the_next(world):
    first = f.book(world.at_city, world.paul, f.FOUR)
    f.give_hours(world.at_city, opens=dt.time(15), closes=dt.time(18))
    hour_before = [f.book(world.at_city, f.PatientFactory(), f.FOUR - n * f.LENGTH) for n in (3, 2)]
    assert [visit.serial for visit in (first, *hour_before)] == [1, 2, 3]
    all_is_well()


def test_serial_numbers_follow_the_hours_of_a_day_that_differs(world):
    tomorrow = dt.date(2026, 11, 24)
    with in_hospital(world.city):
        operations.add_exception(
            world.at_city, day=tomorrow, starts=dt.time(17), ends=dt.time(18), by=world.users.dora
        )
    assert f.book(world.at_city, world.paul, f.FOUR + dt.timedelta(days=1, hours=1)).serial == 1


def test_the_sixth_unpaid_visit_is_refused_in_all_hospitals_together(world, clock):
    days = [f.FOUR + dt.timedelta(days=number) for number in range(7)]
    visits = [
        f.book(place, world.paul, day)
        for place, day in zip([world.at_city] * 3 + [world.debs] * 2, days, strict=False)
    ]
    words = "Five visits wait for your payment. Pay for one, or cancel one, then book this one."
    for place in (world.at_city, world.debs):
        with pytest.raises(DomainError, match=words):
            f.book(place, world.paul, days[5])
    f.book(
        world.at_city, world.paul, days[5], pay="later", by=world.users.rita
    )  # the desk's own is not counted
    f.book(world.at_city, world.pia, days[0] + f.LENGTH)
    f.pay_at_desk(visits[0])
    f.book(world.at_city, world.paul, days[6])
    with pytest.raises(DomainError, match=words):
        f.book(world.at_city, world.paul, days[6] + f.LENGTH)
    clock.move_to(days[1])  # what is over waits for nobody's place
    assert f.book(world.at_city, world.paul, days[6] + f.LENGTH)
