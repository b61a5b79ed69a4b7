"""The same act from many windows at once happens once."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from core.errors import DomainError
from core.tenancy import everywhere, in_hospital
from ledger.models import Entry
from records import operations
from records.models import Prescription, Visit, VisitNote
from records.operations import NoteText

from .factories import MedicineFactory, begun, drafted, line, noted

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engines]
THREADS = 6


def race(hospital, act: Callable[[int], object]) -> int:
    """Let all threads act at once; return how many were refused."""
    barrier, refused, broken = threading.Barrier(THREADS), [], []

    def run(number: int) -> None:
        try:
            barrier.wait()
            with in_hospital(hospital):
                act(number)
        except DomainError as error:
            refused.append(error)
        except BaseException as error:
            broken.append(error)
            raise
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broken == []
    return len(refused)


def count(kind: str) -> int:
    return Entry.objects.filter(kind=kind).count()


def test_a_prescription_signed_from_many_windows_is_signed_once(world):
    draft = drafted(world.visit)
    assert race(world.city, lambda _: operations.sign_prescription(draft, by=world.dora.user)) == 0
    assert count("records.prescription") == 1


def test_a_visit_begun_from_many_windows_begins_once(world):
    assert race(world.city, lambda _: operations.start_visit(world.visit, by=world.dora.user)) == 0
    with everywhere():
        assert Visit.objects.count() == count("records.visit_started") == 1


def test_different_notes_of_one_version_leave_one(world):
    visit = noted(world.visit, finished=False)

    def write(number: int) -> None:
        note = NoteText(complaint=f"Window {number}")
        operations.write_note(visit, note=note, seen=1, by=world.dora.user)

    assert race(world.city, write) == THREADS - 1
    with everywhere():
        assert list(VisitNote.objects.values_list("number", flat=True)) == [1, 2]


def test_different_drafts_of_one_visit_leave_one(world):
    chosen = MedicineFactory()
    with in_hospital(world.city):
        visit = operations.start_visit(world.visit, by=world.dora.user)

    def write(number: int) -> None:
        lines = [line(chosen, days=number + 1)]
        operations.draft_prescription(visit, lines=lines, advice="", by=world.dora.user)

    assert race(world.city, write) == THREADS - 1
    with everywhere():
        assert Prescription.objects.count() == 1


def test_signing_against_cancelling_what_it_replaces_leaves_one_end(world):
    draft = drafted(world.visit)
    with in_hospital(world.city):
        old = operations.sign_prescription(draft, by=world.dora.user)
        new = operations.replace_prescription(old, by=world.dora.user)

    def act(number: int) -> None:
        if number % 2:
            operations.sign_prescription(new, by=world.dora.user)
        else:
            operations.cancel_prescription(old, reason="Reaction", by=world.dora.user)

    race(world.city, act)
    assert count("records.prescription_cancelled") + count("records.prescription_superseded") == 1


def test_a_visit_is_taken_back_or_written_in_never_both(world):
    visit = begun(world.visit)

    def act(number):
        if number % 2:
            operations.undo_visit(visit, by=world.dora.user)
        else:
            note = NoteText(complaint="Cough")
            operations.write_note(visit, note=note, seen=0, by=world.dora.user)

    race(world.city, act)
    with everywhere():
        kept = (Visit.objects.count(), VisitNote.objects.count(), count("records.visit_undone"))
    assert kept in {(1, 1, 0), (0, 0, 1)}
