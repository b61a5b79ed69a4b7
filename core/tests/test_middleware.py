"""Forms that nobody can read are refused before anything else looks at them."""

from __future__ import annotations

import pytest
from django.test import Client

TOKEN = "c" * 32


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/accounts/log-in/", "/no/such/page/", "/me/"])
@pytest.mark.parametrize(
    ("charset", "status"), [("latin-1", 400), ("utf-16", 400), ("UTF-8", None), ("no-such", None)]
)
def test_a_form_in_another_charset_is_refused_everywhere(path, charset, status):
    client = Client(enforce_csrf_checks=True)
    client.cookies["csrftoken"] = TOKEN
    content_type = f"application/x-www-form-urlencoded; charset={charset}"
    answer = client.generic("POST", path, f"csrfmiddlewaretoken={TOKEN}".encode(), content_type)
    assert answer.status_code == (
        status or {"/accounts/log-in/": 422, "/no/such/page/": 404, "/me/": 302}[path]
    )
