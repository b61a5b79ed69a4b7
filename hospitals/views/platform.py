"""The platform admin's pages: hospitals are created, described, closed and opened again."""

from __future__ import annotations

import copy

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.http import errors_to, form_page, page_of, permit, posted, require_form, step_up
from core.tenancy import in_hospital

from .. import operations, queries
from ..forms import HospitalForm, InviteAdminForm, ProfileForm, ReasonForm
from ..losses import losses_of
from ..models import Hospital, Invitation, Role

manage = "hospitals.manage_hospitals"


@require_safe
@permit(manage)
def hospital_list(request: HttpRequest) -> HttpResponse:
    """List all hospitals, open and closed, and say which nobody can manage yet."""
    text, state = request.GET.get("q", "").strip()[:100], request.GET.get("state", "")
    page = page_of(
        request, queries.all_hospitals(text=text, state=state if state in {"open", "closed"} else "")
    )
    admins = queries.admin_counts(page)
    rows = [(hospital, admins.get(hospital.pk, 0)) for hospital in page]
    context = {"page_obj": page, "rows": rows, "q": text, "state": state}
    return render(request, "hospitals/platform_list.html", context)


@require_form
@permit(manage)
def create(request: HttpRequest) -> HttpResponse:
    """Create a hospital and invite its first admin."""
    form = HospitalForm(posted(request))
    if form.is_bound and form.is_valid():
        values = form.cleaned_data
        with errors_to(form):
            hospital = operations.create_hospital(
                slug=values["slug"],
                profile=form.profile(),
                admin_email=values["admin_email"],
                admin_name=values["admin_name"],
                by=request.user,
            )
            messages.success(
                request, _("%(name)s is open. Its first admin gets a mail.") % {"name": hospital.name}
            )
            return redirect("hospitals:platform_detail", hospital.public_id)
    return form_page(request, "hospitals/create.html", form)


@require_safe
@permit(manage, Hospital)
def detail(request: HttpRequest, hospital: Hospital) -> HttpResponse:
    """Show a hospital's profile, who can manage it, and who is invited to."""
    with in_hospital(hospital):
        context = {
            "hospital": hospital,
            "admins": list(queries.staff_of(hospital, role=Role.ADMIN)),
            "invitations": [row for row in queries.invitations_of(hospital) if row.status == row.Status.OPEN],
            "losses": [] if hospital.is_active else losses_of(hospital),
        }
    return render(request, "hospitals/platform_detail.html", context)


@require_form
@permit(manage, Hospital)
def edit(request: HttpRequest, hospital: Hospital) -> HttpResponse:
    """Change a hospital's profile."""
    fixed = queries.has_prices(hospital)
    form = ProfileForm(posted(request), instance=copy.copy(hospital), keeps_currency=fixed)
    if form.is_bound and form.is_valid():
        with errors_to(form):
            operations.change_profile(hospital, profile=form.profile(), by=request.user)
            messages.success(request, _("The profile is saved."))
            return redirect("hospitals:platform_detail", hospital.public_id)
    return form_page(request, "hospitals/platform_edit.html", form, {"hospital": hospital})


@require_form
@permit(manage, Hospital)
@step_up
def deactivate(request: HttpRequest, hospital: Hospital) -> HttpResponse:
    """Close a hospital, after saying what is lost."""
    form = ReasonForm(posted(request))
    if form.is_bound and form.is_valid():
        with errors_to(form):
            operations.deactivate_hospital(hospital, reason=form.cleaned_data["reason"], by=request.user)
            messages.success(request, _("%(name)s is closed.") % {"name": hospital.name})
            return redirect("hospitals:platform_detail", hospital.public_id)
    with in_hospital(hospital):
        context = {"hospital": hospital, "losses": losses_of(hospital)}
    return form_page(request, "hospitals/deactivate.html", form, context)


@require_POST
@permit(manage, Hospital)
def reactivate(request: HttpRequest, hospital: Hospital) -> HttpResponse:
    """Open a closed hospital again."""
    operations.reactivate_hospital(hospital, by=request.user)
    messages.success(request, _("%(name)s is open again.") % {"name": hospital.name})
    return redirect("hospitals:platform_detail", hospital.public_id)


@require_form
@permit(manage, Hospital)
def invite_admin(request: HttpRequest, hospital: Hospital) -> HttpResponse:
    """Invite an admin to a hospital that has none or needs one more."""
    form = InviteAdminForm(posted(request))
    if form.is_bound and form.is_valid():
        with errors_to(form), in_hospital(hospital):
            operations.invite_staff(hospital, **form.cleaned_data, role=Role.ADMIN, by=request.user)
            messages.success(request, _("%(name)s gets a mail.") % form.cleaned_data)
            return redirect("hospitals:platform_detail", hospital.public_id)
    return form_page(request, "hospitals/platform_invite.html", form, {"hospital": hospital})


@require_POST
@permit(manage, Hospital)
def resend_admin_invitation(request: HttpRequest, hospital: Hospital, invitation_id: str) -> HttpResponse:
    """Send an admin's invitation again."""
    with in_hospital(hospital):
        invitation = get_object_or_404(Invitation, public_id=invitation_id, role=Role.ADMIN)
        operations.resend_invitation(invitation, by=request.user)
    messages.success(request, _("%(name)s gets a new mail.") % {"name": invitation.name})
    return redirect("hospitals:platform_detail", hospital.public_id)


@require_POST
@permit(manage, Hospital)
def withdraw_admin_invitation(request: HttpRequest, hospital: Hospital, invitation_id: str) -> HttpResponse:
    """Withdraw an admin's invitation."""
    with in_hospital(hospital):
        invitation = get_object_or_404(Invitation, public_id=invitation_id, role=Role.ADMIN)
        operations.withdraw_invitation(invitation, by=request.user)
    messages.success(request, _("The link for %(name)s works no more.") % {"name": invitation.name})
    return redirect("hospitals:platform_detail", hospital.public_id)
