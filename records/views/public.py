"""What anyone with a prescription in hand may ask: does it count?"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from core.http import client_address, form_page
from core.throttle import require_try

from .. import queries
from ..forms import CodeForm

TRIES, WINDOW = 60, 600  # an address may look at sixty codes in ten minutes: a busy pharmacy, no more


@require_safe
def check(request: HttpRequest) -> HttpResponse:
    """Ask for the code."""
    form = CodeForm(request.GET if "code" in request.GET else None)
    if form.is_bound and form.is_valid():
        code = "".join(part for part in form.cleaned_data["code"] if part.isascii() and part.isalnum())
        return redirect("records:verify", code or "0")
    return form_page(request, "records/check.html", form)


@require_safe
def verify(request: HttpRequest, code: str) -> HttpResponse:
    """Say whether the prescription behind the code counts, and nothing personal."""
    require_try("records.verify", client_address(request), limit=TRIES, seconds=WINDOW)
    found = queries.verification(code)
    status = 200 if found else 404
    response = render(request, "records/verify.html", {"found": found, "form": CodeForm()}, status=status)
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex"
    return response
