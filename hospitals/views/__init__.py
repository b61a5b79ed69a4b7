"""Pages of the tenants, by noun."""

from __future__ import annotations

from django.http import HttpRequest, QueryDict


def posted(request: HttpRequest) -> QueryDict | None:
    """Return what was sent, also when nothing was filled in; None while the form is only shown."""
    return request.POST if request.method == "POST" else None
