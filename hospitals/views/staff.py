"""Who works in a hospital: roles, suspension, removal."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.http import confirm_page, errors_to, form_page, page_of, permit, posted, require_form, step_up

from .. import operations, queries
from ..forms import RoleForm
from ..losses import losses_of
from ..models import INVITABLE_ROLES, Membership, Role

manage = "hospitals.manage_staff"


@require_safe
@permit(manage)
def staff_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List who works here, with search and filters."""
    text, status, role = (request.GET.get(name, "").strip()[:100] for name in ("q", "status", "role"))
    status = status if status in Membership.Status.values else Membership.Status.ACTIVE
    role = role if role in Role.values else ""
    rows = queries.staff_of(request.hospital, text=text, role=role, status=status)
    counts = queries.staff_counts(request.hospital)
    context = {
        "page_obj": page_of(request, rows),
        "q": text,
        "role": role,
        "status": status,
        "roles": Role.choices,
        "states": [(value, label, counts.get(value, 0)) for value, label in Membership.Status.choices],
        "waiting": queries.open_invitations(request.hospital).count(),
    }
    return render(request, "hospitals/staff.html", context)


@require_safe
@permit(manage, Membership)
def member(request: HttpRequest, membership: Membership, slug: str) -> HttpResponse:
    """Show one person of the staff and what can be done."""
    context = {
        "membership": membership,
        "other_roles": [row.get_role_display() for row in queries.other_roles_of(membership)],
        "may_change_role": membership.role in INVITABLE_ROLES,
        "losses": losses_of(membership) if membership.status == Membership.Status.SUSPENDED else [],
    }
    return render(request, "hospitals/member.html", context)


@require_form
@permit(manage, Membership)
def change_role(request: HttpRequest, membership: Membership, slug: str) -> HttpResponse:
    """Give somebody another role."""
    form = RoleForm(posted(request), initial={"role": membership.role})
    if form.is_bound and form.is_valid():
        with errors_to(form):
            changed = operations.change_role(membership, role=form.cleaned_data["role"], by=request.user)
            told = {"name": membership.user.name, "role": changed.get_role_display()}
            messages.success(request, _("%(name)s is %(role)s now.") % told)
            return _back(request, membership)
    return form_page(request, "hospitals/change_role.html", form, {"membership": membership})


@require_form
@permit(manage, Membership)
def suspend(request: HttpRequest, membership: Membership, slug: str) -> HttpResponse:
    """Take somebody's access away for now, after asking."""
    if request.method != "POST" and not membership.may_move_to(Membership.Status.SUSPENDED):
        return redirect("hospitals:member", slug, membership.public_id)  # which says how it stands

    def act() -> HttpResponse:
        operations.suspend_membership(membership, by=request.user)
        messages.success(request, _("%(name)s is suspended.") % {"name": membership.user.name})
        if membership.role == Role.DOCTOR:
            return redirect("hospitals:member", slug, membership.public_id)  # which says what is still booked
        return _back(request, membership)

    return _ask(request, "hospitals/suspend.html", membership, act)


@require_POST
@permit(manage, Membership)
def reactivate(request: HttpRequest, membership: Membership, slug: str) -> HttpResponse:
    """Give somebody's access back."""
    operations.reactivate_membership(membership, by=request.user)
    messages.success(request, _("%(name)s can work here again.") % {"name": membership.user.name})
    return _back(request, membership)


@require_form
@permit(manage, Membership)
@step_up
def remove(request: HttpRequest, membership: Membership, slug: str) -> HttpResponse:
    """End somebody's membership for good, after saying what is lost."""
    is_askable = membership.may_move_to(Membership.Status.REMOVED) and membership.role != Role.DOCTOR
    if request.method != "POST" and not is_askable:
        return redirect("hospitals:member", slug, membership.public_id)  # which leads on, also for a doctor

    def act() -> HttpResponse:
        operations.remove_membership(membership, by=request.user)
        messages.success(request, _("%(name)s is removed from the staff.") % {"name": membership.user.name})
        return _back(request, membership)

    return _ask(request, "hospitals/remove_staff.html", membership, act)


def _ask(
    request: HttpRequest, template: str, membership: Membership, act: Callable[[], HttpResponse]
) -> HttpResponse:
    context = {
        "membership": membership,
        "is_self": membership.user_id == request.user.pk,
        "other_roles": [row.get_role_display() for row in queries.other_roles_of(membership)],
        "losses": losses_of(membership),
    }
    return confirm_page(request, template, context, act)


def _back(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Go back to the list, or home for who may not see it any more."""
    if membership.user_id == request.user.pk and membership.role == Role.ADMIN:
        return redirect("dashboards:start")
    return redirect("hospitals:staff", membership.hospital.slug)
