"""A visit from its start to its end, and its notes."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from appointments.models import Appointment
from core.errors import Conflict, DomainError
from core.tenancy import in_hospital
from hospitals.models import Membership
from ledger.models import Entry
from ledger.queries import entries_of_record
from patients.models import CareRelation
from records import operations
from records.models import TimelineEntry, Visit, VisitNote
from records.operations import NoteText

from .factories import book, noted


@pytest.fixture(autouse=True)
def _scope(world):
    with in_hospital(world.city):
        yield


def start(world):
    return operations.start_visit(world.visit, by=world.dora.user)


def test_start_visit_twice_gives_the_same_visit_and_one_entry(world):
    visit = start(world)
    assert start(world) == visit
    assert (visit.patient, visit.doctor, visit.hospital) == (world.paul, world.dora, world.city)
    assert Appointment.objects.get(pk=world.visit.pk).status == Appointment.Status.ARRIVED
    assert entries_of_record("records.visit_started", visit.public_id).count() == 1


def test_start_visit_by_another_doctor_is_refused(world):
    with pytest.raises(DomainError, match="Only Dr Dora Sen can write in this visit."):
        operations.start_visit(world.visit, by=world.deb.user)
    assert Visit.objects.count() == 0


def test_whoever_lost_the_access_neither_begins_nor_writes(world):
    visit = start(world)
    later = book(world.at_city, world.pia)
    Membership.objects.filter(user=world.dora.user).update(status=Membership.Status.SUSPENDED)
    acts = [
        lambda: operations.start_visit(later, by=world.dora.user),
        lambda: operations.write_note(visit, note=NoteText(plan="Rest"), seen=0, by=world.dora.user),
        lambda: operations.undo_visit(visit, by=world.dora.user),
    ]
    for act in acts:
        with pytest.raises(DomainError, match="Only Dr Dora Sen can write in this visit."):
            act()
    assert Visit.objects.get().appointment == world.visit


def test_start_visit_of_tomorrow_is_refused(world):
    tomorrow = book(world.at_city, world.pia, starts_at=timezone.now() + dt.timedelta(days=1))
    with pytest.raises(DomainError, match="You can write in it from then on"):
        operations.start_visit(tomorrow, by=world.dora.user)


def test_start_visit_of_yesterday_is_allowed(world):
    yesterday = book(world.at_city, world.pia, starts_at=timezone.now() - dt.timedelta(days=1))
    assert operations.start_visit(yesterday, by=world.dora.user).pk


@pytest.mark.parametrize("status", ["proposed", "pending", "fulfilled", "noshow"])
def test_start_visit_that_is_not_booked_is_refused(world, status):
    Appointment.objects.filter(pk=world.visit.pk).update(status=status)
    with pytest.raises(DomainError, match="Only a booked visit can begin"):
        start(world)


def test_write_note_counts_versions_and_records_each(world):
    visit = start(world)
    first = operations.write_note(visit, note=NoteText(complaint="Cough"), seen=0, by=world.dora.user)
    second = operations.write_note(visit, note=NoteText(complaint="Fever"), seen=1, by=world.dora.user)
    assert (first.number, second.number) == (1, 2)
    assert list(VisitNote.objects.values_list("complaint", flat=True)) == ["Cough", "Fever"]
    assert Entry.objects.filter(kind="records.visit_note", reference=visit.public_id).count() == 2


def test_write_note_with_an_old_number_raises_conflict_and_writes_nothing(world):
    visit = noted(world.visit, finished=False)
    with pytest.raises(Conflict, match="The notes were changed meanwhile"):
        operations.write_note(visit, note=NoteText(complaint="Mine"), seen=0, by=world.dora.user)
    assert VisitNote.objects.count() == 1


def test_write_note_sent_twice_leaves_one_version(world):
    visit = start(world)
    note = NoteText(complaint="Cough")
    for _ in range(2):
        operations.write_note(visit, note=note, seen=0, by=world.dora.user)
    assert VisitNote.objects.count() == 1


def test_write_note_without_text_is_refused(world):
    with pytest.raises(DomainError) as caught:
        operations.write_note(start(world), note=NoteText(), seen=0, by=world.dora.user)
    assert caught.value.field == "complaint"


def test_write_note_by_another_doctor_is_refused(world):
    with pytest.raises(DomainError, match="Only Dr Dora Sen"):
        operations.write_note(start(world), note=NoteText(plan="x"), seen=0, by=world.deb.user)


def test_finish_visit_fulfils_the_appointment_and_adds_one_line_to_the_chart(world):
    visit = noted(world.visit)
    operations.finish_visit(visit, by=world.dora.user)
    world.visit.refresh_from_db()
    assert world.visit.status == Appointment.Status.FULFILLED
    entry = TimelineEntry.objects.get()
    assert (entry.title, entry.route, entry.reference) == (
        "Visit: Acute bronchitis (J20.9)",
        "records:notes",
        visit.public_id,
    )
    assert entries_of_record("records.visit_finished", visit.public_id).count() == 1


def test_finish_visit_keeps_the_chart_open_for_a_year(world):
    with time_machine.travel("2026-11-21T10:00:00Z", tick=False):
        visit = book(world.at_city, world.pia)
        noted(visit)
        relation = CareRelation.objects.get(reference=visit.public_id)
        assert relation.ends_at == dt.datetime(2027, 11, 21, 10, tzinfo=dt.UTC)


def test_finish_visit_without_notes_is_refused(world):
    with pytest.raises(DomainError, match="Write the notes"):
        operations.finish_visit(start(world), by=world.dora.user)


def test_finish_visit_by_another_doctor_is_refused(world):
    visit = noted(world.visit, finished=False)
    with pytest.raises(DomainError, match="Only Dr Dora Sen"):
        operations.finish_visit(visit, by=world.deb.user)


def test_write_note_after_the_end_needs_a_reason_and_renames_the_line(world):
    visit = noted(world.visit)
    note = NoteText(complaint="Cough", diagnosis="Pneumonia", diagnosis_code="J18.9")
    with pytest.raises(DomainError) as caught:
        operations.write_note(visit, note=note, seen=1, by=world.dora.user, reason=" ")
    assert caught.value.field == "reason"
    written = operations.write_note(visit, note=note, seen=1, by=world.dora.user, reason="X-ray came back")
    assert (written.number, written.reason) == (2, "X-ray came back")
    assert TimelineEntry.objects.get().title == "Visit: Pneumonia (J18.9)"


@pytest.mark.parametrize(
    ("answer", "text", "field"),
    [("listed", " ", "text"), ("none", "Penicillin", "text"), ("maybe", "", "answer"), ("", "", "answer")],
)
def test_set_allergies_refuses_half_answers(world, answer, text, field):
    with pytest.raises(DomainError) as caught:
        operations.set_allergies(world.paul, answer=answer, text=text, seen="", by=world.dora.user)
    assert caught.value.field == field


def test_set_allergies_keeps_every_answer_in_the_ledger(world):
    first = operations.set_allergies(world.paul, answer="none", text="", seen="", by=world.dora.user)
    listed = {"answer": "listed", "text": "Penicillin: rash", "seen": first.mark}
    operations.set_allergies(world.paul, **listed, by=world.dora.user)
    operations.set_allergies(world.paul, **listed, by=world.dora.user)
    world.paul.refresh_from_db()
    assert (world.paul.allergies.answer, world.paul.allergies.text) == ("listed", "Penicillin: rash")
    assert entries_of_record("records.allergies_set", world.paul.public_id).count() == 2


def test_set_allergies_from_an_older_page_loses_nothing(world):
    operations.set_allergies(
        world.paul, answer="listed", text="Penicillin: rash", seen="", by=world.dora.user
    )
    with pytest.raises(Conflict, match="The allergies were changed meanwhile: Penicillin: rash"):
        operations.set_allergies(world.paul, answer="none", text="", seen="", by=world.dora.user)
    world.paul.refresh_from_db()
    assert world.paul.allergies.text == "Penicillin: rash"
