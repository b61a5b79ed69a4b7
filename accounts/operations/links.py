"""Links that a visitor asks for by typing an address."""

from __future__ import annotations

import datetime as dt
from importlib import import_module

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core.background import after_commit
from notifications.operations import notify

from ..models import EmailChange, LinkRequest, LoginSession, User

KEPT = dt.timedelta(days=1)


@transaction.atomic
def ask_for_link(email: str, *, purpose: str) -> None:
    """Keep the wish and answer it after commit: the same writes whether or not the address has an account."""
    request = LinkRequest.objects.create(email=User.objects.normalise(email), purpose=purpose)
    after_commit("accounts.answer_link_request", request_id=request.pk)


@transaction.atomic
def answer_link_request(request_id: int) -> None:
    """Look the address up and mail the link, if there is somebody to mail it to; then the wish is forgotten."""
    wishes = LinkRequest.objects.select_for_update(no_key=True, of=("self",))
    request = wishes.filter(pk=request_id).first()
    if request is None:
        return
    user = User.objects.filter(email=request.email, is_active=True).first()
    request.delete()
    if user is None:
        return
    if request.purpose == LinkRequest.Purpose.RESET_PASSWORD:
        notify(user, "accounts.reset_password", user.public_id)
    elif user.email_verified_at is None:
        notify(user, "accounts.verify_email", user.public_id)


@transaction.atomic
def prune() -> int:
    """Delete expired sessions, wishes that nobody answered and changes that nobody confirmed; say how many rows."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    now = timezone.now()
    ended = now - dt.timedelta(seconds=settings.SESSION_COOKIE_AGE)
    deleted = LoginSession.objects.filter(last_seen_at__lt=ended).delete()[0]
    deleted += LinkRequest.objects.filter(created_at__lt=now - KEPT).delete()[0]
    return deleted + EmailChange.objects.filter(created_at__lt=now - 7 * KEPT).delete()[0]
