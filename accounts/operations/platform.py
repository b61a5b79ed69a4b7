"""The platform's own admins."""

from __future__ import annotations

from django.db import transaction

from core.actors import Actor
from ledger.operations import record

from ..models import User


@transaction.atomic
def make_platform_admin(user: User, *, by: Actor) -> None:
    """Let a person run the platform: create hospitals, look at tables; it opens no chart.

    Ledger: accounts.platform_admin_made.
    """
    user.is_platform_admin = True
    user.save(update_fields=["is_platform_admin"])
    record("accounts.platform_admin_made", user.public_id, by=by)
