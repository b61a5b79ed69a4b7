"""What a hospital's admin sees: applications with their papers, and the hospital's doctors."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.http import errors_to, form_page, page_of, permit, posted, require_form
from core.uploads import serve_private

from .. import operations, queries
from ..extras import coming_visits_of, next_free_of
from ..forms import ApproveForm, DepartmentForm, LicenceForm, RejectForm, departments_to_choose
from ..models import Affiliation, Application, Certificate


@require_safe
@permit("doctors.view_applications")
def applications(request: HttpRequest, slug: str) -> HttpResponse:
    """List applications of a tab; the first one stands open beside the list."""
    context = _list_context(request, request.GET.get("state", ""))
    first = next(iter(context["page_obj"]), None)
    if first:
        context |= _detail_context(request, first)
    return render(request, "doctors/applications.html", context | {"is_list": True})


@require_safe
@permit("doctors.view_applications")
def application(request: HttpRequest, slug: str, public_id: str) -> HttpResponse:
    """Show one application beside the list that it belongs to."""
    context = _list_context(request, request.GET.get("state", ""))
    found = next((row for row in context["page_obj"] if row.public_id == public_id), None)
    if found is None:
        return _page(request, queries.find_application(request.hospital, public_id))
    return render(request, "doctors/applications.html", context | _detail_context(request, found))


@require_form
@permit("doctors.decide_application", Application)
def approve(request: HttpRequest, application: Application, slug: str) -> HttpResponse:
    """Take the doctor in."""
    if request.method != "POST":
        return redirect("doctors:application", slug, application.public_id)
    form = ApproveForm(request.POST, departments=departments_to_choose(request.hospital))
    if form.is_valid():
        with errors_to(form):
            operations.approve_application(application, **form.cleaned_data, by=request.user)
            told = {"name": application.doctor.name}
            messages.success(request, _("%(name)s works here now and gets a mail.") % told)
            return redirect("doctors:application", slug, application.public_id)
    return _page(request, application, approve_form=form)


@require_form
@permit("doctors.decide_application", Application)
def reject(request: HttpRequest, application: Application, slug: str) -> HttpResponse:
    """Say no, with a reason."""
    if request.method != "POST":
        return redirect("doctors:application", slug, application.public_id)
    form = RejectForm(request.POST)
    if form.is_valid():
        with errors_to(form):
            operations.reject_application(application, **form.cleaned_data, by=request.user)
            told = {"name": application.doctor.name}
            messages.success(request, _("%(name)s gets a mail with your reason.") % told)
            return redirect("doctors:applications", slug)
    return _page(request, application, reject_form=form)


@require_safe
@permit("doctors.decide_application")
def certificate(request: HttpRequest, slug: str, public_id: str) -> HttpResponse:
    """Open a doctor's paper; the opening is written to the hospital's activity."""
    paper = get_object_or_404(
        Certificate.objects.for_hospital(request.hospital).select_related("doctor"), public_id=public_id
    )
    operations.note_opening(paper, hospital=request.hospital, by=request.user)
    return serve_private(paper.file, paper.content_type, paper.filename, inline=True)


def _page(request: HttpRequest, application: Application | None, **forms: Any) -> HttpResponse:
    status = application.status if application else ""
    tab = next((tab for tab, shown in queries.TABS.items() if shown == status), None)
    if application is None or tab is None:
        raise Http404
    context = _list_context(request, tab) | _detail_context(request, application, **forms)
    return render(request, "doctors/applications.html", context, status=422 if forms else 200)


def _list_context(request: HttpRequest, tab: str) -> dict[str, Any]:
    tab = tab if tab in queries.TABS else "waiting"
    text = request.GET.get("q", "").strip()[:100]
    counts = queries.application_counts(request.hospital)
    rows = queries.applications_of_hospital(request.hospital, tab=tab, text=text)
    paginator = Paginator(rows, 20)
    if not text:
        paginator.count = counts[tab]  # known already
    page = paginator.get_page(request.GET.get("page"))
    labels = {"waiting": _("Waiting"), "approved": _("Approved"), "rejected": _("Rejected")}
    tabs = [(name, label, counts[name]) for name, label in labels.items()]
    return {"page_obj": page, "tab": tab, "tabs": tabs, "waiting": counts["waiting"], "q": text}


def _detail_context(
    request: HttpRequest,
    application: Application,
    approve_form: ApproveForm | None = None,
    reject_form: RejectForm | None = None,
) -> dict[str, Any]:
    waits = application.status == Application.Status.SUBMITTED
    context: dict[str, Any] = {
        "application": application,
        "others": queries.other_workplaces(application.doctor, but=request.hospital.pk),
        "certificates": queries.papers_for(application.doctor, request.hospital),
    }
    if waits:
        departments = departments_to_choose(request.hospital)
        seen = {"seen": application.doctor.licence}
        context["approve_form"] = approve_form or ApproveForm(departments=departments, initial=seen)
        context["reject_form"] = reject_form or RejectForm()
    return context


@require_safe
@permit("doctors.view_doctors")
def staff_doctors(request: HttpRequest, slug: str) -> HttpResponse:
    """List the hospital's doctors with licence, fee and next free time."""
    text = request.GET.get("q", "").strip()[:100]
    page = page_of(request, queries.doctors_of_hospital(request.hospital, text=text))
    free = next_free_of([affiliation.pk for affiliation in page])
    rows = [(affiliation, free.get(affiliation.pk)) for affiliation in page]
    return render(request, "doctors/staff_doctors.html", {"page_obj": page, "rows": rows, "q": text})


