"""What the tests of accounts do again and again: read mails, log in, set up a second factor."""

from __future__ import annotations

import re
import time
from typing import Any

from django.core import mail
from django.test import Client
from django.urls import reverse
from django_otp.oath import TOTP
from django_tasks_db.models import DBTaskResult

from accounts.models import AuthenticatorDevice, User
from accounts.operations import add_authenticator
from core.background import run_named

from .factories import PASSWORD

KEY = b"12345678901234567890"


def url(name: str, *args: Any) -> str:
    """Return the address of a page of accounts."""
    return reverse(f"accounts:{name}", args=args)


def shape_of(queries: Any) -> list[str]:
    """Return the statements without their values."""
    return [re.sub(r"'[^']*'|\bs\d+_x\d+\b|\b\d+\b", "?", query["sql"]) for query in queries]


def run_worker() -> None:
    """Run what waits in the task table, as the worker does."""
    while row := DBTaskResult.objects.ready().order_by("enqueued_at").first():
        name, ids = row.args_kwargs["args"]
        row.delete()
        run_named.call(name, ids)


def mails_to(email: str) -> list[Any]:
    """Return the mails that reached the address, oldest first, after the worker has run."""
    run_worker()
    return [message for message in mail.outbox if message.to == [email]]


def link_in(message: Any) -> str:
    """Return the path of the first link in the mail."""
    found = re.search(r"https?://[^/\s]+(/\S+)", message.body)
    assert found, message.body
    return found.group(1)


def code_in(message: Any) -> str:
    """Return the six digits in the mail."""
    found = re.search(r"\b(\d{6})\b", message.body)
    assert found, message.body
    return found.group(1)


def log_in(client: Client, user: User, password: str = PASSWORD, **extra: Any) -> Any:
    """Post the log-in form."""
    return client.post(url("login"), {"email": user.email, "password": password}, **extra)


def is_logged_in(client: Client) -> bool:
    """Say whether the browser sees the person's own page."""
    return client.get(url("profile")).status_code == 200


def totp(key: bytes = KEY, *, at: float | None = None) -> str:
    """Return the code that an authenticator app shows."""
    clock = TOTP(key)
    clock.time = time.time() if at is None else at
    return f"{clock.token():06d}"


def give_authenticator(user: User) -> list[str]:
    """Set up an app with KEY a minute ago, and return the backup codes."""
    codes = add_authenticator(user, key=KEY, code=totp(), by=user)
    AuthenticatorDevice.objects.filter(user=user).update(last_t=-1)
    return codes
