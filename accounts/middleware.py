"""Keeps when a session was last used, and ends one that was revoked."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.contrib import auth
from django.http import HttpRequest, HttpResponse

from . import operations

SEEN_EVERY = 10 * 60  # seconds


class LoginSessionMiddleware:
    """Writes the time at most every ten minutes, by a value in the session: no query on the pages between."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., HttpResponse], *_: Any) -> None:
        """See to the session, but not for a gateway's message: it comes cross-site and must not touch anybody's log-in."""
        if getattr(view, "csrf_exempt", False):
            return
        seen_at = request.session.get("seen_at")
        if seen_at is not None and time.time() - seen_at >= SEEN_EVERY:
            self._see(request)

    def _see(self, request: HttpRequest) -> None:
        session_id = request.session.get("login_session", "")
        if operations.see_session(session_id, session_key=request.session.session_key or ""):
            request.session["seen_at"] = int(time.time())
        else:
            auth.logout(request)
