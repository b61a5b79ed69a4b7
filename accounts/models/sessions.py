"""Where a person is logged in."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from core.ids import public_id

from ..browsers import describe_browser


class LoginSessionQuerySet(models.QuerySet["LoginSession"]):
    """Sessions of people."""

    def alive(self) -> LoginSessionQuerySet:
        """Return those whose cookie can still be valid."""
        return self.filter(
            last_seen_at__gt=timezone.now() - dt.timedelta(seconds=settings.SESSION_COOKIE_AGE)
        )


class LoginSession(models.Model):
    """One log-in of a person in one browser; it goes when the person logs out or ends it."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="login_sessions"
    )
    session_key = models.CharField(max_length=40, unique=True)
    user_agent = models.CharField(max_length=200, blank=True)
    address = models.GenericIPAddressField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField(db_index=True)

    objects: ClassVar[Any] = LoginSessionQuerySet.as_manager()

    class Meta:
        ordering = ["-last_seen_at", "-pk"]

    def __str__(self) -> str:
        return self.browser

    @property
    def browser(self) -> str:
        """The browser in words, like "Chrome on Windows"."""
        return describe_browser(self.user_agent)
