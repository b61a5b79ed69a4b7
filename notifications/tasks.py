"""Delivery in the worker, and the retry by the clock."""

from __future__ import annotations

from core.background import periodic, task

from . import operations


@task("notifications.deliver")
def deliver(message_id: int) -> None:
    """Deliver one message."""
    operations.deliver(message_id)


@periodic("notifications.deliver_due_messages", every=20)
def deliver_due_messages() -> int:
    """Deliver what is due again."""
    return operations.deliver_due_messages()
