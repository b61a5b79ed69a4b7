"""The outbox: written with its cause, delivered after commit, retried, dropped when no longer true."""

from __future__ import annotations

import datetime as dt
import smtplib
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.tests.factories import UserFactory
from notifications import kinds
from notifications.models import Contact, MailboxMail, Message, Notice
from notifications.operations import deliver, notify, requeue_due_messages

pytestmark = pytest.mark.django_db
KIND = "accounts.verify_email"
START = dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC)


class ScriptedServer(BaseEmailBackend):
    """A mail server that answers as the test says; what can be called happens while it is being asked."""

    answers: ClassVar[list[Exception | Callable[[], Exception | None] | None]] = []
    received: ClassVar[list[EmailMessage]] = []

    def send_messages(self, email_messages: list[EmailMessage]) -> int:
        answer = self.answers.pop(0) if self.answers else None
        if callable(answer):
            answer = answer()
        if answer:
            raise answer
        self.received.extend(email_messages)
        return len(email_messages)


@pytest.fixture
def server(settings: Any) -> type[ScriptedServer]:
    settings.EMAIL_BACKEND = f"{__name__}.ScriptedServer"
    ScriptedServer.answers, ScriptedServer.received = [], []
    return ScriptedServer


@pytest.fixture
def told() -> Message:
    user = UserFactory(email="paul@demo.test", email_verified_at=None)
    notify(user, KIND, user.public_id)
    return Message.objects.get()


def test_notify_queues_a_mail_without_its_text(told):
    assert (told.status, told.email, told.attempts) == ("queued", "paul@demo.test", 0)
    columns = {field.name for field in Message._meta.get_fields()}
    assert columns.isdisjoint({"subject", "text", "html", "body", "token", "code"})


def test_notify_of_unknown_kind_is_refused():
    with pytest.raises(LookupError, match="No kind of notification is called no.such"):
        notify(UserFactory(), "no.such", "x")


def test_notify_without_address_is_no_error():
    notify(Contact(""), KIND, "x")
    assert Message.objects.count() == 0


def test_mail_arrives_in_the_mailbox_after_commit(told, run_tasks, settings):
    settings.EMAIL_BACKEND = "notifications.mailbox.MailboxBackend"
    assert run_tasks() == 1
    mail = MailboxMail.objects.get()
    told.refresh_from_db()
    assert (mail.to, told.status, told.attempts) == ("paul@demo.test", "sent", 1)
    assert "http://127.0.0.1:8000/accounts/confirm/" in mail.text


def test_deliver_twice_sends_once(told, server):
    deliver(told.pk)
    deliver(told.pk)
    assert len(server.received) == 1


def test_server_down_retries_with_longer_waits(told, server, run_tasks):
    DBTaskResult.objects.all().delete()
    server.answers = [ConnectionRefusedError(), smtplib.SMTPServerDisconnected(), TimeoutError()]
    waits = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(3):
            deliver(told.pk)
            told.refresh_from_db()
            waits.append((told.next_attempt_at - timezone.now()).total_seconds() / 60)
            clock.move_to(told.next_attempt_at + dt.timedelta(seconds=30))
        assert (told.status, waits) == ("queued", [1, 2, 4])
        assert (requeue_due_messages(), requeue_due_messages()) == (1, 0)
        assert run_tasks() == 1
    told.refresh_from_db()
    assert (told.status, len(server.received)) == ("sent", 1)


def test_not_yet_due_is_left_alone(told, server):
    server.answers = [TimeoutError()]
    deliver(told.pk)
    deliver(told.pk)
    told.refresh_from_db()
    assert (told.status, told.attempts) == ("queued", 1)


def test_refused_address_fails_visibly_at_once(told, server):
    server.answers = [smtplib.SMTPRecipientsRefused({"paul@demo.test": (550, b"no such user")})]
    deliver(told.pk)
    told.refresh_from_db()
    assert (told.status, told.last_error) == ("failed", "The mail server refuses this address.")


def test_greylisted_address_is_tried_again(told, server):
    server.answers = [smtplib.SMTPRecipientsRefused({"paul@demo.test": (451, b"greylisted")})]
    deliver(told.pk)
    told.refresh_from_db()
    assert told.status == "queued"


def test_server_down_for_ever_fails_in_the_end(told, server):
    server.answers = [TimeoutError()] * 20
    with time_machine.travel(timezone.now(), tick=False) as clock:
        while told.status == "queued":
            deliver(told.pk)
            told.refresh_from_db()
            clock.move_to(told.next_attempt_at)
    assert (told.status, told.attempts) == ("failed", 12)


def test_mail_of_killed_worker_becomes_due_again(told, server, run_tasks):
    DBTaskResult.objects.all().delete()
    Message.objects.update(status="sending", next_attempt_at=timezone.now() + dt.timedelta(minutes=2))
    deliver(told.pk)
    assert server.received == []
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=3), tick=False):
        assert requeue_due_messages() == 1
        run_tasks()
    told.refresh_from_db()
    assert told.status == "sent"


def after_the_lease(clock, told, *, then: Exception | None) -> Callable[[], Exception | None]:
    """Stall until the lease has run out and another worker has taken the message over; then answer."""

    def stall() -> Exception | None:
        clock.shift(dt.timedelta(minutes=3))
        deliver(told.pk)
        return then

    return stall


def test_worker_that_stalled_and_failed_does_not_send_what_another_has_sent_again(told, server):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        server.answers = [after_the_lease(clock, told, then=TimeoutError()), None]
        deliver(told.pk)
        told.refresh_from_db()
        assert (told.status, told.attempts, told.last_error) == ("sent", 2, "")
        clock.shift(dt.timedelta(hours=3))
        assert requeue_due_messages() == 0
    assert len(server.received) == 1


