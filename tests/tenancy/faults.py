"""Eleven addresses with views that forget to ask whose a record is; the checker must find each. Tests only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.test import override_settings
from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from appointments.models import Appointment
from billing.models import Invoice, Payment
from core.tenancy import everywhere
from healthstack.urls import urlpatterns as real_urlpatterns
from hospitals.models import Membership
from notifications.models import Notice
from patients.models import Patient
from records.models import Prescription, VisitNote

urlpatterns: list[Any] = []


def _page(*parts: Any) -> HttpResponse:
    return HttpResponse(" ".join(map(str, parts)))


def _found(model: Any, *related: str, **lookup: Any) -> Any:
    with everywhere():
        return get_object_or_404(model.objects.select_related(*related), **lookup)


@require_safe
def invoice(request: Any, public_id: str) -> HttpResponse:
    """Somebody else's bill opens for any patient."""
    found = _found(Invoice, "patient", public_id=public_id)
    return _page(found.label, found.patient.name)


@require_safe
def desk_invoice(request: Any, slug: str, public_id: str) -> HttpResponse:
    """Another hospital's bill opens at this desk."""
    found = _found(Invoice, "patient", public_id=public_id)
    return _page(found.label, found.patient.name)


@require_safe
def desk_visit(request: Any, slug: str, public_id: str) -> HttpResponse:
    """The desk reads what only the doctor reads."""
    return _page(_found(Appointment, hospital=request.hospital, public_id=public_id).reason)


@require_safe
def chart(request: Any, public_id: str) -> HttpResponse:
    """A chart opens for any doctor, with or without a care relation."""
    patient = _found(Patient, public_id=public_id)
    with everywhere():
        notes = list(VisitNote.objects.filter(visit__patient=patient).values_list("diagnosis", flat=True))
    return _page(patient.name, *notes)


@require_safe
def prescription(request: Any, public_id: str) -> HttpResponse:
    """A patient sees the doctor's draft."""
    return _page(_found(Prescription, public_id=public_id, patient=request.patient).advice)


@require_safe
def patients(request: Any, slug: str) -> HttpResponse:
    """The desk's list shows patients of all hospitals."""
    return _page(*Patient.objects.values_list("name", flat=True))


@require_safe
def money(request: Any, slug: str) -> HttpResponse:
    """The cash desk links to other hospitals' payments."""
    with everywhere():
        return _page(*Payment.objects.values_list("public_id", flat=True))


@require_safe
def member(request: Any, slug: str, public_id: str) -> HttpResponse:
    """An admin looks at another hospital's staff."""
    return _page(_found(Membership, "user", public_id=public_id).user.email)


@require_http_methods(["POST"])
def open_notice(request: Any, public_id: str) -> HttpResponse:
    """A line of another person's bell page can be opened."""
    if not request.user.is_authenticated:
        return redirect("accounts:login")
    notice = get_object_or_404(Notice, public_id=public_id)
    return redirect(notice.url)


@require_safe
def visit(request: Any, public_id: str) -> HttpResponse:
    """A foreign id answers otherwise than one that does not exist: 403 tells that the record is there."""
    found = _found(Appointment, public_id=public_id)
    if found.patient_id != request.patient.pk:
        raise PermissionDenied
    return _page(found.reason)


@require_safe
def search_hint(request: Any, public_id: str) -> HttpResponse:
    """Right code, wrong words: the page of a refused id differs from that of one that does not exist."""
    with everywhere():
        there = Prescription.objects.filter(public_id=public_id).first()
    if there is None or there.patient_id != request.patient.pk or there.status == Prescription.Status.DRAFT:
        raise Http404("It is somebody else's." if there else "There is none.")
    return _page(there.advice)


def telling_404(request: Any, exception: Exception) -> HttpResponse:
    """An error page that repeats what the view said."""
    return HttpResponse(str(exception), status=404)


handler404 = telling_404
_desk = "h/<slug:slug>/"
FAULTS: dict[str, tuple[str, str, Callable[..., HttpResponse]]] = {
    "somebody else's bill": ("billing:invoice", "me/bills/<str:public_id>/", invoice),
    "another hospital's bill": ("billing:desk_invoice", f"{_desk}bills/<str:public_id>/", desk_invoice),
    "the desk reads the reason": ("appointments:desk_visit", f"{_desk}visits/<str:public_id>/", desk_visit),
    "a chart without care": ("records:chart", "doctor/patients/<str:public_id>/", chart),
    "a draft for the patient": ("records:prescription", "me/prescriptions/<str:public_id>/", prescription),
    "all patients in a list": ("patients:index", f"{_desk}patients/", patients),
    "foreign ids in a list": ("billing:desk", f"{_desk}desk/", money),
    "another hospital's staff": ("hospitals:member", f"{_desk}staff/<str:public_id>/", member),
    "another person's bell": ("notifications:open_notice", "bell/<str:public_id>/", open_notice),
    "403 instead of 404": ("appointments:visit", "me/visits/<str:public_id>/", visit),
    "a 404 that tells": ("records:prescription_pdf", "me/prescriptions/<str:public_id>/pdf/", search_hint),
}


@contextmanager
def planted(fault: str) -> Iterator[str]:
    """Serve one faulty view in place of the real one, and say which route it is."""
    name, pattern, view = FAULTS[fault]
    urlpatterns[:] = [path(pattern, view), *real_urlpatterns]
    with override_settings(ROOT_URLCONF=__name__):
        yield name
