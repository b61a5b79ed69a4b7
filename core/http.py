"""What every view needs: permission, form pages, questions before an act, pages of a list."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import rules
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db import models
from django.forms import BaseForm, Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from .errors import DomainError

View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Area:
    """Where in the portal a request is: which hospitals it may see and as whom.

    `subject` is what permissions without an object of their own are asked about: the hospital, the doctor, the patient.
    `narrow` turns a model into the rows that this area may fetch at all; anything else answers 404.
    """

    name: str
    hospital_ids: tuple[int, ...] = ()
    subject: Any = None
    narrow: Callable[[type[models.Model]], models.QuerySet] | None = None
    roles: frozenset[str] = field(default_factory=frozenset)


PUBLIC = Area("public")

# A page with a form: it is shown, then sent.
require_form = require_http_methods(["GET", "HEAD", "POST"])


def posted(request: HttpRequest) -> QueryDict | None:
    """Return what was sent; None while the form is only shown."""
    return request.POST if request.method == "POST" else None


def permit(name: str, model: type[models.Model] | None = None) -> Callable[[View], View]:
    """Let the view run only if the rule `name` says yes; with a model, fetch it by `public_id` and hand it over.

    An id outside the area answers 404, exactly like one that does not exist; a missing right answers 403.
    """
    if not rules.perm_exists(name):
        raise LookupError(f"No rule is called {name}.")

    def decorate(view: View) -> View:
        @wraps(view)
        def permitted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            subject = request.area.subject
            if model is not None:
                subject = get_object_or_404(_narrowed(request, model), public_id=kwargs.pop("public_id"))
                args = (subject, *args)
            if not rules.has_perm(name, request.user, subject):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        permitted.permission = name
        return permitted

    return decorate


def _narrowed(request: HttpRequest, model: type[models.Model]) -> models.QuerySet:
    if request.area.narrow is None:
        raise LookupError(f"{request.path} is in no area, so it can't fetch a {model.__name__} by id.")
    return request.area.narrow(model)


@contextmanager
def errors_to(form: BaseForm) -> Iterator[None]:
    """Turn a DomainError inside the block into an error of the form; the view then shows the form again."""
    try:
        yield
    except DomainError as error:
        known = error.field if error.field in form.fields else None
        form.add_error(known, error.message)


def form_page(
    request: HttpRequest, template: str, form: BaseForm, context: Mapping[str, Any] | None = None
) -> HttpResponse:
    """Render the form's page: 422 when what was sent has errors, with everything typed kept."""
    status = 422 if form.is_bound and form.errors else 200
    return render(request, template, {"form": form, **(context or {})}, status=status)


def confirm_page(
    request: HttpRequest, template: str, context: Mapping[str, Any], act: Callable[[], HttpResponse]
) -> HttpResponse:
    """Ask before an act that needs no more than a yes; POST acts and answers what `act` returns.

    A DomainError shows the question again with its sentence, as 409: nothing typed is wrong, what is asked can't be done.
    """
    form = Form(posted(request))
    if form.is_bound:
        with errors_to(form):
            return act()
    return render(request, template, {"form": form, **context}, status=409 if form.is_bound else 200)


def page_of(request: HttpRequest, rows: Any, *, size: int = 20) -> Page:
    """Return the page that `?page=` names; a wrong number gives the nearest page."""
    return Paginator(rows, size).get_page(request.GET.get("page"))


@dataclass(frozen=True)
class Slice:
    """One page of rows that nobody counts, its number from 1, and whether more follow."""

    rows: list[Any]
    number: int
    has_more: bool


def slice_of(request: HttpRequest, rows: Any, *, size: int = 20) -> Slice:
    """Return the page that `?page=` names without counting all rows; a wrong number gives the first."""
    text = request.GET.get("page", "")
    number = max(int(text), 1) if text.isascii() and text.isdigit() and len(text) < 5 else 1
    found = list(rows[(number - 1) * size : number * size + 1])
    return Slice(found[:size], number, len(found) > size)


def client_address(request: HttpRequest) -> str:
    """Return the address of the browser, seen through as many proxies as the settings trust."""
    forwarded = [
        part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()
    ]
    if settings.TRUSTED_PROXIES and len(forwarded) >= settings.TRUSTED_PROXIES:
        return forwarded[-settings.TRUSTED_PROXIES]
    return request.META.get("REMOTE_ADDR", "")


STEP_UP_SECONDS = 10 * 60
# What was typed on a page that was opened in time is not lost because reading it took long.
STEP_UP_POST_SECONDS = 40 * 60


def step_up(view: View) -> View:
    """Let the view run only if the person showed within ten minutes that it is really them; else ask first."""

    @wraps(view)
    def confirmed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        age = time.time() - request.session.get("confirmed_at", 0)
        if age > (STEP_UP_POST_SECONDS if request.method == "POST" else STEP_UP_SECONDS):
            query = urlencode({"next": request.get_full_path() if request.method == "GET" else request.path})
            return redirect(f"{resolve_url(settings.STEP_UP_URL)}?{query}")
        return view(request, *args, **kwargs)

    return confirmed
