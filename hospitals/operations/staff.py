"""Who works in a hospital: rules read memberships live, so every change counts from the next page on."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.actors import Actor
from core.errors import Conflict, DomainError
from ledger.operations import About, record
from notifications.operations import notify

from ..models import INVITABLE_ROLES, Hospital, Membership, Role


@transaction.atomic
def add_membership(hospital: Hospital, *, user: User, role: str, by: Actor) -> Membership:
    """Give a person a role in a hospital; harmless when they have it. Raises DomainError while theirs is suspended."""
    membership = Membership(hospital=hospital, user=user, role=role)
    found = _current(hospital.pk, user, role)
    if found is None:
        # Of two acts at once the second inserts nothing and reads what the first has written.
        Membership.objects.bulk_create([membership], ignore_conflicts=True)
        found = _current(hospital.pk, user, role)
    if found is None:
        raise Conflict(_("This person's role has just changed. Please try again."))
    if found.status == Membership.Status.SUSPENDED:
        raise DomainError(_("This person's access is suspended. Reactivate it in the list of staff."))
    if found.public_id == membership.public_id:
        _record("hospitals.membership_added", found, by, {"user": user.public_id, "role": role})
    return found


@transaction.atomic
def change_role(membership: Membership, *, role: str, by: Actor) -> Membership:
    """Give a membership another of the invitable roles. Raises DomainError for the last admin, Conflict for a held role."""
    locked, admins = _locked(membership)
    before = locked.role
    if role not in INVITABLE_ROLES or before not in INVITABLE_ROLES:
        raise DomainError(_("This role can't be given or taken here."), field="role")
    if locked.status == Membership.Status.REMOVED:
        raise DomainError(_("This person does not work here any more."))
    if role == before:
        return locked
    if _current(locked.hospital_id, locked.user, role):
        raise Conflict(_("This person has that role already. Remove this one instead."), field="role")
    _keep_an_admin(locked, admins)
    locked.role = role
    locked.save(update_fields=["role"])
    _record("hospitals.role_changed", locked, by, {"from": before, "to": role})
    return locked


@transaction.atomic
def suspend_membership(membership: Membership, *, by: Actor) -> Membership:
    """Take the access away for now, at once, and tell the person.

    Raises IllegalTransition, and DomainError for the last admin.
    """
    locked, admins = _locked(membership)
    locked.move_to(Membership.Status.SUSPENDED)
    _keep_an_admin(locked, admins)
    locked.save(update_fields=["status"])
    _record("hospitals.membership_suspended", locked, by, {"role": locked.role})
    reference = f"{locked.hospital.public_id}:{locked.public_id}"
    notify(locked.user, "hospitals.suspended", reference, hospital_id=locked.hospital_id)
    return locked


@transaction.atomic
def reactivate_membership(membership: Membership, *, by: Actor) -> Membership:
    """Give suspended access back. Raises IllegalTransition."""
    locked, _admins = _locked(membership)
    locked.move_to(Membership.Status.ACTIVE)
    locked.save(update_fields=["status"])
    _record("hospitals.membership_reactivated", locked, by, {"role": locked.role})
    return locked


@transaction.atomic
def remove_membership(membership: Membership, *, by: Actor) -> Membership:
    """End the membership for good, at once. Raises IllegalTransition, and DomainError for the last admin and a doctor."""
    if membership.role == Role.DOCTOR:
        raise DomainError(_("A doctor leaves on the page of doctors, where visits are looked after."))
    return end_membership(membership, by=by)


@transaction.atomic
def end_membership(membership: Membership, *, by: Actor) -> Membership:
    """End a membership of any role: for the room that has looked after what hangs on it. Raises as removing does."""
    locked, admins = _locked(membership)
    locked.move_to(Membership.Status.REMOVED)
    _keep_an_admin(locked, admins)
    locked.ended_at = timezone.now()
    locked.save(update_fields=["status", "ended_at"])
    _record("hospitals.membership_removed", locked, by, {"role": locked.role})
    return locked


def _current(hospital_id: int, user: Any, role: str) -> Membership | None:
    rows = Membership.objects.filter(hospital_id=hospital_id, user=user, role=role)
    found: Membership | None = rows.exclude(status=Membership.Status.REMOVED).first()
    return found


def _locked(membership: Membership) -> tuple[Membership, set[int]]:
    """Lock the membership with all of the hospital's admins, by primary key, and return it and the ids of those who act.

    Two admins who remove each other lock the same rows, so the second one sees what the first one did.
    """
    rows = Membership.objects.filter(hospital_id=membership.hospital_id).select_for_update(
        no_key=True, of=("self",)
    )
    wanted = {
        row.pk: row for row in rows.filter(_admins_or(membership.pk)).select_related("user").order_by("pk")
    }
    admins = {
        pk
        for pk, row in wanted.items()
        if row.role == Role.ADMIN and row.status == Membership.Status.ACTIVE and row.user.is_active
    }
    return wanted[membership.pk], admins


def _admins_or(pk: int) -> Q:
    return Q(role=Role.ADMIN, status=Membership.Status.ACTIVE) | Q(pk=pk)


def _keep_an_admin(membership: Membership, admins: set[int]) -> None:
    if membership.pk in admins and len(admins) == 1:
        raise DomainError(_("This is the hospital's last admin. Make somebody else an admin first."))


def _record(kind: str, membership: Membership, by: Actor, body: dict[str, Any]) -> None:
    record(kind, membership.public_id, by=by, about=About(hospital_id=membership.hospital_id), body=body)
