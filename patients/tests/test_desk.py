"""The desk registers somebody once, and changes the details of who has no log-in."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from accounts.tests.factories import UserFactory
from core.errors import Conflict
from core.tenancy import in_hospital
from hospitals.models import Role
from hospitals.tests.factories import HospitalFactory, MembershipFactory
from ledger.models import EntrySecret
from patients.models import Patient, Registration
from patients.operations import PatientDetails, change_walk_in, register_walk_in

from .factories import PatientFactory, registered_at

pytestmark = pytest.mark.django_db
NEW = "/h/own/patients/new/"
ROKEYA = {"name": "Rokeya Begum", "birth_date": "1960-01-31", "sex": "female", "phone": "01899123456"}


@pytest.fixture
def hospital():
    return HospitalFactory(slug="own", number_prefix="CG")


@pytest.fixture
def rita(hospital):
    return MembershipFactory(hospital=hospital, role=Role.RECEPTIONIST).user


@pytest.fixture
def desk(client, rita):
    client.force_login(rita)
    return client


def walk_in(hospital, by, **values) -> Patient:
    details = {"name": "Rokeya Begum", "birth_date": dt.date(1960, 1, 31), "phone": "+8801899123456"} | values
    with in_hospital(hospital):
        return register_walk_in(hospital, details=PatientDetails(**details), by=by)


# Perhaps already here


@pytest.mark.parametrize(
    "typed",
    [
        {"phone": "+880 1899 123456", "name": "Somebody Else", "birth_date": "2001-02-03"},
        {"phone": ""},
        {"phone": "", "name": "Rokaya Begam"},
        {"phone": "", "name": "Rokeya B."},
        {"phone": "", "name": "Rokeya Begum Mita"},
    ],
)
def test_who_may_be_here_already_is_shown_first(desk, hospital, rita, typed):
    here = walk_in(hospital, rita)
    sent = ROKEYA | {"address": "Road 27", "email": "r@demo.test"} | typed

    answer = desk.post(NEW, sent)
    page = answer.content.decode()

    assert (answer.status_code, Patient.objects.count()) == (409, 1)
    assert "Perhaps already here" in page and "CG-000001" in page
    assert f'href="/h/own/patients/{here.public_id}/"' in page
    for value in (sent["name"], sent["birth_date"], "Road 27", "r@demo.test"):
        assert f'value="{value}"' in page
    assert re.search(r'<option value="female" selected', page)

    shown = re.search(r'name="anyway" value="([^"]+)"', page)[1]
    assert shown == here.public_id
    done = desk.post(NEW, sent | {"anyway": shown})
    assert (done.status_code, Patient.objects.count()) == (302, 2)


@pytest.mark.parametrize(
    "typed",
    [
        {"phone": "", "birth_date": "1960-02-01"},
        {"phone": "", "name": "Kamal Uddin"},
        {"phone": "01899123457", "birth_date": "1961-01-31"},
    ],
)
def test_somebody_new_is_registered_at_once(desk, hospital, rita, typed):
    walk_in(hospital, rita)
    assert desk.post(NEW, ROKEYA | typed).status_code == 302
    assert Patient.objects.count() == 2


def test_anyway_counts_only_for_those_that_were_shown(desk, hospital, rita):
    first = walk_in(hospital, rita)
    second = walk_in(
        hospital, rita, name="Delwar Hossain", birth_date=dt.date(1970, 1, 1), phone="+8801711000999"
    )

    answer = desk.post(NEW, ROKEYA | {"phone": "01711000999", "anyway": first.public_id})

    assert answer.status_code == 409
    assert f'href="/h/own/patients/{second.public_id}/"' in answer.content.decode()
    assert desk.post(NEW, ROKEYA | {"anyway": "junk"}).status_code == 409


def test_a_patient_of_another_hospital_is_never_shown(desk, hospital):
    stranger = PatientFactory(
        name="Rokeya Begum", birth_date=dt.date(1960, 1, 31), phone="+8801899123456", user=UserFactory()
    )
    registered_at(HospitalFactory(), stranger)

    assert desk.post(NEW, ROKEYA).status_code == 302
    assert Patient.objects.count() == 2


def test_the_walk_in_form_speaks_to_the_desk(desk):
    page = desk.get(NEW).content.decode().split("<main")[1].split("</main>")[0]
    assert re.search(r'<label class="form-label" for="id_name">Name</label>', page)
    assert ">Contact number (if known)</label>" in page
    assert not re.search(r"\byour?\b", page, re.IGNORECASE)
    # The browser would offer the receptionist's own name and address.
    assert set(re.findall(r'autocomplete="([^"]+)"', page)) == {"off"}


# Editing


def test_the_desk_changes_the_details_of_a_walk_in(desk, hospital, rita):
    patient = walk_in(hospital, rita)
    address = f"/h/own/patients/{patient.public_id}/edit/"
    assert 'value="Rokeya Begum"' in desk.get(address).content.decode()

    answer = desk.post(address, ROKEYA | {"name": "Rokeya Khatun", "city": "Dhaka"})

    assert (answer.status_code, answer["Location"]) == (302, f"/h/own/patients/{patient.public_id}/")
    patient.refresh_from_db()
    assert (patient.name, patient.city, patient.sex) == ("Rokeya Khatun", "Dhaka", "female")
    found = desk.get("/h/own/patients/", {"q": "khatun"}).content.decode()
    assert f'href="/h/own/patients/{patient.public_id}/"' in found
    [entry] = EntrySecret.objects.filter(kind="patients.walk_in_changed")
    assert (entry.actor_id, entry.patient_id, entry.hospital_id) == (
        rita.public_id, patient.public_id, hospital.pk,
    )  # fmt: skip


def test_bad_details_keep_what_was_typed(desk, hospital, rita):
    patient = walk_in(hospital, rita)
    answer = desk.post(f"/h/own/patients/{patient.public_id}/edit/", ROKEYA | {"name": "", "city": "Bogura"})
    assert answer.status_code == 422
    assert 'value="Bogura"' in answer.content.decode()
    patient.refresh_from_db()
    assert patient.name == "Rokeya Begum"


def test_who_has_a_log_in_changes_the_details_there(desk, hospital, rita):
    patient = PatientFactory(user=UserFactory(), name="Paul Rahman")
    registered_at(hospital, patient)
    address = f"/h/own/patients/{patient.public_id}/edit/"

    page = desk.get(address).content.decode()
    assert "Paul Rahman has a log-in and changes these details there" in page
    assert 'name="name"' not in page
    assert desk.post(address, ROKEYA).status_code == 422
    with in_hospital(hospital), pytest.raises(Conflict):
        change_walk_in(hospital, patient, details=PatientDetails("X", dt.date(1990, 1, 1)), by=rita)
    patient.refresh_from_db()
    assert patient.name == "Paul Rahman"


def test_a_patient_of_another_hospital_is_not_found(desk):
    other = HospitalFactory()
    stranger = PatientFactory()
    registered_at(other, stranger)
    address = f"/h/own/patients/{stranger.public_id}/edit/"
    assert (desk.get(address).status_code, desk.post(address, ROKEYA).status_code) == (404, 404)
    with in_hospital(other):
        assert Registration.objects.count() == 1


def test_opening_the_form_stands_in_the_list_of_readings(desk, hospital, rita):
    patient = walk_in(hospital, rita)
    for _ in range(2):
        desk.get(f"/h/own/patients/{patient.public_id}/edit/")
    reads = EntrySecret.objects.filter(kind="ledger.read", patient_id=patient.public_id)
    assert list(reads.values_list("read_part", "read_purpose", "actor_id")) == [
        ("details", "desk", rita.public_id)
    ]
