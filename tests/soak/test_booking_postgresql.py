"""The races of test_booking.py on PostgreSQL."""

from __future__ import annotations

import pytest

from .test_booking import (  # noqa: F401
    gateway,
    standing_clock,
    test_race_in_threads,
    test_race_of_processes_over_http,
)

pytestmark = [
    pytest.mark.soak,
    pytest.mark.engines,
    pytest.mark.postgresql_only,
    pytest.mark.django_db(transaction=True),
]
