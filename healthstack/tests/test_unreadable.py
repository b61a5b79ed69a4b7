"""What nobody can read is refused with a page, also where there is no such address and where nobody may enter."""

from __future__ import annotations

import pytest
from django.test import Client

TOKEN = "c" * 32
FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data"
UNREADABLE = {
    "another charset": (b"a=b", f"{FORM}; charset=latin-1"),
    "no boundary": (b"junk", PARTS),
    "bad boundary": (b"junk", f"{PARTS}; boundary={'b' * 300}"),
    "too large": (b"a=" + b"x" * 3_000_000, FORM),
    "too many fields": (b"a=1&" * 600, FORM),
}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", UNREADABLE)
@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/accounts/log-in/", 400, "We could not read that request"),
        ("/no/such/page/", 404, "We can’t find this page"),
        ("/doctor/", 403, "You can’t open this"),
    ],
)
def test_an_unreadable_form_gets_a_page(kind, path, status, words, django_user_model):
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.cookies["csrftoken"] = TOKEN
    if path == "/doctor/":
        user = django_user_model.objects.create(email="nobody@demo.test", name="Nobody")
        client.force_login(user, backend="accounts.backends.EmailBackend")
    body, content_type = UNREADABLE[kind]
    answer = client.generic("POST", path, body, content_type)
    assert (answer.status_code, words in answer.content.decode()) == (status, True)


@pytest.mark.django_db
def test_pages_of_errors_keep_the_bar_of_who_is_logged_in(client, django_user_model):
    user = django_user_model.objects.create(email="nobody@demo.test", name="Nobody Known")
    client.force_login(user, backend="accounts.backends.EmailBackend")
    answer = client.get("/no/such/page/")
    assert answer.status_code == 404
    assert "csrfmiddlewaretoken" in answer.content.decode()
