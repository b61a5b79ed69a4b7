"""What the pages of accounts share: known devices, the way in, where to go next."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib import auth
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import Resolver404, resolve
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django_otp import login as otp_login

from core.errors import DomainError, Throttled
from core.http import client_address

from . import operations, queries
from .models import Method, ThrottledDevice, User
from .throttles import (
    Source,
    network_of,
    password_was_right,
    password_was_wrong,
    require_code_mail_try,
    require_password_try,
)

BACKEND = "accounts.backends.EmailBackend"
DEVICE_COOKIE = "known_device"
DEVICE_SECONDS = 365 * 24 * 3600
DEVICE_PEOPLE = 5  # a family's tablet
PENDING = "pending_log_in"
PENDING_SECONDS = 10 * 60
LONGEST_NEXT = 2000  # characters
NEXT_AFTER_RESET = "next_after_reset"
CONFIRMED_AT = "confirmed_at"


class OwnRequest(HttpRequest):
    """The request of somebody who is logged in."""

    user: User


def is_verified(request: HttpRequest) -> bool:
    """Say whether a second factor was given in this session."""
    return getattr(request.user, "otp_device", None) is not None


def own_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page of the person who is logged in, kept by no cache."""
    return never_cache(login_required(view))


def given_next(request: HttpRequest) -> str:
    """Return the address in `next` if there is one and it is on this site, else nothing."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    # A word without a slash would be taken for the name of a page.
    if not wanted.startswith("/"):
        return ""
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours and len(wanted) <= LONGEST_NEXT else ""


def is_page(address: str, name: str) -> bool:
    """Say whether an address on this site is a page of that name."""
    try:
        return resolve(urlsplit(address).path).view_name == name
    except Resolver404:
        return False


def safe_next(request: HttpRequest, default: str | None = None) -> str:
    """Return the address in `next` if it is on this site, else the default, else the first page after log-in."""
    return given_next(request) or resolve_url(default or settings.LOGIN_REDIRECT_URL)


def with_next(name: str, next_url: str) -> str:
    """Return the page's address, carrying `next` if there is one."""
    address = resolve_url(name)
    return f"{address}?{urlencode({'next': next_url})}" if next_url else address


def refused(
    request: HttpRequest,
    template: str,
    form: forms.Form,
    error: DomainError,
    context: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Render the form's page with the error: 429 when throttled, else 422; what was typed stays."""
    form.add_error(error.field if error.field in form.fields else None, error.message)
    status = 429 if isinstance(error, Throttled) else 422
    return render(request, template, {"form": form, **(context or {})}, status=status)


# A browser in which somebody has logged in before


def _mark(email: str) -> str:
    return salted_hmac("accounts.known_device", email, algorithm="sha256").hexdigest()[:24]


def _read_device(request: HttpRequest) -> tuple[str, list[str]]:
    try:
        device, people = signing.loads(
            request.COOKIES.get(DEVICE_COOKIE, ""), salt="accounts.known_device", max_age=DEVICE_SECONDS
        )
    except (signing.BadSignature, ValueError):
        return "", []
    return device, people


def source_of(request: HttpRequest, email: str) -> Source:
    """Return where a try for this address comes from."""
    device, people = _read_device(request)
    network = network_of(client_address(request))
    return Source(network, device if _mark(User.objects.normalise(email)) in people else "")


def remember_device(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Let this browser keep, for a year, that the person has logged in with it."""
    device, people = _read_device(request)
    mark = _mark(user.email)
    people = [mark, *(other for other in people if other != mark)][:DEVICE_PEOPLE]
    response.set_cookie(
        DEVICE_COOKIE,
        signing.dumps([device or secrets.token_hex(16), people], salt="accounts.known_device"),
        max_age=DEVICE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


# The way in: password, then the second factor if there is one


def try_password(request: HttpRequest, email: str, password: str) -> User:
    """Return whose e-mail and password these are; raises DomainError or Throttled."""
    source = source_of(request, email)
    require_password_try(email, source)
    user = auth.authenticate(request, email=email, password=password)
    if not isinstance(user, User):
        password_was_wrong(source)
        raise DomainError(_("This e-mail and password do not match."))
    password_was_right(email, source)
    return user


def enter(request: HttpRequest, user: User, *, kept: str = "") -> HttpResponse:
    """Log in somebody who gave the password, or ask for the second factor first; then on to `next`, else to `kept`."""
    next_url = given_next(request) or kept
    methods = queries.methods_of(user)
    if not methods:
        return complete(request, user, next_url)
    request.session.cycle_key()
    request.session[PENDING] = {
        "user": user.pk,
        "state": user.get_session_auth_hash(),
        "at": int(time.time()),
        "next": next_url,
    }
    if methods[0] == Method.EMAIL:
        send_code(user)
    return redirect("accounts:enter_code")


def send_code(user: User) -> None:
    """Mail a code; raises Throttled. The try is counted outside the operation, which may not undo it."""
    require_code_mail_try(user.public_id)
    operations.ask_for_email_code(user, by=user)


def pending_user(request: HttpRequest) -> User | None:
    """Return who has given the password and still owes the second factor, for ten minutes."""
    pending = request.session.get(PENDING)
    if not pending or time.time() - pending["at"] > PENDING_SECONDS:
        return None
    user = User.objects.filter(pk=pending["user"], is_active=True).first()
    return user if user and constant_time_compare(pending["state"], user.get_session_auth_hash()) else None


def pending_next(request: HttpRequest) -> str:
    """Return where somebody goes on who still owes the second factor, or owed it too long."""
    return str(request.session.get(PENDING, {}).get("next", ""))


def complete(
    request: HttpRequest, user: User, next_url: str, device: ThrottledDevice | None = None
) -> HttpResponse:
    """Log the person in and go on, if nothing is named to the first page; the browser becomes a known device."""
    request.session.pop(PENDING, None)
    auth.login(request, user, backend=BACKEND)
    if device is not None:
        otp_login(request, device)
    request.session[CONFIRMED_AT] = int(time.time())
    response = redirect(next_url or settings.LOGIN_REDIRECT_URL)
    remember_device(request, response, user)
    return response
