"""A doctor's page of one prescription: look it over, sign, cancel, replace, print."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from core.http import confirm_page, errors_to, form_page, permit, posted, require_form
from ledger.operations import record_read
from patients.models import Patient

from .. import operations, queries
from ..forms import ReasonForm, SignForm
from ..models import Prescription
from .papers import paper, with_qr

DRAFT = Prescription.Status.DRAFT
# Their pages lead to no other prescription.
STANDING = {Prescription.Status.ACTIVE, Prescription.Status.CANCELLED}
SIGNED = (
    gettext_lazy("Signed. %(name)s is told."),
    gettext_lazy("Signed. %(name)s has no e-mail: please print it, or call %(phone)s."),
    gettext_lazy("Signed. %(name)s has no e-mail and no phone on file: please print it."),
)
CANCELLED = (
    gettext_lazy("The prescription is cancelled. %(name)s is told."),
    gettext_lazy("The prescription is cancelled. %(name)s has no e-mail: please call %(phone)s."),
    gettext_lazy(
        "The prescription is cancelled. %(name)s has no e-mail and no phone on file, so is not told."
    ),
)


def _log(request: HttpRequest, prescription: Prescription, part: str, version: int) -> None:
    record_read(
        prescription.patient.public_id,
        f"{part}:{prescription.public_id}:{version}",
        by=request.user,
        hospital_id=prescription.hospital_id,
    )


@require_safe
@permit("records.view_prescription", Prescription)
def doctor_prescription(request: HttpRequest, prescription: Prescription) -> HttpResponse:
    """Show the sheet and what can be done with it."""
    if prescription.status != DRAFT:
        _log(request, prescription, "prescription", prescription.number)
    is_own = prescription.doctor_id == request.doctor.pk
    is_open = is_own and prescription.status in STANDING and prescription.visit.finished_at is None
    context = {**with_qr(prescription), "is_own": is_own, "is_open": is_open}
    return render(request, "records/doctor_prescription.html", context)


@require_safe
@permit("records.view_prescription", Prescription)
def doctor_prescription_pdf(request: HttpRequest, prescription: Prescription) -> HttpResponse:
    """Hand over the paper, or say that it is being made."""
    if prescription.status == DRAFT:
        raise Http404
    _log(request, prescription, "document", prescription.document_version)
    return paper(request, prescription, back=_address(prescription))


def _address(prescription: Prescription) -> str:
    return reverse("records:doctor_prescription", args=[prescription.public_id])


def _say(request: HttpRequest, patient: Patient, words: tuple[Any, Any, Any]) -> None:
    """Say what was done, in the words for a patient whom mail reaches, one to call, or neither."""
    told, call, neither = words
    level, sentence = messages.SUCCESS, told
    if not patient.is_reached:
        level, sentence = messages.WARNING, call if patient.phone else neither
    phone = patient.phone.as_international if patient.phone else ""
    messages.add_message(request, level, str(sentence) % {"name": patient.name, "phone": phone})


@require_form
@permit("records.sign_prescription", Prescription)
def sign(request: HttpRequest, prescription: Prescription) -> HttpResponse:
    """Sign the draft that the page shows."""
    if prescription.status != DRAFT:
        return redirect(_address(prescription))
    lines = list(prescription.lines.all())
    seen = queries.draft_hash(prescription, lines)
    form = SignForm(posted(request), initial={"seen": seen})
    if request.method == "POST" and form.is_valid():
        with errors_to(form):
            operations.sign_prescription(prescription, by=request.user, seen=form.cleaned_data["seen"])
            _say(request, prescription.patient, SIGNED)
            return redirect(_address(prescription))
        form.show_again(seen)
    context = {**with_qr(prescription, lines), "is_reached": prescription.patient.is_reached}
    return form_page(request, "records/sign.html", form, context)


@require_form
@permit("records.sign_prescription", Prescription)
def cancel(request: HttpRequest, prescription: Prescription) -> HttpResponse:
    """Cancel a signed prescription, after saying what that means."""
    form = ReasonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        with errors_to(form):
            operations.cancel_prescription(prescription, **form.cleaned_data, by=request.user)
            _say(request, prescription.patient, CANCELLED)
            return redirect(_address(prescription))
    return form_page(request, "records/cancel.html", form, {"prescription": prescription})


@require_form
@permit("records.sign_prescription", Prescription)
def discard(request: HttpRequest, prescription: Prescription) -> HttpResponse:
    """Throw a draft away, after asking."""
    if prescription.status != DRAFT:
        return redirect(_address(prescription))
    appointment = prescription.visit.appointment

    def act() -> HttpResponse:
        operations.discard_draft(prescription, by=request.user)
        messages.success(request, _("The draft is thrown away."))
        return redirect("records:see", appointment.public_id)

    return confirm_page(request, "records/discard.html", {"prescription": prescription}, act)


@require_POST
@permit("records.sign_prescription", Prescription)
def replace(request: HttpRequest, prescription: Prescription) -> HttpResponse:
    """Begin the draft that will replace this prescription."""
    draft = operations.replace_prescription(prescription, by=request.user)
    messages.info(request, _("This is a new draft. The old prescription counts until you sign this one."))
    return redirect("records:prescribe", draft.visit.appointment.public_id)
