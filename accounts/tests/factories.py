"""People for tests."""

from __future__ import annotations

import functools

import factory
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.models import User

PASSWORD = "Demo-pass-2026!"


@functools.cache
def password_hash() -> str:
    """Return the hash of PASSWORD, made once a run."""
    return make_password(PASSWORD)


class UserFactory(factory.django.DjangoModelFactory):
    """A person with a confirmed address and the password PASSWORD."""

    class Meta:
        model = User

    email = factory.Sequence(lambda number: f"person{number}@demo.test")
    name = factory.Sequence(lambda number: f"Person {number}")
    password = factory.LazyFunction(password_hash)
    email_verified_at = factory.LazyFunction(timezone.now)


class UnverifiedUserFactory(UserFactory):
    """A person who has signed up and not yet opened the link."""

    email_verified_at = None
