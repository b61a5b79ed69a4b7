"""A mail backend for the demonstration: mails are kept and shown on the mailbox page."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from core.ids import public_id

from .models import MailboxAttachment, MailboxMail


class MailboxBackend(BaseEmailBackend):
    """Keeps each mail as a row, with its attachments; each has one recipient."""

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
        content = {"subject": message.subject[:300], "text": str(message.body), "html": html}
        # A mail that is sent again, because its worker was killed before it noted it as sent, bears the same id.
        # The mailbox keeps it once, as mail programs do.
        own_id = message.extra_headers.get("Message-ID", "").strip("<>").partition("@")[0][:16] or public_id()
        for address in message.to:
            mail, is_new = MailboxMail.objects.get_or_create(
                public_id=own_id, defaults={"to": address, **content}
            )
            for filename, raw, content_type in message.attachments if is_new else ():
                MailboxAttachment.objects.create(
                    mail=mail,
                    filename=filename or "file",
                    content=raw.encode() if isinstance(raw, str) else raw,
                    content_type=content_type or "text/plain",
                )
