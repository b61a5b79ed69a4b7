"""A prescription's sheet and its stored PDF, for patients and doctors alike."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.uploads import serve_private

from .. import queries
from ..models import Prescription, PrescriptionLine

LOOK_AGAIN = 3  # seconds


def with_qr(prescription: Prescription, stored: list[PrescriptionLine] | None = None) -> dict[str, Any]:
    """Return what the sheet's template needs; a draft has no code yet."""
    sheet = queries.sheet_of(prescription, stored)
    is_draft = prescription.status == Prescription.Status.DRAFT
    return {
        "prescription": prescription,
        "sheet": sheet,
        "qr": "" if is_draft else queries.qr_svg(sheet.verify_url),
    }


def paper(request: HttpRequest, prescription: Prescription, *, back: str) -> HttpResponse:
    """Return the present PDF; while the worker makes it, 202 and a page that looks again by itself."""
    document = queries.document_of(prescription)
    if document is not None:
        return serve_private(document.file, "application/pdf", f"prescription-{prescription.public_id}.pdf")
    response = render(request, "records/paper_waiting.html", {"back": back}, status=202)
    response["Refresh"] = str(LOOK_AGAIN)
    response["Cache-Control"] = "no-store"
    return response
