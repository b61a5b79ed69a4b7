"""Hospitals, departments and people for tests of every room."""

from __future__ import annotations

import datetime as dt
from typing import Any

import factory
from django.utils import timezone

from accounts.models import User
from core.tenancy import in_hospital
from hospitals.models import Department, Hospital, Invitation, Membership, Role, Service


class HospitalFactory(factory.django.DjangoModelFactory):
    """An open hospital in Dhaka; `search` on makes it findable."""

    class Meta:
        model = Hospital

    slug = factory.Sequence(lambda n: f"hospital-{n}")
    name = factory.Sequence(lambda n: f"Hospital {n}")
    address = "12 Green Road"
    city = "Dhaka"


class PersonFactory(factory.django.DjangoModelFactory):
    """Somebody who can log in."""

    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person-{n}@demo.test")
    name = factory.Sequence(lambda n: f"Person {n}")
    email_verified_at = factory.LazyFunction(timezone.now)


class OwnedFactory(factory.django.DjangoModelFactory):
    """A row that a hospital owns: it is made inside that hospital's scope."""

    class Meta:
        abstract = True

    hospital = factory.SubFactory(HospitalFactory)

    @classmethod
    def _create(cls, model_class: type[Any], *args: Any, **kwargs: Any) -> Any:
        with in_hospital(kwargs["hospital"]):
            return super()._create(model_class, *args, **kwargs)


class DepartmentFactory(OwnedFactory):
    """A department."""

    class Meta:
        model = Department

    name = factory.Sequence(lambda n: f"Department {n}")


class ServiceFactory(OwnedFactory):
    """A service of a department of the same hospital."""

    class Meta:
        model = Service

    hospital = factory.SelfAttribute("department.hospital")
    department = factory.SubFactory(DepartmentFactory)
    name = factory.Sequence(lambda n: f"Service {n}")


class MembershipFactory(OwnedFactory):
    """A receptionist."""

    class Meta:
        model = Membership

    user = factory.SubFactory(PersonFactory)
    role = Role.RECEPTIONIST


class InvitationFactory(OwnedFactory):
    """An open invitation of a receptionist, good for a week."""

    class Meta:
        model = Invitation

    email = factory.Sequence(lambda n: f"invited-{n}@demo.test")
    name = factory.Sequence(lambda n: f"Invited {n}")
    role = Role.RECEPTIONIST
    invited_by = factory.SubFactory(PersonFactory)
    expires_at = factory.LazyFunction(lambda: timezone.now() + dt.timedelta(days=7))
