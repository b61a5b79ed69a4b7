"""City General with dora, ada and rita; Lakeside with deb, dora and mallory; paul and pia are patients."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.test import Client

from hospitals.models import Role
from hospitals.tests.factories import HospitalFactory, MembershipFactory, PersonFactory

from .factories import DoctorFactory, PatientFactory, book, employ


@pytest.fixture
def world(db):
    city = HospitalFactory(slug="city", name="City General Hospital", name_bn="সিটি জেনারেল হাসপাতাল")
    lakeside = HospitalFactory(slug="lakeside", name="Lakeside Clinic", city="Chattogram")
    dora = DoctorFactory(user=PersonFactory(email="dora@demo.test", name="Dr Dora Sen"))
    deb = DoctorFactory(user=PersonFactory(email="deb@demo.test", name="Dr Deb Roy"))
    paul = PatientFactory(user=PersonFactory(email="paul@demo.test", name="Paul Rahman"), name_bn="পল রহমান")
    pia = PatientFactory(user=PersonFactory(email="pia@demo.test", name="Pia Das"))
    people = {
        "root": PersonFactory(email="root@demo.test", name="Root", is_platform_admin=True),
        "ada": MembershipFactory(hospital=city, user__email="ada@demo.test", role=Role.ADMIN).user,
        "rita": MembershipFactory(hospital=city, user__email="rita@demo.test").user,
        "mallory": MembershipFactory(
            hospital=lakeside, user__email="mallory@demo.test", role=Role.ADMIN
        ).user,
    }
    at_city, at_lakeside = employ(dora, city), employ(deb, lakeside)
    employ(dora, lakeside)
    return SimpleNamespace(
        city=city,
        lakeside=lakeside,
        dora=dora,
        deb=deb,
        paul=paul,
        pia=pia,
        at_city=at_city,
        at_lakeside=at_lakeside,
        visit=book(at_city, paul),
        **people,
    )


@pytest.fixture
def as_person():
    """Return a client that is logged in as that user; nobody gives an anonymous one."""

    def log_in(user=None):
        client = Client()
        if user is not None:
            client.force_login(user, backend="accounts.backends.EmailBackend")
        return client

    return log_in
