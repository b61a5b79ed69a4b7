"""Asks as somebody, and says what is wrong with the answer: another status, a canary, a foreign id that shows."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import time_machine
from django.conf import settings
from django.core.signals import got_request_exception
from django.db import transaction
from django.test import Client, RequestFactory
from django.test.client import ClientHandler

from core.tenancy import in_hospitals
from notifications import kinds
from notifications.gateways import Mail
from notifications.models import Message
from tests.canaries import NOBODY, NOW, Cast

from .matrix import ANONYMOUS, ROLES, Target, Try, address_of
from .routes import ROUTES, Values

TOKEN = re.compile(r"[0-9a-z]{5,}")
CSRF = re.compile(r'(name="csrfmiddlewaretoken" value=")[^"]*')
BACKEND = "accounts.backends.EmailBackend"
PASSING = {"Set-Cookie", "Date", "Content-Length"}


@contextmanager
def undone() -> Iterator[None]:
    """Undo whatever is written inside; to gateways this is a test's own block, not a transaction of ours."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]
    with block:
        yield
        transaction.set_rollback(True)


def tokens(text: str) -> set[str]:
    """Return the words of a text that can be canaries."""
    return set(TOKEN.findall(text.lower()))


class Browser(RequestFactory):
    """Sends requests through all middleware like the test client, but keeps no templates and contexts: half the time."""

    handler = ClientHandler(enforce_csrf_checks=False)

    def __init__(self) -> None:
        super().__init__()
        self.error = ""

    def request(self, **request: Any) -> Any:
        """Return the answer; what a view raised stays in `error`."""
        got_request_exception.connect(self._keep, weak=False, dispatch_uid="tests.browser")
        try:
            return self.handler(self._base_environ(**request))  # type: ignore[attr-defined]
        finally:
            got_request_exception.disconnect(dispatch_uid="tests.browser")

    def _keep(self, **_signal: Any) -> None:
        self.error = repr(sys.exc_info()[1])


@dataclass
class Answer:
    """What came back: status, headers, body, mails that were written, and what the view raised."""

    status: int
    headers: dict[str, str]
    body: bytes
    mails: list[Mail] = field(default_factory=list)
    error: str = ""

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @cached_property
    def words(self) -> set[str]:
        """All words in headers and body that can be canaries."""
        return tokens(" ".join(self.headers.values())) | tokens(self.text)

    def like(self, requested: str) -> tuple[int, dict[str, str], str]:
        """Return what must be equal for a foreign id and one that does not exist: all of it but the ids asked for."""
        body, headers = CSRF.sub(r"\1", self.text), dict(self.headers)
        for word in sorted(tokens(requested), key=len, reverse=True):
            body = re.sub(re.escape(word), "…", body, flags=re.IGNORECASE)
            headers = {
                name: re.sub(re.escape(word), "…", value, flags=re.IGNORECASE)
                for name, value in headers.items()
            }
        return self.status, headers, body


