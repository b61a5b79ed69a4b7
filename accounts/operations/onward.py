"""Where somebody wants to go on after the errand to the mailbox."""

from __future__ import annotations

from ..models import User


def keep_next(email: str, *, next_url: str) -> None:
    """Keep where the person goes on who is still to confirm this address; one query, whoever has it."""
    address = User.objects.normalise(email)
    User.objects.filter(email=address, email_verified_at__isnull=True).update(onward=next_url)


def take_next(user: User) -> str:
    """Return what was kept for the person, once; nothing when there is nothing."""
    next_url, user.onward = user.onward, ""
    user.save(update_fields=["onward"])
    return next_url
