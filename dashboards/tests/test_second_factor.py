"""A hospital that asks its doctors for a second factor asks it on all of /doctor/."""

from __future__ import annotations

import pytest
from django.urls import reverse

from hospitals.operations import require_second_factor

DOCTOR = reverse("dashboards:doctor")


@pytest.mark.parametrize("asks", ["city", "lakeside"])
def test_any_hospital_where_the_doctor_works_can_ask(world, client_of, asks):
    require_second_factor(getattr(world, asks), roles=["doctor"], by=world.users.ada)
    answer = client_of(world.users.dora).get(DOCTOR)
    assert answer["Location"] == "/accounts/second-factor/?next=%2Fdoctor%2F"


def test_a_hospital_that_asks_others_only_does_not_ask_doctors(world, client_of):
    require_second_factor(world.city, roles=["admin", "receptionist"], by=world.users.ada)
    assert client_of(world.users.dora).get(DOCTOR).status_code == 200


def test_the_question_costs_no_query(world, client_of, counted):
    dora = client_of(world.users.dora)
    before = counted(dora, DOCTOR)
    require_second_factor(world.city, roles=["admin"], by=world.users.ada)
    assert counted(dora, DOCTOR) == before


def test_patients_pages_never_ask(world, client_of):
    require_second_factor(world.city, roles=["doctor", "admin", "receptionist"], by=world.users.ada)
    assert client_of(world.users.paul).get(reverse("dashboards:patient")).status_code == 200
