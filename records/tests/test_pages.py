"""The pages of the record: what they show, keep, log and cost."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core.tenancy import in_hospital
from ledger.queries import reads_of_patient
from records import operations
from records.models import Prescription, VisitNote

from .factories import PatientFactory, begun, book, drafted, line, medicine, noted, signed


def reads(world):
    return sorted(reads_of_patient(world.paul.public_id).values_list("actor_id", "read_part"))


def test_not_asked_is_said_loudly_until_somebody_asks(world, as_person):
    begun(world.visit)
    dora = as_person(world.dora.user)
    pages = [
        reverse("records:chart", args=[world.paul.public_id]),
        reverse("records:see", args=[world.visit.public_id]),
        reverse("records:prescribe", args=[world.visit.public_id]),
    ]
    assert ["Allergies: not asked" in dora.get(page).content.decode() for page in pages] == [True] * 3
    sent = dora.post(
        reverse("records:allergies", args=[world.paul.public_id]),
        {"answer": "listed", "text": "Penicillin: rash"},
    )
    assert sent.status_code == 302
    for page in pages:
        html = dora.get(page).content.decode()
        assert ("Allergies: not asked" in html, "Penicillin: rash" in html) == (False, True)


def test_allergies_with_a_mistake_keep_what_was_typed(world, as_person):
    address = reverse("records:allergies", args=[world.paul.public_id])
    answer = as_person(world.dora.user).post(address, {"answer": "none", "text": "Peanuts"})
    assert answer.status_code == 422
    assert "Peanuts" in answer.content.decode()


def test_see_saves_and_finishes(world, as_person):
    begun(world.visit)
    dora, address = as_person(world.dora.user), reverse("records:see", args=[world.visit.public_id])
    typed = {"complaint": "Cough", "diagnosis": "Bronchitis", "diagnosis_code": "j20.9", "seen": "0"}
    assert dora.post(address, {**typed, "act": "save"}).url == address
    prescribe = dora.post(address, {**typed, "seen": "1", "plan": "Rest", "act": "prescribe"})
    assert prescribe.url == reverse("records:prescribe", args=[world.visit.public_id])
    finish = dora.post(address, {**typed, "seen": "2", "plan": "Rest", "act": "finish"})
    assert finish.url == reverse("records:chart", args=[world.paul.public_id])
    with in_hospital(world.city):
        assert list(VisitNote.objects.values_list("number", "diagnosis_code", "plan")) == [
            (1, "J20.9", ""),
            (2, "J20.9", "Rest"),
        ]
    assert "Save as a new version" in dora.get(address).content.decode()


def test_finishing_does_not_promise_reading_to_somebody_without_a_log_in(world, as_person):
    walk_in = book(world.at_city, PatientFactory(user=None, name="Wanda", email=""))
    begun(walk_in)
    sent = {"complaint": "Cough", "seen": "0", "act": "finish"}
    dora = as_person(world.dora.user)
    for visit, said in ((walk_in, ""), (world.visit, " Paul Rahman can read diagnosis and plan.")):
        begun(visit)
        answer = dora.post(reverse("records:see", args=[visit.public_id]), sent, follow=True)
        messages = [str(message) for message in answer.context["messages"]]
        assert messages == [f"The visit is finished.{said}"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"diagnosis": "Typed", "diagnosis_code": "bronchitis"[:8]}, "Write it like J20.9."),
        ({"complaint": " ", "act": "finish"}, "Write what the patient came with"),
        ({"diagnosis": "Typed" * 61}, "at most 300 characters"),
    ],
)
def test_see_with_a_mistake_keeps_what_was_typed(world, as_person, typed, said):
    begun(world.visit)
    address = reverse("records:see", args=[world.visit.public_id])
    answer = as_person(world.dora.user).post(address, {"seen": "0", "findings": "", **typed})
    assert answer.status_code == 422
    html = answer.content.decode()
    assert said in html
    assert typed.get("diagnosis", "") in html


def test_see_with_an_old_page_keeps_the_text_and_shows_the_other(world, as_person):
    noted(world.visit, finished=False, complaint="Theirs")
    dora, address = as_person(world.dora.user), reverse("records:see", args=[world.visit.public_id])
    answer = dora.post(address, {"complaint": "Mine", "seen": "0", "act": "save"})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert ("Mine" in html, "Theirs" in html, 'name="seen" value="1"' in html) == (True, True, True)
    assert dora.post(address, {"complaint": "Mine", "seen": "1", "act": "save"}).status_code == 302


def test_reads_are_logged_once_a_day_for_doctors_and_never_for_the_patient(world, as_person):
    noted(world.visit)
    prescription = signed(world.visit)
    dora, actor = as_person(world.dora.user), world.dora.user.actor_id
    pages = [
        reverse("records:chart", args=[world.paul.public_id]),
        reverse("records:notes", args=[world.visit.visit.public_id]),
        reverse("records:see", args=[world.visit.public_id]),
        reverse("records:doctor_prescription", args=[prescription.public_id]),
        reverse("records:doctor_prescription_pdf", args=[prescription.public_id]),
    ]
    for page in pages * 2:
        dora.get(page)
    paul = as_person(world.paul.user)
    paul.get(reverse("records:prescription", args=[prescription.public_id]))
    paul.get(reverse("records:visit_summary", args=[world.visit.public_id]))
    assert reads(world) == [
        (actor, "chart"),
        (actor, f"document:{prescription.public_id}:1"),
        (actor, "notes"),
        (actor, f"prescription:{prescription.public_id}:1"),
    ]


def test_what_is_refused_is_not_logged_as_read(world, as_person):
    as_person(world.deb.user).get(reverse("records:chart", args=[world.paul.public_id]))
    assert reads(world) == []


def test_notes_show_every_version_and_why(world, as_person):
    visit = noted(world.visit, complaint="First words")
    with in_hospital(world.city):
        note = operations.NoteText(complaint="Second words")
        operations.write_note(visit, note=note, seen=1, by=world.dora.user, reason="X-ray came back")
    html = as_person(world.dora.user).get(reverse("records:notes", args=[visit.public_id])).content.decode()
    assert all(words in html for words in ("First words", "Second words", "X-ray came back", "Version 2"))


def test_patients_are_found_by_name_and_number(world, as_person):
    dora = as_person(world.dora.user)
    book(world.at_city, world.pia)
    for text, found in {
        "": (True, True),
        "rahm": (True, False),
        "P-000002": (False, True),
        "nobody": (False, False),
    }.items():
        html = dora.get(reverse("records:patients"), {"q": text}).content.decode()
        assert ("Paul Rahman" in html, "Pia Das" in html) == found


def test_replaced_prescriptions_link_both_ways(world, as_person):
    old = signed(world.visit)
    with in_hospital(world.city):
        new = operations.replace_prescription(old, by=world.dora.user)
    paul, address = as_person(world.paul.user), reverse("records:prescription", args=[old.public_id])
    draft_address = reverse("records:prescription", args=[new.public_id])
    assert draft_address not in paul.get(address).content.decode()
    with in_hospital(world.city):
        operations.sign_prescription(new, by=world.dora.user)
    assert draft_address in paul.get(address).content.decode()
    assert address in paul.get(draft_address).content.decode()
    for client, name in ((paul, "prescription"), (as_person(world.dora.user), "doctor_prescription")):
        html = client.get(reverse(f"records:{name}", args=[old.public_id])).content.decode()
        newer = reverse(f"records:{name}", args=[new.public_id])
        assert html.count("Do not take or give out these medicines by it.") == 1
        assert html.count("replace") == html.count("A newer prescription replaces this one.") == 1
        assert f'<a class="btn btn-primary" href="{newer}">' in html
        assert html.count("btn-primary") == 1


def test_prescriptions_are_searched_by_medicine_and_doctor(world, as_person):
    signed(world.visit, line(medicine("Amlodipine", form="tablet", dose_unit="tablet")))
    paul = as_person(world.paul.user)
    texts = ("amlo", "dora", "ibuprofen")
    pages = [paul.get(reverse("records:prescriptions"), {"q": text}).content.decode() for text in texts]
    assert ["Amlodipine" in page for page in pages] == [True, True, False]


def test_prescriptions_that_count_stand_first_and_each_says_what_became_of_it(world, as_person):
    at = [timezone.now() - dt.timedelta(days=days) for days in range(5)]
    kept = {name: signed(book(world.at_city, world.paul, starts_at=at[n])) for n, name in enumerate(NAMED)}
    with in_hospital(world.city):
        operations.cancel_prescription(kept["Cancelled"], reason="Wrong", by=world.dora.user)
        newer = operations.replace_prescription(kept["Replaced"], by=world.dora.user)
        operations.sign_prescription(newer, by=world.dora.user)
        Prescription.objects.filter(pk=kept["Ended"].pk).update(valid_until=dt.date(2020, 1, 1))
    paul = as_person(world.paul.user)
    page = paul.get(reverse("records:prescriptions")).content.decode().partition("</form>")[2]
    valid, over = page.split("No longer valid")
    assert [valid.count(word) for word in ("Valid</span>", *NAMED[1:])] == [2, 0, 0, 0]
    assert [over.count(f"{word}</span>") for word in ("Valid", *NAMED[1:])] == [0, 1, 1, 1]
    home = paul.get(reverse("dashboards:patient")).content.decode()
    assert [home.count(f"{word}</span>") for word in ("Valid", "Cancelled", "Ended", "Replaced")] == [
        2,
        0,
        0,
        0,
    ]


NAMED = ("Valid", "Replaced", "Cancelled", "Ended")


def test_a_long_prescription_is_shortened_in_the_list_only(world, as_person):
    chosen = [medicine(f"Long{number:02}", form="tablet", dose_unit="tablet") for number in range(7)]
    prescription = signed(world.visit, *[line(one) for one in chosen])
    paul = as_person(world.paul.user)
    listed = paul.get(reverse("records:prescriptions")).content.decode()
    assert ([n for n in range(7) if f"Long{n:02}" in listed], "and 2 more" in listed) == (
        [0, 1, 2, 3, 4],
        True,
    )
    sheet = paul.get(reverse("records:prescription", args=[prescription.public_id])).content.decode()
    assert [n for n in range(7) if f"Long{n:02}" in sheet] == list(range(7))


def _fill(world, first, last):
    for number in range(first, last):
        start = timezone.now() - dt.timedelta(days=number + 1)
        seen = book(world.at_city, world.paul, starts_at=start)
        noted(seen)
        signed(seen)
        book(world.at_city, type(world.pia).objects.create(name=f"P{number}", birth_date=dt.date(2000, 1, 1)))


PAGES = [
    ("dora", "records:patients", "", 7),
    ("dora", "records:chart", "?part=timeline", 9),
    ("dora", "records:chart", "?part=visits", 9),
    ("dora", "records:chart", "?part=medicines", 10),
    ("dora", "records:notes", "", 9),
    ("dora", "records:see", "", 9),
    ("dora", "records:prescribe", "", 10),
    ("dora", "records:doctor_prescription", "", 8),
    ("dora", "records:sign", "", 10),
    ("paul", "records:prescriptions", "", 8),
    ("paul", "records:prescription", "", 6),
    ("paul", "records:visit_summary", "", 6),
]


def _address(world, name, query):
    with in_hospital(world.city):
        prescription = Prescription.objects.signed().first()
        ids = {
            "records:chart": world.paul.public_id,
            "records:see": world.visit.public_id,
            "records:prescribe": world.visit.public_id,
            "records:notes": prescription.visit.public_id,
            "records:visit_summary": prescription.visit.appointment.public_id,
            "records:doctor_prescription": prescription.public_id,
            "records:prescription": prescription.public_id,
            "records:sign": Prescription.objects.get(status="draft").public_id,
        }
    return reverse(name, args=[ids[name]] if name in ids else []) + query


def _cost(client, address):
    assert client.get(address).status_code == 200  # a read's own entry is written now
    with CaptureQueriesContext(connection) as caught:
        client.get(address)
    # What noting the reading costs is counted apart: where the reader cares for the patient, and today's entry.
    of_reading = ("read_part", 'SELECT "patients_carerelation"."hospital_id" AS')
    statements = [query["sql"] for query in caught.captured_queries]
    return [sql[:150] for sql in statements if not any(part in sql for part in of_reading)]


@pytest.mark.parametrize(("who", "name", "query", "count"), PAGES)
def test_pages_cost_the_same_few_queries_with_one_row_and_with_three(
    world, as_person, who, name, query, count
):
    client = as_person(getattr(world, who).user)
    chosen = [medicine(f"M{number}", form="tablet", dose_unit="tablet") for number in range(3)]
    draft = drafted(world.visit, line(chosen[0]))
    _fill(world, 0, 1)
    first = _cost(client, _address(world, name, query))
    _fill(world, 1, 3)
    with in_hospital(world.city):
        lines = [line(one) for one in chosen]
        operations.change_draft(draft, lines=lines, advice="", by=world.dora.user)
    assert (len(first), len(_cost(client, _address(world, name, query)))) == (count, count), "\n".join(first)
