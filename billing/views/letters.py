"""Serving stored letters, and the page while one is being made."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from core.documents import StoredDocument
from core.uploads import serve_private


def letter_response(
    request: HttpRequest, document: StoredDocument | None, *, filename: str, back: str
) -> HttpResponse:
    """Return the PDF, or 202 with a page that asks again by itself while the worker makes it.

    Its questions by htmx get 204, and once the PDF is there the order to go and open it.
    """
    if request.htmx:
        return HttpResponse(status=204) if document is None else HttpResponseClientRedirect(request.path)
    if document is None:
        context = {"back": back, "filename": filename}
        return render(request, "billing/letter_wait.html", context, status=202)
    return serve_private(document.file, "application/pdf", filename, inline=True)


def invoice_filename(label: str) -> str:
    """Return what the invoice's file is called."""
    return f"{label}.pdf"


def receipt_filename(number: str) -> str:
    """Return what a receipt's file is called."""
    return _("Receipt %(number)s.pdf") % {"number": number}
