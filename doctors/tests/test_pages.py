"""Who may open what, how many queries a page takes, and what the public page shows."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from core.search import index_text
from doctors.queries import SEARCH_KIND
from hospitals.models import Membership
from hospitals.tests.factories import DepartmentFactory, HospitalFactory, ServiceFactory

from .factories import ApplicationFactory, CertificateFactory, DoctorFactory, SpecialityFactory, works_at

pytestmark = pytest.mark.django_db
ROLES = ["anonymous", "paul", "dora", "deb", "rita", "ada", "mallory", "root"]
LOGIN = 302


def get(cast, as_person, role, url):
    user = None if role == "anonymous" else getattr(cast, role)
    return as_person(user).get(url).status_code


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("doctors:sign_up", [200, 200, 302, 302, 200, 200, 200, 200]),
        ("doctors:profile", [LOGIN, 403, 200, 200, 403, 403, 403, 403]),
        ("doctors:change_photo", [LOGIN, 403, 200, 200, 403, 403, 403, 403]),
        ("doctors:certificates", [LOGIN, 403, 200, 200, 403, 403, 403, 403]),
        ("doctors:workplaces", [LOGIN, 403, 200, 200, 403, 403, 403, 403]),
        ("doctors:find_hospital", [LOGIN, 403, 200, 200, 403, 403, 403, 403]),
    ],
)
def test_own_pages_by_role(cast, as_person, name, codes):
    assert [get(cast, as_person, role, reverse(name)) for role in ROLES] == codes


@pytest.mark.parametrize("name", ["applications", "staff_doctors"])
def test_lists_of_a_hospital_by_role(cast, as_person, name):
    url = reverse(f"doctors:{name}", args=["city"])
    assert [get(cast, as_person, role, url) for role in ROLES] == [LOGIN, 404, 403, 404, 403, 200, 404, 404]


def test_pages_about_one_thing_by_role(cast, as_person):
    application = ApplicationFactory(hospital=cast.city, doctor=cast.doctor_deb)
    paper = CertificateFactory(doctor=cast.doctor_dora)
    admins = [LOGIN, 404, 403, 404, 403, 200, 404, 404]
    doras = [LOGIN, 403, 200, 404, 403, 403, 403, 403]
    debs = [LOGIN, 403, 404, 200, 403, 403, 403, 403]
    wanted = {
        reverse("doctors:application", args=["city", application.public_id]): admins,
        reverse("doctors:staff_certificate", args=["city", paper.public_id]): admins,
        reverse("doctors:staff_doctor", args=["city", cast.dora_at_city.public_id]): admins,
        reverse("doctors:change_department", args=["city", cast.dora_at_city.public_id]): admins,
        reverse("doctors:certificate", args=[paper.public_id]): doras,
        reverse("doctors:remove_certificate", args=[paper.public_id]): doras,
        reverse("doctors:withdraw", args=[application.public_id]): debs,
        reverse("doctors:hospital", args=["city"]): [200] * 8,
    }
    for url, codes in wanted.items():
        assert [get(cast, as_person, role, url) for role in ROLES] == codes, url


def test_acts_by_role(cast, as_person):
    application = ApplicationFactory(hospital=cast.city, doctor=cast.doctor_deb)
    for name in ("approve", "reject"):
        url = reverse(f"doctors:{name}", args=["city", application.public_id])
        codes = [
            as_person(None if role == "anonymous" else getattr(cast, role)).post(url).status_code
            for role in ROLES
        ]
        assert codes == [LOGIN, 404, 403, 404, 403, 422, 404, 404], name


def test_ids_of_other_hospitals_do_not_exist(cast, as_person):
    client = as_person(cast.ada)
    for name in ("staff_doctor", "change_department"):
        assert (
            client.get(reverse(f"doctors:{name}", args=["city", cast.deb_at_lakeside.public_id])).status_code
            == 404
        )
    assert client.get(reverse("doctors:staff_doctor", args=["city", "nothing"])).status_code == 404


def count(client, url, django_assert_num_queries, number, **query):
    client.get(url, query)  # the session remembers the area once
    with django_assert_num_queries(number, info=url):
        assert client.get(url, query).status_code == 200


@pytest.mark.parametrize("rows", [1, 3])
def test_queries_of_lists(cast, as_person, django_assert_num_queries, rows):
    for _ in range(rows):
        doctor = DoctorFactory()
        application = ApplicationFactory(hospital=cast.city, doctor=doctor)
        CertificateFactory(doctor=doctor)
        CertificateFactory(doctor=cast.doctor_dora)
        works_at(DoctorFactory(), cast.city)
        HospitalFactory()
        ApplicationFactory(hospital=HospitalFactory(), doctor=cast.doctor_dora)
        ServiceFactory(department=DepartmentFactory(hospital=cast.city))
    ada, dora, anybody = as_person(cast.ada), as_person(cast.dora), as_person()
    count(ada, reverse("doctors:applications", args=["city"]), django_assert_num_queries, 10)
    count(
        ada,
        reverse("doctors:application", args=["city", application.public_id]),
        django_assert_num_queries,
        10,
    )
    count(ada, reverse("doctors:staff_doctors", args=["city"]), django_assert_num_queries, 8)
    count(
        ada,
        reverse("doctors:staff_doctor", args=["city", cast.dora_at_city.public_id]),
        django_assert_num_queries,
        9,
    )
    count(dora, reverse("doctors:certificates"), django_assert_num_queries, 6)
    count(dora, reverse("doctors:workplaces"), django_assert_num_queries, 8)
    count(dora, reverse("doctors:find_hospital"), django_assert_num_queries, 9)
    count(anybody, reverse("doctors:hospital", args=["city"]), django_assert_num_queries, 6)


def test_hospital_page_shows_departments_services_rules_and_doctors(cast, as_person):
    cast.city.name_bn, cast.city.about = "সিটি জেনারেল হাসপাতাল", "We care for Dhaka."
    cast.city.save()
    ServiceFactory(department=cast.heart, name="Echocardiogram")
    page = as_person().get(reverse("doctors:hospital", args=["city"])).content.decode()
    for text in ("City General Hospital", "সিটি জেনারেল হাসপাতাল", "We care for Dhaka.", "Heart Centre", "Echocardiogram",
                 "Dr Dora Sen", "৳800", "https://www.google.com/maps/search/?api=1&amp;query=City+General",
                 "If you cancel 24 hours or more before the visit",
                 reverse("appointments:doctor", args=[cast.doctor_dora.public_id]) + "?at=city"):  # fmt: skip
        assert text in page, text
    assert "Deb Roy" not in page


def test_hospital_page_is_searched_by_speciality_word_and_name(cast, as_person):
    skin = SpecialityFactory(
        slug="dermatology", practitioner="Dermatologist", search_words="rash ত্বক", lay_name="Skin"
    )
    other = works_at(DoctorFactory(name="Dr Rumana Haque", speciality=skin), cast.city)
    index_text(SEARCH_KIND, other.doctor_id, "Dr Rumana Haque")
    client, url = as_person(), reverse("doctors:hospital", args=["city"])
    for query in ({"q": "rash"}, {"q": "ত্বক"}, {"q": "Rumna"}, {"speciality": "dermatology"}):
        page = client.get(url, query).content.decode()
        assert "Rumana" in page, query
        assert "Dora" not in page, query
    assert "No doctor fits" in client.get(url, {"q": "zzzz"}).content.decode()


@pytest.mark.parametrize("case", ["expired", "suspended", "no bookings", "inactive person"])
def test_hospital_page_hides_who_can_not_be_booked(cast, as_person, case):
    doctor = cast.doctor_dora
    if case == "expired":
        doctor.licence_expires = dt.date(2026, 11, 1)
        doctor.save()
    elif case == "suspended":
        Membership.of_person(cast.dora).update(status=Membership.Status.SUSPENDED)
    elif case == "no bookings":
        type(cast.dora_at_city)._base_manager.update(takes_bookings=False)
    else:
        cast.dora.is_active = False
        cast.dora.save()
    page = as_person().get(reverse("doctors:hospital", args=["city"])).content.decode()
    assert "Dora" not in page
    assert "No doctors to book yet" in page


def test_a_closed_hospital_has_no_page(cast, as_person):
    cast.city.is_active = False
    cast.city.save()
    assert as_person().get(reverse("doctors:hospital", args=["city"])).status_code == 404


def test_an_expired_licence_is_said_on_the_doctors_pages(cast, as_person):
    cast.doctor_dora.licence_expires = dt.date(2026, 1, 1)
    cast.doctor_dora.save()
    client = as_person(cast.dora)
    for name in ("doctors:profile", "doctors:workplaces", "appointments:calendar"):
        assert "Your licence has expired" in client.get(reverse(name)).content.decode(), name


def test_profile_is_changed(cast, as_person):
    client, url = as_person(cast.dora), reverse("doctors:profile")
    sent = {
        "name": "Dr Dora Sen", "name_bn": "", "gender": "female", "phone": "01711 000214",
        "speciality": cast.doctor_dora.speciality.slug, "qualifications": "MBBS, MD", "years": "12", "city": "Dhaka",
        "languages": "Bangla", "licence_number": "A-51920", "licence_expires": "2035-06-30", "about": "Hearts.",
    }  # fmt: skip
    assert client.post(url, {**sent, "licence_number": "a-7"}).status_code == 422
    assert client.post(url, {**sent, "about": "x" * 1501}).status_code == 422
    assert client.post(url, sent).status_code == 302
    cast.doctor_dora.refresh_from_db()
    assert (cast.doctor_dora.qualifications, cast.doctor_dora.about) == ("MBBS, MD", "Hearts.")


def test_change_department_on_the_page(cast, as_person):
    url = reverse("doctors:change_department", args=["city", cast.dora_at_city.public_id])
    client = as_person(cast.ada)
    elsewhere = DepartmentFactory(hospital=cast.lakeside)
    assert f'value="{cast.heart.public_id}" selected' in client.get(url).content.decode()
    for wrong in (elsewhere.public_id, elsewhere.pk, cast.heart.pk):
        assert client.post(url, {"department": wrong}).status_code == 422
    assert client.post(url, {"department": ""}).status_code == 302


def test_the_next_step_of_a_new_doctor_is_to_apply(cast, as_person):
    new = DoctorFactory()
    client, apply = as_person(new.user), reverse("doctors:find_hospital")
    pages = [reverse("dashboards:doctor"), reverse("doctors:profile")]
    for page in pages:
        shown = client.get(page).content.decode()
        assert shown.count("btn-primary") == 1, page
        assert f'<a class="btn btn-primary" href="{apply}">' in shown
        assert "Next: apply to a hospital" in shown
    ApplicationFactory(hospital=cast.city, doctor=new)
    for page in pages:
        shown = client.get(page).content.decode()
        assert "City General Hospital looks at it and writes to you." in shown
        assert f'<a class="btn btn-primary" href="{apply}">' in shown
    works_at(new, cast.lakeside)
    for page in pages:
        shown = client.get(page).content.decode()
        assert apply not in shown, page
        assert "looks at it" not in shown


def test_certificates_lead_on_to_the_hospitals(cast, as_person):
    new = DoctorFactory()
    client, address = as_person(new.user), reverse("doctors:certificates")
    button = f'<a class="btn btn-primary" href="{reverse("doctors:find_hospital")}">'
    assert button not in client.get(address).content.decode()
    CertificateFactory(doctor=new)
    assert button in client.get(address).content.decode()


def test_removing_a_department_names_the_doctors_in_it(cast, as_person):
    url = reverse("hospitals:remove_department", args=["city", cast.heart.public_id])
    words = "Dr Dora Sen works in it, stays at the hospital, and needs another department."
    assert words in as_person(cast.ada).get(url).content.decode()
    works_at(cast.doctor_deb, cast.city, department=cast.heart)
    page = as_person(cast.ada).get(url).content.decode()
    assert "Dr Deb Roy, Dr Dora Sen work in it, stay at the hospital, and need another department." in page
    Membership.of_person(cast.dora).update(status=Membership.Status.REMOVED)
    assert "Dr Dora Sen" not in as_person(cast.ada).get(url).content.decode()
