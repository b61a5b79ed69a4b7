"""The patient's own visits."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.http import page_of, permit, posted, require_form
from core.money import format_money

from .. import operations, queries
from ..forms.visits import OwnCancelForm
from ..models import Appointment
from .common import MINE, ask_page, loss_in_words, move_page


@require_safe
@permit("appointments.view_own_visits")
def visit_list(request: HttpRequest) -> HttpResponse:
    """What is kept, what is to come, and what is over."""
    is_past = request.GET.get("when") == "past"
    patient = request.patient
    rows = queries.past_visits(patient) if is_past else queries.upcoming_visits(patient)
    context = {
        "is_past": is_past,
        "held": [] if is_past else queries.held_visits(patient),
        "called_off": [] if is_past else queries.called_off_visits(patient)[:10],
        "page_obj": page_of(request, rows),
    }
    return render(request, "appointments/visits.html", context)


@require_safe
@permit("appointments.view_appointment", Appointment)
def visit(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """One visit: when, where, what was paid, what happened to it, and what can be done."""
    is_lost = appointment.status == Appointment.Status.PROPOSED and not appointment.hold.is_live
    invoice = queries.invoice_of(appointment)
    context = {
        "visit": appointment,
        "hospital": appointment.hospital,
        "urls": MINE.urls(appointment),
        "invoice": invoice,
        "is_lost": is_lost,
        # A payment that came when the time was gone
        "went_back": appointment.serial is None and queries.was_paid_for(invoice),
        "waits_for_answer": queries.waits_for_first_answer(appointment),
        "history": queries.change_history(appointment),
        "steps": queries.own_refund_steps(appointment),
    }
    return render(request, "appointments/visit.html", context)


@require_form
@permit("appointments.cancel_appointment", Appointment)
def cancel(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Cancel one's own visit, after saying what comes back."""

    def act(values: dict[str, Any]) -> str:
        side = Appointment.Side.PATIENT
        back = operations.cancel_appointment(appointment, side=side, reason=values["reason"], by=request.user)
        if back == 0:
            return _("The visit is cancelled.")
        return _("The visit is cancelled. %(back)s goes back to you.") % {
            "back": format_money(back, appointment.hospital.currency)
        }

    form, own_loss = OwnCancelForm(posted(request)), loss_in_words(appointment)
    return ask_page(request, "appointments/cancel.html", appointment, MINE, form, act, own_loss=own_loss)


@require_form
@permit("appointments.reschedule_appointment", Appointment)
def reschedule(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Move one's own visit."""
    return move_page(request, appointment, MINE)


@require_form
@permit("appointments.release_hold", Appointment)
def release(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Give a kept time back, after asking."""
    if request.method == "POST":
        operations.release_hold(appointment, side=Appointment.Side.PATIENT, by=request.user)
        messages.success(request, _("The time is given back. Nothing was paid."))
        return redirect("appointments:visits")
    context = {"visit": appointment, "hospital": appointment.hospital, "urls": MINE.urls(appointment)}
    return render(request, "appointments/release.html", context)


@require_safe
@permit("appointments.view_appointment", Appointment)
def calendar_file(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """The visit as a file for the person's own calendar."""
    response = HttpResponse(queries.ics_of(appointment), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="visit.ics"'
    return response
