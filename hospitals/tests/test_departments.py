"""Departments and services."""

from __future__ import annotations

import pytest
from django.urls import reverse

from core.errors import Conflict, DomainError
from core.tenancy import in_hospital
from hospitals import operations, queries
from hospitals.models import Department, Service
from ledger.models import EntrySecret

from .factories import DepartmentFactory, ServiceFactory


@pytest.fixture
def scope(cast):
    with in_hospital(cast.city):
        yield cast.city


def kinds():
    return sorted(EntrySecret.objects.filter(kind__startswith="hospitals.").values_list("kind", flat=True))


def test_a_department_and_its_service_live_through_the_pages(cast, as_person):
    ada = as_person(cast.ada)
    answer = ada.post(
        reverse("hospitals:add_department", args=["city"]), {"name": "Cardiology", "location": "3rd floor"}
    )
    with in_hospital(cast.city):
        department = Department.objects.get()
    page = reverse("hospitals:department", args=["city", department.public_id])
    assert answer["Location"] == page
    ada.post(
        reverse("hospitals:add_service", args=["city", department.public_id]),
        {"name": "ECG", "about": "Ten minutes"},
    )
    with in_hospital(cast.city):
        service = Service.objects.get()
    ada.post(reverse("hospitals:edit_service", args=["city", service.public_id]), {"name": "Echo"})
    ada.post(reverse("hospitals:edit_department", args=["city", department.public_id]), {"name": "Heart"})
    shown = ada.get(page).content.decode()
    assert "<h1>Heart</h1>" in shown
    assert "<b>Echo</b>" in shown
    assert list(queries.public_hospitals(text="hart")) == [cast.city]
    asked = ada.get(
        reverse("hospitals:remove_department", args=["city", department.public_id])
    ).content.decode()
    assert "Its services go with it: Echo." in asked
    ada.post(reverse("hospitals:remove_department", args=["city", department.public_id]))
    assert ada.get(page).status_code == 404
    assert "No departments yet" in ada.get(reverse("hospitals:departments", args=["city"])).content.decode()
    assert list(queries.public_hospitals(text="heart")) == []
    assert kinds() == [
        "hospitals.department_added",
        "hospitals.department_changed",
        "hospitals.department_removed",
        "hospitals.service_added",
        "hospitals.service_changed",
    ]


def test_remove_department_keeps_the_rows(scope, cast):
    service = ServiceFactory(department=DepartmentFactory(hospital=scope))
    operations.remove_department(service.department, by=cast.ada)
    service.refresh_from_db()
    assert service.removed_at == Department.objects.get().removed_at is not None


def test_a_name_is_taken_until_its_department_is_removed(scope, cast):
    first = operations.add_department(scope, name="Eye", by=cast.ada)
    with pytest.raises(Conflict, match="You have Eye already") as caught:
        operations.add_department(scope, name="Eye", by=cast.ada)
    assert caught.value.field == "name"
    operations.remove_department(first, by=cast.ada)
    operations.add_department(scope, name="Eye", by=cast.ada)
    assert Department.objects.filter(removed_at__isnull=True).count() == 1


def test_change_to_a_taken_name_is_refused_and_changes_nothing(scope, cast):
    DepartmentFactory(hospital=scope, name="Eye")
    other = DepartmentFactory(hospital=scope, name="Ear")
    with pytest.raises(Conflict):
        operations.change_department(other, name="Eye", by=cast.ada)
    other.refresh_from_db()
    assert other.name == "Ear"


def test_a_taken_name_is_said_on_the_page(cast, as_person):
    DepartmentFactory(hospital=cast.city, name="Eye")
    answer = as_person(cast.ada).post(
        reverse("hospitals:add_department", args=["city"]), {"name": "Eye", "about": "Sees well"}
    )
    assert answer.status_code == 422
    assert answer.context["form"].errors == {"name": ["You have Eye already."]}
    assert "Sees well" in answer.content.decode()


@pytest.mark.parametrize("act", ["change_department", "remove_department", "add_service"])
def test_a_removed_department_refuses(act, scope, cast):
    department = operations.remove_department(DepartmentFactory(hospital=scope, name="Eye"), by=cast.ada)
    inputs = {} if act == "remove_department" else {"name": "New"}
    with pytest.raises(DomainError, match="Eye was removed already"):
        getattr(operations, act)(department, **inputs, by=cast.ada)


def test_a_removed_service_refuses(scope, cast):
    service = ServiceFactory(department=DepartmentFactory(hospital=scope), name="ECG")
    operations.remove_service(service, by=cast.ada)
    with pytest.raises(DomainError, match="ECG was removed already"):
        operations.remove_service(service, by=cast.ada)
    with pytest.raises(DomainError):
        operations.change_service(service, name="Echo", by=cast.ada)


def test_services_are_named_once_a_department(scope, cast):
    department = DepartmentFactory(hospital=scope)
    operations.add_service(department, name="ECG", by=cast.ada)
    with pytest.raises(Conflict):
        operations.add_service(department, name="ECG", by=cast.ada)
    operations.add_service(DepartmentFactory(hospital=scope), name="ECG", by=cast.ada)
    assert Service.objects.count() == 2
