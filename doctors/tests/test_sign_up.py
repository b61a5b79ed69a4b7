from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.tests.world import mails_to
from core.errors import Conflict, DomainError
from core.search import search_ids
from core.uploads import read_image
from doctors.models import Doctor, Speciality
from doctors.operations import (
    DoctorDetails,
    become_doctor,
    change_profile,
    load_specialities,
    set_photo,
    sign_up_doctor,
)
from doctors.queries import specialities_matching
from hospitals.tests.factories import PersonFactory
from ledger.models import EntrySecret

from .factories import DoctorFactory, SpecialityFactory, picture_upload

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery staple"


def details(**changes):
    values = {
        "name": "Dr Tahmina Yasmin",
        "phone": "+8801711000214",
        "speciality": SpecialityFactory(),
        "qualifications": "MBBS, DCH",
        "practising_since": 2015,
        "city": "Dhaka",
        "licence_number": " a-51920 ",
        "licence_expires": dt.date(2035, 6, 30),
        "email": "tahmina@demo.test",
        "name_bn": "ডা তাহমিনা ইয়াসমিন",
    }
    return DoctorDetails(**{**values, **changes})


def typed(**changes):
    values = {
        "name": "Dr Tahmina Yasmin",
        "email": "Tahmina@demo.test",
        "password": PASSWORD,
        "phone": "01711 000214",
        "gender": "female",
        "speciality": SpecialityFactory().slug,
        "qualifications": "MBBS, DCH",
        "years": "11",
        "city": "Dhaka",
        "languages": "Bangla",
        "licence_number": "a-51920",
        "licence_expires": "2035-06-30",
    }
    return {**values, **changes}


def sign_up(**changes):
    return sign_up_doctor(details=details(**changes), password_hash="!")


def test_sign_up_makes_a_doctor_who_must_confirm_the_address():
    doctor = sign_up()
    assert doctor.licence_number == "A-51920"
    assert doctor.user.email_verified_at is None
    assert doctor.user.name == "Dr Tahmina Yasmin"
    assert len(mails_to("tahmina@demo.test")) == 1
    assert [match for match, _score in search_ids("doctors.doctor", "tahmina")] == [doctor.pk]
    assert [match for match, _score in search_ids("doctors.doctor", "তাহমিনা")] == [doctor.pk]
    assert EntrySecret.objects.filter(kind="doctors.signed_up", reference=doctor.public_id).count() == 1


def test_sign_up_with_a_confirmed_address_leaves_its_account_alone():
    owner = PersonFactory(email="tahmina@demo.test", name="Tahmina")
    assert sign_up() is None
    owner.refresh_from_db()
    assert owner.name == "Tahmina"
    assert not Doctor.objects.exists()


def test_sign_up_again_before_confirming_takes_the_newest_details():
    first = sign_up()
    again = sign_up(qualifications="MBBS")
    assert again.pk == first.pk
    assert Doctor.objects.get().qualifications == "MBBS"


def test_a_visitor_is_not_told_that_a_licence_is_taken():
    owner = DoctorFactory(licence_number="A-51920")
    assert sign_up() is None
    person = User.objects.get(email="tahmina@demo.test")
    assert (person.onward, list(Doctor.objects.all())) == (reverse("doctors:sign_up"), [owner])

    with pytest.raises(Conflict) as refused:
        become_doctor(person, details=details())
    assert refused.value.field == "licence_number"


def test_a_sign_up_that_nobody_confirmed_gives_way_to_who_confirms():
    squatter = sign_up(email="somebody@demo.test")
    assert sign_up() is None
    assert Doctor.objects.filter(pk=squatter.pk).exists()

    doctor = become_doctor(User.objects.get(email="tahmina@demo.test"), details=details())
    assert doctor.licence_number == "A-51920"
    assert not Doctor.objects.filter(pk=squatter.pk).exists()
    assert squatter.pk not in [match for match, _score in search_ids("doctors.doctor", "tahmina")]
    dropped = EntrySecret.objects.filter(kind="doctors.sign_up_dropped")
    assert [entry.reference for entry in dropped] == [squatter.public_id]


@pytest.mark.parametrize(
    "number", ["A\u201151920", "\uff21-51920", "A-51920\u200b", " a-51920 ", "A\u221251920"]
)
def test_a_licence_that_only_looks_different_is_the_same(number):
    DoctorFactory(licence_number="A-51920")
    assert sign_up(licence_number=number) is None


def test_a_licence_in_letters_that_only_look_alike_is_refused():
    with pytest.raises(DomainError, match="letters A to Z") as refused:
        sign_up(licence_number="\u0410-51920")
    assert refused.value.field == "licence_number"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"licence_expires": dt.date(2020, 1, 1)}, "licence_expires"),
        ({"licence_expires": dt.date(2099, 1, 1)}, "licence_expires"),
        ({"practising_since": 1900}, "years"),
    ],
)
def test_sign_up_with_impossible_details_is_refused(changes, field):
    with pytest.raises(DomainError) as refused:
        sign_up(**changes)
    assert refused.value.field == field


def test_become_doctor_twice_is_refused():
    person = PersonFactory()
    become_doctor(person, details=details())
    with pytest.raises(Conflict):
        become_doctor(person, details=details(licence_number="A-2"))


