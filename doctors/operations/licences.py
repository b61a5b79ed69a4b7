"""A doctor's licence as a hospital has checked it: written by the doctor, looked at by the hospital's admin."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core.actors import Actor
from core.errors import Conflict, DomainError
from core.locks import LockKey, Rank, lock_rows
from core.tenancy import in_hospital
from hospitals.models import Membership, Role
from ledger.operations import About, record
from notifications.operations import notify

from ..models import Affiliation, Doctor
from ..queries import hospitals_of, licences_to_check
from ..signals import licence_changed


@transaction.atomic
def confirm_licence(affiliation: Affiliation, *, seen: str, by: Actor) -> Affiliation:
    """Note that the hospital has checked the licence: from now on it says so, and the new date counts for booking.

    `seen` is the licence that the page showed (`Doctor.licence`). Harmless a second time. Raises Conflict when it is another
    one by now, DomainError for an expired one and for a doctor who has left.
    """
    lock_rows([LockKey(Rank.DOCTOR, Doctor, affiliation.doctor_id)])
    found = Affiliation.objects.current().select_related("doctor").filter(pk=affiliation.pk).first()
    if found is None:
        raise DomainError(_("The doctor does not work here any more."))
    doctor = found.doctor
    refuse_unseen(doctor, seen)
    if not doctor.is_licensed:
        raise DomainError(_("This licence has expired. The doctor can write the new date into the profile."))
    if found.is_licence_checked:
        return found
    body = {"doctor": doctor.public_id, "from": found.checked_licence, "to": doctor.licence}
    found.checked_licence_number, found.checked_licence_expires = (
        doctor.licence_number,
        doctor.licence_expires,
    )
    found.save(update_fields=["checked_licence_number", "checked_licence_expires"])
    record(
        "doctors.licence_checked",
        found.public_id,
        by=by,
        about=About(hospital_id=found.hospital_id),
        body=body,
    )
    licence_changed.send(sender=Affiliation, doctor_id=doctor.pk)
    return found


def refuse_unseen(doctor: Doctor, seen: str) -> None:
    """Raise Conflict unless the doctor's licence is still the one that a page showed."""
    if seen != doctor.licence:
        raise Conflict(_("The licence was changed meanwhile. Look at it once more."))


def note_new_licence(doctor: Doctor, *, before: str, by: Actor) -> None:
    """Write a changed licence into the activity of every hospital concerned, and ask those that checked another one.

    Inside the transaction that changed it, with the doctor locked.
    """
    body = {"from": before, "to": doctor.licence}
    concerned: list[int | None] = [*hospitals_of(doctor)]
    for hospital_id in concerned or [None]:
        about = About(hospital_id=hospital_id)
        record("doctors.licence_changed", doctor.public_id, by=by, about=about, body=body)
    for affiliation in licences_to_check(doctor):
        with in_hospital(affiliation.hospital_id):
            tell_admins(affiliation.hospital_id, "doctors.licence_changed", affiliation.public_id)
    licence_changed.send(sender=Doctor, doctor_id=doctor.pk)


def tell_admins(hospital_id: int, kind: str, reference: str) -> None:
    """Tell the hospital's admins; inside its scope."""
    admins: Any = Membership.objects.active().filter(hospital=hospital_id, role=Role.ADMIN)
    for membership in admins.select_related("user"):
        notify(membership.user, kind, reference, hospital_id=hospital_id)
