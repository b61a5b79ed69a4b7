"""Reading the bell and the outbox."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from .models import MailboxMail, Notice


def notices_of(user: Any) -> QuerySet[Notice]:
    """Return the person's bell page, newest first."""
    return Notice.objects.filter(user=user)


def count_unread(user: Any) -> int:
    """Return how many lines the person has not read, at most 100."""
    return len(Notice.objects.filter(user=user, read_at__isnull=True).order_by().values_list("pk")[:100])


def mailbox_mails(address: str = "") -> QuerySet[MailboxMail]:
    """Return the demonstration's mails, newest first; those to one address if given."""
    rows = MailboxMail.objects.defer("text", "html")
    return rows.filter(to=address) if address else rows
