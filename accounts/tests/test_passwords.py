"""Changing and resetting the password."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import LinkRequest, User
from accounts.operations import ask_for_link, prune, reset_password
from accounts.tokens import reset_tokens
from core.errors import DomainError
from ledger.models import EntrySecret

from .factories import PASSWORD, UnverifiedUserFactory, UserFactory
from .hashers import CountingArgon2
from .world import is_logged_in, link_in, log_in, mails_to, run_worker, shape_of, url

pytestmark = pytest.mark.django_db
NEW = "quiet-lotus-9-river"


def _link(client, user) -> str:
    client.post(url("reset_password"), {"email": user.email})
    return link_in(mails_to(user.email)[-1])


def test_reset_request_costs_and_answers_the_same_with_and_without_an_account(settings):
    settings.PASSWORD_HASHERS = ["accounts.tests.hashers.CountingArgon2"]
    UserFactory(email="paul@demo.test")
    UserFactory(email="blocked@demo.test", is_active=False)
    CountingArgon2.count = 0
    seen = []
    for email in ("paul@demo.test", "nobody@demo.test", "blocked@demo.test"):
        with CaptureQueriesContext(connection) as queries:
            page = Client(REMOTE_ADDR=f"192.0.2.{len(seen)}").post(url("reset_password"), {"email": email})
        assert page.status_code == 200
        text = page.content.decode()
        assert f"If <b>{email}</b> has an account, a mail is on its way." in text
        seen.append((shape_of(queries), text.replace(email, "")))
        run_worker()

    assert seen[0] == seen[1] == seen[2]
    assert CountingArgon2.count == 0
    assert [
        len(mails_to(email)) for email in ("paul@demo.test", "nobody@demo.test", "blocked@demo.test")
    ] == [1, 0, 0]
    assert LinkRequest.objects.count() == 0


def test_reset_sets_the_password_and_ends_all_sessions(client):
    user = UserFactory()
    elsewhere = Client()
    log_in(elsewhere, user)
    link = _link(client, user)

    assert client.get(link).status_code == 200
    assert client.post(link, {"password": NEW}).status_code == 302

    assert not is_logged_in(elsewhere)
    assert not is_logged_in(client)
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert EntrySecret.objects.filter(kind="accounts.password_reset", reference=user.public_id).count() == 1
    assert mails_to(user.email)[-1].subject == "Your HealthStack password was changed"


def test_reset_confirms_the_address(client):
    user = UnverifiedUserFactory()

    client.post(_link(client, user), {"password": NEW})

    user.refresh_from_db()
    assert user.email_verified_at is not None
    assert log_in(client, user, NEW).status_code == 302


def test_a_reset_link_works_once(client):
    user = UserFactory()
    link = _link(client, user)
    client.post(link, {"password": NEW})

    assert client.get(link).status_code == 410
    assert client.post(link, {"password": "another-lotus-7-sky"}).status_code == 410
    user.refresh_from_db()
    assert user.check_password(NEW)


def test_a_reset_link_that_was_used_between_page_and_post_is_refused():
    user = UserFactory()
    token = reset_tokens.make_token(user)
    stale = User.objects.get(pk=user.pk)
    reset_password(user, token=token, password_hash=make_password(NEW))

    with pytest.raises(DomainError):
        reset_password(stale, token=token, password_hash=make_password("another-lotus-7-sky"))


def test_a_reset_link_dies_with_its_time(client):
    user = UserFactory()
    link = _link(client, user)

    with time_machine.travel(timezone.now() + dt.timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT + 60)):
        assert client.get(link).status_code == 410


def test_a_reset_link_dies_when_the_person_logs_in(client):
    user = UserFactory()
    link = _link(client, user)
    log_in(client, user)

    assert client.get(link).status_code == 410


def test_a_link_of_another_person_answers_like_one_that_does_not_exist(client):
    user, other = UserFactory(), UserFactory()
    token = reset_tokens.make_token(user)

    foreign = client.get(url("reset_password_confirm", other.public_id, token))
    missing = client.get(url("reset_password_confirm", "0" * 16, token))

    assert foreign.status_code == missing.status_code == 410
    assert foreign.content == missing.content


@pytest.mark.parametrize("password", ["short", "1234567890123", "password123", "person-reset@demo.test"])
def test_reset_refuses_weak_passwords(client, password):
    user = UserFactory(email="person-reset@demo.test")
    link = _link(client, user)

    assert client.post(link, {"password": password}).status_code == 422
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_change_password_asks_the_old_one(client):
    user = UserFactory()
    log_in(client, user)

    answer = client.post(url("change_password"), {"old_password": "not-mine", "password": NEW})

    assert answer.status_code == 422
    assert "This is not your present password." in answer.content.decode()
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_change_password_keeps_this_session_and_ends_the_others(client):
    user = UserFactory()
    elsewhere = Client()
    log_in(client, user)
    log_in(elsewhere, user)

    answer = client.post(url("change_password"), {"old_password": PASSWORD, "password": NEW})

    assert answer.status_code == 302
    assert is_logged_in(client)
    assert not is_logged_in(elsewhere)
    assert [row.session_key for row in user.login_sessions.all()] == [client.session.session_key]
    assert mails_to(user.email)[-1].subject == "Your HealthStack password was changed"
    assert EntrySecret.objects.filter(kind="accounts.password_changed").count() == 1


def test_change_password_is_throttled(client):
    user = UserFactory()
    log_in(client, user)

    wrong = {"old_password": "not-mine", "password": NEW}
    codes = [client.post(url("change_password"), wrong).status_code for _ in range(11)]

    assert codes == [422] * 10 + [429]


def test_change_password_needs_a_log_in(client):
    assert client.get(url("change_password")).status_code == 302


def test_no_ledger_entry_holds_a_secret(client):
    user = UserFactory()
    link = _link(client, user)
    client.post(link, {"password": NEW})
    log_in(client, user, NEW)
    client.post(url("change_password"), {"old_password": NEW, "password": PASSWORD})

    trail = b" ".join(bytes(body) for body in EntrySecret.objects.values_list("body", flat=True)).decode()
    token = link.rstrip("/").rpartition("/")[2]
    user.refresh_from_db()
    for secret in (NEW, PASSWORD, token, user.email, user.password, client.session.session_key):
        assert secret not in trail


def test_prune_forgets_requests_that_nobody_answered():
    ask_for_link("nobody@demo.test", purpose="reset_password")

    with time_machine.travel(timezone.now() + dt.timedelta(hours=23)):
        assert prune() == 0
    with time_machine.travel(timezone.now() + dt.timedelta(hours=25)):
        assert prune() == 1
