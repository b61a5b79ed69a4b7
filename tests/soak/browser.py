"""A browser without a screen: cookies, forms with CSRF, and no redirect followed unasked. Standard library only."""

from __future__ import annotations

import http.client
import http.cookiejar
import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlencode

HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')
FORM = re.compile(r'<form method="post" action="([^"]*)"')
# What a request meets when its server is killed before, while or after it works.
LOST = (OSError, http.client.HTTPException)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    text: str
    location: str = ""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object) -> None:
        return None


class Browser:
    """One person's browser; raises one of LOST when a server is away."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.jar = http.cookiejar.CookieJar()
        cookies = urllib.request.HTTPCookieProcessor(self.jar)
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects(), cookies)

    def _token(self) -> str:
        return next((cookie.value or "" for cookie in self.jar if cookie.name == "csrftoken"), "")

    def ask(self, url: str, form: dict[str, str] | None = None) -> Answer:
        """GET, or POST a form; answers also when the status is an error."""
        whole = url if "://" in url else self.address + url
        data = None
        if form is not None:
            own = {"csrfmiddlewaretoken": self._token()} if whole.startswith(self.address) else {}
            data = urlencode({**own, **form}).encode()
        try:
            with self._opener.open(urllib.request.Request(whole, data), timeout=20) as answer:
                return Answer(answer.status, answer.read().decode(errors="replace"))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(
                    error.code, error.read().decode(errors="replace"), error.headers.get("Location", "")
                )

    def log_in(self, email: str, password: str) -> None:
        """Log in. Errors: AssertionError when the portal refuses."""
        self.ask("/accounts/log-in/")
        answer = self.ask("/accounts/log-in/", {"email": email, "password": password})
        assert answer.status == 302, f"{email} could not log in: {answer.status}"


def form_of(page: str) -> tuple[str, dict[str, str]]:
    """Return where the page's first form goes, and its hidden fields."""
    action = FORM.search(page)
    assert action, "the page has no form"
    fields = {unescape(name): unescape(value) for name, value in HIDDEN.findall(page)}
    return unescape(action.group(1)), fields
