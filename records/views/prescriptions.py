"""A doctor's page of one prescription: look it over, sign, cancel, replace, print."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.http import errors_to, form_page, permit, posted, require_form
from ledger.operations import record_read

from .. import operations, queries
from ..forms import ReasonForm, SignForm
from ..models import Prescription
from .papers import paper, with_qr

DRAFT = Prescription.Status.DRAFT


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
    context = {**with_qr(prescription), "is_own": prescription.doctor_id == request.doctor.pk}
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
            messages.success(request, _("Signed. %(name)s is told.") % {"name": prescription.patient.name})
            return redirect(_address(prescription))
        form.show_again(seen)
    return form_page(request, "records/sign.html", form, with_qr(prescription, lines))


@require_form
@permit("records.sign_prescription", Prescription)
def cancel(request: HttpRequest, prescription: Prescription) -> HttpResponse:
    """Cancel a signed prescription, after saying what that means."""
    form = ReasonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        with errors_to(form):
            operations.cancel_prescription(prescription, **form.cleaned_data, by=request.user)
            messages.success(request, _("The prescription is cancelled."))
            return redirect(_address(prescription))
    return form_page(request, "records/cancel.html", form, {"prescription": prescription})


@require_form
@permit("records.sign_prescription", Prescription)
def discard(request: HttpRequest, prescription: Prescription) -> HttpResponse:
    """Throw a draft away, after asking."""
    if prescription.status != DRAFT:
        return redirect(_address(prescription))
    if request.method == "POST":
        appointment = prescription.visit.appointment
        operations.discard_draft(prescription, by=request.user)
        messages.success(request, _("The draft is thrown away."))
        return redirect("records:see", appointment.public_id)
    return render(request, "records/discard.html", {"prescription": prescription})


@require_POST
@permit("records.sign_prescription", Prescription)
def replace(request: HttpRequest, prescription: Prescription) -> HttpResponse:
    """Begin the draft that will replace this prescription."""
    draft = operations.replace_prescription(prescription, by=request.user)
    messages.info(request, _("This is a new draft. The old prescription counts until you sign this one."))
    return redirect("records:prescribe", draft.visit.appointment.public_id)
