"""Reads over hospitals, departments and staff. Those of one hospital run inside its scope."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Case, Count, Exists, OuterRef, Prefetch, Q, QuerySet, Value, When
from django.utils import timezone

from accounts.models import AuthenticatorDevice, EmailCodeDevice
from core.search import search_queryset
from core.tenancy import in_hospital, in_hospitals, public_directory

from .models import Department, Hospital, Invitation, Membership, Role, Service


def public_hospitals(*, text: str = "", city: str = "", department: str = "") -> QuerySet[Hospital]:
    """Return the open hospitals that fit; by name, or best match first when something was typed.

    `text` forgives typing mistakes; city and department are names, whatever their case.
    """
    rows: QuerySet[Hospital] = Hospital.objects.public()
    if city:
        rows = rows.filter(city__iexact=city)
    if department:
        with public_directory():
            having = Department.objects.filter(removed_at__isnull=True, name__iexact=department)
        rows = rows.filter(pk__in=having.order_by().values("hospital"))
    return search_queryset(rows, "hospitals.hospital", text) if text else rows.order_by("name", "pk")


def department_names(hospitals: Iterable[Hospital]) -> dict[int, list[str]]:
    """Return the names of each hospital's departments, by the hospital's primary key."""
    names: dict[int, list[str]] = {}
    with public_directory():
        rows = Department.objects.filter(hospital__in=list(hospitals), removed_at__isnull=True).order_by(
            "name"
        )
        for hospital_id, name in rows.values_list("hospital_id", "name"):
            names.setdefault(hospital_id, []).append(name)
    return names


def cities_with_counts(rows: QuerySet[Hospital]) -> list[tuple[str, int]]:
    """Return each city with how many of these hospitals it has, the largest first."""
    counted = rows.order_by().values("city").annotate(hospitals=Count("pk", distinct=True))
    return list(counted.order_by("-hospitals", "city").values_list("city", "hospitals"))


def departments_with_counts(rows: QuerySet[Hospital], *, limit: int = 12) -> list[tuple[str, int]]:
    """Return the most common department names with how many of these hospitals have them."""
    with public_directory():
        shown = Department.objects.filter(removed_at__isnull=True, hospital__in=rows.order_by().values("pk"))
        counted = shown.order_by().values("name").annotate(hospitals=Count("hospital", distinct=True))
        return list(counted.order_by("-hospitals", "name").values_list("name", "hospitals")[:limit])


def all_hospitals(*, text: str = "", state: str = "") -> QuerySet[Hospital]:
    """Return hospitals for the platform admin, open and closed; `state` is open or closed."""
    rows: QuerySet[Hospital] = Hospital.objects.order_by("name", "pk")
    if state:
        rows = rows.filter(is_active=state == "open")
    return search_queryset(rows, "hospitals.hospital", text) if text else rows


def admin_counts(hospitals: Iterable[Hospital]) -> dict[int, int]:
    """Return how many people can manage each of the hospitals, by primary key; a hospital without any is left out."""
    ids = [hospital.pk for hospital in hospitals]
    with in_hospitals(ids):
        admins = Membership.objects.filter(
            role=Role.ADMIN, status=Membership.Status.ACTIVE, user__is_active=True, hospital_id__in=ids
        )
        return dict(admins.order_by().values_list("hospital_id").annotate(people=Count("pk")))


def has_prices(hospital: Hospital) -> bool:
    """Say whether a doctor works or has worked there: fees, and bills, are in the hospital's currency then."""
    with in_hospital(hospital):
        return bool(Membership.objects.filter(hospital=hospital, role=Role.DOCTOR).exists())


def departments_of(hospital: Hospital, *, text: str = "") -> QuerySet[Department]:
    """Return the hospital's departments by name, each with its `shown_services`."""
    services = Service.objects.filter(removed_at__isnull=True).order_by("name")
    rows: QuerySet[Department] = Department.objects.filter(hospital=hospital, removed_at__isnull=True)
    if text:
        rows = rows.filter(name__icontains=text)
    return rows.order_by("name").prefetch_related(Prefetch("services", services, to_attr="shown_services"))


