"""Throttles slow guessing down and keep no victim out."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.throttles import network_of

from .factories import PASSWORD, UserFactory
from .world import is_logged_in, link_in, log_in, mails_to, url

pytestmark = pytest.mark.django_db


def _guess(address: str, email: str, times: int = 1, client: Client | None = None) -> list[int]:
    client = client or Client()
    data = {"email": email, "password": "a-wrong-guess"}
    return [client.post(url("login"), data, REMOTE_ADDR=address).status_code for _ in range(times)]


def test_five_guesses_from_one_network_then_wait_a_quarter_of_an_hour(client):
    user = UserFactory()

    assert _guess("192.0.2.1", user.email, 6) == [422, 422, 422, 422, 422, 429]
    refused = log_in(client, user, REMOTE_ADDR="192.0.2.1")
    assert refused.status_code == 429
    assert "Please wait 15 minutes." in refused.content.decode()
    assert f'value="{user.email}"' in refused.content.decode()
    assert not is_logged_in(client)

    with time_machine.travel(timezone.now() + dt.timedelta(minutes=15, seconds=1)):
        assert log_in(client, user, REMOTE_ADDR="192.0.2.1").status_code == 302


def test_throttled_answers_are_the_same_without_an_account():
    assert _guess("192.0.2.1", "nobody@demo.test", 6) == [422, 422, 422, 422, 422, 429]


def test_a_success_forgets_the_failures(client):
    user = UserFactory()
    _guess("192.0.2.1", user.email, 4)
    assert log_in(client, user, REMOTE_ADDR="192.0.2.1").status_code == 302

    assert _guess("192.0.2.1", user.email, 6) == [422, 422, 422, 422, 422, 429]


def test_one_network_may_fail_fifty_times_an_hour_over_all_addresses():
    codes = [_guess("192.0.2.1", f"nobody{number}@demo.test")[0] for number in range(51)]

    assert codes == [422] * 50 + [429]
    assert _guess("192.0.2.2", "nobody@demo.test") == [422]


def test_successes_do_not_count_against_a_hospitals_network():
    users = [UserFactory() for _ in range(52)]

    codes = [log_in(Client(), user, REMOTE_ADDR="192.0.2.1").status_code for user in users]

    assert codes == [302] * 52


def test_a_botnet_gets_thirty_guesses_an_hour_at_one_address():
    user = UserFactory()

    codes = [_guess(f"198.51.100.{number}", user.email)[0] for number in range(31)]

    assert codes == [422] * 30 + [429]


def test_the_victim_gets_in_with_a_known_browser_while_strangers_hammer(client):
    victim = UserFactory()
    log_in(client, victim, REMOTE_ADDR="192.0.2.7")
    client.post(url("logout"))

    # From everywhere, and from the victim's own network too.
    for number in range(40):
        _guess(f"198.51.100.{number}", victim.email)
    _guess("192.0.2.7", victim.email, 10)
    for number in range(50):
        _guess("192.0.2.7", f"nobody{number}@demo.test")

    assert log_in(Client(), victim, REMOTE_ADDR="203.0.113.9").status_code == 429
    assert log_in(client, victim, REMOTE_ADDR="192.0.2.7").status_code == 302
    assert is_logged_in(client)


def test_a_known_browser_has_a_limit_of_its_own(client):
    victim = UserFactory()
    log_in(client, victim)
    client.post(url("logout"))

    assert _guess("192.0.2.1", victim.email, 11, client) == [422] * 10 + [429]


def test_a_known_browser_of_one_person_is_a_stranger_to_another(client):
    mallory, victim = UserFactory(), UserFactory()
    log_in(client, mallory, REMOTE_ADDR="192.0.2.1")
    client.post(url("logout"))

    assert _guess("192.0.2.1", victim.email, 6, client) == [422] * 5 + [429]


def test_a_made_up_device_cookie_is_worth_nothing(client):
    victim = UserFactory()
    client.cookies["known_device"] = "WyJhIixbImIiXV0:1vM:made-up"

    assert _guess("192.0.2.1", victim.email, 6, client) == [422] * 5 + [429]


def test_a_reset_by_mail_lets_a_victim_in_who_has_no_known_browser(client):
    victim = UserFactory()
    for number in range(31):
        _guess(f"198.51.100.{number}", victim.email)
    assert log_in(client, victim).status_code == 429

    client.post(url("reset_password"), {"email": victim.email})
    client.post(link_in(mails_to(victim.email)[0]), {"password": "quiet-lotus-9-river"})

    assert log_in(client, victim, "quiet-lotus-9-river").status_code == 302


def test_mails_to_one_address_are_limited_the_same_with_and_without_an_account(client):
    user = UserFactory()

    for email in (user.email, "nobody@demo.test"):
        codes = [Client().post(url("reset_password"), {"email": email}).status_code for _ in range(6)]
        assert codes == [200] * 5 + [429]
    assert len(mails_to(user.email)) == 5


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("", ""),
    ],
)
def test_network_of(address, network):
    assert network_of(address) == network


def test_the_right_password_is_not_tried_while_throttled(client):
    user = UserFactory()
    _guess("192.0.2.1", user.email, 5)

    assert (
        client.post(
            url("login"), {"email": user.email, "password": PASSWORD}, REMOTE_ADDR="192.0.2.1"
        ).status_code
        == 429
    )
