"""Links in mails: signed, short-lived, made when the mail is sent, and worthless once what they stand for has changed."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

from .models import EmailChange, User

VERIFY_DAYS = 3
CHANGE_EMAIL_DAYS = 1
_VERIFY = "accounts.verify_email"
_CHANGE = "accounts.change_email"

reset_tokens = PasswordResetTokenGenerator()


def _state(user: User, salt: str) -> str:
    # A new password or address makes the link worthless; neither can be read from it.
    return salted_hmac(salt, f"{user.email} {user.password}", algorithm="sha256").hexdigest()[:32]


def make_verify_token(user: User) -> str:
    """Return the token with which the owner of the address confirms it; valid for three days."""
    return signing.dumps([user.public_id, _state(user, _VERIFY)], salt=_VERIFY)


def user_of_verify_token(token: str) -> User | None:
    """Return the person whose address is still to be confirmed, or None for a used, old or made-up token."""
    try:
        public_id, state = signing.loads(token, salt=_VERIFY, max_age=dt.timedelta(days=VERIFY_DAYS))
    except (signing.BadSignature, ValueError):
        return None
    user = User.objects.filter(public_id=public_id, is_active=True, email_verified_at__isnull=True).first()
    return user if user and constant_time_compare(state, _state(user, _VERIFY)) else None


def make_change_token(change: EmailChange) -> str:
    """Return the token with which the owner of the new address confirms it; valid for a day."""
    return signing.dumps([change.public_id, _state(change.user, _CHANGE)], salt=_CHANGE)


def change_of_token(token: str, user: User) -> EmailChange | None:
    """Return this person's open change, or None for a used, old or made-up token, or another person's."""
    try:
        public_id, state = signing.loads(token, salt=_CHANGE, max_age=dt.timedelta(days=CHANGE_EMAIL_DAYS))
    except (signing.BadSignature, ValueError):
        return None
    change = EmailChange.objects.filter(public_id=public_id, user=user).select_related("user").first()
    return change if change and constant_time_compare(state, _state(change.user, _CHANGE)) else None
