"""A prescription from draft to signed, cancelled or replaced; and that a signature freezes."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from decimal import Decimal

import pytest
import rfc8785
import time_machine
from django_tasks_db.models import DBTaskResult

from core.errors import Conflict, DomainError, IllegalTransition
from core.invariants import breaks_of
from core.tenancy import everywhere, in_hospital
from hospitals.models import Hospital, Membership
from ledger import kinds
from ledger.models import Entry, EntrySecret
from notifications.models import Message, Notice
from records import operations, queries
from records.models import Prescription, PrescriptionLine, TimelineEntry

from .factories import DoctorFactory, MedicineFactory, book, drafted, employ, line, noted, signed

Status = Prescription.Status


@pytest.fixture(autouse=True)
def _scope(world):
    with in_hospital(world.city):
        yield


def tasks(name):
    return [row for row in DBTaskResult.objects.all() if row.args_kwargs["args"][:1] == [name]]


def test_draft_prescription_computes_quantities_and_leaves_no_trace_in_the_ledger(world):
    before = Entry.objects.filter(kind__startswith="records.prescription").count()
    draft = drafted(world.visit, advice=" Rest. ")
    row = draft.lines.get()
    assert (draft.status, draft.advice, row.quantity, row.quantity_unit, row.route) == (
        Status.DRAFT, "Rest.", 15, "tablet", "oral",
    )  # fmt: skip
    assert row.medicine_name.startswith("Paracetamol 500 mg tablet (Paracokad")
    assert Entry.objects.filter(kind__startswith="records.prescription").count() == before == 0
    assert TimelineEntry.objects.count() == Message.objects.count() == 0


def test_draft_prescription_sent_twice_is_one_draft(world):
    chosen = MedicineFactory()
    first = drafted(world.visit, line(chosen))
    assert drafted(world.visit, line(chosen)) == first


def test_draft_prescription_when_there_is_another_raises_conflict(world):
    drafted(world.visit)
    with pytest.raises(Conflict, match="already has a draft"):
        drafted(world.visit, line(MedicineFactory(), days=3))


def test_draft_prescription_by_another_doctor_is_refused(world):
    visit = operations.start_visit(world.visit, by=world.dora.user)
    with pytest.raises(DomainError, match="Only Dr Dora Sen"):
        operations.draft_prescription(visit, lines=[line(MedicineFactory())], advice="", by=world.deb.user)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda m: [], "Add at least one medicine."),
        (lambda m: [line(m)] * 21, "at most 20 medicines"),
        (lambda m: [operations.LineText("0000000000000000", Decimal(1), "1+0+0", 3)], "not in the formulary"),
        (lambda m: [line(m, instructions="2 U")], "Write “units”"),
    ],
)
def test_draft_prescription_refuses_bad_lines(world, make, sentence):
    visit = operations.start_visit(world.visit, by=world.dora.user)
    with pytest.raises(DomainError, match=sentence):
        operations.draft_prescription(visit, lines=make(MedicineFactory()), advice="", by=world.dora.user)
    assert Prescription.objects.count() == 0


def test_draft_prescription_refuses_abbreviations_in_the_advice(world):
    with pytest.raises(DomainError, match="Write “daily”") as caught:
        drafted(world.visit, advice="Walk QD")
    assert caught.value.field == "advice"


def test_change_draft_writes_the_lines_anew(world):
    draft = drafted(world.visit)
    operations.change_draft(
        draft, lines=[line(MedicineFactory(), days=2)] * 2, advice="Rest", by=world.dora.user
    )
    draft.refresh_from_db()
    assert ([row.quantity for row in draft.lines.all()], draft.advice) == ([6, 6], "Rest")


def test_change_draft_that_was_changed_meanwhile_raises_conflict(world):
    draft, chosen = drafted(world.visit), MedicineFactory()
    seen = queries.draft_hash(draft)
    operations.change_draft(draft, lines=[line(chosen)], advice="First", by=world.dora.user, seen=seen)
    with pytest.raises(Conflict):
        operations.change_draft(draft, lines=[line(chosen)], advice="Second", by=world.dora.user, seen=seen)
    draft.refresh_from_db()
    assert draft.advice == "First"


@time_machine.travel("2026-11-21T19:30:00Z", tick=False)
def test_sign_prescription_freezes_everything_in_one_go(world):
    operations.set_allergies(world.pia, answer="listed", text="Penicillin: rash", seen="", by=world.dora.user)
    prescription = signed(book(world.at_city, world.pia))
    prescription.refresh_from_db()
    head = prescription.letterhead
    assert prescription.status == Status.ACTIVE
    assert prescription.signed_at == dt.datetime(2026, 11, 21, 19, 30, tzinfo=dt.UTC)
    # It is the 22nd already in Dhaka.
    assert prescription.valid_until == dt.date(2026, 12, 22)
    assert (head["patient"], head["number"], head["allergies_text"]) == (
        "Pia Das",
        "P-000002",
        "Penicillin: rash",
    )
    assert (head["hospital"], head["doctor"]) == ("City General Hospital", "Dr Dora Sen")
    entry = TimelineEntry.objects.get()
    assert (entry.title, entry.reference) == ("Prescription: Paracetamol", prescription.public_id)
    task = tasks("records.render_prescription")[0]
    assert task.args_kwargs["args"][1] == {"prescription_id": prescription.pk, "hospital_id": world.city.pk}
    assert Notice.objects.get(user=world.pia.user).title == "A prescription is ready"
    assert Message.objects.get(kind="records.prescription_ready").email == "pia@demo.test"


def test_the_ledger_holds_the_hash_of_the_frozen_content(world):
    prescription = signed(world.visit)
    secret = EntrySecret.objects.get(kind="records.prescription")
    body = json.loads(bytes(secret.body))
    kind = kinds.get("records.prescription")
    version = kind.load_versions([prescription.public_id])[prescription.public_id, 1]
    content = rfc8785.dumps(kind.canonical(version))
    assert (body["version"], body["body_hash"]) == (1, hashlib.sha256(content).hexdigest())
    assert (secret.patient_id, secret.hospital_id) == (world.paul.public_id, world.city.pk)


def test_sign_prescription_twice_changes_nothing(world):
    prescription = signed(world.visit)
    again = operations.sign_prescription(prescription, by=world.dora.user)
    assert again.signed_at == Prescription.objects.get().signed_at
    assert EntrySecret.objects.filter(kind="records.prescription").count() == 1
    assert len(tasks("records.render_prescription")) == 1


def test_sign_prescription_by_a_stranger_is_refused(world):
    draft = drafted(world.visit)
    with pytest.raises(DomainError, match="Only Dr Dora Sen can change this prescription"):
        operations.sign_prescription(draft, by=world.deb.user)
    with pytest.raises(DomainError):
        operations.sign_prescription(draft, by=world.paul.user)


def test_sign_prescription_of_an_unseen_draft_raises_conflict(world):
    draft = drafted(world.visit)
    with pytest.raises(Conflict):
        operations.sign_prescription(draft, by=world.dora.user, seen="0" * 64)
    assert Prescription.objects.get().status == Status.DRAFT


def test_sign_prescription_with_an_expired_licence_is_refused(world):
    old = DoctorFactory(licence_expires=dt.date(2020, 1, 1))
    draft = drafted(book(employ(old, world.city), world.pia))
    with pytest.raises(DomainError, match="licence has run out"):
        operations.sign_prescription(draft, by=old.user)


def test_whoever_lost_the_access_neither_drafts_nor_signs(world):
    draft = drafted(world.visit)
    Membership.objects.filter(user=world.dora.user).update(status=Membership.Status.SUSPENDED)
    with pytest.raises(DomainError, match="Only Dr Dora Sen can change this prescription"):
        operations.sign_prescription(draft, by=world.dora.user)
    with pytest.raises(DomainError, match="Only Dr Dora Sen can write in this visit"):
        operations.draft_prescription(
            draft.visit, lines=[line(MedicineFactory())], advice="", by=world.dora.user
        )
    assert Prescription.objects.get().status == Status.DRAFT


def test_prescriptions_that_count_stand_first_by_their_own_hospitals_day(world):
    """On the evening of the last day in New York it is the next day in UTC already."""
    Hospital.objects.filter(pk=world.lakeside.pk).update(zone="America/New_York")
    world.lakeside.refresh_from_db()
    there = signed(book(world.at_lakeside, world.paul))
    here = signed(world.visit)
    with everywhere():
        Prescription.objects.update(valid_until=dt.date(2026, 12, 21))
    with time_machine.travel(dt.datetime(2026, 12, 22, 2, tzinfo=dt.UTC), tick=False), everywhere():
        listed = [(row.pk, row.is_valid) for row in queries.prescriptions_of(world.paul)]
    assert listed == [(there.pk, True), (here.pk, False)]


def test_sign_prescription_checks_lines_again(world):
    draft = drafted(world.visit)
    draft.lines.update(instructions="10 IU")
    with pytest.raises(DomainError, match="Write “units”"):
        operations.sign_prescription(draft, by=world.dora.user)


def test_signed_prescriptions_do_not_change(world):
    prescription = signed(world.visit)
    before = list(prescription.lines.values())
    with pytest.raises(DomainError, match="is signed, so it can't change"):
        operations.change_draft(prescription, lines=[line(MedicineFactory())], advice="x", by=world.dora.user)
    with pytest.raises(DomainError, match="is signed, so it stays"):
        operations.discard_draft(prescription, by=world.dora.user)
    assert list(prescription.lines.values()) == before


def test_discard_draft_leaves_nothing(world):
    draft = drafted(world.visit)
    operations.discard_draft(draft, by=world.dora.user)
    assert Prescription.objects.count() == PrescriptionLine.objects.count() == 0
    with pytest.raises(Conflict, match="thrown away"):
        operations.sign_prescription(draft, by=world.dora.user)


def test_cancel_prescription_needs_a_reason(world):
    prescription = signed(world.visit)
    with pytest.raises(DomainError) as caught:
        operations.cancel_prescription(prescription, reason=" ", by=world.dora.user)
    assert caught.value.field == "reason"


def test_cancel_prescription_tells_and_renders_again(world):
    prescription = signed(world.visit)
    operations.cancel_prescription(prescription, reason="Wrong strength", by=world.dora.user)
    prescription.refresh_from_db()
    assert (prescription.status, prescription.cancel_reason) == (Status.CANCELLED, "Wrong strength")
    assert len(tasks("records.render_prescription")) == 2
    assert Notice.objects.filter(user=world.paul.user, title="A prescription was cancelled").count() == 1
    entry = EntrySecret.objects.get(kind="records.prescription_cancelled")
    assert json.loads(bytes(entry.body))["reason"] == "Wrong strength"


def test_cancel_prescription_by_a_stranger_is_refused(world):
    with pytest.raises(DomainError, match="Only Dr Dora Sen"):
        operations.cancel_prescription(signed(world.visit), reason="x", by=world.deb.user)


def test_replace_prescription_links_both_ways_once_the_new_one_is_signed(world):
    old = signed(world.visit, advice="Rest")
    draft = operations.replace_prescription(old, by=world.dora.user)
    assert operations.replace_prescription(old, by=world.dora.user) == draft
    assert (draft.replaces, draft.advice, draft.lines.get().quantity) == (old, "Rest", 15)
    old.refresh_from_db()
    assert old.status == Status.ACTIVE
    operations.sign_prescription(draft, by=world.dora.user)
    old = Prescription.objects.get(pk=old.pk)
    assert (old.status, old.replaced_by) == (Status.SUPERSEDED, draft)
    assert EntrySecret.objects.filter(kind="records.prescription_superseded").count() == 1
    assert len(tasks("records.render_prescription")) == 3


def test_replace_prescription_while_another_draft_waits_is_refused(world):
    old = signed(world.visit)
    drafted(world.visit)
    with pytest.raises(DomainError, match="has a draft that is not signed"):
        operations.replace_prescription(old, by=world.dora.user)


def test_replace_prescription_that_was_cancelled_meanwhile_stays_cancelled(world):
    old = signed(world.visit)
    draft = operations.replace_prescription(old, by=world.dora.user)
    operations.cancel_prescription(old, reason="Reaction", by=world.dora.user)
    operations.sign_prescription(draft, by=world.dora.user)
    old.refresh_from_db()
    assert old.status == Status.CANCELLED
    with pytest.raises(DomainError, match="still counts"):
        operations.replace_prescription(old, by=world.dora.user)


@pytest.mark.parametrize("now", Status.values)
@pytest.mark.parametrize("new", Status.values)
def test_every_pair_of_states(now, new):
    legal = {("draft", "active"), ("active", "cancelled"), ("active", "superseded")}
    prescription = Prescription(status=now)
    if (now, new) in legal:
        prescription.move_to(new)
        assert prescription.status == new
    else:
        with pytest.raises(IllegalTransition):
            prescription.move_to(new)


@pytest.mark.parametrize("act", ["sign", "cancel"])
def test_what_is_cancelled_stays_cancelled(world, act):
    prescription = signed(world.visit)
    operations.cancel_prescription(prescription, reason="Wrong", by=world.dora.user)
    with pytest.raises(IllegalTransition):
        if act == "sign":
            operations.sign_prescription(prescription, by=world.dora.user)
        else:
            operations.cancel_prescription(prescription, reason="Again", by=world.dora.user)


NAMES = (
    "records: every signed prescription still reads as it was signed",
    "records: notes have every version once, without gaps",
    "records: every signed prescription stands in the chart, and no draft does",
)


def test_invariants_hold_and_find_what_was_altered(world):
    prescription, visit = (
        signed(world.visit),
        noted(book(world.at_city, world.pia, starts_at=world.visit.starts_at - dt.timedelta(hours=1))),
    )
    drafted(book(world.at_city, world.pia, starts_at=world.visit.starts_at - dt.timedelta(hours=2)))
    assert [breaks_of(name) for name in NAMES] == [[], [], []]
    prescription.lines.update(quantity=16)
    visit.notes.update(number=2)
    TimelineEntry.objects.filter(reference=prescription.public_id).delete()
    assert [len(breaks_of(name)) for name in NAMES] == [1, 1, 1]
