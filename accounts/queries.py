"""Reads about people who log in."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from .models import BackupCode, EmailChange, LoginSession, Method, ThrottledDevice, User
from .models.devices import DEVICES
from .tokens import CHANGE_EMAIL_DAYS


def device_of(user: User, method: str) -> ThrottledDevice | None:
    """Return the person's device that is in use for this method."""
    if method not in DEVICES:
        return None
    device: ThrottledDevice | None = DEVICES[Method(method)].objects.filter(user=user, confirmed=True).first()
    return device


def methods_of(user: User) -> list[Method]:
    """Return the ways in which the person can give a second factor, best first; empty when none is set up."""
    return [
        method
        for method, model in DEVICES.items()
        if model.objects.filter(user=user, confirmed=True).exists()
    ]


def main_methods(methods: list[Method]) -> list[Method]:
    """Return the methods without the backup codes."""
    return [method for method in methods if method != Method.BACKUP]


def count_backup_codes(user: User) -> int:
    """Return how many unused backup codes the person has."""
    return BackupCode.objects.filter(device__user=user, used_at__isnull=True).count()


def sessions_of(user: User) -> QuerySet[LoginSession]:
    """Return where the person is logged in, last seen first."""
    sessions: QuerySet[LoginSession] = LoginSession.objects.alive().filter(user=user)
    return sessions


def waiting_email_change(user: User) -> EmailChange | None:
    """Return the person's wish for another address while its link is valid."""
    since = timezone.now() - dt.timedelta(days=CHANGE_EMAIL_DAYS)
    return EmailChange.objects.filter(user=user, created_at__gt=since).first()


def reset_hours() -> int:
    """Return for how many hours a link to a new password is valid."""
    return int(settings.PASSWORD_RESET_TIMEOUT) // 3600
