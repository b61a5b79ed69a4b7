"""The patient's own prescriptions and summaries. A patient's reads of the own record are not logged."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from appointments.models import Appointment
from core.http import page_of, permit

from .. import queries
from ..models import Prescription
from .papers import paper, with_qr


@require_safe
@permit("records.view_own_record")
def prescriptions(request: HttpRequest) -> HttpResponse:
    """List the patient's prescriptions."""
    text = request.GET.get("q", "").strip()[:100]
    rows = queries.prescriptions_of(request.patient, text=text).prefetch_related("lines")
    return render(request, "records/prescriptions.html", {"page_obj": page_of(request, rows), "q": text})


@require_safe
@permit("records.view_prescription", Prescription)
def prescription(request: HttpRequest, prescription: Prescription) -> HttpResponse:
    """Show one prescription as its paper."""
    return render(request, "records/prescription.html", with_qr(prescription))


@require_safe
@permit("records.view_prescription", Prescription)
def prescription_pdf(request: HttpRequest, prescription: Prescription) -> HttpResponse:
    """Hand over the paper, or say that it is being made."""
    return paper(request, prescription, back=reverse("records:prescription", args=[prescription.public_id]))


@require_safe
@permit("records.view_own_summary", Appointment)
def visit_summary(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Show diagnosis and plan of a finished visit."""
    note = queries.summary_of(appointment)
    if note is None:
        raise Http404
    return render(request, "records/visit_summary.html", {"appointment": appointment, "note": note})
