"""What every page is compared with: the least that a page of the portal, and an answer in JSON, can be."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import engines
from django.views.decorators.http import require_POST, require_safe

from core.http import permit
from core.throttle import require_try
from patients.models import Registration

ROWS = 20
MANY = 1_000_000_000  # the bare answer is throttled as an API is, and never stopped


@cache
def _template() -> Any:
    # Kept as Django's own loader keeps the portal's templates.
    source = (Path(__file__).parent / "bare.html").read_text(encoding="utf-8")
    return engines["django"].from_string(source)


@require_safe
@permit("hospitals.view_staff_area")
def bare(request: HttpRequest, slug: str) -> HttpResponse:
    """Base template, session, user, membership, unread count, and one query of twenty plain rows."""
    rows = Registration.objects.order_by("pk")[:ROWS]
    return HttpResponse(_template().render({"rows": rows}, request))


@require_POST
@permit("hospitals.view_staff_area")
def bare_json(request: HttpRequest, slug: str) -> JsonResponse:
    """The same for an answer in JSON: a POST with its CSRF token, throttled for each person."""
    require_try("bench-json", str(request.user.pk), limit=MANY, seconds=60)
    rows = Registration.objects.order_by("pk").values("number", "created_at")[:ROWS]
    return JsonResponse({"results": list(rows)})
