"""A hospital's visits as its desk sees them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.http import permit, posted, require_form
from ledger.operations import record_read

from .. import operations, queries
from ..forms.visits import DeskCancelForm
from ..models import Appointment
from .common import (
    DESKS,
    accept_and_return,
    ask_page,
    decline_page,
    loss_in_words,
    move_page,
    no_show_page,
)

decide = "appointments.decide_appointment"


@require_safe
@permit("appointments.view_appointment", Appointment)
def visit(request: HttpRequest, appointment: Appointment, slug: str) -> HttpResponse:
    """One visit: who, when, with whom, what was paid, what happened to it. That it was opened is noted."""
    appointment = queries.visit_of_hospital(appointment.pk)
    patient_id, hospital_id = appointment.patient.public_id, request.hospital.pk
    record_read(patient_id, "visit", by=request.user, hospital_id=hospital_id, purpose="desk")
    context = {
        "visit": appointment,
        "hospital": request.hospital,
        "urls": DESKS.urls(appointment),
        "invoice": queries.invoice_of(appointment),
        "history": queries.change_history(appointment),
    }
    return render(request, "appointments/desk_visit.html", context)


@require_POST
@permit(decide, Appointment)
def accept(request: HttpRequest, appointment: Appointment, slug: str) -> HttpResponse:
    """Accept a visit that waits."""
    return accept_and_return(request, appointment, DESKS)


@require_form
@permit(decide, Appointment)
def decline(request: HttpRequest, appointment: Appointment, slug: str) -> HttpResponse:
    """Decline a visit that waits."""
    return decline_page(request, appointment, DESKS)


@require_form
@permit("appointments.cancel_appointment", Appointment)
def cancel(request: HttpRequest, appointment: Appointment, slug: str) -> HttpResponse:
    """Cancel a visit for the hospital, or because the patient asked for it."""

    def act(values: dict[str, Any]) -> str:
        operations.cancel_appointment(appointment, **values, by=request.user)
        return _("Cancelled.")

    # Once the time has come only the hospital cancels
    own_loss = "" if appointment.is_past else loss_in_words(appointment)
    form = DeskCancelForm(posted(request), own_loss=own_loss)
    return ask_page(request, "appointments/cancel.html", appointment, DESKS, form, act)


@require_form
@permit("appointments.reschedule_appointment", Appointment)
def reschedule(request: HttpRequest, appointment: Appointment, slug: str) -> HttpResponse:
    """Move a visit."""
    return move_page(request, appointment, DESKS)


@require_form
@permit("appointments.mark_no_show", Appointment)
def no_show(request: HttpRequest, appointment: Appointment, slug: str) -> HttpResponse:
    """Note that the patient did not come."""
    return no_show_page(request, appointment, DESKS)
