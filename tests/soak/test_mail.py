"""Mail to a real SMTP server that is slow, busy, picky, hangs or is down: kept, tried again, and nothing doubled."""

from __future__ import annotations

import datetime as dt
import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.utils import timezone

from accounts.tests.factories import UserFactory
from notifications.models import Message
from notifications.operations import deliver, notify, requeue_due_messages

from . import post_office, record_result, soak_count, soak_seed
from .post_office import BUSY, FORGETFUL, HANGS, SLOW, UP, PostOffice

pytestmark = [pytest.mark.soak, pytest.mark.django_db(transaction=True)]
KIND = "accounts.verify_email"
DOWN = "down"


@pytest.fixture
def office(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_USE_TLS, settings.EMAIL_TIMEOUT = "127.0.0.1", False, 0.5
    server = PostOffice()
    settings.EMAIL_PORT = server.port
    server.open()
    yield server
    server.close()


def tell(number: int) -> list[Message]:
    """Queue a mail to each of so many people."""
    for _ in range(number):
        user = UserFactory(email_verified_at=None)
        notify(user, KIND, user.public_id)
    return list(Message.objects.order_by("pk"))


def let_time_pass() -> None:
    """Let every mail that waits for another try be due."""
    past = timezone.now() - dt.timedelta(minutes=5)
    Message.objects.filter(status=Message.Status.QUEUED).update(next_attempt_at=past)


def together(workers: int, act) -> None:
    """Let so many workers do it at the same moment, each with its own connection."""
    barrier = threading.Barrier(workers)

    def run() -> None:
        try:
            barrier.wait(timeout=30)
            act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(workers) as pool:
        for call in [pool.submit(run) for _ in range(workers)]:
            call.result()


def states() -> dict[str, int]:
    return dict(Counter(Message.objects.values_list("status", flat=True)))


def own_id(message: Message) -> str:
    return f"<{message.public_id}@demo.test>"


def test_slow_server_gets_each_mail_once_though_many_workers_try(office):
    office.mood = SLOW
    messages = tell(3)
    together(4, lambda: [deliver(message.pk) for message in messages])
    assert office.copies() == {own_id(message): 1 for message in messages}
    assert states() == {"sent": 3}


def test_refused_address_fails_alone(office):
    messages = tell(3)
    office.refused = {messages[1].email}
    for message in messages:
        deliver(message.pk)
    assert [message.status for message in Message.objects.order_by("pk")] == ["sent", "failed", "sent"]
    assert Message.objects.get(status="failed").last_error == "The mail server refuses this address."
    assert len(office.received) == 2


@pytest.mark.parametrize("mood", [BUSY, HANGS, DOWN])
def test_mail_waits_while_the_server_cannot_and_comes_once(office, mood, run_tasks):
    messages = tell(2)
    office.close() if mood == DOWN else setattr(office, "mood", mood)
    for message in messages:
        deliver(message.pk)
    assert (states(), office.received) == ({"queued": 2}, [])
    office.mood = UP
    office.open()
    let_time_pass()
    assert requeue_due_messages() == 2
    run_tasks()
    assert requeue_due_messages() == 0
    assert office.copies() == {own_id(message): 1 for message in messages}


def test_mail_whose_receipt_was_lost_comes_again_as_the_same_mail(office):
    (message,) = tell(1)
    office.mood = FORGETFUL
    deliver(message.pk)
    office.mood = UP
    let_time_pass()
    deliver(message.pk)
    # Nobody can know that the first one arrived; bearing the same id, both are one mail to a mail program.
    assert office.copies() == {own_id(message): 2}
    assert states() == {"sent": 1}


def test_changing_moods_lose_and_double_nothing(office):
    chance = random.Random(soak_seed())
    messages = tell(soak_count("mails", small=12, full=400))
    office.refused = {message.email for message in messages if chance.random() < 0.1}
    tries = Counter()
    while Message.objects.filter(status=Message.Status.QUEUED).exists():
        mood = chance.choice([UP, SLOW, BUSY, HANGS, DOWN]) if tries["rounds"] < 8 else UP
        tries["rounds"] += 1
        tries[mood] += 1
        office.close() if mood == DOWN else office.open()
        office.mood = mood
        let_time_pass()
        waiting = Message.objects.filter(status=Message.Status.QUEUED).values_list("pk", flat=True)
        together(3, lambda ids=list(waiting[:20]): [deliver(pk) for pk in ids])
        assert tries["rounds"] < 500, states()
    expected = {own_id(message): 1 for message in messages if message.email not in office.refused}
    assert office.copies() == expected
    assert states() == Counter(sent=len(expected), failed=len(messages) - len(expected))
    record_result("mails that came once", len(expected))
    record_result("addresses refused", len(messages) - len(expected))
    record_result("rounds, by the server's mood", dict(tries))
    record_result("seconds a slow server takes for a mail", post_office.SLOW_SECONDS)
    record_result("tries of the most stubborn mail", max(Message.objects.values_list("attempts", flat=True)))
