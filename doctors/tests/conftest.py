"""The cast: City General with ada, rita and dora, Lakeside with mallory and deb; paul has a log-in and no role."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from django.test import Client

from hospitals.models import Role
from hospitals.tests.factories import DepartmentFactory, HospitalFactory, MembershipFactory, PersonFactory

from .factories import DoctorFactory, works_at


def make_cast():
    """Return the cast, made in the database."""
    city = HospitalFactory(slug="city", name="City General Hospital")
    lakeside = HospitalFactory(slug="lakeside", name="Lakeside Clinic", city="Chattogram")
    names = ("ada", "rita", "dora", "deb", "mallory", "paul")
    people = {name: PersonFactory(email=f"{name}@demo.test", name=name.title()) for name in names}
    people["root"] = PersonFactory(email="root@demo.test", name="Root", is_platform_admin=True)
    MembershipFactory(hospital=city, user=people["ada"], role=Role.ADMIN)
    MembershipFactory(hospital=city, user=people["rita"], role=Role.RECEPTIONIST)
    MembershipFactory(hospital=lakeside, user=people["mallory"], role=Role.ADMIN)
    heart = DepartmentFactory(hospital=city, name="Heart Centre")
    dora = DoctorFactory(user=people["dora"], name="Dr Dora Sen", licence_number="A-51920")
    deb = DoctorFactory(user=people["deb"], name="Dr Deb Roy", licence_number="A-7")
    return SimpleNamespace(
        city=city,
        lakeside=lakeside,
        heart=heart,
        doctor_dora=dora,
        doctor_deb=deb,
        dora_at_city=works_at(dora, city, department=heart),
        deb_at_lakeside=works_at(deb, lakeside),
        **people,
    )


@pytest.fixture
def cast(db):
    return make_cast()


@pytest.fixture
def as_person():
    """Return a client that is logged in and has just shown who it is; nobody gives an anonymous one."""

    def log_in(user=None):
        client = Client()
        if user is not None:
            client.force_login(user, backend="accounts.backends.EmailBackend")
            session = client.session
            session["confirmed_at"] = int(time.time())
            session.save()
        return client

    return log_in
