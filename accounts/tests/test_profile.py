"""Name, number, address, and proving who one is before something risky."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.operations import change_email, change_profile
from core.errors import DomainError
from ledger.models import EntrySecret
from ledger.operations import body_of

from .factories import PASSWORD, UserFactory
from .world import give_authenticator, link_in, log_in, mails_to, totp, url

pytestmark = pytest.mark.django_db


def _later(minutes: int):
    return time_machine.travel(timezone.now() + dt.timedelta(minutes=minutes))


def test_profile_changes_name_and_number(client):
    user = UserFactory(name="Paul")
    log_in(client, user)

    answer = client.post(url("profile"), {"name": "Paul Rahman", "phone": "01712 345678"})

    assert answer.status_code == 302
    user.refresh_from_db()
    assert (user.name, user.phone.as_e164) == ("Paul Rahman", "+8801712345678")
    entry = body_of(EntrySecret.objects.get(kind="accounts.profile_changed"))
    assert entry["body"] == {"fields": "name, phone"}


def test_profile_with_a_bad_number_keeps_what_was_typed(client):
    log_in(client, UserFactory())

    answer = client.post(url("profile"), {"name": "Paul", "phone": "12"})

    assert answer.status_code == 422
    assert "This is no phone number." in answer.content.decode()
    assert 'value="12"' in answer.content.decode()


def test_profile_without_a_change_records_nothing():
    user = UserFactory(name="Paul")
    change_profile(user, name="Paul", phone="", by=user)
    assert EntrySecret.objects.count() == 0


@pytest.mark.parametrize(
    "name",
    ["profile", "change_password", "change_email", "second_factor", "add_authenticator", "add_email_code",
     "backup_codes", "step_up", "sessions", "authenticator_qr"],
)  # fmt: skip
def test_own_pages_need_a_log_in(client, name):
    answer = client.get(url(name))

    assert answer.status_code == 302
    assert answer["Location"] == f"{url('login')}?next={url(name)}"


# Step-up


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("change_email", ()),
        ("add_authenticator", ()),
        ("add_email_code", ()),
        ("backup_codes", ()),
        ("remove_second_factor", ("authenticator",)),
    ],
)
def test_risky_pages_ask_for_a_fresh_proof(client, name, args):
    log_in(client, UserFactory())

    with _later(11):
        answer = client.get(url(name, *args))

    assert answer["Location"].startswith(f"{url('step_up')}?next=")


def test_step_up_with_the_password_goes_on(client):
    log_in(client, UserFactory())

    with _later(11):
        wrong = client.post(f"{url('step_up')}?next={url('change_email')}", {"password": "not-mine"})
        assert wrong.status_code == 422
        assert client.get(url("change_email")).status_code == 302
        right = client.post(f"{url('step_up')}?next={url('change_email')}", {"password": PASSWORD})
        assert right["Location"] == url("change_email")
        assert client.get(url("change_email")).status_code == 200


def test_step_up_with_a_second_factor_does_not_take_the_password(client):
    user = UserFactory()
    log_in(client, user)
    give_authenticator(user)

    with _later(11):
        assert client.post(url("step_up"), {"password": PASSWORD}).status_code == 422
        assert client.get(url("change_email")).status_code == 302
        assert client.post(url("step_up"), {"code": totp()}).status_code == 302
        assert client.get(url("change_email")).status_code == 200


def test_step_up_is_throttled(client):
    log_in(client, UserFactory())

    codes = [client.post(url("step_up"), {"password": "not-mine"}).status_code for _ in range(11)]

    assert codes == [422] * 10 + [429]


def test_step_up_goes_only_to_addresses_of_this_site(client):
    log_in(client, UserFactory())

    answer = client.post(f"{url('step_up')}?next=https://evil.example/", {"password": PASSWORD})

    assert "evil.example" not in answer["Location"]


# Another address


def _ask(client, user, new: str) -> str:
    client.post(url("change_email"), {"email": new})
    return link_in(mails_to(new)[-1])


def test_another_address_counts_once_its_owner_confirms_it(client):
    user = UserFactory(email="old@demo.test")
    log_in(client, user)

    link = _ask(client, user, "new@demo.test")
    user.refresh_from_db()
    assert user.email == "old@demo.test"
    assert [m.subject for m in mails_to("old@demo.test")] == ["Another address for your HealthStack account"]

    assert client.get(link).status_code == 200
    assert client.post(link).status_code == 302
    user.refresh_from_db()
    assert user.email == "new@demo.test"
    assert mails_to("old@demo.test")[-1].subject == "The address of your HealthStack account was changed"
    assert client.post(link).status_code == 410
    assert EntrySecret.objects.filter(kind="accounts.email_changed").count() == 1


def test_the_link_to_another_address_is_for_the_one_who_asked(client):
    user = UserFactory()
    log_in(client, user)
    link = _ask(client, user, "new@demo.test")
    stranger = Client()

    assert stranger.get(link)["Location"].startswith(url("login"))
    log_in(stranger, UserFactory())
    assert stranger.post(link).status_code == 410
    user.refresh_from_db()
    assert user.email != "new@demo.test"


def test_the_link_to_another_address_dies_with_a_new_password_and_after_a_day(client):
    user = UserFactory()
    log_in(client, user)
    link = _ask(client, user, "new@demo.test")

    with _later(24 * 60 + 1):
        assert client.get(link).status_code == 410
    assert client.get(link).status_code == 200
    client.post(url("change_password"), {"old_password": PASSWORD, "password": "quiet-lotus-9-river"})
    assert client.get(link).status_code == 410


def test_an_address_in_use_is_told_only_to_who_reads_its_mail(client):
    UserFactory(email="taken@demo.test")
    user = UserFactory()
    log_in(client, user)

    assert client.post(url("change_email"), {"email": "taken@demo.test"}).status_code == 302
    answer = client.post(link_in(mails_to("taken@demo.test")[-1]), follow=True)

    assert "Another account has this address." in answer.content.decode()
    user.refresh_from_db()
    assert user.email != "taken@demo.test"


def test_change_email_with_a_made_up_token_is_refused():
    user = UserFactory()
    with pytest.raises(DomainError):
        change_email(user, token="made-up", by=user)
