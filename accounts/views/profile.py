"""Name, number and address."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.errors import DomainError
from core.http import form_page, posted, step_up

from .. import http, operations, queries, throttles, tokens
from ..forms import EmailForm, ProfileForm


@http.own_page
@require_http_methods(["GET", "POST"])
def profile(request: http.OwnRequest) -> HttpResponse:
    """Show and change name and number; from here to password, second factor and sessions."""
    user = request.user
    form = ProfileForm(posted(request), initial={"name": user.name, "phone": user.phone})
    if request.method == "POST" and form.is_valid():
        operations.change_profile(user, **form.cleaned_data, by=user)
        messages.success(request, _("Saved."))
        return redirect("accounts:profile")
    context = {
        "methods": queries.main_methods(queries.methods_of(user)),
        "waiting": queries.waiting_email_change(user),
        "sessions": queries.sessions_of(user).count(),
    }
    return form_page(request, "accounts/profile.html", form, context)


@http.own_page
@step_up
@require_http_methods(["GET", "POST"])
def change_email(request: http.OwnRequest) -> HttpResponse:
    """Ask for another address; it counts once its owner has confirmed it."""
    form = EmailForm(posted(request))
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        try:
            throttles.require_mail_try(email, http.source_of(request, email), purpose="change")
            operations.ask_for_email(request.user, new_email=email, by=request.user)
        except DomainError as error:
            return http.refused(request, "accounts/change_email.html", form, error)
        messages.success(request, _("Open the mail that is on its way to %(email)s.") % {"email": email})
        return redirect("accounts:profile")
    return form_page(request, "accounts/change_email.html", form)


@http.own_page
@require_http_methods(["GET", "POST"])
def confirm_email(request: http.OwnRequest, token: str) -> HttpResponse:
    """Confirm the new address, logged in as the one who asked for it."""
    change = tokens.change_of_token(token, request.user)
    if change is None:
        return render(request, "accounts/link_used.html", {"again": "accounts:change_email"}, status=410)
    if request.method == "GET":
        return render(request, "accounts/confirm_email.html", {"change": change})
    try:
        operations.change_email(request.user, token=token, by=request.user)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("accounts:profile")
    messages.success(request, _("From now on you log in with %(email)s.") % {"email": change.new_email})
    response = redirect("accounts:profile")
    request.user.refresh_from_db(fields=["email"])
    http.remember_device(request, response, request.user)
    return response
