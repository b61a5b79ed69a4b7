"""Becoming somebody who can log in."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import VISITOR, Actor
from core.errors import Conflict
from ledger.operations import record
from notifications.operations import notify

from ..models import User


@transaction.atomic
def sign_up(*, email: str, name: str, phone: Any, password_hash: str, by: Actor | None = None) -> User | None:
    """Make a person who must still confirm the address; return them, or None when the address is in use.

    The caller hashes the password before, whatever the answer will be, and shows the same page for every answer. An address
    that nobody confirmed yet takes the newest name, number and password. Mails a link to confirm, or, to the owner of a
    confirmed account, that somebody tried. Ledger: accounts.signed_up.
    """
    values = {"name": name, "phone": phone or "", "password": password_hash}
    user, created = _find_or_insert(User.objects.normalise(email), values)
    if user.email_verified_at or not user.is_active:
        if user.is_active:
            notify(user, "accounts.sign_up_again", user.public_id)
        return None
    if not created:
        for field, value in values.items():
            setattr(user, field, value)
        user.save(update_fields=list(values))
    record("accounts.signed_up", user.public_id, by=by or VISITOR, body={"again": not created})
    notify(user, "accounts.verify_email", user.public_id)
    return user


@transaction.atomic
def add_verified_user(*, email: str, name: str, phone: Any, password_hash: str, by: Actor) -> User:
    """Make a person whose address is proved already: by an invitation's link, or by the seed.

    No mail. Ledger: accounts.signed_up and accounts.email_verified. Raises Conflict when the address is in use.
    """
    values = {
        "name": name,
        "phone": phone or "",
        "password": password_hash,
        "email_verified_at": timezone.now(),
    }
    user, created = _find_or_insert(User.objects.normalise(email), values)
    if not created:
        if user.email_verified_at or not user.is_active:
            raise Conflict(_("This address has an account already. Log in with it."))
        for field, value in values.items():
            setattr(user, field, value)
        user.save(update_fields=list(values))
    record("accounts.signed_up", user.public_id, by=by, body={"again": not created})
    record("accounts.email_verified", user.public_id, by=by)
    return user


def _find_or_insert(email: str, values: dict[str, Any]) -> tuple[User, bool]:
    people = User.objects.select_for_update(no_key=True, of=("self",)).filter(email=email)
    user = people.first()
    if user is not None:
        return user, False
    try:
        with transaction.atomic():
            return User.objects.create(email=email, **values), True
    except IntegrityError:
        # Somebody else signed up with this address in the same moment.
        return people.get(), False


@transaction.atomic
def verify_email(user: User) -> None:
    """Keep that the person owns the address: they opened its link and know the password. Ledger: accounts.email_verified."""
    confirmed = User.objects.filter(pk=user.pk, email=user.email, email_verified_at__isnull=True)
    if confirmed.update(email_verified_at=timezone.now()):
        record("accounts.email_verified", user.public_id, by=user)
    user.refresh_from_db(fields=["email_verified_at"])


@transaction.atomic
def mail_link_again(user: User) -> None:
    """Mail the link to confirm the address once more, to somebody who has just given the right password."""
    notify(user, "accounts.verify_email", user.public_id)
