"""What nobody types: NUL in addresses and values; and what must not stand in a log."""

from __future__ import annotations

import logging

import pytest
from django.test import Client

from core.logs import MaskSecrets

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/doctors/%00/", 404),
        ("/rx/%00/", 404),
        ("/doctors/?q=a%00b", 400),
        ("/hospitals/?city=%00", 400),
        ("/hospitals/?%00=1", 400),
    ],
)
def test_nul_in_an_address_is_refused(client, path, status):
    assert client.get(path).status_code == status


def test_nul_in_what_is_sent_is_refused(client):
    answer = client.post("/accounts/log-in/", {"email": "a@demo.test", "password": "x", "next": "/me/\0x"})
    assert answer.status_code == 400


TOKEN = "d8k2q1-0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (
            f"Forbidden (CSRF cookie not set.): /accounts/password/reset/abcd1234efgh5678/{TOKEN}/",
            "Forbidden (CSRF cookie not set.): /accounts/password/reset/abcd1234efgh5678/…/",
        ),
        ("Error: /accounts/confirm/eyJhIjoiYiJ9:1uXyZ0:q1w2e3r4t5y6", "Error: /accounts/confirm/…"),
        ("Forbidden: /h/city/patients/abcd1234efgh5678/", "Forbidden: /h/city/patients/abcd1234efgh5678/"),
    ],
)
def test_a_log_line_shows_no_token(line, shown):
    record = logging.LogRecord("django", logging.WARNING, "", 0, "%s", (line,), None)
    MaskSecrets().filter(record)
    assert record.getMessage() == shown


def test_pages_of_a_person_are_not_kept_by_the_browser(client, django_user_model):
    user = django_user_model.objects.create(email="pia@demo.test", name="Pia")
    assert "Cache-Control" not in Client().get("/doctors/").headers
    client.force_login(user, backend="accounts.backends.EmailBackend")
    for path in ("/doctors/", "/join/patient/"):
        assert "no-store" in client.get(path).headers["Cache-Control"]