def test_change_profile_with_a_new_licence_is_in_the_hospitals_activity(cast):
    doctor = cast.doctor_dora
    change_profile(doctor, details=details(licence_number="A-9", name="Dr Dora Sen"), by=cast.dora)
    entries = EntrySecret.objects.filter(kind="doctors.licence_changed", reference=doctor.public_id)
    assert [entry.hospital_id for entry in entries] == [cast.city.pk]
    with pytest.raises(Conflict):
        change_profile(doctor, details=details(licence_number="A-7"), by=cast.dora)


def test_change_profile_keeps_an_expired_licence_that_is_not_touched(cast):
    doctor = cast.doctor_dora
    doctor.licence_expires = dt.date(2026, 1, 1)
    doctor.save()
    same = details(licence_number="A-51920", licence_expires=dt.date(2026, 1, 1), city="Sylhet")
    assert change_profile(doctor, details=same, by=cast.dora).city == "Sylhet"
    with pytest.raises(DomainError):
        change_profile(doctor, details=details(licence_expires=dt.date(2026, 2, 1)), by=cast.dora)


def test_load_specialities_is_idempotent_and_finds_lay_and_bangla_words():
    SpecialityFactory(name="Old name")
    assert load_specialities() == load_specialities() == Speciality.objects.count() == 31
    assert Speciality.objects.get(slug="cardiology").name == "Cardiology"
    assert [row.slug for row in specialities_matching("cardiologist")] == ["cardiology"]
    assert "cardiology" in [row.slug for row in specialities_matching("হার্ট")]
    assert "paediatrics" in [row.slug for row in specialities_matching("শিশু")]


def test_sign_up_page_creates_the_account_and_says_the_same_for_a_known_address(client):
    data = typed(photo=picture_upload())
    page = client.post(reverse("doctors:sign_up"), data)
    assert page.status_code == 200
    doctor = Doctor.objects.get()
    assert doctor.practising_since == timezone.now().year - 11
    assert doctor.photo
    User.objects.update(email_verified_at=dt.datetime.now(dt.UTC))
    again = client.post(reverse("doctors:sign_up"), typed())
    assert "We wrote to <b>tahmina@demo.test</b>" in page.content.decode()
    assert "We wrote to <b>tahmina@demo.test</b>" in again.content.decode()
    assert Doctor.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"licence_expires": "31/11/2030"}, "This date does not exist"),
        ({"licence_expires": "2020-01-01"}, "This licence has expired"),
        ({"phone": "12"}, "This is no phone number"),
        ({"password": "short"}, "password"),
        ({"years": "-1"}, "This has to be 0 at least."),
        ({"speciality": "0"}, "Choose one of those on the list."),
    ],
)
def test_sign_up_page_with_bad_input_keeps_what_was_typed(client, changes, message):
    page = client.post(reverse("doctors:sign_up"), typed(**changes))
    assert page.status_code == 422
    assert message in page.content.decode()
    assert "MBBS, DCH" in page.content.decode()
    assert not Doctor.objects.exists()


def test_sign_up_page_answers_alike_when_the_licence_is_taken(client):
    free = client.post(reverse("doctors:sign_up"), typed()).content.decode()
    User.objects.all().update(email="elsewhere@demo.test", email_verified_at=timezone.now())
    taken = client.post(reverse("doctors:sign_up"), typed()).content.decode()
    assert free == taken


def test_sign_up_page_with_a_photo_that_is_none(client):
    page = client.post(reverse("doctors:sign_up"), typed(photo=SimpleUploadedFile("a.jpg", b"no picture")))
    assert page.status_code == 422
    assert "not a picture we can read" in page.content.decode()


def test_sign_up_page_of_somebody_logged_in_adds_the_doctor(cast, as_person):
    client = as_person(cast.paul)
    assert "Password" not in client.get(reverse("doctors:sign_up")).content.decode()
    sent = typed(licence_number="A-99")
    del sent["email"], sent["password"]
    page = client.post(reverse("doctors:sign_up"), sent)
    assert (page.status_code, page.url) == (302, reverse("doctors:certificates"))
    assert Doctor.objects.get(user=cast.paul).licence_number == "A-99"
    assert client.get(reverse("doctors:sign_up")).url == reverse("doctors:workplaces")


def test_photo_is_served_to_anyone_and_kept_for_a_year(cast, as_person, django_capture_on_commit_callbacks):
    doctor = cast.doctor_dora
    assert as_person().get(reverse("doctors:photo", args=[doctor.public_id])).status_code == 404
    page = as_person(cast.dora).post(reverse("doctors:change_photo"), {"photo": picture_upload()})
    assert page.status_code == 302
    doctor.refresh_from_db()
    shown = as_person().get(doctor.photo_url)
    assert shown.status_code == 200
    assert shown["Content-Type"] == "image/jpeg"
    assert shown["Cache-Control"] == "public, max-age=31536000, immutable"
    stale = as_person().get(doctor.photo_url + "x")
    assert stale["Cache-Control"] == "public, max-age=300"
    old_url, old_name, storage = doctor.photo_url, doctor.photo.name, doctor.photo.storage
    with django_capture_on_commit_callbacks(execute=True):
        doctor = set_photo(doctor, photo=read_image(picture_upload(), max_side=50), by=cast.dora)
    assert doctor.photo_url != old_url
    assert not storage.exists(old_name)
    assert as_person(cast.dora).post(reverse("doctors:remove_photo")).status_code == 302
    doctor.refresh_from_db()
    assert not doctor.photo
