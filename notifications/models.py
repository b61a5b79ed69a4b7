"""Messages to people: the outbox, the bell, and the demonstration's mailbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.ids import public_id
from core.states import HasStates, Transitions


@dataclass(frozen=True)
class Contact:
    """Somebody without a log-in who is told something."""

    email: str
    language: str = "en"


class Message(HasStates, models.Model):
    """A mail in the outbox: ids and versions only; its text, codes and links are made when it is sent."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        DROPPED = "dropped", _("No longer true")
        FAILED = "failed", _("Not delivered")

    TRANSITIONS: ClassVar[Transitions] = {
        Status.QUEUED: frozenset({Status.SENDING}),
        Status.SENDING: frozenset({Status.SENT, Status.DROPPED, Status.QUEUED, Status.FAILED}),
        Status.FAILED: frozenset({Status.QUEUED}),
    }

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    kind = models.CharField(max_length=60)
    reference = models.CharField(max_length=40)
    version = models.PositiveIntegerField(default=0)
    hospital_id = models.BigIntegerField(null=True, db_index=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    email = models.EmailField(_("to"))
    language = models.CharField(max_length=5, default="en")
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    # When the clock last asked a worker to try again, so that it does not ask every few seconds while none works.
    requeued_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["status", "next_attempt_at"], name="message_due"),
            models.Index(fields=["hospital_id"], condition=models.Q(status="failed"), name="message_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"


class Notice(models.Model):
    """One line on a person's bell page."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=60)
    reference = models.CharField(max_length=40)
    hospital_id = models.BigIntegerField(null=True, db_index=True)
    title = models.CharField(max_length=200)
    url = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="notice_of_user"),
            models.Index(fields=["user"], name="notice_unread", condition=models.Q(read_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.title


class MailboxMail(models.Model):
    """A mail that the demonstration shows in the browser instead of sending it."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    to = models.EmailField(db_index=True)
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.subject


class MailboxAttachment(models.Model):
    """A file that came with a mailbox mail."""

    mail = models.ForeignKey(MailboxMail, on_delete=models.CASCADE, related_name="attachments")
    filename = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    content = models.BinaryField()
