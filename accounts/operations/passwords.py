"""Changing and resetting passwords."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import DomainError
from ledger.operations import record
from notifications.operations import notify

from ..models import User
from ..tokens import reset_tokens
from .sessions import end_sessions_of


@transaction.atomic
def change_password(user: User, *, password_hash: str, keep: str, by: User) -> None:
    """Set the new password; the old one was asked before. Ends all sessions but the one with the key `keep`.

    Mails the person. Ledger: accounts.password_changed.
    """
    user.password = password_hash
    user.save(update_fields=["password"])
    end_sessions_of(user, keep=keep, why="password changed", by=by)
    record("accounts.password_changed", user.public_id, by=by)
    notify(user, "accounts.password_changed", user.public_id)


@transaction.atomic
def reset_password(user: User, *, token: str, password_hash: str) -> User:
    """Set the new password for whoever holds the link, once. Ends all sessions and confirms the address.

    Mails the person. Ledger: accounts.password_reset. Raises DomainError when the link was used meanwhile.
    """
    current = User.objects.select_for_update(no_key=True, of=("self",)).get(pk=user.pk)
    if not current.is_active or not reset_tokens.check_token(current, token):
        raise DomainError(_("This link has been used. Ask for a new one."))
    current.password = password_hash
    current.email_verified_at = current.email_verified_at or timezone.now()
    current.save(update_fields=["password", "email_verified_at"])
    end_sessions_of(current, why="password reset", by=current)
    record("accounts.password_reset", current.public_id, by=current)
    notify(current, "accounts.password_changed", current.public_id)
    return current
