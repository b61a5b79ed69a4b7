"""The cast: City General with ada, rita and dora, Lakeside with mallory, the patients paul and pia, and the fake gateway."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.test import Client

from billing.gateways.fake import STORE_ID, FakeGateway
from hospitals.models import Role
from hospitals.tests.factories import HospitalFactory, MembershipFactory, PersonFactory

from .factories import PayerFactory, register
from .shop import shop


@pytest.fixture
def gateway(settings):
    settings.PAYMENT_GATEWAY = "billing.gateways.fake.FakeGateway"
    settings.SSLCOMMERZ_STORE_ID = STORE_ID
    shop.reset()
    return FakeGateway.fresh()


def make_cast():
    """Return the cast, made in the database."""
    city = HospitalFactory(slug="city", name="City General Hospital")
    lakeside = HospitalFactory(slug="lakeside", name="Lakeside Clinic", city="Chattogram")
    names = ("ada", "rita", "dora", "mallory", "paul", "pia")
    people = {name: PersonFactory(email=f"{name}@demo.test", name=name.title()) for name in names}
    people["root"] = PersonFactory(email="root@demo.test", name="Root", is_platform_admin=True)
    MembershipFactory(hospital=city, user=people["ada"], role=Role.ADMIN)
    MembershipFactory(hospital=city, user=people["rita"], role=Role.RECEPTIONIST)
    MembershipFactory(hospital=city, user=people["dora"], role=Role.DOCTOR)
    MembershipFactory(hospital=lakeside, user=people["mallory"], role=Role.ADMIN)
    payer = register(city, PayerFactory(user=people["paul"]))
    other = register(city, PayerFactory(user=people["pia"]))
    return SimpleNamespace(city=city, lakeside=lakeside, payer=payer, other=other, **people)


@pytest.fixture
def cast(db, gateway):
    return make_cast()


@pytest.fixture
def as_person():
    """Return a client that is logged in as the person; nobody gives an anonymous one."""

    def log_in(user=None, **options):
        client = Client(**options)
        if user is not None:
            client.force_login(user, backend="accounts.backends.EmailBackend")
        return client

    return log_in
