"""Logging in and out, and what a stranger can learn from it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import LoginSession
from ledger.models import EntrySecret

from .factories import PASSWORD, UnverifiedUserFactory, UserFactory
from .hashers import CountingArgon2
from .world import is_logged_in, log_in, mails_to, shape_of, url

pytestmark = pytest.mark.django_db
SORRY = "This e-mail and password do not match."


def test_log_in_by_email_whatever_its_case(client):
    user = UserFactory(email="paul@demo.test")

    answer = client.post(url("login"), {"email": " PAUL@demo.Test ", "password": PASSWORD})

    assert answer.status_code == 302
    assert answer["Location"] == reverse("dashboards:start")
    assert is_logged_in(client)
    assert EntrySecret.objects.filter(kind="accounts.logged_in", actor_id=user.public_id).count() == 1


def test_passwords_are_kept_as_argon2id(client, settings):
    assert settings.PASSWORD_HASHERS == ["healthstack.settings_test.QuickArgon2"]
    assert UserFactory().password.startswith("argon2$argon2id$")


def test_every_wrong_log_in_gets_the_same_answer_at_the_same_cost(client, settings):
    settings.PASSWORD_HASHERS = ["accounts.tests.hashers.CountingArgon2"]
    UserFactory(email="paul@demo.test")
    UserFactory(email="blocked@demo.test", is_active=False)
    UserFactory(email="locked@demo.test", password="!unusable")
    seen = []
    for email, password in [
        ("paul@demo.test", "wrong-password"),
        ("nobody@demo.test", PASSWORD),
        ("blocked@demo.test", PASSWORD),
        ("locked@demo.test", PASSWORD),
    ]:
        CountingArgon2.count = 0
        browser = Client(REMOTE_ADDR=f"192.0.2.{len(seen)}")
        with CaptureQueriesContext(connection) as queries:
            answer = browser.post(url("login"), {"email": email, "password": password})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert SORRY in page
        assert f'value="{email}"' in page
        assert password not in page
        assert CountingArgon2.count == 1
        token = answer.context["csrf_token"]
        seen.append((shape_of(queries), page.replace(email, "").replace(str(token), "")))

    assert seen[0] == seen[1] == seen[2] == seen[3]


def test_an_unverified_person_is_asked_to_confirm_and_gets_the_link_again(client):
    user = UnverifiedUserFactory(email="paul@demo.test")

    answer = log_in(client, user)

    assert answer.status_code == 200
    assert "Confirm your address first" in answer.content.decode()
    assert not is_logged_in(client)
    assert [message.subject for message in mails_to(user.email)] == ["Confirm your address for HealthStack"]


def test_an_unverified_person_with_a_wrong_password_learns_nothing(client):
    user = UnverifiedUserFactory()

    answer = log_in(client, user, "wrong-password")

    assert answer.status_code == 422
    assert SORRY in answer.content.decode()
    assert mails_to(user.email) == []


@pytest.mark.parametrize(
    ("wanted", "goal"),
    [
        ("/accounts/sessions/", "/accounts/sessions/"),
        ("https://evil.example/", "/start"),
        ("//evil.example/", "/start"),
        ("/\\evil.example", "/start"),
        ("javascript:alert(1)", "/start"),
        ("", "/start"),
    ],
)
def test_log_in_goes_only_to_addresses_of_this_site(client, wanted, goal):
    start = reverse("dashboards:start")
    user = UserFactory()

    answer = client.post(f"{url('login')}?next={wanted}", {"email": user.email, "password": PASSWORD})

    assert answer["Location"] == (start if goal == "/start" else goal)


def test_the_session_key_changes_with_the_log_in(client):
    session = client.session
    session["before"] = "kept"
    session.save()
    before = session.session_key

    log_in(client, UserFactory())

    assert client.session.session_key != before


def test_a_blocked_person_is_out_at_once(client):
    user = UserFactory()
    log_in(client, user)
    type(user).objects.filter(pk=user.pk).update(is_active=False)

    assert not is_logged_in(client)


def test_log_out_asks_on_get_and_acts_on_post(client):
    user = UserFactory()
    log_in(client, user)

    assert "Log out of HealthStack?" in client.get(url("logout")).content.decode()
    assert is_logged_in(client)

    assert client.post(url("logout")).status_code == 302
    assert not is_logged_in(client)
    assert LoginSession.objects.filter(user=user).count() == 0
    assert EntrySecret.objects.filter(kind="accounts.session_ended").count() == 1


def test_log_in_needs_the_csrf_token(client):
    user = UserFactory()
    strict = Client(enforce_csrf_checks=True)

    assert log_in(strict, user).status_code == 403


def test_the_device_cookie_is_hidden_from_scripts_and_carries_no_address(client):
    user = UserFactory(email="paul@demo.test")
    answer = log_in(client, user)

    cookie = answer.cookies["known_device"]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 365 * 24 * 3600
    assert "paul" not in cookie.value


def test_the_middle_page_is_kept_by_no_cache(client):
    assert "no-store" in client.get(url("login"))["Cache-Control"]
