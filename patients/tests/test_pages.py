"""Pages of patients: sign-up, one's own, the desk's."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.tests.factories import UserFactory
from core.tenancy import in_hospital
from hospitals.models import Role
from hospitals.tests.factories import HospitalFactory, MembershipFactory
from ledger.operations import record_read
from patients.models import Patient, Registration

from .factories import PatientFactory, registered_at

pytestmark = pytest.mark.django_db
SIGN_UP = {
    "name": "Paul Rahman",
    "email": "paul@demo.test",
    "phone": "01711000214",
    "birth_date": "1988-05-03",
    "address": "House 4, Road 27",
    "password": "seven green boats",
}
WALK_IN = {"name": "Rokeya Begum", "birth_date": "1960-01-31", "sex": "female"}


@pytest.fixture
def hospital():
    return HospitalFactory(slug="own", number_prefix="CG")


@pytest.fixture
def desk(client, hospital):
    client.force_login(MembershipFactory(hospital=hospital, role=Role.RECEPTIONIST).user)
    return client


@pytest.fixture
def me(client):
    patient = PatientFactory(user=UserFactory(), name="Paul Rahman")
    client.force_login(patient.user)
    return client


def test_sign_up_page_says_the_same_for_a_known_address(client):
    UserFactory(email="known@demo.test")
    answers = [
        client.post("/join/", SIGN_UP | {"email": email}) for email in ("new@demo.test", "known@demo.test")
    ]
    pages = [answer.content.decode().replace("new@", "known@") for answer in answers]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert pages[0] == pages[1]
    assert "Check your mail" in pages[0]


def test_sign_up_leads_to_the_demos_mailbox(client, settings):
    settings.MAILBOX_PAGE = True
    page = client.post("/join/", SIGN_UP | {"email": "new@demo.test"}).content.decode()
    assert 'href="/mailbox/?to=new@demo.test"' in page


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        (
            "birth_date",
            "31-11-1988",
            "31 November 1988 does not exist. Write day, month, year, like 3 5 1988.",
        ),
        ("birth_date", "31 2 1990", "31 February 1990 does not exist."),
        ("birth_date", "1990-02-30", "30 February 1990 does not exist."),
        ("birth_date", "3 15 1990", "This is no date. Write day, month, year, like 3 5 1988."),
        ("birth_date", "3 5 1899", "This is before 1900. Write the year with four digits"),
        ("birth_date", "3 5 2100", "This day is still to come. Write the day of birth"),
        ("birth_date", "", "Please fill this in."),
        ("email", "paul", "This is no e-mail address. Write it like name@example.com."),
        ("phone", "12", "This is no phone number."),
        ("password", "short", "This password is too short."),
        ("name", "", "Please fill this in."),
        ("sex", "unheard of", "Choose one of those on the list."),
        ("address", "x" * 201, "at most 200"),
    ],
)
def test_sign_up_with_bad_input_keeps_what_was_typed(client, field, value, sentence):
    answer = client.post("/join/", SIGN_UP | {field: value})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert "House 4, Road 27" in page or field == "address"
    assert "seven green boats" not in page
    assert Patient.objects.count() == 0


def test_somebody_without_a_record_is_asked_for_it_first(client):
    client.force_login(UserFactory(name="Dora Sen"))
    answer = client.get("/me/profile/")
    assert (answer.status_code, answer.url) == (302, "/join/patient/?next=%2Fme%2Fprofile%2F")
    details = {
        "name": "Dora Sen",
        "birth_date": "1980-02-01",
        "sex": "female",
        "phone": "01711000300",
        "address": "Road 5",
    }
    saved = client.post(answer.url, details)
    assert (saved.status_code, saved.url) == (302, "/me/profile/")
    assert Patient.objects.get().name == "Dora Sen"


def test_become_does_not_lead_to_another_site(client):
    client.force_login(PatientFactory(user=UserFactory()).user)
    assert client.get("/join/patient/?next=https://evil.example/").url == "/me/"


def test_profile_saves_details(me):
    answer = me.post("/me/profile/", WALK_IN | {"phone": "01711000214", "address": "Road 9", "city": "Dhaka"})
    assert answer.status_code == 302
    assert Patient.objects.get().address == "Road 9"


def test_access_log_says_who_what_when_and_where(me, hospital):
    patient = Patient.objects.get()
    dora = UserFactory(name="Dr Dora Sen")
    record_read(patient.public_id, "prescription:abc:1", by=dora, hospital_id=hospital.pk)
    record_read(
        PatientFactory().public_id, "chart", by=UserFactory(name="Somebody else"), hospital_id=hospital.pk
    )
    page = me.get("/me/access/").content.decode()
    for words in ("Dr Dora Sen", "A prescription", "To care for you", hospital.name):
        assert words in page
    assert "Somebody else" not in page


def test_empty_access_log_says_what_will_be_here(me):
    assert "Nobody has opened your record yet" in me.get("/me/access/").content.decode()


def test_desk_registers_a_walk_in(desk, hospital):
    answer = desk.post("/h/own/patients/new/", WALK_IN)
    patient = Patient.objects.get()
    assert (answer.status_code, answer.url) == (302, f"/h/own/patients/{patient.public_id}/")
    page = desk.get(answer.url).content.decode()
    assert "Rokeya Begum" in page and "CG-000001" in page


def listed(desk, text="") -> list[str]:
    """Return the names in the list of patients."""
    page = desk.get("/h/own/patients/", {"q": text}).content.decode()
    return re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)</a>', page)


@pytest.mark.parametrize("text", ["rokeya", "rokaya", "CG-000002", "cg-000002", "01899 123456"])
def test_desk_finds_by_name_number_and_phone(desk, hospital, text):
    desk.post("/h/own/patients/new/", WALK_IN | {"name": "Delwar Hossain"})
    desk.post("/h/own/patients/new/", WALK_IN | {"phone": "01899123456"})
    assert listed(desk, text) == ["Rokeya Begum"]


def test_desk_sees_no_patient_of_another_hospital(desk):
    stranger = PatientFactory(name="Strange Canary")
    registered_at(HospitalFactory(), stranger)
    assert listed(desk) == []
    assert listed(desk, "Strange Canary") == []
    unknown = desk.get("/h/own/patients/0000000000000000/")
    foreign = desk.get(f"/h/own/patients/{stranger.public_id}/")
    assert (foreign.status_code, unknown.status_code) == (404, 404)
    token = rb'name="csrfmiddlewaretoken" value="[^"]+"'
    assert re.sub(token, b"", foreign.content) == re.sub(token, b"", unknown.content)


@pytest.mark.parametrize("path", ["/h/own/patients/", "/h/own/patients/new/"])
def test_who_may_open_the_desks_pages(hospital, path):
    codes = {}
    for name, role in (("admin", Role.ADMIN), ("receptionist", Role.RECEPTIONIST), ("doctor", Role.DOCTOR)):
        codes[name] = _code(MembershipFactory(hospital=hospital, role=role).user, path)
    codes["other hospital"] = _code(MembershipFactory(role=Role.ADMIN).user, path)
    codes["nobody"] = _code(UserFactory(), path)
    codes["root"] = _code(UserFactory(is_platform_admin=True), path)
    assert codes == {
        "admin": 200, "receptionist": 200, "doctor": 403, "other hospital": 404, "nobody": 404, "root": 404,
    }  # fmt: skip
    assert Client().get(path).url.startswith("/accounts/log-in/")


def _code(user, path) -> int:
    client = Client()
    client.force_login(user)
    return client.get(path).status_code


@pytest.mark.parametrize("rows", [1, 3])
def test_patients_list_costs_the_same_for_any_number(desk, hospital, rows, django_assert_num_queries):
    for number in range(rows):
        registered_at(hospital, PatientFactory(name=f"Patient {number}"))
    desk.get("/h/own/patients/")  # the first page of an area is written into the session
    with django_assert_num_queries(8):
        desk.get("/h/own/patients/")
    with in_hospital(hospital):
        assert Registration.objects.count() == rows


@pytest.mark.parametrize("rows", [1, 3])
def test_access_log_costs_the_same_for_any_number(me, hospital, rows, django_assert_num_queries):
    patient = Patient.objects.get()
    for _ in range(rows):
        record_read(patient.public_id, "chart", by=UserFactory(), hospital_id=hospital.pk)
    me.get("/me/access/")
    with django_assert_num_queries(8):
        me.get("/me/access/")
