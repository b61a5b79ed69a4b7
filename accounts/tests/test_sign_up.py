"""Signing up and confirming the address."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.models import User
from accounts.operations import add_verified_user, sign_up
from core.actors import SEED
from core.errors import Conflict
from ledger.models import EntrySecret
from notifications.models import Message

from .factories import PASSWORD, UnverifiedUserFactory, UserFactory
from .world import is_logged_in, link_in, mails_to, url

pytestmark = pytest.mark.django_db


def _sign_up(email: str, password: str = PASSWORD, name: str = "Paul Rahman") -> User | None:
    return sign_up(email=email, name=name, phone="+8801712345678", password_hash=make_password(password))


def test_sign_up_makes_an_unverified_user_and_mails_a_link():
    user = _sign_up(" Paul@Demo.test ")

    assert (user.email, user.name, str(user.phone)) == ("paul@demo.test", "Paul Rahman", "+880 1712-345678")
    assert user.email_verified_at is None
    [message] = mails_to("paul@demo.test")
    assert message.subject == "Confirm your address for HealthStack"
    assert link_in(message).startswith("/accounts/confirm/")
    assert list(EntrySecret.objects.values_list("kind", "reference", "actor_id")) == [
        ("accounts.signed_up", user.public_id, "system:visitor")
    ]


def test_sign_up_with_an_unverified_address_takes_the_latest_words():
    first = _sign_up("paul@demo.test", "an-attackers-pass", "Mallory")
    second = _sign_up("paul@demo.test", PASSWORD, "Paul")

    assert first.pk == second.pk
    second.refresh_from_db()
    assert second.name == "Paul"
    assert second.check_password(PASSWORD)
    assert len(mails_to("paul@demo.test")) == 2


def test_sign_up_with_a_verified_address_changes_nothing_and_tells_its_owner():
    owner = UserFactory(email="paul@demo.test", name="Paul")

    assert _sign_up("paul@demo.test", "an-attackers-pass", "Mallory") is None

    owner.refresh_from_db()
    assert owner.name == "Paul"
    assert owner.check_password(PASSWORD)
    [message] = mails_to("paul@demo.test")
    assert message.subject == "You have a HealthStack account already"
    assert "Mallory" not in message.body
    assert EntrySecret.objects.count() == 0


def test_sign_up_with_a_blocked_address_changes_nothing_and_mails_nobody():
    UserFactory(email="paul@demo.test", is_active=False, email_verified_at=None, name="Paul")

    assert _sign_up("paul@demo.test", name="Mallory") is None
    assert User.objects.get().name == "Paul"
    assert Message.objects.count() == 0


def test_the_link_asks_for_the_password_then_logs_in(client):
    user = _sign_up("paul@demo.test")
    link = link_in(mails_to("paul@demo.test")[0])

    page = client.get(link)
    assert page.status_code == 200
    assert not is_logged_in(client)

    wrong = client.post(link, {"password": "not-the-password"})
    assert wrong.status_code == 422
    user.refresh_from_db()
    assert user.email_verified_at is None

    right = client.post(f"{link}?next=/accounts/sessions/", {"password": PASSWORD})
    assert right.status_code == 302
    assert right["Location"] == "/accounts/sessions/"
    user.refresh_from_db()
    assert user.email_verified_at is not None
    assert is_logged_in(client)
    assert EntrySecret.objects.filter(kind="accounts.email_verified").count() == 1


def test_the_link_works_once(client):
    _sign_up("paul@demo.test")
    link = link_in(mails_to("paul@demo.test")[0])
    client.post(link, {"password": PASSWORD})
    client.logout()

    assert client.get(link).status_code == 410
    assert client.post(link, {"password": PASSWORD}).status_code == 410
    assert not is_logged_in(client)


def test_the_link_dies_after_three_days(client):
    _sign_up("paul@demo.test")
    link = link_in(mails_to("paul@demo.test")[0])

    with time_machine.travel(timezone.now() + dt.timedelta(days=3, seconds=-60)):
        assert client.get(link).status_code == 200
    with time_machine.travel(timezone.now() + dt.timedelta(days=3, seconds=60)):
        assert client.get(link).status_code == 410


def test_a_changed_link_answers_like_a_used_one(client):
    _sign_up("paul@demo.test")
    link = link_in(mails_to("paul@demo.test")[0])

    assert client.get(link[:-3] + "x/").status_code == 410
    assert client.get(url("verify_email", "made-up")).status_code == 410


def test_the_owner_of_an_address_cannot_wake_a_strangers_password(client):
    _sign_up("paul@demo.test", "an-attackers-pass", "Mallory")
    attackers_link = link_in(mails_to("paul@demo.test")[0])

    # Paul gets a mail he did not ask for, and signs up himself: the first link is worthless, its password gone.
    _sign_up("paul@demo.test", PASSWORD, "Paul")
    own_link = link_in(mails_to("paul@demo.test")[1])
    assert client.post(attackers_link, {"password": "an-attackers-pass"}).status_code == 410
    assert client.post(own_link, {"password": "an-attackers-pass"}).status_code == 422
    assert client.post(own_link, {"password": PASSWORD}).status_code == 302

    user = User.objects.get(email="paul@demo.test")
    assert user.check_password(PASSWORD)
    client.logout()
    assert (
        client.post(url("login"), {"email": user.email, "password": "an-attackers-pass"}).status_code == 422
    )


def test_the_mail_tells_the_owner_nothing_that_the_stranger_wrote():
    _sign_up("paul@demo.test", name="Win money at evil.example")

    [message] = mails_to("paul@demo.test")
    assert "evil.example" not in message.body
    assert "evil.example" not in message.alternatives[0][0]


def test_resend_answers_the_same_and_mails_only_who_waits(client):
    waiting = UnverifiedUserFactory(email="waiting@demo.test")
    UserFactory(email="done@demo.test")
    pages = []
    for email in ("waiting@demo.test", "done@demo.test", "nobody@demo.test"):
        page = client.post(url("resend"), {"email": email})
        assert page.status_code == 200
        pages.append(page.content.decode().replace(email, "…"))

    assert pages[0] == pages[1] == pages[2]
    assert [message.subject for message in mails_to(waiting.email)] == [
        "Confirm your address for HealthStack"
    ]
    assert mails_to("done@demo.test") == []
    assert mails_to("nobody@demo.test") == []


def test_add_verified_user_can_log_in_at_once(client):
    user = add_verified_user(
        email="Ada@demo.test", name="Ada", phone="", password_hash=make_password(PASSWORD), by=SEED
    )

    assert user.email_verified_at is not None
    assert client.post(url("login"), {"email": "ada@demo.test", "password": PASSWORD}).status_code == 302
    with pytest.raises(Conflict):
        add_verified_user(email="ada@demo.test", name="Eve", phone="", password_hash="x", by=SEED)
