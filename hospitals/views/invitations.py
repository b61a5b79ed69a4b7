"""Inviting staff, and the page that an invitation's link opens."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from core.actors import VISITOR
from core.http import errors_to, form_page, page_of, permit, posted, require_form
from core.tenancy import in_hospital

from .. import operations, queries
from ..forms import InviteForm, JoinForm
from ..models import Hospital, Invitation
from ..operations.invitations import find_by_token, has_login

manage = "hospitals.manage_staff"


@require_safe
@permit(manage)
def invitation_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List the invitations with their state."""
    page = page_of(request, queries.invitations_of(request.hospital))
    return render(request, "hospitals/invitations.html", {"page_obj": page})


@require_form
@permit(manage)
def invite(request: HttpRequest, slug: str) -> HttpResponse:
    """Invite somebody to the staff."""
    form = InviteForm(posted(request))
    if form.is_bound and form.is_valid():
        with errors_to(form):
            operations.invite_staff(request.hospital, **form.cleaned_data, by=request.user)
            messages.success(
                request, _("%(name)s gets a mail. The link is good for a week.") % form.cleaned_data
            )
            return redirect("hospitals:invitations", slug)
    return form_page(request, "hospitals/invite.html", form)


@require_POST
@permit(manage, Invitation)
def resend(request: HttpRequest, invitation: Invitation, slug: str) -> HttpResponse:
    """Send an invitation again."""
    operations.resend_invitation(invitation, by=request.user)
    messages.success(request, _("%(name)s gets a new mail.") % {"name": invitation.name})
    return redirect("hospitals:invitations", slug)


@require_POST
@permit(manage, Invitation)
def withdraw(request: HttpRequest, invitation: Invitation, slug: str) -> HttpResponse:
    """Withdraw an invitation."""
    operations.withdraw_invitation(invitation, by=request.user)
    messages.success(request, _("The link for %(name)s works no more.") % {"name": invitation.name})
    return redirect("hospitals:invitations", slug)


@never_cache
@require_form
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Open an invitation: accept as who is logged in, log in first, or set a password as somebody new."""
    invitation = find_by_token(token)
    if invitation is None:
        return render(request, "hospitals/invitation_gone.html", status=410)
    hospital = invitation.hospital
    with in_hospital(hospital):
        if invitation.status == Invitation.Status.WITHDRAWN or invitation.is_expired:
            return render(request, "hospitals/invitation_gone.html", {"hospital": hospital}, status=410)
        if request.user.is_authenticated:
            return _accept_logged_in(request, hospital, invitation)
        if has_login(invitation.email):
            return _ask_to_log_in(request, hospital, invitation)
        return _accept_as_new_person(request, hospital, invitation)


def _accept_logged_in(request: HttpRequest, hospital: Hospital, invitation: Invitation) -> HttpResponse:
    is_theirs = request.user.email == invitation.email
    if request.method == "POST" and is_theirs:
        membership = operations.accept_invitation(invitation, by=request.user)
        told = {"role": membership.get_role_display(), "hospital": hospital.name}
        messages.success(request, _("You work at %(hospital)s now, as %(role)s.") % told)
        return redirect("dashboards:start")
    context = {"hospital": hospital, "invitation": invitation, "is_theirs": is_theirs}
    status = 403 if request.method == "POST" else 200
    return render(request, "hospitals/invitation.html", context, status=status)


def _ask_to_log_in(request: HttpRequest, hospital: Hospital, invitation: Invitation) -> HttpResponse:
    login = f"{reverse('accounts:login')}?{urlencode({'next': request.path})}"
    context = {"hospital": hospital, "invitation": invitation, "login": login}
    status = 409 if request.method == "POST" else 200
    return render(request, "hospitals/invitation_login.html", context, status=status)


def _accept_as_new_person(request: HttpRequest, hospital: Hospital, invitation: Invitation) -> HttpResponse:
    form = JoinForm(posted(request), email=invitation.email, initial={"name": invitation.name})
    if form.is_bound and form.is_valid():
        values = form.cleaned_data
        with errors_to(form):
            operations.accept_invitation_as_new_person(
                invitation,
                name=values["name"],
                phone=str(values["phone"] or ""),
                password=values["password"],
                by=VISITOR,
            )
            messages.success(
                request, _("You belong to %(hospital)s now. Log in to begin.") % {"hospital": hospital.name}
            )
            return redirect("accounts:login")
    return form_page(request, "hospitals/join.html", form, {"hospital": hospital, "invitation": invitation})
