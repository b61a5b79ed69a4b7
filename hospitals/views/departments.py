"""Departments and services of a hospital."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.http import confirm_page, errors_to, form_page, page_of, permit, posted, require_form

from .. import operations, queries
from ..forms import DepartmentForm, ServiceForm
from ..losses import losses_of
from ..models import Department, Service

manage = "hospitals.manage_departments"


@require_safe
@permit(manage)
def department_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List the departments with their services."""
    text = request.GET.get("q", "").strip()[:100]
    rows = queries.departments_of(request.hospital, text=text)
    return render(request, "hospitals/departments.html", {"page_obj": page_of(request, rows), "q": text})


@require_form
@permit(manage)
def add_department(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a department."""
    form = DepartmentForm(posted(request))
    if form.is_bound and form.is_valid():
        with errors_to(form):
            department = operations.add_department(request.hospital, **form.cleaned_data, by=request.user)
            messages.success(
                request, _("%(name)s is there. Patients see it now.") % {"name": department.name}
            )
            return redirect("hospitals:department", slug, department.public_id)
    return form_page(request, "hospitals/department_form.html", form)


@require_safe
@permit(manage, Department)
def department(request: HttpRequest, department: Department, slug: str) -> HttpResponse:
    """Show one department and its services."""
    _refuse_removed(department)
    context = {"department": department, "services": queries.services_of(department)}
    return render(request, "hospitals/department.html", context)


@require_form
@permit(manage, Department)
def edit_department(request: HttpRequest, department: Department, slug: str) -> HttpResponse:
    """Change what people read about a department."""
    _refuse_removed(department)
    stored = {"name": department.name, "about": department.about, "location": department.location}
    form = DepartmentForm(posted(request), initial=stored)
    if form.is_bound and form.is_valid():
        with errors_to(form):
            operations.change_department(department, **form.cleaned_data, by=request.user)
            messages.success(request, _("%(name)s is saved.") % form.cleaned_data)
            return redirect("hospitals:department", slug, department.public_id)
    return form_page(request, "hospitals/department_form.html", form, {"department": department})


@require_form
@permit(manage, Department)
def remove_department(request: HttpRequest, department: Department, slug: str) -> HttpResponse:
    """Remove a department, after saying what goes with it."""
    _refuse_removed(department)

    def act() -> HttpResponse:
        operations.remove_department(department, by=request.user)
        messages.success(request, _("%(name)s is removed.") % {"name": department.name})
        return redirect("hospitals:departments", slug)

    context = {"department": department, "losses": losses_of(department)}
    return confirm_page(request, "hospitals/remove_department.html", context, act)


@require_form
@permit(manage, Department)
def add_service(request: HttpRequest, department: Department, slug: str) -> HttpResponse:
    """Add a service to a department."""
    _refuse_removed(department)
    form = ServiceForm(posted(request))
    if form.is_bound and form.is_valid():
        with errors_to(form):
            operations.add_service(department, **form.cleaned_data, by=request.user)
            messages.success(request, _("%(name)s is there. Patients see it now.") % form.cleaned_data)
            return redirect("hospitals:department", slug, department.public_id)
    return form_page(request, "hospitals/service_form.html", form, {"department": department})


@require_form
@permit(manage, Service)
def edit_service(request: HttpRequest, service: Service, slug: str) -> HttpResponse:
    """Change what people read about a service."""
    _refuse_removed(service)
    form = ServiceForm(posted(request), initial={"name": service.name, "about": service.about})
    if form.is_bound and form.is_valid():
        with errors_to(form):
            operations.change_service(service, **form.cleaned_data, by=request.user)
            messages.success(request, _("%(name)s is saved.") % form.cleaned_data)
            return redirect("hospitals:department", slug, service.department.public_id)
    context = {"service": service, "department": service.department}
    return form_page(request, "hospitals/service_form.html", form, context)


@require_form
@permit(manage, Service)
def remove_service(request: HttpRequest, service: Service, slug: str) -> HttpResponse:
    """Remove a service, after asking."""
    _refuse_removed(service)

    def act() -> HttpResponse:
        operations.remove_service(service, by=request.user)
        messages.success(request, _("%(name)s is removed.") % {"name": service.name})
        return redirect("hospitals:department", slug, service.department.public_id)

    context = {"service": service, "department": service.department}
    return confirm_page(request, "hospitals/remove_service.html", context, act)


def _refuse_removed(row: Department | Service) -> None:
    if row.removed_at is not None:
        raise Http404
