"""The list of sessions, and ending them."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.browsers import describe_browser
from accounts.models import LoginSession
from accounts.operations import prune
from ledger.models import EntrySecret

from .factories import UserFactory
from .world import is_logged_in, log_in, url

pytestmark = pytest.mark.django_db
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1 (KHTML) Version/18.1 Safari/604.1"


def test_the_list_shows_browser_and_address_and_marks_this_one(client):
    user = UserFactory()
    log_in(client, user, HTTP_USER_AGENT=CHROME, REMOTE_ADDR="192.0.2.1")
    log_in(Client(), user, HTTP_USER_AGENT=IPHONE, REMOTE_ADDR="2001:db8::1")

    page = client.get(url("sessions")).content.decode()

    assert "Chrome on Windows" in page
    assert "Safari on iPhone" in page
    assert "192.0.2.1" in page
    assert "2001:db8::1" in page
    assert page.count("This browser") == 1


def test_times_are_relative_and_name_the_exact_moment(client):
    with time_machine.travel(dt.datetime(2026, 11, 21, 6, 0, tzinfo=dt.UTC), tick=False) as clock:
        log_in(client, UserFactory(), HTTP_USER_AGENT=CHROME)
        clock.shift(dt.timedelta(minutes=9))
        page = client.get(url("sessions")).content.decode().replace("\xa0", " ")

    exact = 'datetime="2026-11-21T06:00:00+00:00" title="Saturday 21 November, 12:00 pm"'
    assert page.count(f"<time {exact}>9 minutes ago</time>") == 2


def test_the_list_shows_only_ones_own(client):
    log_in(Client(), UserFactory(), HTTP_USER_AGENT=IPHONE)
    log_in(client, UserFactory(), HTTP_USER_AGENT=CHROME)

    assert "iPhone" not in client.get(url("sessions")).content.decode()


def test_ending_a_session_works_at_once(client):
    user = UserFactory()
    elsewhere = Client()
    log_in(client, user)
    log_in(elsewhere, user)
    other = LoginSession.objects.get(session_key=elsewhere.session.session_key)

    assert client.post(url("revoke_session", other.public_id)).status_code == 302

    assert not is_logged_in(elsewhere)
    assert is_logged_in(client)
    assert not Session.objects.filter(session_key=other.session_key).exists()
    assert EntrySecret.objects.filter(kind="accounts.session_ended", actor_id=user.public_id).count() == 1


def test_ending_all_others_keeps_this_one(client):
    user = UserFactory()
    others = [Client(), Client()]
    for browser in (client, *others):
        log_in(browser, user)

    client.post(url("revoke_other_sessions"))

    assert is_logged_in(client)
    assert [is_logged_in(browser) for browser in others] == [False, False]
    assert LoginSession.objects.filter(user=user).count() == 1


def test_ending_this_session_logs_out(client):
    log_in(client, UserFactory())

    answer = client.post(url("revoke_session", LoginSession.objects.get().public_id))

    assert answer["Location"] == url("login")
    assert not is_logged_in(client)


def test_another_persons_session_answers_like_one_that_does_not_exist(client):
    victim = Client()
    log_in(victim, UserFactory())
    session = LoginSession.objects.get()
    log_in(client, UserFactory())

    assert client.post(url("revoke_session", session.public_id)).status_code == 404
    assert client.post(url("revoke_session", "0" * 16)).status_code == 404
    assert is_logged_in(victim)


def test_ending_needs_post(client):
    log_in(client, UserFactory())

    assert client.get(url("revoke_session", LoginSession.objects.get().public_id)).status_code == 405
    assert client.get(url("revoke_other_sessions")).status_code == 405


def test_last_seen_moves_at_most_every_ten_minutes(client):
    log_in(client, UserFactory())
    start = LoginSession.objects.get().last_seen_at

    with time_machine.travel(start + dt.timedelta(minutes=9)):
        with CaptureQueriesContext(connection) as quiet:
            client.get(url("profile"))
        assert LoginSession.objects.get().last_seen_at == start
    assert not any("UPDATE" in query["sql"] for query in quiet)
    with time_machine.travel(start + dt.timedelta(minutes=11), tick=False):
        client.get(url("profile"))
        assert LoginSession.objects.get().last_seen_at == start + dt.timedelta(minutes=11)


def test_a_session_whose_row_is_gone_ends_when_it_is_seen_next(client):
    log_in(client, UserFactory())
    LoginSession.objects.all().delete()

    with time_machine.travel(timezone.now() + dt.timedelta(minutes=11)):
        assert not is_logged_in(client)


def test_old_sessions_leave_the_list_and_are_pruned(client, settings):
    user = UserFactory()
    log_in(Client(), user)

    with time_machine.travel(timezone.now() + dt.timedelta(seconds=settings.SESSION_COOKIE_AGE + 60)):
        assert list(LoginSession.objects.alive()) == []
        assert prune() == 1
        assert Session.objects.count() == 0


def test_the_list_costs_the_same_with_many_rows(client):
    user = UserFactory()
    log_in(client, user)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get(url("sessions"))
        counts.append(len(queries))
        for _ in range(30):
            log_in(Client(), user)

    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (CHROME, "Chrome on Windows"),
        (CHROME + " Edg/131.0", "Edge on Windows"),
        (IPHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0", "Firefox on Android"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605 (KHTML) Version/18 Safari/605",
            "Safari on Mac",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/131.0 Safari/537.36 OPR/115.0", "Opera on Linux"),
        ("curl/8.5", "A browser"),
        ("", "A browser"),
    ],
)
def test_describe_browser(user_agent, words):
    assert describe_browser(user_agent) == words


def test_a_strange_browser_is_kept_shortened(client):
    log_in(client, UserFactory(), HTTP_USER_AGENT="x" * 5000)

    assert len(LoginSession.objects.get().user_agent) == 200
