"""A visit begins by its own button, and one begun by mistake is taken back while nothing is written in it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from appointments.models import Appointment
from core.actors import SCHEDULER
from core.errors import Conflict, DomainError
from core.tenancy import in_hospital
from ledger.models import EntrySecret
from ledger.operations import body_of
from records import operations
from records.models import Prescription, Visit, VisitNote
from records.operations import NoteText

from .factories import MedicineFactory, begun, book, drafted, noted
from .test_prescribing import typed


@pytest.fixture(autouse=True)
def _scope(world):
    with in_hospital(world.city):
        yield


@pytest.fixture
def dora(world, as_person):
    return as_person(world.dora.user)


def address(name, appointment):
    return reverse(f"records:{name}", args=[appointment.public_id])


def status(appointment):
    return Appointment.objects.get(pk=appointment.pk).status


def test_the_visit_begins_by_its_own_button_and_then_notes_are_written(world, dora):
    see = address("see", world.visit)
    html = dora.get(see).content.decode()
    assert ("Begin the visit" in html, "What you found" in html) == (True, False)
    assert status(world.visit) == "booked"
    assert dora.post(address("begin", world.visit)).url == see
    html = dora.get(see).content.decode()
    assert ("Begin the visit" in html, "What you found" in html, "Begun by mistake" in html) == (
        False, True, True,
    )  # fmt: skip
    assert (status(world.visit), Visit.objects.count()) == ("arrived", 1)


def test_begin_is_a_post_and_twice_is_once(world, dora):
    assert dora.get(address("begin", world.visit)).status_code == 405
    assert [dora.post(address("begin", world.visit)).status_code for _ in range(2)] == [302, 302]
    assert Visit.objects.count() == 1


def test_a_visit_of_a_later_day_has_no_button_and_can_not_begin(world, dora):
    later = book(world.at_city, world.pia, starts_at=timezone.now() + dt.timedelta(days=2))
    html = dora.get(address("see", later)).content.decode()
    assert ("Begin the visit" in html, "It can begin on its day." in html) == (False, True)
    assert dora.post(address("begin", later)).status_code == 409
    assert status(later) == "booked"


def test_a_visit_that_is_not_booked_has_no_button(world, dora):
    Appointment.objects.filter(pk=world.visit.pk).update(status="pending")
    html = dora.get(address("see", world.visit)).content.decode()
    assert ("Begin the visit" in html, "Only a booked visit can begin." in html) == (False, True)


def test_notes_and_prescriptions_do_not_begin_a_visit_and_keep_what_was_typed(world, dora):
    sent = {"complaint": "Mine", "seen": "0", "act": "save"}
    answer = dora.post(address("see", world.visit), sent)
    assert (answer.status_code, "Mine" in answer.content.decode()) == (422, True)
    assert "This visit is not begun, so nothing was saved." in answer.content.decode()
    sent = {**typed(MedicineFactory(), advice="Mine"), "act": "save"}
    answer = dora.post(address("prescribe", world.visit), sent)
    assert (answer.status_code, "Mine" in answer.content.decode()) == (422, True)
    assert "This visit is not begun, so nothing was saved." in answer.content.decode()
    assert (status(world.visit), Visit.objects.count(), VisitNote.objects.count()) == ("booked", 0, 0)


def test_prescribing_in_a_visit_that_is_not_begun_leads_to_its_button(world, dora):
    assert dora.get(address("prescribe", world.visit)).url == address("see", world.visit)


def test_undo_asks_first_and_leads_to_the_booking(world, dora):
    begun(world.visit)
    html = dora.get(address("undo", world.visit)).content.decode()
    assert "Take back the visit of Paul Rahman?" in html
    assert Visit.objects.count() == 1
    answer = dora.post(address("undo", world.visit))
    assert answer.url == reverse("appointments:doctor_visit", args=[world.visit.public_id])
    assert (status(world.visit), Visit.objects.count()) == ("booked", 0)


@pytest.mark.parametrize("wrote", ["nothing", "notes", "draft"])
def test_undo_of_what_was_not_begun_or_was_written_in_leads_back(world, dora, wrote):
    if wrote == "notes":
        noted(world.visit, finished=False)
    if wrote == "draft":
        drafted(world.visit)
    before = status(world.visit)
    for method in (dora.get, dora.post):
        assert method(address("undo", world.visit)).url == address("see", world.visit)
    assert "Begun by mistake" not in dora.get(address("see", world.visit)).content.decode()
    assert status(world.visit) == before


def test_undo_visit_leaves_its_trace_in_the_ledger_and_the_visit_can_begin_again(world):
    visit = begun(world.visit)
    operations.undo_visit(visit, by=world.dora.user)
    entry = EntrySecret.objects.get(kind="records.visit_undone")
    assert (entry.reference, entry.patient_id) == (visit.public_id, world.paul.public_id)
    assert body_of(entry)["body"] == {"appointment": world.visit.public_id}
    assert begun(world.visit).public_id != visit.public_id
    assert status(world.visit) == "arrived"


def test_undo_visit_twice_raises_conflict(world):
    visit = begun(world.visit)
    operations.undo_visit(visit, by=world.dora.user)
    with pytest.raises(Conflict):
        operations.undo_visit(visit, by=world.dora.user)
    with pytest.raises(Conflict, match="not begun"):
        operations.write_note(visit, note=NoteText("x"), seen=0, by=world.dora.user)


@pytest.mark.parametrize("who", ["deb", "paul", "scheduler"])
def test_undo_visit_by_somebody_else_is_refused(world, who):
    visit = begun(world.visit)
    by = SCHEDULER if who == "scheduler" else getattr(world, who).user
    with pytest.raises(DomainError, match="Only Dr Dora Sen"):
        operations.undo_visit(visit, by=by)
    assert Visit.objects.count() == 1


def test_undo_visit_with_notes_or_a_prescription_is_refused(world):
    with pytest.raises(DomainError, match="notes in this visit"):
        operations.undo_visit(noted(world.visit, finished=False), by=world.dora.user)
    other = book(world.at_city, world.pia, starts_at=world.visit.ends_at)
    with pytest.raises(DomainError, match="a prescription in this visit"):
        operations.undo_visit(drafted(other).visit, by=world.dora.user)
    assert (Visit.objects.count(), Prescription.objects.count()) == (2, 1)


def test_the_first_page_shows_what_was_begun_and_not_finished(world, dora):
    home = reverse("dashboards:doctor")
    see = address("see", world.visit)
    assert see not in dora.get(home).content.decode()
    begun(world.visit)
    html = dora.get(home).content.decode()
    assert ("Begun, not finished" in html, see in html) == (True, True)
    noted(world.visit)
    html = dora.get(home).content.decode()
    assert ("Begun, not finished" in html, see in html) == (False, False)
