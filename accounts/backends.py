"""Logging in by e-mail and password."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from .models import User


class EmailBackend:
    """One query and one password hash, whether the account exists, is blocked, or not: nobody can tell from the time."""

    def authenticate(
        self,
        request: HttpRequest | None,
        email: str | None = None,
        password: str | None = None,
        username: str | None = None,
    ) -> User | None:
        """Return the active person with this address and password; `username` is another word for the address."""
        address = email or username
        if address is None or password is None:
            return None
        user = User.objects.filter(email=User.objects.normalise(address)).first()
        if user is None:
            make_password(password)
            return None
        right = user.check_password(password)
        return user if right and user.is_active else None

    def get_user(self, user_id: Any) -> User | None:
        """Return the person of a session; a blocked person has none any more."""
        return User.objects.filter(pk=user_id, is_active=True).first()
