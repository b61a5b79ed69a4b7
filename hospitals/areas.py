"""The areas of the portal by the first part of the address: /h/<slug>/, /me/, /doctor/, /platform/.

A room registers how one enters its area; the middleware then opens the scope around the whole request.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest

from core.http import Area
from core.tenancy import HospitalOwned

from .models import Hospital, Role
from .rules import roles_in

Enter = Callable[[HttpRequest, str], Area]


class Elsewhere(Exception):
    """This person can't enter the area yet; the page of that URL name says what to do first."""

    def __init__(self, url_name: str) -> None:
        super().__init__(url_name)
        self.url_name = url_name


_areas: dict[str, Enter] = {}


def register_area(prefix: str, enter: Enter) -> None:
    """Say how one enters the area below `/<prefix>/`; `enter` gets the next part of the address."""
    if prefix in _areas:
        raise ValueError(f"Two areas are below /{prefix}/.")
    _areas[prefix] = enter


def find_area(prefix: str) -> Enter | None:
    """Return how one enters that area, or None for a public address."""
    return _areas.get(prefix)


def enter_hospital(request: HttpRequest, slug: str) -> Area:
    """Enter /h/<slug>/: only who works there; to anybody else the hospital's pages do not exist."""
    hospital = Hospital.objects.filter(slug=slug, is_active=True).first()
    roles = roles_in(request.user, hospital.pk) if hospital else frozenset()
    if hospital is None or not roles:
        raise Http404
    if roles == {Role.DOCTOR}:
        raise PermissionDenied  # doctors work below /doctor/; the desk's pages can do more with a visit than they may
    request.hospital = hospital
    narrow = partial(_of_hospital, hospital)
    return Area("h", (hospital.pk,), subject=hospital, narrow=narrow, roles=roles)


def enter_platform(request: HttpRequest, rest: str) -> Area:
    """Enter /platform/: the platform admin, who sees tenants but no tenant's rows."""
    if not request.user.is_platform_admin:
        raise PermissionDenied
    return Area("platform", (), subject=None, narrow=_tenants_only, roles=frozenset({"platform"}))


def _of_hospital(hospital: Hospital, model: type[models.Model]) -> models.QuerySet:
    """Owned rows come scoped; of people, who belong to no hospital, the model says which belong here."""
    if issubclass(model, HospitalOwned):
        return model._default_manager.all()
    rows: models.QuerySet = model._default_manager.for_hospital(hospital)
    return rows


def _tenants_only(model: type[models.Model]) -> models.QuerySet:
    if model is not Hospital:
        raise LookupError(f"The platform's pages do not fetch a {model.__name__}.")
    return Hospital.objects.all()


def needs_second_factor(area: Area) -> bool:
    """Say whether the area's rules ask this person for a second factor."""
    return area.name == "h" and Role.ADMIN in area.roles and bool(area.subject.admin_second_factor)


register_area("h", enter_hospital)
register_area("platform", enter_platform)
