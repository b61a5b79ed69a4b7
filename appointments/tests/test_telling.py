"""What staff may still do and are told: a visit whose time has come, who has to be called, what is noted as read."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from appointments.models import Appointment
from core.tenancy import everywhere
from ledger.models import EntrySecret
from patients.queries import readings_of, reads_of

from . import factories as f

Status = Appointment.Status
AREAS = [("dora", "doctor_", ()), ("rita", "desk_", ("city",))]
TOMORROW = {"start": "2026-11-24T10:00Z"}


def url(name: str, *args) -> str:
    return reverse(f"appointments:{name}", args=args)


# A visit whose time has come


@pytest.mark.parametrize(("who", "area", "slug"), AREAS)
def test_staff_cancel_a_booked_visit_whose_time_has_come(world, client_of, clock, who, area, slug):
    visit = f.booked(world.at_city, world.paul)
    f.pay_at_desk(visit)
    clock.move_to(f.FOUR + dt.timedelta(hours=2))
    client, address = client_of(getattr(world.users, who)), url(f"{area}cancel", *slug, visit.public_id)
    assert address in client.get(url(f"{area}visit", *slug, visit.public_id)).content.decode()
    asked = client.get(address).content.decode()
    assert "becomes free for others" not in asked and "The patient asked for it" not in asked
    assert client.post(address, {"side": "hospital", "reason": "The doctor fell ill"}).status_code == 302
    assert (f.again(visit).status, str(f.again(visit).returned)) == (Status.CANCELLED, "1200.00")


def test_the_desk_can_not_cancel_for_the_patient_once_the_time_has_come(world, client_of, clock):
    visit = f.booked(world.at_city, world.paul)
    clock.move_to(f.FOUR)
    address = url("desk_cancel", "city", visit.public_id)
    answer = client_of(world.users.rita).post(address, {"side": "patient", "reason": "Asked for it"})
    assert (answer.status_code, f.again(visit).status) == (422, Status.BOOKED)


def test_the_patient_is_offered_no_cancelling_once_the_time_has_come(world, client_of, clock):
    visit = f.booked(world.at_city, world.paul)
    clock.move_to(f.FOUR)
    paul = client_of(world.users.paul)
    assert "Cancel the visit" not in paul.get(url("visit", visit.public_id)).content.decode()
    assert paul.post(url("cancel", visit.public_id), {"reason": ""}).status_code == 422
    assert f.again(visit).status == Status.BOOKED


@pytest.mark.parametrize(("who", "area", "slug"), AREAS)
def test_staff_decline_a_waiting_visit_whose_time_has_come(world, client_of, clock, who, area, slug):
    visit = f.book(world.at_city, world.paul)
    clock.move_to(f.FOUR + f.LENGTH)
    client = client_of(getattr(world.users, who))
    text = client.get(url(f"{area}visit", *slug, visit.public_id)).content.decode()
    address = url(f"{area}decline", *slug, visit.public_id)
    assert address in text and "Nobody answered before its time came." in text
    assert "Accept the visit" not in text and "Change the time" not in text
    assert client.post(address, {"reason": "Nobody was there"}).status_code == 302
    assert f.again(visit).status == Status.CANCELLED


# Who is not told


@pytest.fixture
def amina(world):
    return f.registered(f.WalkInFactory(name="Amina Khatun", phone="+8801911000333"), world.city)


CALL = "Amina Khatun has no e-mail."


def test_after_each_act_the_desk_reads_who_has_to_be_called(world, client_of, amina):
    rita = client_of(world.users.rita)
    booked = rita.post(
        url("desk_book", "city", world.at_city.public_id) + f"?patient={amina.public_id}",
        {"patient": amina.public_id, "start": "2026-11-23T10:00Z"}, follow=True,
    )  # fmt: skip
    with everywhere():
        visit = Appointment.objects.get()
    moved = rita.post(url("desk_reschedule", "city", visit.public_id), TOMORROW, follow=True)
    reason = {"side": "hospital", "reason": "The doctor is away"}
    cancelled = rita.post(url("desk_cancel", "city", visit.public_id), reason, follow=True)
    for page, words in (
        (booked, "Booked for Amina Khatun."),
        (moved, "Moved to Tuesday 24 November, 4:00 pm."),
        (cancelled, "Cancelled."),
    ):
        text = page.content.decode()
        assert words in text and text.count(CALL) == 1
        assert '<a class="nowrap" href="tel:+8801911000333">+880 1911-000333</a>' in text


def test_the_doctor_reads_it_too(world, client_of, amina):
    dora = client_of(world.users.dora)
    visit = f.book(world.at_city, amina, by=world.users.rita)
    accepted = dora.post(url("doctor_accept", visit.public_id), follow=True).content.decode()
    assert "Accepted." in accepted and accepted.count(CALL) == 1
    cancel = url("doctor_cancel", visit.public_id)
    assert "Amina Khatun has no e-mail, so has to be told by you." in dora.get(cancel).content.decode()
    cancelled = dora.post(cancel, {"reason": "Ill"}, follow=True).content.decode()
    assert "Cancelled. Nothing was paid." in cancelled and cancelled.count(CALL) == 1


def test_without_a_phone_it_says_so(world, client_of):
    walk_in = f.registered(f.WalkInFactory(name="Amina Khatun"), world.city)
    visit = f.booked(world.at_city, walk_in, by=world.users.rita)
    text = client_of(world.users.rita).post(
        url("desk_reschedule", "city", visit.public_id), TOMORROW, follow=True
    ).content.decode()  # fmt: skip
    assert text.count("Amina Khatun has no e-mail.") == 1
    assert "News of this visit has to be told in person: no phone is on file." in text


@pytest.mark.parametrize("patient", ["paul", "walk_in_with_mail"])
def test_whoever_has_a_mail_address_is_told(world, client_of, patient):
    with_mail = f.registered(f.WalkInFactory(name="Paul Rahman", email="walk-in@demo.test"), world.city)
    visit = f.booked(world.at_city, world.paul if patient == "paul" else with_mail)
    text = client_of(world.users.rita).post(
        url("desk_reschedule", "city", visit.public_id), TOMORROW, follow=True
    ).content.decode()  # fmt: skip
    assert "Moved to Tuesday 24 November, 4:00 pm. Paul Rahman is told." in text
    assert "has no e-mail" not in text


# What is noted as read


@pytest.mark.parametrize(
    ("who", "area", "slug", "why"), [(*AREAS[0], "To care for you"), (*AREAS[1], "To serve you at the desk")]
)
def test_opening_a_visit_is_noted_once_a_day_in_words(world, client_of, clock, who, area, slug, why):
    visit = f.booked(world.at_city, world.paul, reason="Chest pain")
    client, address = client_of(getattr(world.users, who)), url(f"{area}visit", *slug, visit.public_id)
    for _ in range(2):
        assert client.get(address).status_code == 200
    (reading,) = readings_of(list(reads_of(world.paul)))
    assert (reading.who, reading.part_words, reading.purpose_words, reading.where) == (
        getattr(world.users, who).name, "A visit", why, "City General Hospital",
    )  # fmt: skip
    clock.shift(dt.timedelta(days=1))
    assert client_of(getattr(world.users, who)).get(address).status_code == 200
    assert reads_of(world.paul).count() == 2


def test_what_is_refused_is_not_noted(world, client_of):
    held = f.book(world.at_city, world.paul, pay="online")
    theirs = f.book(world.debs, world.paul, f.FOUR + f.LENGTH)
    rita, dora = client_of(world.users.rita), client_of(world.users.dora)
    assert rita.get(url("desk_visit", "city", held.public_id)).status_code == 404
    assert dora.get(url("doctor_visit", theirs.public_id)).status_code == 404
    assert client_of(world.users.paul).get(url("visit", theirs.public_id)).status_code == 200
    assert not EntrySecret.objects.filter(kind="ledger.read").exists()
