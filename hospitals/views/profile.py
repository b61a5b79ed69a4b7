"""A hospital's own settings: profile, logo, rules, second factor."""

from __future__ import annotations

import copy

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.queries import methods_of
from core.http import errors_to, form_page, permit, posted, require_form, step_up

from .. import operations, queries
from ..forms import LogoForm, ProfileForm, RulesForm, SecurityForm
from ..models import Role
from ..words import booking_sentences


@require_form
@permit("hospitals.change_profile")
def profile(request: HttpRequest, slug: str) -> HttpResponse:
    """Change what patients read about the hospital."""
    fixed = queries.has_prices(request.hospital)
    form = ProfileForm(posted(request), instance=copy.copy(request.hospital), keeps_currency=fixed)
    if form.is_bound and form.is_valid():
        with errors_to(form):
            operations.change_profile(request.hospital, profile=form.profile(), by=request.user)
            messages.success(request, _("The profile is saved. Patients see it now."))
            return redirect("hospitals:profile", slug)
    return form_page(request, "hospitals/profile.html", form, {"tab": "profile"})


@require_form
@permit("hospitals.change_profile")
def change_logo(request: HttpRequest, slug: str) -> HttpResponse:
    """Show another logo."""
    form = LogoForm(posted(request), request.FILES or None)
    if form.is_bound and form.is_valid():
        with errors_to(form):
            operations.set_logo(request.hospital, logo=form.cleaned_data["logo"], by=request.user)
            messages.success(request, _("The logo is saved. Patients see it now."))
            return redirect("hospitals:logo_settings", slug)
    return form_page(request, "hospitals/logo.html", form, {"tab": "logo"})


@require_POST
@permit("hospitals.change_profile")
def remove_logo(request: HttpRequest, slug: str) -> HttpResponse:
    """Show no logo any more."""
    operations.remove_logo(request.hospital, by=request.user)
    messages.success(request, _("The logo is gone. Patients see the first letters of the name."))
    return redirect("hospitals:logo_settings", slug)


@require_form
@permit("hospitals.change_rules")
def rules(request: HttpRequest, slug: str) -> HttpResponse:
    """Change the rules of booking and paying; the button Preview shows what patients would read, and saves nothing."""
    form = RulesForm(posted(request), instance=copy.copy(request.hospital))
    shown, is_preview = request.hospital, False
    if form.is_bound and form.is_valid():
        shown, is_preview = form.rules(), "preview" in request.POST
        if not is_preview:
            with errors_to(form):
                operations.change_rules(request.hospital, rules=shown, by=request.user)
                messages.success(request, _("The rules are saved. They count for new bookings."))
                return redirect("hospitals:rules", slug)
    context = {"tab": "rules", "sentences": booking_sentences(shown), "is_preview": is_preview}
    return form_page(request, "hospitals/rules.html", form, context)


@require_form
@permit("hospitals.change_rules")
@step_up
def security(request: HttpRequest, slug: str) -> HttpResponse:
    """Say which roles need a second factor here."""
    have_one = queries.second_factor_counts(request.hospital)
    stored = {"roles": request.hospital.second_factor_roles}
    form = SecurityForm(posted(request), initial=stored, have_one=have_one)
    if form.is_bound and form.is_valid():
        roles = form.cleaned_data["roles"]
        operations.require_second_factor(request.hospital, roles=roles, by=request.user)
        names = ", ".join(str(Role(role).label) for role in roles)
        saved = (
            _("Who needs a second factor from now on: %(roles)s.")
            if roles
            else _("Nobody needs a second factor.")
        )
        messages.success(request, saved % {"roles": names})
        return redirect("hospitals:security", slug)
    context = {"tab": "security", "has_none": not methods_of(request.user)}
    return form_page(request, "hospitals/security.html", form, context)
