"""Writing a draft. Every step is a POST of the whole page, so that it works without JavaScript and loses nothing."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from appointments.models import Appointment
from core.errors import Conflict
from core.http import errors_to, permit, require_form
from formulary.operations import DATA_DATE
from formulary.queries import search_medicines
from ledger.operations import record_read

from .. import operations, queries
from ..forms import (
    LINE,
    EditedLineFormSet,
    LineFormSet,
    PrescriptionForm,
    draft_values,
    line_values,
    new_line,
    typed_lines,
)
from ..models import Prescription
from ..operations.lines import MOST_LINES


@require_form
@permit("records.prescribe", Appointment)
def prescribe(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Write the visit's draft: add and remove medicines, then save it to look it over."""
    encounter = queries.encounter_of(appointment)
    if request.method != "POST" and encounter.visit is None:
        messages.info(request, _("Begin the visit, then prescribe."))
        return redirect("records:see", appointment.public_id)
    if request.method != "POST":
        draft, stored = queries.draft_of(appointment)
        seen = queries.draft_hash(draft, stored) if draft else ""
        lines = EditedLineFormSet(initial=[line_values(line) for line in stored], prefix=LINE)
        lines.medicines = {line.medicine.public_id: line.medicine for line in stored}
        return _page(request, encounter, PrescriptionForm(initial=draft_values(draft, seen)), lines)
    step, value = _step(request.POST)
    if step != "save":
        return _reshaped(request, encounter, step, value)
    form, lines = PrescriptionForm(request.POST), LineFormSet(request.POST, prefix=LINE)
    if all([form.is_valid(), lines.is_valid()]):
        with errors_to(form):
            prescription = _save(request, encounter, form, lines)
            return redirect("records:doctor_prescription", prescription.public_id)
    return _page(request, encounter, form, lines, status=422)


def _step(data: QueryDict) -> tuple[str, str]:
    """Return which button was pressed; the Enter key searches when something stands in the search box, else saves."""
    step, _colon, value = data.get("act", "save").partition(":")
    if step == "enter":
        return ("search" if data.get("q", "").strip() else "save"), ""
    return (step if step in {"search", "add", "remove"} else "save"), value


def _reshaped(request: HttpRequest, encounter: queries.Encounter, step: str, value: str) -> HttpResponse:
    typed = typed_lines(request.POST)
    if step == "add" and len(typed) < MOST_LINES and queries.medicines_by_id([value]):
        typed.append(new_line(value))
    if step == "remove" and value.isascii() and value.isdigit() and int(value) < len(typed):
        del typed[int(value)]
    kept = {name: request.POST.get(name, "") for name in PrescriptionForm.base_fields}
    lines = EditedLineFormSet(initial=typed, prefix=LINE)
    text = request.POST.get("q", "").strip()[:100] if step == "search" else ""
    return _page(request, encounter, PrescriptionForm(initial=kept), lines, text=text)


def _save(
    request: HttpRequest, encounter: queries.Encounter, form: PrescriptionForm, lines: Any
) -> Prescription:
    visit = encounter.visit
    if visit is None:
        raise operations.not_begun()
    written = {"lines": lines.line_texts, "advice": form.cleaned_data["advice"], "by": request.user}
    opened_with = form.cleaned_data["draft"]
    if not opened_with:
        return operations.draft_prescription(visit, **written)
    draft = Prescription.objects.for_doctor(request.doctor).filter(visit=visit, public_id=opened_with).first()
    if draft is None:
        raise Conflict(
            _("This draft was thrown away in another window. Open the page again to begin a new one.")
        )
    return operations.change_draft(draft, **written, seen=form.cleaned_data["seen"])


def _page(
    request: HttpRequest,
    encounter: queries.Encounter,
    form: PrescriptionForm,
    lines: Any,
    *,
    text: str = "",
    status: int = 200,
) -> HttpResponse:
    taken = queries.takes_now(encounter.who.patient, request.doctor, draft=str(form["draft"].value() or ""))
    if request.method != "POST":
        _log(request, encounter, taken)
    context = {
        **_written(lines),
        "taken": taken,
        "encounter": encounter,
        "who": encounter.who,
        "appointment": encounter.appointment,
        "form": form,
        "q": text,
        "found": search_medicines(text) if text else None,
        "data_date": DATA_DATE,
    }
    return render(request, "records/prescribe.html", context, status=status)


def _written(lines: Any) -> dict[str, Any]:
    """Return the lines, which substances stand in more than one, and whether one more fits."""
    generics = Counter(line.chosen.generic_id for line in lines.forms if line.chosen)
    doubled = {generic for generic, times in generics.items() if times > 1}
    return {"lines": lines, "doubled": doubled, "is_full": len(lines.forms) >= MOST_LINES}


def _log(request: HttpRequest, encounter: queries.Encounter, taken: queries.Taken) -> None:
    """Note in one entry what the page shows, with each hospital that it comes from."""
    part = "medicines" if taken.lines else "allergies"
    hospitals = {encounter.appointment.hospital_id, *(line.hospital_id for line in taken.lines)}
    for hospital_id in sorted(hospitals):
        record_read(encounter.who.patient.public_id, part, by=request.user, hospital_id=hospital_id)


@require_safe
@permit("records.view_own_patients")
def medicines(request: HttpRequest) -> HttpResponse:
    """Return the medicines found for what is being typed: the list under the search box and nothing around it."""
    text = request.GET.get("q", "").strip()[:100]
    return render(
        request, "records/_found.html", {"q": text, "found": search_medicines(text) if text else None}
    )
