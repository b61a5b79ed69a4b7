"""Proving once more who one is, before something risky."""

from __future__ import annotations

import time

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from django_otp import login as otp_login

from core.errors import DomainError
from core.http import form_page, posted

from .. import http, operations, queries, throttles
from ..forms import CodeForm, PasswordForm
from ..models import User
from .entry import chosen_method


@http.own_page
@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "POST"])
def step_up(request: http.OwnRequest) -> HttpResponse:
    """Ask for the second factor, or for the password of somebody who has none."""
    methods = queries.methods_of(request.user)
    method = chosen_method(request, methods)
    form = CodeForm(method, posted(request)) if methods else PasswordForm(request.POST or None)
    template = "accounts/step_up_code.html" if methods else "accounts/step_up.html"
    context = {
        "method": method, "methods": methods, "email": request.user.email, "page": "accounts:step_up",
        "next": http.given_next(request), "back": http.safe_next(request),
    }  # fmt: skip
    if request.method == "POST" and form.is_valid():
        try:
            _confirm(request, form)
            return redirect(http.safe_next(request))
        except DomainError as error:
            return http.refused(request, template, form, error, context)
    return form_page(request, template, form, context)


def _confirm(request: http.OwnRequest, form: forms.Form) -> None:
    if isinstance(form, CodeForm):
        device = operations.check_code(request.user, method=form.method, code=form.cleaned_data["code"])
        otp_login(request, device)
    else:
        throttles.require_confirmation_try(request.session.get("login_session", ""))
        if not User.objects.get(pk=request.user.pk).check_password(form.cleaned_data["password"]):
            raise DomainError(_("This is not your password."), field="password")
    request.session[http.CONFIRMED_AT] = int(time.time())
