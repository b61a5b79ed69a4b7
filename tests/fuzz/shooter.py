"""Makes hostile requests, one from each number of a seed, and says in sentences what is wrong with an answer."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.test import Client
from django_tasks_db.models import DBTaskResult

from core.background import run_named
from tests.tenancy.checker import Checker, undone
from tests.tenancy.matrix import METHODS, ROLES, Try, tries_of
from tests.tenancy.routes import ROUTES

from . import hostile
from .forms import Form, forms_of
from .witness import watched

# What a refused request may leave behind: sessions, counted tries, the note that a message was not signed.
HARMLESS = {"django_session", "core_throttlewindow", "accounts_loginsession", "cache"}
HARMLESS_AT = {
    "/pay/": {"ledger_entry", "ledger_entrysecret"},
    # The page that shows a form again shows the chart or the patient's details, and that it was read is written down.
    "/doctor/": {"ledger_entry", "ledger_entrysecret"},
    "/h/own/patients/": {"ledger_entry", "ledger_entrysecret"},
    # Wrong codes are counted where the device lies.
    "/accounts/": {"accounts_authenticatordevice", "accounts_emailcodedevice", "accounts_backupcodedevice"},
}
TOKEN = "c" * 32
JUNK = ("%ff%fe", "%ED%A0%80", "%00", "%", "%zz", "+", "%F0%9F%98%80")


@dataclass
class Shot:
    """One request: who asks, how, where, with what."""

    role: str
    method: str
    url: str
    data: Any = None
    content_type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    has_token: bool = True
    what: str = ""

    def __str__(self) -> str:
        sent = repr(self.data)
        return f"{self.what}: {self.role} {self.method} {self.url[:200]} {self.headers or ''} {sent[:400]}"


class Shooter:
    """The portal's pages and forms as each person of the cast sees them, and the requests made of them."""

    def __init__(self, checker: Checker, seed: int) -> None:
        self.checker, self.seed = checker, seed
        self.answers: Counter[str] = Counter()
        self.tries = [one for name in sorted(ROUTES) for one in tries_of(checker.cast, name, ("GET", "POST"))]
        self.pages: list[tuple[str, str]] = []
        self.forms: list[Form] = []
        for attempt in self._pages_to_read():
            self._read(attempt)
        self.kinds = (
            [self.field_changed] * 50 + [self.form_as_it_is] * 6 + [self.other_method] * 8 + [self.odd_id] * 10
            + [self.odd_query] * 14 + [self.odd_body] * 6 + [self.odd_header] * 6 + [self.without_csrf] * 4
        )  # fmt: skip

    def _pages_to_read(self) -> Iterator[Try]:
        """Yield for each page the first two people who may open it."""
        seen: Counter[str] = Counter()
        people: set[tuple[str, str]] = set()
        for attempt in self.tries:
            key = (attempt.name, attempt.role)
            if (
                attempt.method == "GET"
                and attempt.expected == 200
                and seen[attempt.name] < 2
                and key not in people
            ):
                seen[attempt.name] += 1
                people.add(key)
                yield attempt

    def _read(self, attempt: Try) -> None:
        url = self.checker.url(attempt.name, attempt.target)
        answer = self.checker.ask(attempt.role, "GET", url)
        if answer.status == 200:
            self.pages.append((attempt.role, url))
            if "text/html" in answer.headers.get("Content-Type", "") and answer.text.strip():
                self.forms += [
                    form
                    for form in forms_of(attempt.role, url, answer.text)
                    if form.fields or form.method == "post"
                ]

    def shot(self, number: int) -> Shot:
        """Return the request of that number: the same one for the same seed."""
        chance = random.Random(f"{self.seed}:{number}")
        kind = chance.choice(self.kinds)
        shot = kind(chance)
        shot.what = f"{number} {kind.__name__}"
        if shot.role != "anonymous" and chance.random() < 0.06:
            shot.role = chance.choice(ROLES)
        return shot

    def _form(self, chance: random.Random) -> tuple[Form, dict[str, Any]]:
        # A form that stands on every page, like logging out, is drawn no more often than others.
        actions = list(dict.fromkeys((form.action, form.method) for form in self.forms))
        action = chance.choice(actions)
        form = chance.choice([one for one in self.forms if (one.action, one.method) == action])
        return form, form.filled()

    def form_as_it_is(self, chance: random.Random) -> Shot:
        """What a careful person sends."""
        form, data = self._form(chance)
        return Shot(form.role, form.method.upper(), form.action, data)

    def field_changed(self, chance: random.Random) -> Shot:
        """A careful person's form with one field spoilt; sometimes it is left out, doubled, or its bytes are no text."""
        form, data = self._form(chance)
        shot = Shot(form.role, form.method.upper(), form.action, data)
        if not form.fields:
            data["next"] = hostile.a_value("text", chance)
            return shot
        spoilt = chance.choice(form.fields)
        roll = chance.random()
        if roll < 0.05:
            data.pop(spoilt.name, None)
        elif roll < 0.12 and form.method == "post":
            kept = {
                name: value for name, value in data.items() if isinstance(value, str) and name != spoilt.name
            }
            shot.data = f"{urlencode(kept)}&{quote(spoilt.name)}={chance.choice(JUNK)}".encode()
            shot.content_type = "application/x-www-form-urlencoded"
        else:
            others = chance.sample(form.fields, min(len(form.fields), 2)) if roll > 0.85 else ()
            for field in (spoilt, *others):
                data[field.name] = hostile.a_value(field.kind, chance, fits=field.value)
        if form.method != "post":
            shot.data = {name: value for name, value in data.items() if isinstance(value, str | list)}
        return shot

    def other_method(self, chance: random.Random) -> Shot:
        """Any method on any address of anybody."""
        attempt = chance.choice(self.tries)
        method = chance.choice([*METHODS, "TRACE", "PROPFIND"])
        return Shot(attempt.role, method, self.checker.url(attempt.name, attempt.target))

    def odd_id(self, chance: random.Random) -> Shot:
        """One part of an address replaced."""
        role, url = chance.choice(self.pages)
        path, _, query = url.partition("?")
        parts = path.split("/")
        parts[chance.randrange(1, max(2, len(parts) - 1))] = chance.choice(hostile.IDS)
        method = chance.choice(["GET", "GET", "POST"])
        return Shot(role, method, "/".join(parts) + (f"?{query}" if query else ""))

    def odd_query(self, chance: random.Random) -> Shot:
        """A page with a query that nobody's browser made."""
        asked = [page for page in self.pages if "?" in page[1]]
        role, url = chance.choice(asked if asked and chance.random() < 0.3 else self.pages)
        junk = "&".join(chance.choice(hostile.QUERIES) for _ in range(chance.randint(1, 3)))
        path, _, query = url.partition("?")
        names = [part.partition("=")[0] for part in query.split("&") if part]
        if names and chance.random() < 0.6:
            junk = f"{chance.choice(names)}={quote(str(chance.choice(hostile.MOMENTS)))}&{junk}"
        method = chance.choice(["GET", "GET", "GET", "POST"])
        return Shot(role, method, f"{path}?{junk}")

    def odd_body(self, chance: random.Random) -> Shot:
        """A body that is no form."""
        attempt = chance.choice(
            [one for one in self.tries if one.method == "POST" and one.expected not in {302, 404}]
        )
        body, content_type = chance.choice(hostile.BODIES)
        return Shot(attempt.role, "POST", self.checker.url(attempt.name, attempt.target), body, content_type)

    def odd_header(self, chance: random.Random) -> Shot:
        """A page asked for with junk in the headers."""
        role, url = chance.choice(self.pages)
        headers = {**chance.choice(hostile.HEADERS), **chance.choice(hostile.HEADERS)}
        if "HTTP_COOKIE" in headers:
            role = "anonymous"
        return Shot(role, chance.choice(["GET", "GET", "POST"]), url, headers=headers)

    def without_csrf(self, chance: random.Random) -> Shot:
        """A careful person's form without its token."""
        form, data = self._form(chance)
        return Shot(form.role, "POST", form.action, data, has_token=False)

    def problems(self, shot: Shot) -> list[str]:
        """Send the request, undo what it did, and return what is wrong."""
        with undone():
            newest = DBTaskResult.objects.count()
            with watched() as (writes, log):
                response, body = self._send(shot)
            found = self._judge(shot, response, body, writes.kept, log.lines)
            if shot.method == "POST" and response.status_code < 400:
                if response.get("Location", "").startswith("/"):
                    found += self._look_again(shot, response["Location"])
                if DBTaskResult.objects.count() > newest:
                    found += self._afterwards()
        return [f"{shot} -> {sentence}" for sentence in found]

    def _look_again(self, shot: Shot, url: str) -> list[str]:
        """Follow a redirect: what was accepted must also be shown without a failure."""
        after = Shot(shot.role, "GET", url, what=f"{shot.what}, then")
        with watched() as (writes, log):
            response, body = self._send(after)
        found = self._judge(after, response, body, writes.kept, log.lines)
        return [f"then {url}: {sentence}" for sentence in found]

    def _send(self, shot: Shot) -> tuple[Any, bytes]:
        client = Client(raise_request_exception=False, enforce_csrf_checks=True)
        client.cookies.update(self.checker.client(shot.role).cookies)
        extra: dict[str, Any] = {**shot.headers}
        if shot.has_token:
            client.cookies[settings.CSRF_COOKIE_NAME] = TOKEN
            extra.setdefault("HTTP_X_CSRFTOKEN", TOKEN)
        if shot.method in {"GET", "HEAD"}:
            response = getattr(client, shot.method.lower())(shot.url, shot.data or None, **extra)
        elif shot.method == "POST" and isinstance(shot.data, dict):
            response = client.post(shot.url, shot.data, **extra)
        else:
            content_type = "application/octet-stream" if shot.content_type is None else shot.content_type
            response = client.generic(shot.method, shot.url, shot.data or b"", content_type, **extra)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        return response, body

    def _judge(self, shot: Shot, response: Any, body: bytes, written: set[str], log: list[str]) -> list[str]:
        status = response.status_code
        self.answers[f"{status}"] += 1
        found = [f"the log says: {line}" for line in log]
        if status >= 500:
            raised = getattr(response, "exc_info", None)
            found.append(f"{status} {raised[1]!r}" if raised else f"{status}")
        if status >= 400:
            harmless = set().union(
                HARMLESS, *(own for start, own in HARMLESS_AT.items() if shot.url.startswith(start))
            )
            if written - harmless:
                found.append(f"{status}, and yet it wrote {', '.join(sorted(written - harmless))}")
        if not shot.has_token and status < 400 and not (status == 302 and not written - HARMLESS):
            found.append(f"{status} without a CSRF token")
        if "html" in response.get("Content-Type", "") and hostile.SCRIPT.encode() in body:
            found.append("the page shows a script as it is")
        location = response.get("Location", "")
        if location.startswith("//") or (
            "://" in location and "testserver" not in location and shot.what.find("query") > 0
        ):
            found.append(f"it leads away, to {location[:100]}")
        return found

    def _afterwards(self) -> list[str]:
        """Do the work that the request has queued: mails and documents must come out of whatever was accepted."""
        found = []
        for row in DBTaskResult.objects.filter(status="READY").order_by("-enqueued_at")[:4]:
            name, ids = row.args_kwargs["args"]
            with undone(), watched() as (_, log):
                try:
                    run_named.call(name, ids)
                except Exception as error:  # noqa: BLE001  # every failure of a task is a finding
                    found.append(f"its task {name} fails: {error!r}")
            found += [f"the task {name} logs: {line}" for line in log.lines]
            self.answers["tasks done"] += 1
        return found
