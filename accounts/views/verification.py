"""Confirming the e-mail address."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from core.errors import DomainError, Throttled
from core.http import form_page, posted

from .. import http, operations, throttles, tokens
from ..forms import EmailForm, PasswordForm
from ..models import LinkRequest


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def verify_email(request: HttpRequest, token: str) -> HttpResponse:
    """Confirm the address with the link and the password: who only owns the mailbox can't wake a stranger's sign-up."""
    user = tokens.user_of_verify_token(token)
    if user is None:
        return render(request, "accounts/link_used.html", {"again": "accounts:resend"}, status=410)
    form = PasswordForm(posted(request))
    context = {"email": user.email, "next": http.given_next(request)}
    if request.method == "POST" and form.is_valid():
        try:
            http.try_password(request, user.email, form.cleaned_data["password"])
            operations.verify_email(user)
            messages.success(request, _("Your address is confirmed."))
            return http.enter(request, user, kept=operations.take_next(user))
        except DomainError as error:
            error.message = _wrong_password(error)
            return http.refused(request, "accounts/verify_email.html", form, error, context)
    return form_page(request, "accounts/verify_email.html", form, context)


def _wrong_password(error: DomainError) -> str:
    if isinstance(error, Throttled):
        return error.message
    return _("This is not the password chosen when signing up. If that was not you, choose one of your own.")


@never_cache
@require_http_methods(["GET", "POST"])
def resend(request: HttpRequest) -> HttpResponse:
    """Send the link to confirm an address once more; the answer is the same for every address."""
    return link_page(request, "accounts/resend.html", LinkRequest.Purpose.VERIFY_EMAIL)


def link_page(request: HttpRequest, template: str, purpose: str) -> HttpResponse:
    """Ask for an address and have a link sent there; nothing tells whether it has an account."""
    form = EmailForm(posted(request))
    next_url = http.given_next(request)
    context = {"next": next_url}
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        try:
            throttles.require_mail_try(email, http.source_of(request, email), purpose=purpose)
            operations.ask_for_link(email, purpose=purpose)
        except DomainError as error:
            return http.refused(request, template, form, error, context)
        if next_url and purpose == LinkRequest.Purpose.RESET_PASSWORD:
            request.session[http.NEXT_AFTER_RESET] = next_url
        return render(
            request, "accounts/link_sent.html", {"email": email, "purpose": purpose, "next": next_url}
        )
    return form_page(request, template, form, context)
