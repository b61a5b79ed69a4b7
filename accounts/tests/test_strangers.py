"""What a stranger can't do to somebody with a sign-up in their name."""

from __future__ import annotations

import pytest
from django import forms
from django.test import Client

from accounts.fields import PersonNameField
from accounts.models import EmailChange, User
from accounts.operations import ask_for_email, change_email
from accounts.tokens import make_change_token

from .factories import UnverifiedUserFactory, UserFactory
from .world import mails_to, url

pytestmark = pytest.mark.django_db
SIGN_UP = {
    "name": "Somebody Else",
    "email": "paul@demo.test",
    "phone": "01711000214",
    "birth_date": "1988-05-03",
    "address": "Road 7",
    "password": "seven green boats",
}


class NameForm(forms.Form):
    name = PersonNameField()


def test_sign_ups_with_an_address_do_not_use_up_its_resets(client):
    UserFactory(email="paul@demo.test")
    for _ in range(6):
        last = client.post("/join/", SIGN_UP)
    assert last.status_code == 422

    answer = Client().post(url("reset_password"), {"email": "paul@demo.test"})
    assert answer.status_code == 200
    assert [message.subject for message in mails_to("paul@demo.test")][
        -1
    ] == "Choose a new password for HealthStack"


@pytest.mark.parametrize(
    "name",
    [
        "Bob,\r\n\r\nyour record was stolen",
        "Bob\u2028Confirm",
        "Bob \u202etset.live",
        "Confirm at https://evil.test/x",
        "www.evil.test",
        "bob@evil.test",
        "<b>Bob</b>",
    ],
)
def test_a_name_holds_no_letter_to_others(name):
    assert NameForm({"name": name}).errors == {"name": ["Write the name only, like Paul Rahman."]}


@pytest.mark.parametrize("name", ["Dr. Md. Anisur Rahman", "রহিমা খাতুন", "O'Brien-Śmith", "Nur\u200d"])
def test_names_of_people_are_taken(name):
    assert NameForm({"name": name}).is_valid()


def test_a_mail_to_an_unconfirmed_address_greets_nobody_by_name(client):
    UnverifiedUserFactory(email="paul@demo.test", name="Your record was stolen")
    client.post(url("reset_password"), {"email": "paul@demo.test"})
    for message in mails_to("paul@demo.test"):
        assert "stolen" not in message.body


def test_who_proves_an_address_gets_it_from_an_unconfirmed_sign_up():
    pia = UserFactory(email="pia@demo.test")
    squatter = UnverifiedUserFactory(email="pia.new@demo.test")
    ask_for_email(pia, new_email="pia.new@demo.test", by=pia)
    change_email(pia, token=make_change_token(EmailChange.objects.get()), by=pia)

    squatter.refresh_from_db()
    assert User.objects.get(email="pia.new@demo.test") == pia
    assert (squatter.email, squatter.is_active) == (f"{squatter.public_id}@unconfirmed.invalid", False)
