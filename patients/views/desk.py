"""The desk's patients: find one, register a walk-in, see the details."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core.http import errors_to, form_page, page_of, permit

from .. import operations, queries
from ..forms import SearchForm, WalkInForm
from ..models import Patient, Registration


@require_safe
@permit("patients.list_patients")
def index(request: HttpRequest, slug: str) -> HttpResponse:
    """The hospital's patients, searchable by name, hospital number and phone."""
    text = SearchForm(request.GET).text()
    page = page_of(request, queries.patients_of(request.hospital, text))
    return render(request, "patients/index.html", {"page_obj": page, "text": text})


@require_http_methods(["GET", "HEAD", "POST"])
@permit("patients.register_walk_in")
def register(request: HttpRequest, slug: str) -> HttpResponse:
    """Register somebody who has no log-in."""
    form = WalkInForm(request.POST or None, initial={"name": request.GET.get("name", "")[:120]})
    if request.method == "POST" and form.is_valid():
        with errors_to(form):
            patient = operations.register_walk_in(request.hospital, details=form.details(), by=request.user)
            messages.success(request, _("%(name)s is registered.") % {"name": patient.name})
            return redirect("patients:detail", slug=slug, public_id=patient.public_id)
    return form_page(request, "patients/register.html", form)


@require_safe
@permit("patients.view_patient", Patient)
def detail(request: HttpRequest, patient: Patient, slug: str) -> HttpResponse:
    """A patient's details as the desk sees them: nothing clinical."""
    registration = Registration.objects.get(hospital=request.hospital, patient=patient)
    return render(request, "patients/detail.html", {"patient": patient, "registration": registration})
