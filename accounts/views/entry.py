"""Logging in and out."""

from __future__ import annotations

from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from core.errors import DomainError, Throttled
from core.http import form_page, posted

from .. import http, operations, queries, throttles
from ..forms import CodeForm, LogInForm
from ..models import Method, User

BOOKING = "appointments:book"


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """Ask for e-mail and password."""
    if request.user.is_authenticated:
        return redirect(http.safe_next(request))
    form = LogInForm(posted(request))
    next_url = http.given_next(request)
    context = {"next": next_url, "books": http.is_page(next_url, BOOKING)}
    if request.method == "POST" and form.is_valid():
        try:
            user = http.try_password(request, form.cleaned_data["email"], form.cleaned_data["password"])
            return http.enter(request, user) if user.email_verified_at else _ask_to_confirm(request, user)
        except DomainError as error:
            return http.refused(request, "accounts/login.html", form, error, context)
    return form_page(request, "accounts/login.html", form, context)


def _ask_to_confirm(request: HttpRequest, user: User) -> HttpResponse:
    next_url = http.given_next(request)
    if next_url:
        operations.keep_next(user.email, next_url=next_url)
    sent = throttles.may_mail_again(user.email)
    if sent:
        operations.mail_link_again(user)
    context = {"email": user.email, "sent": sent, "next": next_url}
    return render(request, "accounts/confirm_address.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def enter_code(request: HttpRequest) -> HttpResponse:
    """Ask somebody who gave the password for the second factor."""
    user = http.pending_user(request)
    methods = queries.methods_of(user) if user else []
    again = http.with_next("accounts:login", http.pending_next(request))
    if user is None or not methods:
        messages.info(request, _("Ten minutes have passed. Log in again."))
        return redirect(again)
    method = chosen_method(request, methods)
    form = CodeForm(method, posted(request))
    context = {
        "method": method, "methods": methods, "email": user.email, "page": "accounts:enter_code",
        "again": again,
    }  # fmt: skip
    if request.method == "POST" and form.is_valid():
        try:
            device = operations.check_code(user, method=method, code=form.cleaned_data["code"])
            return http.complete(request, user, http.pending_next(request), device)
        except DomainError as error:
            return http.refused(request, "accounts/enter_code.html", form, error, context)
    return form_page(request, "accounts/enter_code.html", form, context)


def chosen_method(request: HttpRequest, methods: list[Method]) -> Method | str:
    """Return the method that the address names, if the person has it, else the best they have."""
    wanted = request.GET.get("method", "")
    return Method(wanted) if wanted in methods else (methods[0] if methods else "")


@never_cache
@require_POST
def send_code(request: HttpRequest) -> HttpResponse:
    """Mail a code and go back to the page that asks for it."""
    pending = http.pending_user(request)
    user = pending or request.user
    if isinstance(user, AnonymousUser):
        return redirect("accounts:login")
    page = "enter_code" if pending else "step_up"
    if not pending and request.POST.get("for") == "add_email_code":
        page = "add_email_code"
    try:
        http.send_code(user)
        messages.success(request, _("A code is on its way to %(email)s.") % {"email": user.email})
    except Throttled as error:
        messages.error(request, error.message)
    address = http.with_next(f"accounts:{page}", http.given_next(request))
    return redirect(f"{address}{'&' if '?' in address else '?'}method={Method.EMAIL}")


@never_cache
@require_http_methods(["GET", "POST"])
def logout(request: HttpRequest) -> HttpResponse:
    """Ask before logging out; the menu's button posts at once."""
    if request.method == "GET" and request.user.is_authenticated:
        return render(request, "accounts/logout.html", {"back": http.safe_next(request)})
    auth.logout(request)
    messages.success(request, _("You are logged out."))
    return redirect(settings.LOGOUT_REDIRECT_URL)
