"""A doctor's licence as a hospital has checked it: written by the doctor, looked at by the hospital's admin."""

from __future__ import annotations

import datetime as dt
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

Licence = tuple[str, dt.date]  # number, valid until


@transaction.atomic
def confirm_licence(affiliation: Affiliation, *, number: str, expires_at: dt.date, by: Actor) -> Affiliation:
    """Note that the hospital has checked this licence: from now on it says so, and the new date counts for booking.

    Harmless a second time. Raises Conflict when the doctor has written another one meanwhile, DomainError for an expired one
    and for a doctor who has left.
    """
    lock_rows([LockKey(Rank.DOCTOR, Doctor, affiliation.doctor_id)])
    found = Affiliation.objects.current().select_related("doctor").filter(pk=affiliation.pk).first()
    if found is None:
        raise DomainError(_("The doctor does not work here any more."))
    if (found.doctor.licence_number, found.doctor.licence_expires) != (number, expires_at):
        raise Conflict(_("The licence was changed again meanwhile. Please look at it once more."))
    if not found.doctor.is_licensed:
        raise DomainError(_("This licence has expired. The doctor can write the new date into the profile."))
    if found.is_licence_checked:
        return found
    before = _said(found.checked_licence_number, found.checked_licence_expires)
    found.checked_licence_number, found.checked_licence_expires = number, expires_at
    found.save(update_fields=["checked_licence_number", "checked_licence_expires"])
    body = {"doctor": found.doctor.public_id, "from": before, "to": _said(number, expires_at)}
    record(
        "doctors.licence_checked",
        found.public_id,
        by=by,
        about=About(hospital_id=found.hospital_id),
        body=body,
    )
    licence_changed.send(sender=Affiliation, doctor_id=found.doctor_id)
    return found


def note_new_licence(doctor: Doctor, *, before: Licence, by: Actor) -> None:
    """Write a changed licence into the activity of every hospital concerned, and ask those that checked another one.

    Inside the transaction that changed it, with the doctor locked.
    """
    body = {"from": _said(*before), "to": _said(doctor.licence_number, doctor.licence_expires)}
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


def _said(number: str, until: dt.date | None) -> str:
    return f"{number} until {until.isoformat()}" if until else ""
