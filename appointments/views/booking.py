"""Booking a free time: the patient's own page, and the desk's."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing.operations import start_payment
from core.errors import DomainError
from core.http import errors_to, form_page, page_of, permit, posted, require_form
from core.tenancy import in_hospital
from doctors.models import Affiliation
from patients.models import Patient
from patients.queries import patients_of

from .. import operations, queries
from ..forms.visits import BookForm, DeskBookForm, read_moment
from ..models import Appointment, Pay
from .common import Choice, day_choice, say_done


def _affiliation(affiliation_id: str) -> Affiliation:
    found = queries.affiliation_to_book(affiliation_id)
    if found is None:
        raise Http404
    return found


@require_form
@permit("appointments.book_own")
def book(request: HttpRequest, affiliation_id: str) -> HttpResponse:
    """Book a time for oneself; online payment goes on at the gateway, while the time is kept.

    A time that is gone gives way to others; one of them is chosen with `start`, and what was typed stays.
    """
    affiliation = _affiliation(affiliation_id)
    another = read_moment(request.POST.get("start", ""))
    start = another or read_moment(request.GET.get("start", ""))
    if start is None:
        return redirect("appointments:doctor", affiliation.doctor.public_id)
    form = _book_form(request, affiliation, only_typed=another is not None)
    end = start + dt.timedelta(minutes=affiliation.slot_minutes)
    own = queries.own_visits_between(request.patient, start, end)
    for visit in own:
        if _is_same(visit, affiliation, start):
            return redirect("appointments:visit", visit.public_id)
    if form.is_valid():
        with errors_to(form):
            visit = operations.book_appointment(
                affiliation, patient=request.patient, starts_at=start, by=request.user, **form.cleaned_data
            )
            return _go_on(request, visit)
    return form_page(
        request, "appointments/book.html", form, _offer(affiliation, start, own, refused=bool(form.errors))
    )


def _book_form(request: HttpRequest, affiliation: Affiliation, *, only_typed: bool) -> BookForm:
    sent = posted(request)
    known = {"hospital": affiliation.hospital, "fee": affiliation.fee, "doctor": affiliation.doctor.name}
    if sent and only_typed:
        return BookForm(initial={name: sent[name] for name in ("pay", "reason") if sent.get(name)}, **known)
    return BookForm(sent, **known)


def _is_same(visit: Appointment, affiliation: Affiliation, start: dt.datetime) -> bool:
    return visit.affiliation_id == affiliation.pk and visit.starts_at == start


def _others(affiliation: Affiliation, start: dt.datetime) -> Choice:
    wanted = affiliation.hospital.local(start).date().isoformat()
    return day_choice(affiliation, wanted, or_next=True)


def _offer(
    affiliation: Affiliation, start: dt.datetime, own: list[Appointment], *, refused: bool
) -> dict[str, Any]:
    """Return what the page shows; once a booking was `refused` the time is judged by all that decides it."""
    end = start + dt.timedelta(minutes=affiliation.slot_minutes)
    if refused:
        is_free = queries.is_bookable(affiliation, start)
    else:
        is_free = queries.still_free(affiliation, start, end)
    return {
        "affiliation": affiliation,
        "doctor": affiliation.doctor,
        "hospital": affiliation.hospital,
        "start": start,
        "end": end,
        "choice": None if is_free and not own else _others(affiliation, start),
        "own": own,
        "steps": queries.refund_steps(affiliation.hospital, start, affiliation.fee),
    }


def _go_on(request: HttpRequest, visit: Appointment) -> HttpResponse:
    """Lead on to the gateway, or to the visit when there is nothing to pay now."""
    if visit.status != Appointment.Status.PROPOSED:
        messages.success(request, _booked_words(visit))
        return redirect("appointments:visit", visit.public_id)
    with in_hospital(visit.hospital):
        invoice = queries.invoice_of(visit)
        try:
            return redirect(start_payment(invoice, by=request.user))
        except DomainError as error:
            messages.error(request, error.message)
            return redirect("billing:pay", invoice.public_id)


def _booked_words(visit: Appointment) -> str:
    if visit.status == Appointment.Status.PENDING:
        words = _("Sent to %(hospital)s. It answers soon, and you get a mail then.")
        return words % {"hospital": visit.hospital.name}
    return _("The time is yours. A mail with a calendar entry is on its way.")


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


@require_form
@permit("appointments.book_at_desk")
def desk_book(request: HttpRequest, slug: str, affiliation_id: str) -> HttpResponse:
    """Book a time for a patient of the hospital; the visit's page then leads to the payment."""
    affiliation = _affiliation(affiliation_id)
    if affiliation.hospital_id != request.hospital.pk:
        raise Http404
    patients = Patient.objects.for_hospital(request.hospital)
    form = DeskBookForm(posted(request), patients=patients)
    if request.method == "POST" and form.is_valid():
        with errors_to(form):
            patient, start = form.cleaned_data["patient"], form.cleaned_data["start"]
            visit = operations.book_appointment(
                affiliation, patient=patient, starts_at=start, pay=Pay.LATER, by=request.user
            )
            say_done(request, visit, _("Booked for %(name)s.") % {"name": patient.name})
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
