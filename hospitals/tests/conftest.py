"""The cast: City General with ada and rita, Lakeside with mallory, and people without a role."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from django.test import Client

from hospitals.models import Role

from .factories import HospitalFactory, MembershipFactory, PersonFactory


@pytest.fixture
def cast(db):
    city = HospitalFactory(slug="city", name="City General Hospital")
    lakeside = HospitalFactory(slug="lakeside", name="Lakeside Clinic", city="Chattogram")
    people = {
        "root": PersonFactory(email="root@demo.test", name="Root", is_platform_admin=True),
        "ada": PersonFactory(email="ada@demo.test", name="Ada Hoque"),
        "rita": PersonFactory(email="rita@demo.test", name="Rita Saha"),
        "mallory": PersonFactory(email="mallory@demo.test", name="Mallory Khan"),
        "paul": PersonFactory(email="paul@demo.test", name="Paul Biswas"),
    }
    memberships = {
        "ada": MembershipFactory(hospital=city, user=people["ada"], role=Role.ADMIN),
        "rita": MembershipFactory(hospital=city, user=people["rita"], role=Role.RECEPTIONIST),
        "mallory": MembershipFactory(hospital=lakeside, user=people["mallory"], role=Role.ADMIN),
    }
    return SimpleNamespace(city=city, lakeside=lakeside, members=SimpleNamespace(**memberships), **people)


@pytest.fixture
def as_person():
    """Return a client that is logged in and has just shown who it is; nobody gives an anonymous one."""

    def log_in(user=None, *, confirmed=True):
        client = Client()
        if user is not None:
            client.force_login(user, backend="accounts.backends.EmailBackend")
            session = client.session
            if confirmed:
                session["confirmed_at"] = int(time.time())
            session.save()
        return client

    return log_in
