"""The demonstration's mailbox shows a mail as mail programs do, in a frame that runs and loads nothing."""

from __future__ import annotations

import pytest
from django.urls import reverse

from notifications.models import MailboxMail

pytestmark = pytest.mark.django_db
HTML = (
    "<html><head><title>x</title></head><body><p>Hello <b>Paul</b></p><script>alert(1)</script></body></html>"
)


@pytest.fixture
def letter(settings):
    settings.MAILBOX_PAGE = True
    return MailboxMail.objects.create(to="paul@demo.test", subject="A visit", text="Hello Paul", html=HTML)


def addresses(letter):
    return [
        reverse(f"notifications:{name}", args=[letter.public_id]) for name in ("mailbox_mail", "mailbox_html")
    ]


def test_the_page_frames_the_html_and_shows_the_text(letter, client):
    page, framed = addresses(letter)
    answer = client.get(page)
    text = answer.content.decode()
    assert (
        f'<iframe class="mail-frame" src="{framed}" sandbox="allow-top-navigation-by-user-activation"' in text
    )
    assert "<p>Hello Paul</p>" in text
    policy = answer["Content-Security-Policy"]
    assert "frame-src 'self'" in policy
    assert "unsafe" not in policy


def test_other_pages_frame_nothing(letter, client):
    policy = client.get(reverse("notifications:mailbox"))["Content-Security-Policy"]
    assert "frame-src 'self'" not in policy


def test_the_framed_mail_has_a_policy_of_its_own(letter, client):
    answer = client.get(addresses(letter)[1])
    assert answer["Content-Security-Policy"] == (
        "sandbox allow-top-navigation-by-user-activation; "
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
    )
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert '<head><base target="_top"><title>' in answer.content.decode()


def test_a_mail_without_html_has_no_frame(letter, client):
    MailboxMail.objects.update(html="")
    page, framed = addresses(letter)
    assert "<iframe" not in client.get(page).content.decode()
    assert client.get(framed).status_code == 404


def test_outside_of_the_demonstration_there_is_neither(letter, client, settings):
    settings.MAILBOX_PAGE = False
    assert [client.get(address).status_code for address in addresses(letter)] == [404, 404]
