"""Booking a free time: the patient's own page, and the desk's."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from billing.operations import start_payment
from core.errors import DomainError
from core.http import errors_to, form_page, page_of, permit
from core.tenancy import in_hospital
from doctors.models import Affiliation
from patients.models import Patient
from patients.queries import patients_of

from .. import operations, queries
from ..forms.visits import BookForm, DeskBookForm, read_moment
from ..models import LATER, Appointment
from .common import ASKED, day_choice


def _affiliation(affiliation_id: str) -> Affiliation:
    found = queries.affiliation_to_book(affiliation_id)
    if found is None:
        raise Http404
    return found


@require_http_methods(ASKED)
@permit("appointments.book_own")
def book(request: HttpRequest, affiliation_id: str) -> HttpResponse:
    """Book a time for oneself; online payment goes on at the gateway, while the time is kept."""
    affiliation = _affiliation(affiliation_id)
    start = read_moment(request.GET.get("start", ""))
    if start is None:
        return redirect("appointments:doctor", affiliation.doctor.public_id)
    hospital = affiliation.hospital
    form = BookForm(
        request.POST or None, hospital=hospital, fee=affiliation.fee, doctor=affiliation.doctor.name
    )
    own = queries.own_visits_between(
        request.patient, start, start + dt.timedelta(minutes=affiliation.slot_minutes)
    )
    mine = next((visit for visit in own if _is_same(visit, affiliation, start)), None)
    if mine is not None:
        return redirect("appointments:visit", mine.public_id)
    if request.method == "POST" and form.is_valid():
        with errors_to(form):
            visit = operations.book_appointment(
                affiliation, patient=request.patient, starts_at=start, by=request.user, **form.cleaned_data
            )
            return _go_on(request, visit)
    return form_page(request, "appointments/book.html", form, _offer(affiliation, start, own))


def _is_same(visit: Appointment, affiliation: Affiliation, start: dt.datetime) -> bool:
    return visit.affiliation_id == affiliation.pk and visit.starts_at == start


def _offer(affiliation: Affiliation, start: dt.datetime, own: list[Appointment]) -> dict[str, Any]:
    end = start + dt.timedelta(minutes=affiliation.slot_minutes)
    return {
        "affiliation": affiliation,
        "doctor": affiliation.doctor,
        "hospital": affiliation.hospital,
        "start": start,
        "end": end,
        "is_gone": not own and not queries.still_free(affiliation, start, end),
        "own": own,
        "steps": queries.refund_steps(affiliation.hospital, start, affiliation.fee),
    }


def _go_on(request: HttpRequest, visit: Appointment) -> HttpResponse:
    """Lead on to the gateway, or to the visit when there is nothing to pay now."""
    if visit.status != Appointment.Status.PROPOSED:
        messages.success(request, _("The time is yours. A mail with a calendar entry is on its way."))
        return redirect("appointments:visit", visit.public_id)
    with in_hospital(visit.hospital):
        invoice = queries.invoice_of(visit)
        try:
            return redirect(start_payment(invoice, by=request.user))
        except DomainError as error:
            messages.error(request, error.message)
            return redirect("billing:pay", invoice.public_id)


@require_safe
@permit("appointments.book_at_desk")
def desk_search(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose a patient, then a doctor who is free."""
    text = request.GET.get("q", "").strip()[:100]
    hospital = request.hospital
    wanted = request.GET.get("patient", "")
    patient = Patient.objects.for_hospital(hospital).filter(public_id=wanted).first() if wanted else None
    context: dict[str, Any] = {"patient": patient, "q": text}
    if patient is not None:
        page = page_of(request, queries.doctors_of_hospital(hospital, text=text), size=10)
        free = queries.free_starts(page)
        context |= {"page_obj": page, "cards": [(row, free[row.pk]) for row in page]}
    else:
        context["page_obj"] = page_of(request, patients_of(hospital, text), size=10)
    return render(request, "appointments/desk_search.html", context)


@require_http_methods(ASKED)
@permit("appointments.book_at_desk")
def desk_book(request: HttpRequest, slug: str, affiliation_id: str) -> HttpResponse:
    """Book a time for a patient of the hospital; the visit's page then leads to the payment."""
    affiliation = _affiliation(affiliation_id)
    if affiliation.hospital_id != request.hospital.pk:
        raise Http404
    patients = Patient.objects.for_hospital(request.hospital)
    form = DeskBookForm(request.POST or None, patients=patients)
    if request.method == "POST" and form.is_valid():
        with errors_to(form):
            patient, start = form.cleaned_data["patient"], form.cleaned_data["start"]
            visit = operations.book_appointment(
                affiliation, patient=patient, starts_at=start, pay=LATER, by=request.user
            )
            messages.success(request, _("Booked for %(name)s.") % {"name": patient.name})
            return redirect("appointments:desk_visit", slug, visit.public_id)
    return form_page(
        request, "appointments/desk_book.html", form, _desk_offer(request, affiliation, patients)
    )


def _desk_offer(request: HttpRequest, affiliation: Affiliation, patients: Any) -> dict[str, Any]:
    patient = patients.filter(public_id=request.POST.get("patient") or request.GET.get("patient", "")).first()
    if patient is None:
        raise Http404
    start = read_moment(request.GET.get("start", ""))
    wanted = request.GET.get("day", "")
    if start and not wanted and start > timezone.now():
        wanted = affiliation.hospital.local(start).date().isoformat()
    return {
        "affiliation": affiliation,
        "doctor": affiliation.doctor,
        "patient": patient,
        "start": start,
        "choice": day_choice(affiliation, wanted),
    }
