"""Turns a DomainError that no form caught into an answer that a person understands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

from .errors import DomainError, Throttled


def _has_nul(sent: QueryDict) -> bool:
    return any("\0" in text for name, values in sent.lists() for text in (name, *values))


class ErrorMiddleware:
    """409 (429 when throttled): a toast for htmx, a small page with a way back otherwise."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Refuse NUL: nobody types it, PostgreSQL keeps no text with it, and not every value passes a form."""
        if "\0" in request.path_info:
            raise Http404
        # The gateway's messages are read by their views as they came.
        is_form = not getattr(view, "csrf_exempt", False)
        if _has_nul(request.GET) or (is_form and _has_nul(request.POST)):
            raise BadRequest("NUL in what was sent.")

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for the exception if it is a DomainError."""
        if not isinstance(error, DomainError):
            return None
        status = 429 if isinstance(error, Throttled) else 409
        if request.htmx:
            response = render(
                request, "components/toast.html", {"message": error.message, "tags": "error"}, status=status
            )
            response["HX-Retarget"] = "#toasts"
            response["HX-Reswap"] = "beforeend"
            return response
        back = request.META.get("HTTP_REFERER", "")
        safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
        return render(
            request, "409.html", {"message": error.message, "back": back if safe else "/"}, status=status
        )
