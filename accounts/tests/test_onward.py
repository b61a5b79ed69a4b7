"""Where somebody wanted to go is not lost on the way through log-in, sign-up and the mailbox."""

from __future__ import annotations

import datetime as dt
from urllib.parse import quote

import pytest
import time_machine
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.utils import timezone

from accounts.operations import keep_next, sign_up, take_next

from .factories import PASSWORD, UnverifiedUserFactory, UserFactory
from .world import give_authenticator, link_in, log_in, mails_to, totp, url

pytestmark = pytest.mark.django_db
GOAL = "/accounts/sessions/?page=1"
NEXT = f"?next={quote(GOAL, safe='')}"
ELSEWHERE = [
    "https://elsewhere.test/",
    "//elsewhere.test/",
    "javascript:alert(1)",
    "/\\elsewhere.test",
    "accounts:login",
    "foo",
    "?x",
    "#x",
    "/" + 2000 * "x",
]


def test_what_was_kept_is_taken_once():
    paul, pia = UnverifiedUserFactory(email="paul@demo.test"), UnverifiedUserFactory(email="pia@demo.test")
    keep_next("paul@demo.test", next_url="/accounts/")
    keep_next(" Paul@demo.test", next_url=GOAL)
    for user in (paul, pia):
        user.refresh_from_db()

    assert [take_next(pia), take_next(paul), take_next(paul)] == ["", GOAL, ""]


def test_whose_address_is_confirmed_gets_no_strangers_goal():
    user = UserFactory(email="paul@demo.test")
    keep_next("paul@demo.test", next_url=GOAL)
    user.refresh_from_db()

    assert take_next(user) == ""


def test_the_log_in_page_leads_on_with_the_goal(client):
    page = client.get(url("login") + NEXT).content.decode()

    assert f'href="/join/{NEXT}"' in page
    assert f'href="{url("reset_password")}{NEXT}"' in page


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_no_page_carries_another_sites_address(client, elsewhere):
    for name in ("login", "reset_password", "resend"):
        page = client.get(url(name), {"next": elsewhere}).content.decode()
        form = page.split("<main")[1].split("</main>")[0].replace(f'action="{url(name)}', "")
        assert "?next=" not in form.split("<form", 1)[1].split(">", 1)[1]


def test_log_in_before_confirming_goes_on_after_the_link(client):
    user = UnverifiedUserFactory(email="paul@demo.test")

    page = client.post(url("login") + NEXT, {"email": user.email, "password": PASSWORD}).content.decode()
    assert f'href="{url("login")}{NEXT}"' in page
    link = link_in(mails_to(user.email)[0])
    assert "next" not in link

    # The mail may be read in another browser.
    assert Client().post(link, {"password": PASSWORD})["Location"] == GOAL


def test_the_address_in_the_link_wins_over_what_was_kept(client):
    sign_up(email="paul@demo.test", name="Paul", phone="", password_hash=make_password(PASSWORD))
    keep_next("paul@demo.test", next_url=GOAL)
    link = link_in(mails_to("paul@demo.test")[0])

    assert client.post(f"{link}?next=/accounts/", {"password": PASSWORD})["Location"] == "/accounts/"


def test_a_wrong_password_keeps_the_goal(client):
    sign_up(email="paul@demo.test", name="Paul", phone="", password_hash=make_password(PASSWORD))
    keep_next("paul@demo.test", next_url=GOAL)
    link = link_in(mails_to("paul@demo.test")[0])

    assert client.post(link, {"password": "not-the-password"}).status_code == 422
    assert client.post(link, {"password": PASSWORD})["Location"] == GOAL


def test_a_new_password_by_mail_leads_back_to_the_goal(client):
    user = UserFactory(email="paul@demo.test")

    page = client.post(url("reset_password") + NEXT, {"email": user.email}).content.decode()
    assert f'href="{url("login")}{NEXT}"' in page
    link = link_in(mails_to(user.email)[0])
    assert "next" not in link
    answer = client.post(link, {"password": "seven green boats"})
    assert answer["Location"] == url("login") + NEXT
    assert log_in(client, user, "seven green boats", QUERY_STRING=NEXT[1:])["Location"] == GOAL


def test_a_new_password_in_another_browser_leads_to_the_plain_log_in(client):
    user = UserFactory(email="paul@demo.test")
    client.post(url("reset_password") + NEXT, {"email": user.email})
    link = link_in(mails_to(user.email)[0])

    assert Client().post(link, {"password": "seven green boats"})["Location"] == url("login")


def test_starting_again_at_the_code_keeps_the_goal(client):
    user = UserFactory()
    give_authenticator(user)
    client.post(url("login") + NEXT, {"email": user.email, "password": PASSWORD})

    assert f'href="{url("login")}{NEXT}"' in client.get(url("enter_code")).content.decode()
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=11)):
        assert client.get(url("enter_code"))["Location"] == url("login") + NEXT


def test_the_code_leads_on_to_the_goal(client):
    user = UserFactory()
    give_authenticator(user)
    client.post(url("login") + NEXT, {"email": user.email, "password": PASSWORD})

    assert client.post(url("enter_code"), {"code": totp()})["Location"] == GOAL


def test_the_log_in_page_says_when_it_goes_on_to_a_booking(client):
    booking = quote("/me/book/0123456789abcdef/?start=2026-12-01T10:00Z", safe="")
    page = client.get(f"{url('login')}?next={booking}").content.decode()

    assert "<h1>Log in to book your visit</h1>" in page
    assert f'No account yet? <a href="/join/?next={booking}">Create an account</a>' in page


@pytest.mark.parametrize("goal", ["", GOAL, "/me/visits/", "/no/such/page/", "/me/book/"])
def test_the_log_in_page_says_nothing_of_booking_else(client, goal):
    assert "<h1>Log in</h1>" in client.get(url("login"), {"next": goal}).content.decode()


def test_after_confirming_a_message_says_so(client):
    sign_up(email="paul@demo.test", name="Paul", phone="", password_hash=make_password(PASSWORD))
    link = link_in(mails_to("paul@demo.test")[0])

    client.post(link, {"password": "not-the-password"})
    assert "Your address is confirmed." not in client.get(link).content.decode()
    client.post(link, {"password": PASSWORD})
    assert "Your address is confirmed." in client.get(url("profile")).content.decode()


@pytest.mark.parametrize("there", [True, False])
def test_pages_that_send_to_the_mail_lead_to_the_demos_mailbox(client, settings, there):
    settings.MAILBOX_PAGE = there
    user = UnverifiedUserFactory(email="paul+me@demo.test")
    pages = [
        client.post(url("resend"), {"email": user.email}),
        client.post(url("reset_password"), {"email": user.email}),
        client.post(url("login"), {"email": user.email, "password": PASSWORD}),
    ]

    for page in pages:
        assert ('href="/mailbox/?to=paul%2Bme@demo.test"' in page.content.decode()) == there