@require_safe
@permit("doctors.manage_affiliation", Affiliation)
def staff_doctor(request: HttpRequest, affiliation: Affiliation, slug: str) -> HttpResponse:
    """Show one of the hospital's doctors: licence, papers, department, fee and rules."""
    return render(request, "doctors/staff_doctor.html", _doctor_context(request, affiliation))


def _doctor_context(request: HttpRequest, affiliation: Affiliation) -> dict[str, Any]:
    affiliation = queries.affiliation_in_full(affiliation)
    refuse_ended(affiliation)
    booked = coming_visits_of([affiliation.pk]) if affiliation.is_suspended else {}
    return {
        "affiliation": affiliation,
        "certificates": queries.papers_for(affiliation.doctor, request.hospital),
        "next_free": next_free_of([affiliation.pk]).get(affiliation.pk),
        "booked": booked.get(affiliation.pk, 0),
    }


@require_POST
@permit("doctors.manage_affiliation", Affiliation)
def confirm_licence(request: HttpRequest, affiliation: Affiliation, slug: str) -> HttpResponse:
    """Note that the hospital has checked the licence that the page showed."""
    form = LicenceForm(request.POST)
    if form.is_valid():
        with errors_to(form):
            operations.confirm_licence(affiliation, **form.cleaned_data, by=request.user)
            messages.success(request, _("Noted. Patients read that you have checked this licence."))
            return redirect("doctors:staff_doctor", slug, affiliation.public_id)
    return form_page(request, "doctors/staff_doctor.html", form, _doctor_context(request, affiliation))


@require_form
@permit("doctors.manage_affiliation", Affiliation)
def change_department(request: HttpRequest, affiliation: Affiliation, slug: str) -> HttpResponse:
    """Put a doctor into another department."""
    affiliation = queries.affiliation_in_full(affiliation)
    refuse_ended(affiliation)
    form = DepartmentForm(
        posted(request),
        departments=departments_to_choose(request.hospital),
        initial={"department": affiliation.department},
    )
    if request.method == "POST" and form.is_valid():
        with errors_to(form):
            operations.move_to_department(affiliation, **form.cleaned_data, by=request.user)
            messages.success(request, _("The department is saved. Patients see it now."))
            return redirect("doctors:staff_doctor", slug, affiliation.public_id)
    return form_page(request, "doctors/change_department.html", form, {"affiliation": affiliation})


def refuse_ended(affiliation: Affiliation) -> None:
    """Who does not work here any more has no page here."""
    if affiliation.has_ended:
        raise Http404
