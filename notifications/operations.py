"""notify(): an outbox row and a bell line in the caller's transaction; delivery after commit, retried from the row."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from core.background import after_commit

from . import kinds
from .gateways import Mail, MailRefused, MailUnavailable, get_mail_gateway
from .models import Contact, Message, Notice

logger = logging.getLogger(__name__)
MAX_ATTEMPTS = 12
LEASE = dt.timedelta(minutes=2)
NEW_FOR = dt.timedelta(seconds=20)  # its first task is still on its way


def notify(to: Any, kind: str, reference: str, *, version: int = 0, hospital_id: int | None = None) -> None:
    """Tell a user or a Contact: write the outbox row, and the bell line for a user, inside the caller's transaction.

    Somebody without an e-mail address gets no mail and it is no error; an unknown kind raises LookupError.
    """
    registered = kinds.get(kind)
    is_contact = isinstance(to, Contact)
    if registered.bell and not is_contact:
        line = registered.bell(reference, version)
        Notice.objects.create(
            user=to,
            kind=kind,
            reference=reference,
            hospital_id=hospital_id,
            title=line.title[:200],
            url=line.url,
        )
    if not to.email or not registered.mail:
        return
    message = Message.objects.create(
        kind=kind,
        reference=reference,
        version=version,
        hospital_id=hospital_id,
        user=None if is_contact else to,
        email=to.email,
        language=to.language,
        next_attempt_at=timezone.now(),
    )
    after_commit("notifications.deliver", message_id=message.pk)


def deliver(message_id: int) -> None:
    """Send one message if it is due and still true; not atomic: intent first, then the mail server, then its answer."""
    message = _claim(message_id)
    if message is None:
        return
    registered = kinds.get(message.kind)
    if not registered.still_true(message.reference, message.version):
        _close(message, Message.Status.DROPPED)
        return
    try:
        content = registered.context(message.reference, message.version)
        get_mail_gateway().send(Mail.compose(message, registered.template, content))
    except MailRefused as error:
        _close(message, Message.Status.FAILED, error=str(error))
    except MailUnavailable as error:
        _retry_later(message, str(error))
    else:
        _close(message, Message.Status.SENT)


def _claim(message_id: int) -> Message | None:
    now = timezone.now()
    with transaction.atomic():
        message = Message.objects.select_for_update(no_key=True, of=("self",)).filter(pk=message_id).first()
        lost = message and message.status == Message.Status.SENDING and message.next_attempt_at <= now
        due = message and message.status == Message.Status.QUEUED and message.next_attempt_at <= now
        if message is None or not (due or lost):
            return None
        if message.attempts >= MAX_ATTEMPTS:
            # It took its worker down, or broke on its way, every time.
            message.status, message.last_error = (
                Message.Status.FAILED,
                message.last_error or "It could not be made.",
            )
            message.save(update_fields=["status", "last_error"])
            return None
        message.status = Message.Status.SENDING
        message.attempts += 1
        # While SENDING this is the end of the lease: a killed worker's message becomes due again.
        message.next_attempt_at = now + LEASE
        message.save(update_fields=["status", "attempts", "next_attempt_at"])
        return message


def _close(message: Message, status: str, *, error: str = "") -> None:
    sent_at = timezone.now() if status == Message.Status.SENT else None
    _keep(message, status, last_error=error[:300], sent_at=sent_at)


def _retry_later(message: Message, error: str) -> None:
    if message.attempts >= MAX_ATTEMPTS:
        _close(message, Message.Status.FAILED, error=error)
        return
    # 1, 2, 4 … minutes, at most 2 hours: about 14 hours in all.
    next_attempt_at = timezone.now() + dt.timedelta(minutes=min(2 ** (message.attempts - 1), 120))
    _keep(message, Message.Status.QUEUED, last_error=error[:300], next_attempt_at=next_attempt_at)


def _keep(message: Message, status: str, **values: Any) -> None:
    """Keep what became of this attempt; once its lease has run out and another one began, only that it was sent counts."""
    message.move_to(status)
    rows = Message.objects.filter(pk=message.pk, status=Message.Status.SENDING)
    if status != Message.Status.SENT:
        rows = rows.filter(attempts=message.attempts)
    rows.update(status=status, **values)


@transaction.atomic
def requeue_due_messages(*, limit: int = 200) -> int:
    """Ask the workers to try again what is due, oldest first, and return how many; the clock itself never sends."""
    now = timezone.now()
    due = Message.objects.filter(
        Q(requeued_at__isnull=True) | Q(requeued_at__lte=now - LEASE),
        status__in=[Message.Status.QUEUED, Message.Status.SENDING],
        next_attempt_at__lte=now - NEW_FOR,
    )
    ids = list(due.order_by("next_attempt_at").values_list("pk", flat=True)[:limit])
    for message_id in ids:
        after_commit("notifications.deliver", message_id=message_id)
    Message.objects.filter(pk__in=ids).update(requeued_at=now)
    return len(ids)


@transaction.atomic
def mark_notice_read(notice: Notice, *, by: Any) -> None:
    """Mark one line of the bell page as read."""
    Notice.objects.filter(pk=notice.pk, user=by, read_at__isnull=True).update(read_at=timezone.now())


@transaction.atomic
def mark_all_notices_read(*, by: Any) -> int:
    """Mark all lines of the person's bell page as read, and say how many."""
    return Notice.objects.filter(user=by, read_at__isnull=True).update(read_at=timezone.now())
