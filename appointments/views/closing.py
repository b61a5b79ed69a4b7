"""Cancelling all coming visits to a doctor at a hospital: for its admin, and for the doctor."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import ngettext

from core.http import errors_to, form_page, page_of, permit, posted, require_form
from doctors.models import Affiliation
from doctors.queries import affiliation_in_full

from .. import operations
from ..forms.closing import CancelVisitsForm
from ..models import Appointment
from ..queries import listed_visits, money_going_back, visits_ahead


@require_form
@permit("doctors.manage_affiliation", Affiliation)
def cancel_visits(request: HttpRequest, affiliation: Affiliation, slug: str) -> HttpResponse:
    """Let a hospital's admin cancel all coming visits to a doctor, after saying what is lost."""
    return _page(request, affiliation, reverse("doctors:staff_doctor", args=[slug, affiliation.public_id]))


@require_form
@permit("appointments.manage_calendar", Affiliation)
def cancel_own_visits(request: HttpRequest, affiliation: Affiliation) -> HttpResponse:
    """Let a doctor cancel all coming visits at a hospital, after saying what is lost."""
    return _page(request, affiliation, reverse("appointments:leave_hospital", args=[affiliation.public_id]))


def _page(request: HttpRequest, affiliation: Affiliation, back: str) -> HttpResponse:
    affiliation = affiliation_in_full(affiliation)
    if affiliation.has_ended:
        raise Http404
    form = CancelVisitsForm(posted(request))
    if form.is_bound and form.is_valid():
        with errors_to(form):
            operations.cancel_visits(affiliation, **form.cleaned_data, by=request.user)
            return redirect(request.path)  # which says how many are being cancelled
    return form_page(request, "appointments/cancel_visits.html", form, _context(request, affiliation, back))


def _context(request: HttpRequest, affiliation: Affiliation, back: str) -> dict[str, Any]:
    ahead = visits_ahead(affiliation)
    booked = Appointment.objects.filter(public_id__in=ahead.booked)
    page = page_of(request, ahead.booked)
    return {
        "affiliation": affiliation,
        "hospital": affiliation.hospital,
        "ahead": ahead,
        "title": _title(affiliation, len(ahead.booked)),
        "back_money": money_going_back(booked),
        "page_obj": page,
        "visits": listed_visits(page.object_list),
        "is_staff_page": request.area.name == "h",
        "back_url": back,
    }


def _title(affiliation: Affiliation, count: int) -> str:
    return ngettext(
        "Cancel %(count)s coming visit with %(name)s?",
        "Cancel all %(count)s coming visits with %(name)s?",
        count,
    ) % {"count": count, "name": affiliation.doctor.name}
