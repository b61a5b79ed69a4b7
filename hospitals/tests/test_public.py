"""The public list, and how many queries the room's lists need."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hospitals import operations, queries
from hospitals.models import Role

from .factories import (
    DepartmentFactory,
    HospitalFactory,
    InvitationFactory,
    MembershipFactory,
    PersonFactory,
    ServiceFactory,
)

LIST = "/hospitals/"


@pytest.fixture
def found(client, db):
    def names(**query):
        return [hospital.name for hospital, _ in client.get(LIST, query).context["hospitals"]]

    return names


@pytest.fixture
def three(db):
    city = HospitalFactory(name="City General Hospital", name_bn="সিটি জেনারেল হাসপাতাল", area="Dhanmondi")
    lake = HospitalFactory(name="Lakeside Clinic", city="Chattogram")
    closed = HospitalFactory(name="Closed Hospital", is_active=False)
    DepartmentFactory(hospital=city, name="Cardiology")
    DepartmentFactory(hospital=lake, name="Cardiology")
    DepartmentFactory(hospital=lake, name="Eye")
    for hospital in (city, lake, closed):
        operations.index_hospital(hospital)
    return city, lake, closed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("City General", ["City General Hospital"]),
        ("Lakside", ["Lakeside Clinic"]),
        ("জেনারেল", ["City General Hospital"]),
        ("chatogram", ["Lakeside Clinic"]),
        ("dhanmondi", ["City General Hospital"]),
        ("eye", ["Lakeside Clinic"]),
        ("Closed Hospital", []),
        ("zzzz", []),
        ("%", []),
    ],
)
def test_search_forgives_typing(text, expected, three, found):
    assert found(q=text)[:1] == expected


def test_filters_by_city_and_department(three, found):
    assert found() == ["City General Hospital", "Lakeside Clinic"]
    assert found(city="chattogram") == ["Lakeside Clinic"]
    assert found(department="CARDIOLOGY") == ["City General Hospital", "Lakeside Clinic"]
    assert found(department="Eye", city="Dhaka") == []
    assert found(q="clinic", department="Cardiology") == ["Lakeside Clinic"]


def test_each_filter_says_how_many_it_leaves(three, client):
    context = client.get(LIST, {"department": "Cardiology", "city": "Chattogram"}).context
    assert context["cities"] == [("Chattogram", 1), ("Dhaka", 1)]
    assert context["departments"] == [("Cardiology", 1), ("Eye", 1)]
    page = client.get(LIST, {"city": "Dhaka"}).content.decode()
    assert 'href="?city=Dhaka&amp;department=Cardiology"' in page


def test_each_hospital_leads_to_its_page(three, client):
    page = client.get(LIST).content.decode()
    assert f'href="{reverse("doctors:hospital", args=[three[0].slug])}"' in page
    assert "Closed Hospital" not in page


def test_pages_hold_twelve(db, client):
    HospitalFactory.create_batch(13)
    assert len(client.get(LIST).context["hospitals"]) == 12
    assert len(client.get(LIST, {"page": "2"}).context["hospitals"]) == 1
    assert len(client.get(LIST, {"page": "nonsense"}).context["hospitals"]) == 12


def test_nothing_found_says_what_to_do(db, client):
    page = client.get(LIST, {"city": "Nowhere"}).content.decode()
    assert "No hospital fits" in page
    assert "Show all hospitals" in page


def _fill(hospital, by):
    ServiceFactory(department=DepartmentFactory(hospital=hospital))
    InvitationFactory(hospital=hospital, invited_by=by)
    MembershipFactory(hospital=hospital, user=PersonFactory())
    other = HospitalFactory()
    DepartmentFactory(hospital=other)
    MembershipFactory(hospital=other, role=Role.ADMIN)


@pytest.mark.parametrize(
    ("name", "person"),
    [
        ("list", None),
        ("platform_list", "root"),
        ("departments", "ada"),
        ("staff", "ada"),
        ("invitations", "ada"),
    ],
)
def test_lists_need_as_many_queries_for_three_rows_as_for_one(name, person, cast, as_person):
    client = as_person(getattr(cast, person) if person else None)
    address = reverse(f"hospitals:{name}", args=["city"] if person == "ada" else [])
    needed = []
    for rows in (1, 2):
        for _ in range(rows):
            _fill(cast.city, cast.ada)
        client.get(address)
        with CaptureQueriesContext(connection) as queries_made:
            assert client.get(address).status_code == 200
        needed.append(len(queries_made))
    assert needed[0] == needed[1] <= 10


def test_departments_with_counts_leaves_out_removed_ones(cast):
    DepartmentFactory(hospital=cast.city, name="Eye")
    assert queries.departments_with_counts(queries.public_hospitals()) == [("Eye", 1)]