def services_of(department: Department) -> QuerySet[Service]:
    """Return what the department does, by name."""
    rows: QuerySet[Service] = Service.objects.filter(department=department, removed_at__isnull=True)
    return rows.order_by("name")


def staff_of(hospital: Hospital, *, text: str = "", role: str = "", status: str = "") -> QuerySet[Membership]:
    """Return who works or worked in the hospital, with their users, by name; without a status those not removed."""
    rows: QuerySet[Membership] = Membership.objects.filter(hospital=hospital).select_related("user")
    rows = rows.filter(status=status) if status else rows.exclude(status=Membership.Status.REMOVED)
    if role:
        rows = rows.filter(role=role)
    for word in text.split()[:6]:
        rows = rows.filter(Q(user__name__icontains=word) | Q(user__email__icontains=word))
    return rows.order_by("user__name", "pk")


def staff_counts(hospital: Hospital) -> dict[str, int]:
    """Return how many memberships are in each state."""
    rows = Membership.objects.filter(hospital=hospital).order_by()
    return dict(rows.values_list("status").annotate(people=Count("pk")))


def second_factor_counts(hospital: Hospital) -> dict[str, tuple[int, int]]:
    """Return, for each role, how many active people have a second factor, and how many there are; one query."""
    app, mail = (
        Exists(device.objects.filter(user=OuterRef("user"), confirmed=True))
        for device in (AuthenticatorDevice, EmailCodeDevice)
    )
    rows = Membership.objects.active().filter(hospital=hospital).order_by().values_list("role")
    counted = rows.annotate(ready=Count("pk", filter=Q(app) | Q(mail)), people=Count("pk"))
    return {role: (have, people) for role, have, people in counted}


def other_roles_of(membership: Membership) -> QuerySet[Membership]:
    """Return what else the person does in the same hospital."""
    rows: QuerySet[Membership] = Membership.objects.filter(
        hospital_id=membership.hospital_id, user_id=membership.user_id
    )
    return rows.exclude(pk=membership.pk).exclude(status=Membership.Status.REMOVED)


def places_without_access(user: Any) -> list[Membership]:
    """Return one membership, with its hospital, for each hospital that is closed or has suspended the person."""
    mine = Membership.of_person(user)
    rows = mine.exclude(status=Membership.Status.REMOVED)
    rows = rows.exclude(hospital__in=mine.active().values("hospital")).select_related("hospital")
    found = {row.hospital_id: row for row in rows.order_by("hospital__name", "pk")}
    return list(found.values())


def find_suspended(hospital_id: str, membership_id: str) -> Membership | None:
    """Return a suspended membership of a hospital, both by public id; for mails, never for a page."""
    hospital = Hospital.objects.filter(public_id=hospital_id).first()
    if hospital is None:
        return None
    with in_hospital(hospital):
        rows = Membership.objects.filter(status=Membership.Status.SUSPENDED).select_related(
            "hospital", "user"
        )
        membership: Membership | None = rows.filter(public_id=membership_id).first()
    return membership


def find_invitation(hospital_id: str, invitation_id: str) -> Invitation | None:
    """Return an invitation of an open hospital, both by public id, in whatever state; for links, which carry both."""
    hospital = Hospital.objects.public().filter(public_id=hospital_id).first()
    if hospital is None:
        return None
    with in_hospital(hospital):
        rows = Invitation.objects.select_related("hospital", "invited_by")
        invitation: Invitation | None = rows.filter(public_id=invitation_id).first()
    return invitation


def invitations_of(hospital: Hospital) -> QuerySet[Invitation]:
    """Return the hospital's invitations with who sent them: waiting and expired ones first, then by date."""
    rows: QuerySet[Invitation] = Invitation.objects.filter(hospital=hospital).select_related("invited_by")
    waiting_first = Case(When(status=Invitation.Status.OPEN, then=Value(0)), default=Value(1))
    return rows.order_by(waiting_first, "-created_at", "-pk")


def open_invitations(hospital: Hospital) -> QuerySet[Invitation]:
    """Return the invitations that can be accepted now."""
    return invitations_of(hospital).filter(status=Invitation.Status.OPEN, expires_at__gt=timezone.now())
