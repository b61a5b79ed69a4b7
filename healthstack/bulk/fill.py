"""The fill from the first hospital to the last prescription."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

from django.db import connection, transaction

from accounts.models import User
from appointments.models import Appointment
from billing.models import Attempt, Invoice, Payment
from core.tenancy import everywhere
from doctors.models import Affiliation, Doctor
from doctors.operations import load_specialities
from formulary.models import Medicine
from hospitals.models import Hospital
from patients.models import Patient
from records.models import Prescription, Visit

from .lists import add_medicines, add_next_free, index_all
from .money import Books, write_money
from .notes import write_records
from .people import add_doctors, add_hospitals, add_patients
from .plans import Plan, Planner
from .rows import insert
from .size import Size
from .visits import write_appointments
from .world import MAIN, World

CHUNK = 2_000  # visits written together
Say = Callable[[str], None]
Result = TypeVar("Result")
COUNTED = (
    Hospital, Doctor, Affiliation, Patient, User, Medicine, Appointment, Invoice, Attempt, Payment, Visit, Prescription,
)  # fmt: skip


def what_is_there() -> str:
    """Say what the database holds already; nothing when it may be filled."""
    with everywhere():
        if Hospital.objects.filter(slug=MAIN).exists():
            return "was filled before"
        counts = {model: model._base_manager.count() for model in (Hospital, User, Patient)}
    found = [f"{count} {model._meta.verbose_name_plural}" for model, count in counts.items() if count]
    return f"holds other data ({', '.join(found)})" if found else ""


def fill(size: Size, say: Say) -> dict[str, int]:
    """Fill the database and return how many of each it holds now, ledger entries included.

    All or nothing. Raises plans.DoesNotFit, and OperationalError while somebody else uses an SQLite file.
    """
    with everywhere(), _quick_sqlite(), transaction.atomic():
        load_specialities()
        world = World(size)
        medicines = _timed(say, "medicines", lambda: add_medicines(world))
        _timed(say, "hospitals", lambda: add_hospitals(world))
        _timed(say, "doctors", lambda: add_doctors(world))
        _timed(say, "patients", lambda: add_patients(world))
        _timed(say, "visits", lambda: _add_visits(world, medicines))
        _timed(say, "search index", lambda: index_all(world))
        _timed(say, "next free times", lambda: add_next_free(world))
        counts = {str(model._meta.verbose_name_plural): model._default_manager.count() for model in COUNTED}
    return {**counts, "ledger entries": world.entries}


def _timed(say: Say, what: str, work: Callable[[], Result]) -> Result:
    started = time.monotonic()
    result = work()
    say(f"{what}: {time.monotonic() - started:.1f} s")
    return result


def _add_visits(world: World, medicines: list[Medicine]) -> None:
    for place, plans in list(Planner(world).plans()):
        books, serials = Books(), Counter[tuple[int, dt.date]]()
        waiting = iter(plans)
        while chunk := list(islice(waiting, CHUNK)):
            _write_chunk(world, chunk, books, serials, medicines)
        insert(books.series(place.hospital.pk))


def _write_chunk(
    world: World,
    plans: list[Plan],
    books: Books,
    serials: Counter[tuple[int, dt.date]],
    medicines: list[Medicine],
) -> None:
    write_appointments(world, plans, serials)
    write_money(world, plans, books)
    write_records(world, plans, medicines)
    world.write_trail()


@contextmanager
def _quick_sqlite() -> Iterator[None]:
    """Let SQLite write without waiting for the disk, with a large cache, while the block runs."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode=MEMORY")
        cursor.execute("PRAGMA synchronous=OFF")
        cursor.execute("PRAGMA cache_size=-400000")
    try:
        yield
    finally:
        connection.close()
