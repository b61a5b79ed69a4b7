"""Applying to a hospital, and its answer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import Actor, person_of
from core.errors import Conflict, DomainError
from core.locks import LockKey, Rank, lock_rows
from core.money import round_money
from core.tenancy import everywhere, in_hospital
from hospitals.models import Department, Hospital, Role
from hospitals.operations import add_membership
from ledger.operations import About, record
from notifications.operations import notify

from ..models import Affiliation, Application, Doctor
from .affiliations import BookingRules, check_department, check_rules
from .licences import refuse_unseen, tell_admins

MOST_WAITING = 10


@transaction.atomic
def apply_to_hospital(doctor: Doctor, *, hospital: Hospital, message: str = "", by: Actor) -> Application:
    """Ask a hospital to work there; its admins are told. Raises DomainError, Conflict while one waits there already."""
    lock_rows([LockKey(Rank.DOCTOR, Doctor, doctor.pk)])
    doctor = Doctor.objects.get(pk=doctor.pk)
    if not hospital.is_active:
        raise DomainError(_("%(name)s takes no applications now.") % {"name": hospital.name})
    if not doctor.is_licensed:
        raise DomainError(_("Your licence has expired. Write its new date into your profile first."))
    with everywhere():
        if Application.objects.for_doctor(doctor).open().count() >= MOST_WAITING:
            raise DomainError(_("Ten of your applications wait for an answer. Withdraw one first."))
    with in_hospital(hospital):
        if Affiliation.objects.current().filter(doctor=doctor).exists():
            raise Conflict(_("You work at %(name)s already.") % {"name": hospital.name})
        application = Application(hospital=hospital, doctor=doctor, message=message)
        _insert(application)
        _record("applied", application, by)
        tell_admins(hospital.pk, "doctors.applied", application.public_id)
    return application


def _insert(application: Application) -> None:
    try:
        with transaction.atomic():
            application.save()
    except IntegrityError as error:
        name = application.hospital.name
        raise Conflict(
            _("Your application to %(name)s waits for an answer already.") % {"name": name}
        ) from error


@transaction.atomic
def withdraw_application(application: Application, *, by: Actor) -> None:
    """Take an application back before it is decided; the hospital can't open the papers any more."""
    application = _locked(application)
    with in_hospital(application.hospital_id):
        _decide(application, Application.Status.WITHDRAWN, by)
        _record("application_withdrawn", application, by)


@transaction.atomic
def approve_application(
    application: Application,
    *,
    department: Department | None,
    fee: Decimal,
    slot_minutes: int,
    seen: str = "",
    by: Actor,
) -> Affiliation:
    """Let the doctor work here, in a department and for a fee in the hospital's currency; the doctor gets a mail.

    The licence counts as checked by the hospital: `seen` is the one that the page showed (`Doctor.licence`), empty asks
    nothing. Raises Conflict when it is another one by now, DomainError for an expired licence or odd rules,
    IllegalTransition when it is decided already.
    """
    # Its currency stays what it is from the first fee on.
    lock_rows([LockKey(Rank.HOSPITAL, Hospital, application.hospital_id)])
    application = _locked(application)
    doctor, hospital = application.doctor, application.hospital
    _decide(application, Application.Status.APPROVED, by)
    if seen:
        refuse_unseen(doctor, seen)
    if not doctor.is_licensed:
        raise DomainError(
            _("The licence of %(name)s has expired, so nobody could book a visit.") % {"name": doctor.name}
        )
    check_rules(BookingRules(fee, slot_minutes, 0, None, takes_bookings=True))
    check_department(hospital.pk, department)
    affiliation = _employ(doctor, hospital, by=by)
    affiliation.department, affiliation.slot_minutes = department, slot_minutes
    affiliation.fee = round_money(fee)
    affiliation.save()
    body = {"affiliation": affiliation.public_id, "fee": str(affiliation.fee), "licence": doctor.licence}
    _record("application_approved", application, by, body)
    notify(doctor.user, "doctors.approved", application.public_id, hospital_id=hospital.pk)
    return affiliation


def _employ(doctor: Doctor, hospital: Hospital, *, by: Actor) -> Affiliation:
    """Make the doctor a member, and return the work there, not saved yet, with the licence as it is checked now."""
    membership = add_membership(hospital, user=doctor.user, role=Role.DOCTOR, by=by)
    if Affiliation.objects.filter(membership=membership).exists():
        raise Conflict(_("%(name)s works here already.") % {"name": doctor.name})
    return Affiliation(
        hospital=hospital,
        membership=membership,
        doctor=doctor,
        checked_licence_number=doctor.licence_number,
        checked_licence_expires=doctor.licence_expires,
    )


@transaction.atomic
def reject_application(application: Application, *, reason: str, by: Actor) -> None:
    """Say no, with a reason that the doctor reads in a mail. Raises IllegalTransition when it is decided already."""
    application = _locked(application)
    application.reason = reason[:500]
    _decide(application, Application.Status.REJECTED, by)
    _record("application_rejected", application, by, reason=reason)
    notify(
        application.doctor.user,
        "doctors.rejected",
        application.public_id,
        hospital_id=application.hospital_id,
    )


def _locked(application: Application) -> Application:
    """Lock the doctor, then the application, and read it again."""
    lock_rows([LockKey(Rank.DOCTOR, Doctor, application.doctor_id)])
    with in_hospital(application.hospital_id):
        rows = Application.objects.select_for_update(no_key=True, of=("self",))
        locked: Application = rows.select_related("doctor__user", "hospital").get(pk=application.pk)
    return locked


def _decide(application: Application, status: str, by: Actor) -> None:
    application.move_to(status)
    application.decided_at = timezone.now()
    application.decided_by = person_of(by)
    application.save(update_fields=["status", "reason", "decided_at", "decided_by"])


def _record(
    what: str, application: Application, by: Actor, body: dict[str, Any] | None = None, *, reason: str = ""
) -> None:
    about = About(hospital_id=application.hospital_id)
    whole = {"doctor": application.doctor.public_id, **(body or {})}
    record(f"doctors.{what}", application.public_id, by=by, about=about, body=whole, reason=reason)
