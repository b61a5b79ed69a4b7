"""A doctor's visits: one visit, and what the doctor decides about it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.http import permit, posted, require_form
from ledger.operations import record_read

from .. import operations, queries
from ..forms.visits import ReasonForm
from ..models import Appointment
from .common import (
    DOCTORS,
    accept_and_return,
    ask_page,
    back_words,
    decline_page,
    move_page,
    no_show_page,
)

decide = "appointments.decide_appointment"


@require_safe
@permit("appointments.view_appointment", Appointment)
def visit(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """One visit, with what the patient wrote about it: that is noted as read."""
    hospital_id = appointment.hospital_id
    record_read(appointment.patient.public_id, "visit", by=request.user, hospital_id=hospital_id)
    context = {
        "visit": appointment,
        "hospital": appointment.hospital,
        "urls": DOCTORS.urls(appointment),
        "history": queries.change_history(appointment),
    }
    return render(request, "appointments/doctor_visit.html", context)


@require_POST
@permit(decide, Appointment)
def accept(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Accept a visit that waits."""
    return accept_and_return(request, appointment, DOCTORS)


@require_form
@permit(decide, Appointment)
def decline(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Decline a visit that waits."""
    return decline_page(request, appointment, DOCTORS)


@require_form
@permit("appointments.cancel_appointment", Appointment)
def cancel(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Cancel a visit: all that was paid goes back."""

    def act(values: dict[str, Any]) -> str:
        side = Appointment.Side.HOSPITAL
        back = operations.cancel_appointment(appointment, side=side, reason=values["reason"], by=request.user)
        return _("Cancelled.") + " " + back_words(back, appointment)

    form = ReasonForm(posted(request))
    return ask_page(request, "appointments/cancel.html", appointment, DOCTORS, form, act)


@require_form
@permit("appointments.reschedule_appointment", Appointment)
def reschedule(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Move a visit."""
    return move_page(request, appointment, DOCTORS)


@require_form
@permit("appointments.mark_no_show", Appointment)
def no_show(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Note that the patient did not come."""
    return no_show_page(request, appointment, DOCTORS)
