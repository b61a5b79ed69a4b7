"""The doctor's patients, their charts, visits and allergies. What is opened is logged once a day."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from appointments.models import Appointment
from core.http import confirm_page, errors_to, form_page, page_of, permit, posted, require_form, slice_of
from ledger.operations import record_read
from patients.models import Patient
from patients.queries import hospitals_of_care

from .. import operations, queries
from ..forms import AllergiesForm, NoteForm, allergies_values, note_values
from ..models import Visit

CHART_SIZE = 30


@require_safe
@permit("records.view_own_patients")
def patients(request: HttpRequest) -> HttpResponse:
    """List whom the doctor cares for."""
    text = request.GET.get("q", "").strip()[:100]
    rows = queries.patients_of(request.doctor, text=text)
    return render(request, "records/patients.html", {"page_obj": page_of(request, rows), "q": text})


@require_safe
@permit("records.view_chart", Patient)
def chart(request: HttpRequest, patient: Patient) -> HttpResponse:
    """Show a patient's chart: the timeline, the visits or the medicines."""
    part = request.GET.get("part", "")
    part = part if part in queries.CHART_PARTS else queries.CHART_PARTS[0]
    shown = slice_of(request, queries.chart_part(patient, request.doctor, part), size=CHART_SIZE)
    _note_reading(request, patient, "chart")
    context = {"who": queries.who_is(patient), "part": part, "rows": shown.rows, "shown": shown}
    return render(request, "records/chart.html", context)


def _note_reading(request: HttpRequest, patient: Patient, part: str) -> None:
    """Record the reading with each hospital whose rows the page may show, so that each finds it in its own trail."""
    for hospital_id in hospitals_of_care(request.user, patient):
        record_read(patient.public_id, part, by=request.user, hospital_id=hospital_id)


@require_form
@permit("records.set_allergies", Patient)
def allergies(request: HttpRequest, patient: Patient) -> HttpResponse:
    """Write down what the patient said about allergies."""
    who = queries.who_is(patient)
    stored = allergies_values(who.allergies)
    form = AllergiesForm(posted(request), initial=stored)
    if form.is_bound and form.is_valid():
        with errors_to(form):
            operations.set_allergies(patient, **form.cleaned_data, by=request.user)
            messages.success(
                request, _("The allergies of %(name)s are written down.") % {"name": patient.name}
            )
            return redirect("records:chart", patient.public_id)
        form.show_again(stored["seen"])
    _note_reading(request, patient, "allergies")
    return form_page(request, "records/allergies.html", form, {"who": who})


@require_POST
@permit("records.write_visit", Appointment)
def begin(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Begin the visit."""
    operations.start_visit(appointment, by=request.user)
    return redirect("records:see", appointment.public_id)


@require_form
@permit("records.write_visit", Appointment)
def undo(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Take back a visit that was begun by mistake, after asking."""
    encounter = queries.encounter_of(appointment)
    visit = encounter.visit
    if visit is None or not encounter.is_untouched:
        return redirect("records:see", appointment.public_id)

    def act() -> HttpResponse:
        operations.undo_visit(visit, by=request.user)
        messages.success(request, _("The visit is taken back. It is booked, as before."))
        return redirect("appointments:doctor_visit", appointment.public_id)

    return confirm_page(request, "records/undo.html", {"appointment": encounter.appointment}, act)


@require_form
@permit("records.write_visit", Appointment)
def see(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Write the notes of a visit that is begun, and finish it."""
    encounter = queries.encounter_of(appointment)
    form = NoteForm(posted(request), finished=encounter.is_finished, initial=note_values(encounter.note))
    if form.is_bound and form.is_valid():
        with errors_to(form):
            return _save(request, encounter, form)
    record_read(
        encounter.who.patient.public_id, "notes", by=request.user, hospital_id=appointment.hospital_id
    )
    context = {"encounter": encounter, "who": encounter.who, "appointment": encounter.appointment}
    return form_page(request, "records/see.html", form, context)


def _save(request: HttpRequest, encounter: queries.Encounter, form: NoteForm) -> HttpResponse:
    number = request.POST.get("seen", "")
    seen = int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 0
    appointment, visit = encounter.appointment, encounter.visit
    if visit is None:
        raise operations.not_begun()
    reason = form.cleaned_data.get("reason", "")
    operations.write_note(visit, note=form.note, seen=seen, by=request.user, reason=reason)
    if request.POST.get("act") == "finish":
        operations.finish_visit(visit, by=request.user)
        words = _("The visit is finished.")
        if visit.patient.user_id:
            words += " " + _("%(name)s can read diagnosis and plan.") % {"name": visit.patient.name}
        messages.success(request, words)
        return redirect("records:chart", visit.patient.public_id)
    messages.success(request, _("The notes are saved."))
    if request.POST.get("act") == "prescribe":
        return redirect("records:prescribe", appointment.public_id)
    return redirect("records:see", appointment.public_id)


@require_safe
@permit("records.view_visit", Visit)
def notes(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show a visit's notes and every earlier version."""
    versions = list(queries.notes_of(visit))
    record_read(visit.patient.public_id, "notes", by=request.user, hospital_id=visit.hospital_id)
    context = {"visit": visit, "who": queries.who_is(visit.patient), "versions": versions}
    context["is_own"] = visit.doctor_id == request.doctor.pk
    return render(request, "records/notes.html", context)
