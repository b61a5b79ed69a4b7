"""Where somebody wants to go on after an errand to the mailbox. It is kept here, so that no mail says it."""

from __future__ import annotations

import datetime as dt

from django.contrib.sessions.models import Session
from django.core import signing
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from ..models import User
from ..tokens import VERIFY_DAYS

_SALT = "accounts.onward"


def _key(email: str) -> str:
    # A row among the sessions, which expire and are pruned anyway; no browser can know this key, and it would open nothing.
    mark = salted_hmac(_SALT, User.objects.normalise(email), algorithm="sha256").hexdigest()
    return f"onward{mark[:34]}"


@transaction.atomic
def keep_next(email: str, *, next_url: str) -> None:
    """Keep where whoever confirms the address goes on, in place of what was kept; as long as the link is valid."""
    if not next_url:
        Session.objects.filter(session_key=_key(email)).delete()
        return
    until = timezone.now() + dt.timedelta(days=VERIFY_DAYS)
    kept = {"session_data": signing.dumps(next_url, salt=_SALT), "expire_date": until}
    Session.objects.update_or_create(session_key=_key(email), defaults=kept)


@transaction.atomic
def take_next(email: str) -> str:
    """Return what was kept for the address, once; nothing when there is nothing or it is too old."""
    note = Session.objects.filter(session_key=_key(email), expire_date__gt=timezone.now()).first()
    if note is None:
        return ""
    note.delete()
    return str(signing.loads(note.session_data, salt=_SALT))