def test_worker_that_stalled_and_was_refused_leaves_the_other_ones_wait_alone(told, server):
    refused = smtplib.SMTPRecipientsRefused({"paul@demo.test": (550, b"no such user")})
    with time_machine.travel(timezone.now(), tick=False) as clock:
        server.answers = [after_the_lease(clock, told, then=refused), TimeoutError()]
        deliver(told.pk)
        told.refresh_from_db()
        assert (told.status, told.next_attempt_at) == ("queued", timezone.now() + dt.timedelta(minutes=2))


def test_worker_that_stalled_and_sent_ends_the_other_ones_try(told, server):
    with time_machine.travel(timezone.now(), tick=False) as clock:

        def first() -> None:
            clock.shift(dt.timedelta(minutes=3))
            Message.objects.update(attempts=2, next_attempt_at=timezone.now() + dt.timedelta(minutes=2))

        server.answers = [first]
        deliver(told.pk)
    told.refresh_from_db()
    assert (told.status, told.sent_at is not None) == ("sent", True)


def test_mail_that_breaks_every_time_fails_visibly(told, server):
    server.answers = [ValueError("broken template")] * 20
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(12):
            with pytest.raises(ValueError, match="broken template"):
                deliver(told.pk)
            clock.shift(dt.timedelta(minutes=3))
        deliver(told.pk)
    told.refresh_from_db()
    assert (told.status, told.attempts) == ("failed", 12)


def test_same_message_id_on_every_attempt(told, server):
    server.answers = [TimeoutError()]
    deliver(told.pk)
    Message.objects.update(next_attempt_at=timezone.now())
    deliver(told.pk)
    assert server.received[0].extra_headers["Message-ID"] == f"<{told.public_id}@demo.test>"


def test_mailbox_keeps_a_mail_once_though_it_is_sent_again(told, settings):
    settings.EMAIL_BACKEND = "notifications.mailbox.MailboxBackend"
    deliver(told.pk)
    Message.objects.update(status="sending", next_attempt_at=timezone.now())
    deliver(told.pk)
    told.refresh_from_db()
    assert (told.status, told.attempts, MailboxMail.objects.get().public_id) == ("sent", 2, told.public_id)


def test_what_is_no_longer_true_is_dropped(told, server):
    told.user.email_verified_at = timezone.now()
    told.user.save()
    deliver(told.pk)
    told.refresh_from_db()
    assert (told.status, server.received) == ("dropped", [])


def test_every_kind_has_its_three_templates():
    missing = []
    for name in kinds.names():
        kind = kinds.get(name)
        if not kind.mail:
            continue
        for ending in ("subject.txt", "txt", "html"):
            try:
                get_template(f"{kind.template}.{ending}")
            except TemplateDoesNotExist:
                missing.append(f"{kind.template}.{ending}")
    assert missing == []


def test_register_kind_twice_is_refused():
    with pytest.raises(ValueError, match=f"Two kinds of notification are called {KIND}"):
        kinds.register(kinds.get(KIND))


@pytest.mark.parametrize("now", Message.Status.values)
@pytest.mark.parametrize("new", Message.Status.values)
def test_every_pair_of_states(now, new):
    allowed = {
        ("queued", "sending"), ("sending", "sent"), ("sending", "dropped"), ("sending", "queued"), ("sending", "failed"),
        ("failed", "queued"),
    }  # fmt: skip
    assert Message(status=now).may_move_to(new) is ((now, new) in allowed)


def make_notice(user: Any, title: str = "A visit was accepted") -> Notice:
    return Notice.objects.create(user=user, kind="test", title=title, url="/me/")


def test_bell_lists_own_notices_only(client):
    user, other = UserFactory(), UserFactory()
    make_notice(user, "Mine")
    make_notice(other, "Not mine")
    client.force_login(user)
    page = client.get("/bell/").content.decode()
    assert "Mine" in page and "Not mine" not in page


def test_open_notice_marks_it_read_and_goes_on(client):
    user = UserFactory()
    notice = make_notice(user)
    client.force_login(user)
    answer = client.post(f"/bell/{notice.public_id}/")
    notice.refresh_from_db()
    assert (answer.status_code, answer.url, notice.read_at is not None) == (302, "/me/", True)


def test_open_somebody_elses_notice_is_not_found(client):
    notice = make_notice(UserFactory())
    client.force_login(UserFactory())
    assert client.post(f"/bell/{notice.public_id}/").status_code == 404
    notice.refresh_from_db()
    assert notice.read_at is None


def test_read_all_leaves_others_alone(client):
    user, other = UserFactory(), UserFactory()
    make_notice(user)
    make_notice(user)
    theirs = make_notice(other)
    client.force_login(user)
    client.post("/bell/read-all/")
    theirs.refresh_from_db()
    assert Notice.objects.filter(user=user, read_at__isnull=True).count() == 0
    assert theirs.read_at is None


def test_mailbox_shows_the_mails_of_one_address(client):
    for address in ("paul@demo.test", "pia@demo.test"):
        MailboxMail.objects.create(to=address, subject=f"For {address}", text="Hello")
    page = client.get("/mailbox/", {"to": "paul@demo.test"}).content.decode()
    assert "For paul@demo.test" in page and "For pia@demo.test" not in page


def test_mailbox_does_not_exist_where_mail_is_sent(client, settings):
    settings.MAILBOX_PAGE = False
    mail = MailboxMail.objects.create(to="paul@demo.test", subject="Secret", text="Hello")
    assert client.get("/mailbox/").status_code == 404
    assert client.get(f"/mailbox/{mail.public_id}/").status_code == 404
