"""Who may act in a hospital: the predicates that every room above asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import rules

from .models import Hospital, Membership, Role


@dataclass(frozen=True)
class Workplace:
    """A hospital where a person acts, and as what."""

    hospital_id: int
    slug: str
    name: str
    city: str
    roles: frozenset[str]
    # Those of the roles whose people need a second factor there.
    strict_roles: frozenset[str] = frozenset()


# Where people act, as one request has read it; None outside of requests, where each question is asked anew.
_read: ContextVar[dict[int, list[Workplace]] | None] = ContextVar("workplaces", default=None)


@contextmanager
def workplaces_read_once() -> Iterator[None]:
    """Read where somebody acts only once inside the block: a page asks often, and lives for a moment only."""
    token = _read.set({})
    try:
        yield
    finally:
        _read.reset(token)


def workplaces_of(user: Any) -> list[Workplace]:
    """Return where the person acts now, by name."""
    if not getattr(user, "is_authenticated", False):
        return []
    read = _read.get()
    if read is None:
        return _workplaces_of(user)
    if user.pk not in read:
        read[user.pk] = _workplaces_of(user)
    return read[user.pk]


def _workplaces_of(user: Any) -> list[Workplace]:
    rows = Membership.of_person(user).active().order_by("hospital__name", "hospital_id", "pk")
    roles: dict[tuple[int, str, str, str], set[str]] = {}
    strict: dict[int, list[str]] = {}
    for *hospital, strict_roles, role in rows.values_list(
        "hospital_id",
        "hospital__slug",
        "hospital__name",
        "hospital__city",
        "hospital__second_factor_roles",
        "role",
    ):
        roles.setdefault(tuple(hospital), set()).add(role)
        strict[hospital[0]] = strict_roles
    return [
        Workplace(*hospital, frozenset(found), frozenset(found.intersection(strict[hospital[0]])))
        for hospital, found in roles.items()
    ]


def roles_in(user: Any, hospital_id: int) -> frozenset[str]:
    """Return the person's active roles in one hospital."""
    return next(
        (place.roles for place in workplaces_of(user) if place.hospital_id == hospital_id), frozenset()
    )


def _hospital_id(subject: Any) -> int | None:
    if isinstance(subject, Hospital):
        return subject.pk
    return getattr(subject, "hospital_id", None)


def has_role(*roles: str) -> Any:
    """Return a predicate: the person has one of these roles in the subject's hospital (the subject may be the hospital)."""

    @rules.predicate(name=" or ".join(roles))
    def predicate(user: Any, subject: Any) -> bool:
        hospital_id = _hospital_id(subject)
        return hospital_id is not None and not roles_in(user, hospital_id).isdisjoint(roles)

    return predicate


is_admin = has_role(Role.ADMIN)
is_receptionist = has_role(Role.RECEPTIONIST)
is_desk = has_role(Role.ADMIN, Role.RECEPTIONIST)


@rules.predicate
def is_member(user: Any, subject: Any) -> bool:
    """The person has any role in the subject's hospital."""
    hospital_id = _hospital_id(subject)
    return hospital_id is not None and bool(roles_in(user, hospital_id))


@rules.predicate
def is_platform_admin(user: Any) -> bool:
    """The person runs the platform; this opens no chart."""
    return bool(getattr(user, "is_platform_admin", False)) and user.is_active


@rules.predicate
def is_logged_in(user: Any) -> bool:
    """Anybody with a log-in."""
    return bool(getattr(user, "is_authenticated", False))


rules.add_perm("hospitals.manage_hospitals", is_platform_admin)
rules.add_perm("hospitals.view_staff_area", is_member)
rules.add_perm("hospitals.change_profile", is_admin)
rules.add_perm("hospitals.change_rules", is_admin)
rules.add_perm("hospitals.manage_departments", is_admin)
rules.add_perm("hospitals.manage_staff", is_admin)
