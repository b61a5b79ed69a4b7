"""The desk's patients: find one, register a walk-in, change the details of somebody without a log-in.

A patient's page, with visits and bills, is `appointments:desk_patient`.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.http import errors_to, form_page, page_of, permit, posted, require_form
from ledger.operations import record_read

from .. import operations, queries
from ..forms import SearchForm, WalkInForm
from ..models import Patient


@require_safe
@permit("patients.list_patients")
def index(request: HttpRequest, slug: str) -> HttpResponse:
    """The hospital's patients, searchable by name, hospital number and phone."""
    text = SearchForm(request.GET).text()
    page = page_of(request, queries.patients_of(request.hospital, text))
    return render(request, "patients/index.html", {"page_obj": page, "text": text})


@require_form
@permit("patients.register_walk_in")
def register(request: HttpRequest, slug: str) -> HttpResponse:
    """Register somebody who has no log-in; who may be here already is shown first."""
    form = WalkInForm(posted(request), initial={"name": request.GET.get("name", "")[:120]})
    if request.method == "POST" and form.is_valid():
        same = _perhaps_same(request, form)
        if same:
            context = {"form": form, "same": same, "shown": " ".join(row.public_id for row in same)}
            return render(request, "patients/register.html", context, status=409)
        with errors_to(form):
            patient = operations.register_walk_in(request.hospital, details=form.details(), by=request.user)
            messages.success(request, _("%(name)s is registered.") % {"name": patient.name})
            return redirect("appointments:desk_patient", slug=slug, public_id=patient.public_id)
    return form_page(request, "patients/register.html", form)


def _perhaps_same(request: HttpRequest, form: WalkInForm) -> list[Patient]:
    """Return who may be this person, unless the desk has seen them all and registers anyway."""
    details = form.details()
    same = queries.perhaps_same(
        request.hospital, name=details.name, birth_date=details.birth_date, phone=details.phone
    )
    seen = request.POST.get("anyway", "").split()
    return [] if {row.public_id for row in same} <= set(seen) else same


@require_form
@permit("patients.change_at_desk", Patient)
def edit(request: HttpRequest, patient: Patient, slug: str) -> HttpResponse:
    """Change the details of somebody without a log-in; who has one changes them there, and the page says so."""
    record_read(
        patient.public_id, "details", by=request.user, hospital_id=request.hospital.pk, purpose="desk"
    )
    form = WalkInForm(posted(request), initial=WalkInForm.values_of(patient))
    if request.method == "POST" and form.is_valid():
        with errors_to(form):
            operations.change_walk_in(request.hospital, patient, details=form.details(), by=request.user)
            messages.success(request, _("The details are saved."))
            return redirect("appointments:desk_patient", slug=slug, public_id=patient.public_id)
    return form_page(request, "patients/edit.html", form, {"patient": patient})
