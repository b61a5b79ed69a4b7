"""A patient's page at the desk."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billing.queries import bills_of_patient
from core.http import permit
from ledger.operations import record_read
from patients.models import Patient, Registration

from ..queries import visits_here


@require_safe
@permit("patients.view_patient", Patient)
def desk_patient(request: HttpRequest, patient: Patient, slug: str) -> HttpResponse:
    """Who the patient is, the visits and the bills here; who opens it stands in the patient's list of readings."""
    hospital = request.hospital
    record_read(patient.public_id, "details", by=request.user, hospital_id=hospital.pk, purpose="desk")
    page = _page(request)
    context = {
        "patient": patient,
        "hospital": hospital,
        "registration": Registration.objects.get(hospital=hospital, patient=patient),
        "visits": visits_here(patient, hospital, page=page),
        "bills": bills_of_patient(patient, hospital),
        "page": page,
    }
    return render(request, "appointments/desk_patient.html", context)


def _page(request: HttpRequest) -> int:
    text = request.GET.get("page", "")
    return max(int(text), 1) if text.isascii() and text.isdigit() and len(text) < 5 else 1
