"""Delivery in the worker, and the retry by the clock."""

from __future__ import annotations

from core.background import periodic, task

from . import operations


@task("notifications.deliver")
def deliver(message_id: int) -> None:
    """Deliver one message."""
    operations.deliver(message_id)


@periodic("notifications.requeue_due_messages", every=20)
def requeue_due_messages() -> int:
    """Ask for what is due again."""
    return operations.requeue_due_messages()
