"""Racing for free times: the same rounds on SQLite and on PostgreSQL, in threads and, over HTTP, in processes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.test import Client
from django.utils import timezone

from appointments.models import Appointment
from appointments.tests import factories as f
from appointments.tests.test_races import (
    DAY,
    all_is_well,
    check_race_for_one_slot,
    check_race_of_one_patient,
    check_race_of_overlaps,
)
from core.tenancy import everywhere

from . import checkpoint, crowd, record_result, resume_from, soak_count

BLOCK = 40  # rounds with one doctor: as many days as there are to book in
BACKEND = "accounts.backends.EmailBackend"


def in_blocks(name: str, run: Callable[[int, int], None], *, small: int, full: int) -> None:
    """Run so many rounds with 8 or 32 racers, a doctor after the other, and go on where an interrupted soak stopped."""
    racers = soak_count(f"{name}: racers", small=8, full=32)
    rounds = soak_count(f"{name}: rounds", small=small, full=full)
    done = resume_from(name)
    while done < rounds:
        block = min(BLOCK, rounds - done)
        run(racers, block)
        done += block
        checkpoint(name, done)
    record_result(f"{name}: rounds with one winner", done)


def check_one_slot() -> None:
    """Let everybody book the same time: one gets it, all others are told that it was taken."""
    in_blocks("one slot", check_race_for_one_slot, small=3, full=200)


def check_one_hold() -> None:
    """The same, to be paid online: the time is kept for one."""

    def run(racers: int, rounds: int) -> None:
        check_race_for_one_slot(racers, rounds, pay="online")

    in_blocks("one slot, paid online", run, small=1, full=40)


def check_two_hospitals() -> None:
    """Let people book overlapping times of one doctor in two hospitals."""
    in_blocks("overlapping times in two hospitals", check_race_of_overlaps, small=1, full=80)


def check_two_doctors() -> None:
    """Let one patient book the same time with many doctors."""
    in_blocks("one patient with several doctors", check_race_of_one_patient, small=1, full=40)


def _session(user: Any) -> str:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def check_over_http(address: str) -> None:
    """Let people in several processes post the same booking to a running portal at the same moment."""
    count = soak_count("over HTTP: processes", small=2, full=4)
    racers = soak_count("over HTTP: people in each", small=2, full=8)
    rounds = soak_count("over HTTP: rounds", small=2, full=50)
    affiliation = f.working()
    people = [f.registered(f.PatientFactory(), affiliation.hospital) for _ in range(count * racers)]
    sessions = [_session(person.user) for person in people]
    groups = [sessions[place : place + racers] for place in range(0, len(sessions), racers)]
    first = timezone.now().replace(hour=10, minute=0, second=0, microsecond=0) + dt.timedelta(days=2)
    with crowd.processes(count) as pool:
        for number in range(rounds):
            start = first + number % BLOCK * DAY + number // BLOCK * f.LENGTH
            path = f"/me/book/{affiliation.public_id}/?start={quote(start.isoformat())}"
            answers = crowd.race(pool, address, path, groups, {"pay": "desk"})
            assert answers == {"302 ['me', 'visits']": 1, "422 was just taken": len(people) - 1}
    with everywhere():
        assert Appointment.objects.count() == rounds
    record_result("over HTTP: rounds with one winner", rounds)
    all_is_well()
