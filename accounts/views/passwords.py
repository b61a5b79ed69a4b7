"""Changing and resetting the password."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from core.errors import DomainError
from core.http import form_page, posted

from .. import http, operations, throttles, tokens
from ..forms import ChangePasswordForm, NewPasswordForm
from ..models import LinkRequest, User
from .verification import link_page


@never_cache
@require_http_methods(["GET", "POST"])
def reset_password(request: HttpRequest) -> HttpResponse:
    """Send a link to choose a new password; the answer is the same for every address."""
    return link_page(request, "accounts/reset_password.html", LinkRequest.Purpose.RESET_PASSWORD)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def reset_password_confirm(request: HttpRequest, public_id: str, token: str) -> HttpResponse:
    """Let whoever holds the link choose a new password, once."""
    user = User.objects.filter(public_id=public_id, is_active=True).first()
    if user is None or not tokens.reset_tokens.check_token(user, token):
        return render(request, "accounts/link_used.html", {"again": "accounts:reset_password"}, status=410)
    form = NewPasswordForm(user, posted(request))
    context = {"email": user.email}
    if request.method == "POST" and form.is_valid():
        hashed = make_password(form.cleaned_data["password"])
        try:
            operations.reset_password(user, token=token, password_hash=hashed)
        except DomainError as error:
            return http.refused(request, "accounts/reset_password_confirm.html", form, error, context)
        messages.success(request, _("Your new password is set. Log in with it."))
        next_url = request.session.pop(http.NEXT_AFTER_RESET, "")
        response = redirect(http.with_next("accounts:login", next_url))
        # Whoever reads this mailbox is no stranger: hammering from elsewhere can't keep them out any more.
        http.remember_device(request, response, user)
        return response
    return form_page(request, "accounts/reset_password_confirm.html", form, context)


@http.own_page
@sensitive_post_parameters("old_password", "password")
@require_http_methods(["GET", "POST"])
def change_password(request: http.OwnRequest) -> HttpResponse:
    """Ask for the old password and a new one; all other sessions end."""
    form = ChangePasswordForm(request.user, posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            _change_password(request, form)
        except DomainError as error:
            return http.refused(request, "accounts/change_password.html", form, error)
        messages.success(request, _("Your password is changed. All your other sessions are ended."))
        return redirect("accounts:profile")
    return form_page(request, "accounts/change_password.html", form)


def _change_password(request: http.OwnRequest, form: ChangePasswordForm) -> None:
    throttles.require_confirmation_try(request.session.get("login_session", ""))
    user = User.objects.get(pk=request.user.pk)
    if not user.check_password(form.cleaned_data["old_password"]):
        raise DomainError(_("This is not your present password."), field="old_password")
    hashed = make_password(form.cleaned_data["password"])
    operations.change_password(user, password_hash=hashed, keep=request.session.session_key or "", by=user)
    # The session gets a new key and lives on under the new password.
    update_session_auth_hash(request, user)
    operations.move_session(
        request.session.get("login_session", ""), session_key=request.session.session_key or ""
    )
