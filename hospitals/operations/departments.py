"""Departments and their services; both are removed softly, so that old visits still name them."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import Actor
from core.errors import Conflict, DomainError
from ledger.operations import About, record

from ..models import Department, Hospital, Service
from .searching import index_hospital


@transaction.atomic
def add_department(
    hospital: Hospital, *, name: str, about: str = "", location: str = "", by: Actor
) -> Department:
    """Add a department; anyone can read it at once. Raises Conflict when the hospital has one of this name."""
    department = Department(hospital=hospital, name=name, about=about, location=location)
    _save_named(department)
    _record("hospitals.department_added", department, by, {"name": name})
    index_hospital(hospital)
    return department


@transaction.atomic
def change_department(
    department: Department, *, name: str, about: str = "", location: str = "", by: Actor
) -> Department:
    """Change what people read about a department. Raises Conflict for a taken name, DomainError when it is removed."""
    locked = _locked(Department, department)
    before = {"name": locked.name, "about": locked.about, "location": locked.location}
    locked.name, locked.about, locked.location = name, about, location
    _save_named(locked, only=["name", "about", "location"])
    after = {"name": name, "about": about, "location": location}
    _record("hospitals.department_changed", locked, by, {"from": before, "to": after})
    index_hospital(locked.hospital)
    return locked


@transaction.atomic
def remove_department(department: Department, *, by: Actor) -> Department:
    """Remove a department and its services from every list; what names it keeps its name. Raises DomainError."""
    locked = _locked(Department, department)
    locked.removed_at = timezone.now()
    locked.save(update_fields=["removed_at"])
    services = Service.objects.filter(department=locked, removed_at__isnull=True)
    gone = services.update(removed_at=locked.removed_at)
    _record("hospitals.department_removed", locked, by, {"name": locked.name, "services": str(gone)})
    index_hospital(locked.hospital)
    return locked


@transaction.atomic
def add_service(department: Department, *, name: str, about: str = "", by: Actor) -> Service:
    """Add a service to a department. Raises Conflict for a taken name, DomainError when the department is removed."""
    locked = _locked(Department, department)
    service = Service(hospital_id=locked.hospital_id, department=locked, name=name, about=about)
    _save_named(service)
    _record("hospitals.service_added", service, by, {"name": name, "department": locked.public_id})
    return service


@transaction.atomic
def change_service(service: Service, *, name: str, about: str = "", by: Actor) -> Service:
    """Change what people read about a service. Raises Conflict for a taken name, DomainError when it is removed."""
    locked = _locked(Service, service)
    before = {"name": locked.name, "about": locked.about}
    locked.name, locked.about = name, about
    _save_named(locked, only=["name", "about"])
    _record("hospitals.service_changed", locked, by, {"from": before, "to": {"name": name, "about": about}})
    return locked


@transaction.atomic
def remove_service(service: Service, *, by: Actor) -> Service:
    """Remove a service from every list. Raises DomainError when it is removed already."""
    locked = _locked(Service, service)
    locked.removed_at = timezone.now()
    locked.save(update_fields=["removed_at"])
    _record("hospitals.service_removed", locked, by, {"name": locked.name})
    return locked


def _locked(model: type[Any], row: Any) -> Any:
    locked = (
        model.objects.select_for_update(no_key=True, of=("self",)).select_related("hospital").get(pk=row.pk)
    )
    if locked.removed_at is not None:
        raise DomainError(_("%(name)s was removed already.") % {"name": locked.name})
    return locked


def _save_named(row: Department | Service, *, only: list[str] | None = None) -> None:
    try:
        with transaction.atomic():
            row.save(update_fields=only)
    except IntegrityError as error:
        raise Conflict(_("You have %(name)s already.") % {"name": row.name}, field="name") from error


def _record(kind: str, row: Department | Service, by: Actor, body: dict[str, Any]) -> None:
    record(kind, row.public_id, by=by, about=About(hospital_id=row.hospital_id), body=body)
