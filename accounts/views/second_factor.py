"""The second factor: what is set up, adding, removing, backup codes."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django_otp import login as otp_login

from core.errors import DomainError
from core.http import form_page, posted, step_up

from .. import authenticator, http, operations, queries
from ..forms import CodeForm
from ..models import Method


@http.own_page
@require_safe
def second_factor(request: http.OwnRequest) -> HttpResponse:
    """Show what is set up; hospitals send people here who need a second factor for the page in `next`."""
    methods = queries.methods_of(request.user)
    next_url = http.given_next(request)
    if methods and not http.is_verified(request):
        return redirect(http.with_next("accounts:step_up", next_url or request.path))
    context = {
        "methods": queries.main_methods(methods),
        "codes_left": queries.count_backup_codes(request.user) if methods else 0,
        "next": next_url,
    }
    return render(request, "accounts/second_factor.html", context)


@http.own_page
@step_up
@require_http_methods(["GET", "POST"])
def add_authenticator(request: http.OwnRequest) -> HttpResponse:
    """Show a new key as a QR code and in letters, and ask for the first code of the app."""
    setup = request.POST.get("setup", "")
    key = authenticator.key_of_setup(request.user, setup)
    form = CodeForm(Method.AUTHENTICATOR, request.POST if key else None)
    if key is None:
        setup = authenticator.new_setup(request.user)
        key = authenticator.key_of_setup(request.user, setup) or b""
    context = {"setup": setup, "key": authenticator.manual_key(key), "next": http.given_next(request)}
    if form.is_valid():
        try:
            codes = operations.add_authenticator(
                request.user, key=key, code=form.cleaned_data["code"], by=request.user
            )
            return _added(request, Method.AUTHENTICATOR, codes)
        except DomainError as error:
            return http.refused(request, "accounts/add_authenticator.html", form, error, context)
    return form_page(request, "accounts/add_authenticator.html", form, context)


@http.own_page
@require_safe
def authenticator_qr(request: http.OwnRequest) -> HttpResponse:
    """Draw the QR code of the person's own set-up."""
    key = authenticator.key_of_setup(request.user, request.GET.get("setup", ""))
    if key is None:
        raise Http404
    return HttpResponse(authenticator.setup_picture(request.user, key), content_type="image/svg+xml")


@http.own_page
@step_up
@require_http_methods(["GET", "POST"])
def add_email_code(request: http.OwnRequest) -> HttpResponse:
    """Ask for the code that was sent; the page's first button sends it."""
    form = CodeForm(Method.EMAIL, posted(request))
    sent = request.method == "POST" or "method" in request.GET
    context = {"email": request.user.email, "next": http.given_next(request), "sent": sent}
    if request.method == "POST" and form.is_valid():
        try:
            codes = operations.confirm_email_code(
                request.user, code=form.cleaned_data["code"], by=request.user
            )
            return _added(request, Method.EMAIL, codes)
        except DomainError as error:
            return http.refused(request, "accounts/add_email_code.html", form, error, context)
    return form_page(request, "accounts/add_email_code.html", form, context)


def _added(request: http.OwnRequest, method: Method, codes: list[str]) -> HttpResponse:
    otp_login(request, queries.device_of(request.user, method))
    next_url = http.given_next(request)
    if codes:
        return _show_codes(request, codes, next_url)
    messages.success(request, _("Your second factor is set up."))
    return redirect(http.with_next("accounts:second_factor", next_url))


def _show_codes(request: http.OwnRequest, codes: list[str], next_url: str) -> HttpResponse:
    # Shown in the answer itself: passing them through the session would store them in clear.
    return render(request, "accounts/backup_codes_made.html", {"codes": codes, "next": next_url})


@http.own_page
@step_up
@require_http_methods(["GET", "POST"])
def backup_codes(request: http.OwnRequest) -> HttpResponse:
    """Ask before making ten new codes, then show them once."""
    if request.method == "POST":
        return _show_codes(request, operations.remake_backup_codes(request.user, by=request.user), "")
    return render(request, "accounts/backup_codes.html", {"left": queries.count_backup_codes(request.user)})


@http.own_page
@step_up
@require_http_methods(["GET", "POST"])
def remove_second_factor(request: http.OwnRequest, method: str) -> HttpResponse:
    """Ask before removing an app or the codes by mail."""
    methods = queries.main_methods(queries.methods_of(request.user))
    if method not in methods:
        raise Http404
    if request.method == "GET":
        context = {"method": Method(method), "last": len(methods) == 1}
        return render(request, "accounts/remove_second_factor.html", context)
    operations.remove_second_factor(request.user, method=method, by=request.user)
    messages.success(request, _("Removed. A mail tells you so, too."))
    return redirect("accounts:second_factor")