class Checker:
    """A logged-in browser for each person of the cast, and the questions to every answer."""

    def __init__(self, cast: Cast, *, urlconf: str | None = None) -> None:
        self.cast = cast
        self.urlconf = urlconf
        self.count = 0
        self.logins = {user.email: login for login, user in cast.people.items()}
        self.cookies = {role: self._log_in(role) for role in ROLES}
        self.forbidden = {role: self._forbidden(role) for role in ROLES}
        self._absent: dict[tuple[str, str, str, str], tuple[int, dict[str, str], str]] = {}

    def _log_in(self, role: str) -> str:
        client = Client()
        if role == ANONYMOUS:
            return ""
        client.force_login(self.cast.people[role], backend=BACKEND)
        session = client.session
        session["confirmed_at"] = int(NOW.timestamp())
        session.save()
        return client.cookies[settings.SESSION_COOKIE_NAME].value

    def _forbidden(self, role: str) -> dict[str, str]:
        """Return the words that the person may not see, and what each is."""
        hidden = [canary for canary in self.cast.canaries if role not in canary.seen_by]
        return {canary.text.split("@")[0].lower(): canary.what for canary in hidden}

    def client(self, role: str) -> Browser:
        """Return a fresh browser of the person."""
        browser = Browser()
        if self.cookies[role]:
            browser.cookies[settings.SESSION_COOKIE_NAME] = self.cookies[role]
        return browser

    def ask(self, role: str, method: str, url: str, send: dict[str, Any] | None = None) -> Answer:
        """Send one request as the person, read the answer, and undo what it did."""
        self.count += 1
        with undone():
            newest = 0
            if method == "POST":
                newest = Message.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
            data = {"csrfmiddlewaretoken": "x", **(send or {})} if method == "POST" else None
            browser = self.client(role)
            response = getattr(browser, method.lower())(url, data)
            body = b"".join(response.streaming_content) if response.streaming else response.content
            headers = {name: value for name, value in response.headers.items() if name not in PASSING}
            mails = [] if method != "POST" else list(_mails(newest))
        return Answer(response.status_code, headers, body, mails, browser.error)

    def url(self, name: str, target: Target) -> str:
        """Return the address with its query."""
        query = _values(ROUTES[name].query, self.cast, target.variant)
        address = address_of(self.cast, name, target, self.urlconf)
        parts = [f"{key}={value.replace('+', '%2B')}" for key, value in query.items()]
        return f"{address}?{'&'.join(parts)}" if parts else address

    def problems(self, attempt: Try) -> list[str]:
        """Make one try and return what is wrong with its answer, in sentences."""
        url = self.url(attempt.name, attempt.target)
        send = _values(ROUTES[attempt.name].send, self.cast, attempt.target.variant)
        answer = self.ask(attempt.role, attempt.method, url, dict(send))
        found = []
        if answer.status >= 500:
            found.append(f"{attempt}: {answer.status} {answer.error}")
        elif answer.status != attempt.expected:
            found.append(f"{attempt}: {answer.status}, expected {attempt.expected}")
        requested = f"{url} {' '.join(map(str, send.values()))}"
        found += [f"{attempt}: shows {what}" for what in self.leaks(attempt.role, answer, requested)]
        found += [f"{attempt}: a mail shows {what}" for what in self.leaks_in_mails(answer)]
        if attempt.expected == 404:
            found += self._differences(attempt, answer, requested)
        return found

    def leaks(self, role: str, answer: Answer, requested: str = "") -> list[str]:
        """Return what of other people or tenants the answer shows."""
        hidden = self.forbidden[role]
        seen = answer.words & hidden.keys()
        return sorted(hidden[word] for word in seen - tokens(requested))

    def leaks_in_mails(self, answer: Answer) -> list[str]:
        """Return what the mails show to somebody who may not see it."""
        found = []
        for mail in answer.mails:
            hidden = self._forbidden(self.logins.get(mail.to, mail.to))
            attached = " ".join(part.content.decode("utf-8", "replace") for part in mail.attachments)
            seen = tokens(f"{mail.subject} {mail.text} {mail.html} {attached}") & hidden.keys()
            found += [f"{hidden[word]} to {mail.to}" for word in sorted(seen - tokens(mail.to))]
        return found

    def _differences(self, attempt: Try, answer: Answer, requested: str) -> list[str]:
        """Compare a refused id with one that does not exist: nothing may tell them apart."""
        route = ROUTES[attempt.name]
        target = attempt.target
        if not route.ids or target.variant == NOBODY:
            return []
        key = (attempt.name, attempt.role, attempt.method, target.slug)
        if key not in self._absent:
            nobody = Target(target.slug, NOBODY, "")
            url = self.url(attempt.name, nobody)
            send = _values(route.send, self.cast, NOBODY)
            absent = self.ask(attempt.role, attempt.method, url, dict(send))
            self._absent[key] = absent.like(f"{url} {' '.join(map(str, send.values()))}")
        if answer.like(requested) == self._absent[key]:
            return []
        return [f"{attempt}: answers otherwise than an id that does not exist"]


def _values(values: Values, cast: Cast, variant: str) -> dict[str, Any]:
    return dict(values(cast, variant) if callable(values) else values)


def _mails(newest: int) -> Iterator[Mail]:
    """Yield the mails that were written since, as they would be sent."""
    for message in Message.objects.filter(pk__gt=newest):
        kind = kinds.get(message.kind)
        if kind.still_true(message.reference, message.version):
            yield Mail.compose(message, kind.template, kind.context(message.reference, message.version))


@contextmanager
def standing_clock() -> Iterator[None]:
    """Let the clock stand at the cast's moment."""
    with time_machine.travel(NOW, tick=False):
        yield


def everything(cast: Cast) -> Any:
    """Return a scope over both hospitals."""
    return in_hospitals(list(cast.hospitals.values()))
