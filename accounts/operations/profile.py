"""Name, number and address of a person who logs in."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import Conflict, DomainError
from ledger.operations import record
from notifications.operations import Contact, notify

from ..models import EmailChange, User
from ..tokens import change_of_token


@transaction.atomic
def change_profile(user: User, *, name: str, phone: Any, by: User) -> None:
    """Set name and contact number. Ledger: accounts.profile_changed, with the names of the fields, not their values."""
    current = User.objects.select_for_update(no_key=True, of=("self",)).get(pk=user.pk)
    wanted = {"name": name, "phone": phone or ""}
    changed = [field for field, value in wanted.items() if str(getattr(current, field)) != str(value)]
    if not changed:
        return
    for field in changed:
        setattr(current, field, wanted[field])
    current.save(update_fields=changed)
    record("accounts.profile_changed", user.public_id, by=by, body={"fields": ", ".join(changed)})


@transaction.atomic
def ask_for_email(user: User, *, new_email: str, by: User) -> None:
    """Keep the wish for another address: the new one gets a link to confirm, the old one is told.

    Whether the new address is in use is only said to who can read its mail. Ledger: accounts.email_change_asked. Raises
    DomainError when it is the present one.
    """
    wanted = User.objects.normalise(new_email)
    if wanted == user.email:
        raise DomainError(_("This is your address already."), field="email")
    EmailChange.objects.filter(user=user).delete()
    change = EmailChange.objects.create(user=user, new_email=wanted)
    record("accounts.email_change_asked", user.public_id, by=by)
    notify(Contact(wanted, user.language), "accounts.confirm_email", change.public_id)
    notify(user, "accounts.email_change_asked", user.public_id)


@transaction.atomic
def change_email(user: User, *, token: str, by: User) -> None:
    """Make the confirmed address the person's own, and tell the old one. Ledger: accounts.email_changed.

    Raises DomainError when the link is used or old, Conflict when another account has the address.
    """
    current = User.objects.select_for_update(no_key=True, of=("self",)).get(pk=user.pk)
    change = change_of_token(token, current)
    if change is None:
        raise DomainError(_("This link has been used or is too old. Ask for the change again."))
    _free_address(change.new_email)
    old = Contact(current.email, current.language)
    current.email = change.new_email
    current.email_verified_at = timezone.now()
    try:
        with transaction.atomic():
            current.save(update_fields=["email", "email_verified_at"])
    except IntegrityError as error:
        raise Conflict(
            _("Another account has this address. Log in there, or choose another address.")
        ) from error
    change.delete()
    record("accounts.email_changed", user.public_id, by=by)
    notify(old, "accounts.email_changed", user.public_id)


def _free_address(email: str) -> None:
    """Take an address from a sign-up that nobody confirmed: who opened the link has proved that it is theirs."""
    for squatter in User.objects.select_for_update(no_key=True, of=("self",)).filter(
        email=email, email_verified_at__isnull=True
    ):
        squatter.email, squatter.is_active = f"{squatter.public_id}@unconfirmed.invalid", False
        squatter.save(update_fields=["email", "is_active"])
