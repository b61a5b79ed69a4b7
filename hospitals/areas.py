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

from .models import Hospital, Role
from .queries import places_without_access
from .rules import roles_in, workplaces_of

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
    """Enter /h/<slug>/: only who works there; to anybody else the hospital's pages do not exist.

    Who worked there until it was closed, or is suspended, reads that instead.
    """
    hospital = Hospital.objects.filter(slug=slug, is_active=True).first()
    roles = roles_in(request.user, hospital.pk) if hospital else frozenset()
    if hospital is None or not roles:
        if any(place.hospital.slug == slug for place in places_without_access(request.user)):
            raise Elsewhere("dashboards:away")
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
    """Of people, who belong to no hospital, the model says which belong here; of owned rows, which are shown."""
    rows: models.QuerySet = model._default_manager.for_hospital(hospital)
    return rows


def _tenants_only(model: type[models.Model]) -> models.QuerySet:
    if model is not Hospital:
        raise LookupError(f"The platform's pages do not fetch a {model.__name__}.")
    return Hospital.objects.all()


def needs_second_factor(request: HttpRequest) -> bool:
    """Say whether a hospital asks the person for a second factor: for any role there, at the doctor's pages as doctor."""
    area = request.area
    if area.name not in {"h", "doctor"}:
        return False
    here = [
        place.strict_roles for place in workplaces_of(request.user) if place.hospital_id in area.hospital_ids
    ]
    asked = frozenset[str]().union(*here)
    return Role.DOCTOR in asked if area.name == "doctor" else bool(asked)


register_area("h", enter_hospital)
register_area("platform", enter_platform)
