"""A mail backend for the demonstration: mails are kept and shown on the mailbox page."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from .models import MailboxAttachment, MailboxMail


class MailboxBackend(BaseEmailBackend):
    """Keeps each mail as a row, with its attachments."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Store the mails and return how many."""
        for message in email_messages:
            with transaction.atomic():
                self._store(message)
        return len(email_messages)

    def _store(self, message: EmailMessage) -> None:
        html = next(
            (str(part[0]) for part in getattr(message, "alternatives", []) if part[1] == "text/html"), ""
        )
        for address in message.to:
            mail = MailboxMail.objects.create(
                to=address, subject=message.subject[:300], text=str(message.body), html=html
            )
            for filename, content, content_type in message.attachments:
                raw = content.encode() if isinstance(content, str) else content
                MailboxAttachment.objects.create(
                    mail=mail,
                    filename=filename or "file",
                    content=raw,
                    content_type=content_type or "text/plain",
                )
