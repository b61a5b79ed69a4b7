"""Counts that may be a minute old."""

import datetime as dt

import time_machine

from core.memory import remembered

LOCAL = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "test-memory"}


def test_a_value_is_asked_for_once_a_minute(settings):
    settings.CACHES = {**settings.CACHES, "memory": LOCAL}
    asked = []

    def count() -> int:
        asked.append(1)
        return len(asked)

    with time_machine.travel(dt.datetime(2026, 11, 21, 9, tzinfo=dt.UTC), tick=False) as clock:
        assert [remembered("visits", count), remembered("visits", count)] == [1, 1]
        assert remembered("others", count) == 2
        clock.shift(dt.timedelta(seconds=61))
        assert remembered("visits", count) == 3
