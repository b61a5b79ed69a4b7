"""Opens the hospital scope of a request from the first part of its address."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.cache import add_never_cache_headers
from django.utils.http import urlencode

from core.http import PUBLIC
from core.tenancy import in_hospitals

from .areas import Elsewhere, find_area, needs_second_factor
from .rules import workplaces_read_once


class AreaMiddleware:
    """Logged in, allowed into the area, second factor where the hospital asks for it; then the view runs in its scope."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with workplaces_read_once():
            response = self._answer(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            # After log-out the browser's back button must not show it again.
            add_never_cache_headers(response)
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        request.area = PUBLIC
        request.hospital = None
        prefix, _, rest = request.path_info.lstrip("/").partition("/")
        enter = find_area(prefix)
        if enter is None:
            return self.get_response(request)
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        try:
            request.area = enter(request, rest.partition("/")[0])
        except Elsewhere as elsewhere:
            query = urlencode({"next": request.get_full_path()})
            return redirect(f"{resolve_url(elsewhere.url_name)}?{query}")
        if needs_second_factor(request) and not request.user.is_verified():
            query = urlencode({"next": request.get_full_path()})
            return redirect(f"{resolve_url('accounts:second_factor')}?{query}")
        _remember(request)
        with in_hospitals(request.area.hospital_ids):
            return self.get_response(request)


def _remember(request: HttpRequest) -> None:
    """Keep the area in the session, written only when it changes: public pages then show the bar the person knows."""
    name = request.area.name
    if request.session.get("area") != name:
        request.session["area"] = name
    if name != "me" and "at_work" not in request.session:
        request.session["at_work"] = resolve_url("dashboards:start")
