from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.template import Context, Template

from core import formats

DHAKA = "Asia/Dhaka"
VISIT = datetime(2026, 11, 25, 12, 20, tzinfo=UTC)
NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.parametrize(
    ("hour", "minute", "text"),
    [(0, 5, "12:05 am"), (9, 0, "9:00 am"), (11, 59, "11:59 am"), (12, 0, "12:00 pm"), (18, 20, "6:20 pm")],
)
def test_clock(hour: int, minute: int, text: str) -> None:
    assert formats.clock(datetime(2026, 11, 25, hour, minute, tzinfo=UTC), "UTC") == text


def test_clock_is_the_one_of_the_zone() -> None:
    assert formats.clock(VISIT, DHAKA) == "6:20 pm"
    assert formats.clock(VISIT, ZoneInfo("Europe/London")) == "12:20 pm"


def test_clock_of_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        formats.clock(datetime(2026, 11, 25, 12, 20), DHAKA)  # noqa: DTZ001


def test_day_is_the_one_of_the_zone() -> None:
    late = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)
    assert formats.day(late, "UTC") == "Wednesday 25 November"
    assert formats.day(late, DHAKA) == "Thursday 26 November"


def test_day_of_another_year_says_the_year() -> None:
    assert formats.day(date(2027, 1, 3)) == "Sunday 3 January 2027"
    assert formats.day(date(1988, 5, 3)) == "Tuesday 3 May 1988"


def test_day_of_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        formats.day(VISIT)


def test_moment() -> None:
    assert formats.moment(VISIT, DHAKA) == "Wednesday 25 November, 6:20 pm"
    assert formats.moment(datetime(2025, 3, 1, 3, 0, tzinfo=UTC), DHAKA) == "Saturday 1 March 2025, 9:00 am"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2026, 11, 21, 3, 0, tzinfo=UTC), "Today"),
        (datetime(2026, 11, 20, 18, 30, tzinfo=UTC), "Today"),
        (datetime(2026, 11, 21, 18, 30, tzinfo=UTC), "Tomorrow"),
        (datetime(2026, 11, 20, 17, 0, tzinfo=UTC), "Fri 20 Nov"),
        (datetime(2026, 11, 26, 6, 0, tzinfo=UTC), "Thu 26 Nov"),
        (datetime(2027, 1, 3, 6, 0, tzinfo=UTC), "Sun 3 Jan 2027"),
        (date(2026, 11, 22), "Tomorrow"),
    ],
)
def test_short_day(value: date, text: str) -> None:
    assert formats.short_day(value, DHAKA) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2026, 11, 20, 18, 30, tzinfo=UTC), "today"),
        (datetime(2026, 11, 21, 18, 30, tzinfo=UTC), "tomorrow"),
        (datetime(2026, 11, 26, 6, 0, tzinfo=UTC), "Thu 26 Nov"),
        (date(2026, 11, 21), "today"),
    ],
)
def test_inside_day_is_written_as_in_the_middle_of_a_sentence(value: date, text: str) -> None:
    assert formats.inside_day(value, DHAKA) == text
    assert (
        Template("{{ at|inside_day:zone }}{{ none|inside_day }}").render(
            Context({"at": value, "zone": DHAKA, "none": None})
        )
        == text
    )


def test_filters_in_a_template() -> None:
    moments = "{{ at|clock:zone }}|{{ at|day:zone }}|{{ at|moment:zone }}|{{ at|short_day:zone }}"
    source = moments + "|{{ born|day }}|{{ none|day }}"
    context = Context({"at": VISIT, "zone": DHAKA, "born": date(1988, 5, 3), "none": None})
    assert Template(source).render(context) == (
        "6:20 pm|Wednesday 25 November|Wednesday 25 November, 6:20 pm|Wed 25 Nov|Tuesday 3 May 1988|"
    )
