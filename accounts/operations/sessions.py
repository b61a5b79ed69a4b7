"""Where people are logged in, and how that ends."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from importlib import import_module

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core.actors import Actor
from ledger.operations import record

from ..models import LoginSession, User


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


@transaction.atomic
def start_session(user: User, *, session_key: str, user_agent: str, address: str) -> LoginSession:
    """Keep that the person logged in here. Ledger: accounts.logged_in."""
    session, _created = LoginSession.objects.update_or_create(
        session_key=session_key,
        defaults={
            "user": user,
            "user_agent": user_agent[:200].replace("\x00", ""),
            "address": _address(address),
            "last_seen_at": timezone.now(),
        },
    )
    record("accounts.logged_in", user.public_id, by=user, body={"session": session.public_id})
    return session


def see_session(public_id: str, *, session_key: str) -> bool:
    """Keep that the session is in use, under its present key; False when it was ended elsewhere."""
    row = LoginSession.objects.filter(public_id=public_id)
    return bool(row.update(last_seen_at=timezone.now(), session_key=session_key))


def move_session(public_id: str, *, session_key: str) -> None:
    """Follow a session that got a new key."""
    LoginSession.objects.filter(public_id=public_id).update(session_key=session_key)


@transaction.atomic
def end_session(session: LoginSession, *, by: User) -> None:
    """End one session at once. Ledger: accounts.session_ended."""
    _end([session], session.user, why="ended by the person", by=by)


@transaction.atomic
def end_sessions_of(user: User, *, why: str, by: Actor, keep: str = "") -> int:
    """End the person's sessions at once, but for the one with the key `keep`, and say how many ended.

    Ledger: accounts.session_ended, one each.
    """
    sessions = list(LoginSession.objects.filter(user=user).exclude(session_key=keep))
    _end(sessions, user, why=why, by=by)
    return len(sessions)


@transaction.atomic
def forget_session(user: User, *, session_key: str) -> None:
    """Forget the session of somebody who logs out; its store goes with the log-out. Ledger: accounts.session_ended."""
    session = LoginSession.objects.filter(user=user, session_key=session_key).first()
    if session is not None:
        session.delete()
        record(
            "accounts.session_ended",
            user.public_id,
            by=user,
            reason="logged out",
            body={"session": session.public_id},
        )


def _end(sessions: Iterable[LoginSession], user: User, *, why: str, by: Actor) -> None:
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    for session in sessions:
        store.delete(session.session_key)
        session.delete()
        record(
            "accounts.session_ended", user.public_id, by=by, reason=why, body={"session": session.public_id}
        )
