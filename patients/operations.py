"""What changes patients: sign-up, walk-ins, profile, registration at a hospital, care relations."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.operations import sign_up
from core.actors import VISITOR, Actor
from core.errors import Conflict, DomainError
from core.search import index_text
from hospitals.models import Hospital
from ledger.operations import About, record

from .models import CareRelation, NumberSeries, Patient, Registration, search_kind


@dataclass(frozen=True)
class PatientDetails:
    """What is written down about a person."""

    name: str
    birth_date: dt.date
    sex: str = Patient.Sex.UNKNOWN
    name_bn: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    city: str = ""

    def write_to(self, patient: Patient) -> None:
        """Copy the details onto the row, in memory."""
        for name in self.__dataclass_fields__:
            setattr(patient, name, getattr(self, name))


def _refuse_impossible(details: PatientDetails) -> None:
    tomorrow = timezone.now().date() + dt.timedelta(days=1)  # today already, east of here
    if details.birth_date > tomorrow:
        raise DomainError(
            _("This day is still to come. Write the day of birth: day, month, year, like 3 5 1988."),
            field="birth_date",
        )
    if details.birth_date < dt.date(1900, 1, 1):
        raise DomainError(
            _("This is before 1900. Write the year with four digits: day, month, year, like 3 5 1988."),
            field="birth_date",
        )


@transaction.atomic
def sign_up_patient(*, details: PatientDetails, password_hash: str) -> None:
    """Make a log-in and a patient of it; the address's owner gets a mail.

    Nothing tells whether the address had an account: a confirmed one stays untouched.
    """
    _refuse_impossible(details)
    user = sign_up(email=details.email, name=details.name, phone=details.phone, password_hash=password_hash)
    if user is not None:
        _save_own_patient(user, details, by=VISITOR)


@transaction.atomic
def become_patient(user: Any, *, details: PatientDetails) -> Patient:
    """Make a patient of somebody who has a log-in already, for example a doctor."""
    _refuse_impossible(details)
    return _save_own_patient(user, details, by=user)


def _save_own_patient(user: Any, details: PatientDetails, *, by: Actor) -> Patient:
    patient = Patient.objects.filter(user=user).first() or Patient(user=user)
    created = patient.pk is None
    details.write_to(patient)
    patient.save()
    kind = "patients.signed_up" if created else "patients.profile_changed"
    record(kind, patient.public_id, by=by, about=About(patient.public_id))
    _index(patient)
    return patient


@transaction.atomic
def change_profile(patient: Patient, *, details: PatientDetails, by: Actor) -> None:
    """Change the person's own details; the log-in's e-mail stays as it is."""
    _refuse_impossible(details)
    patient = Patient.objects.select_for_update(no_key=True, of=("self",)).get(pk=patient.pk)
    details.write_to(patient)
    patient.save()
    record("patients.profile_changed", patient.public_id, by=by, about=About(patient.public_id))
    _index(patient)


@transaction.atomic
def register_walk_in(hospital: Hospital, *, details: PatientDetails, by: Actor) -> Patient:
    """Register somebody at the desk, without a log-in, and give the hospital's next number."""
    _refuse_impossible(details)
    patient = Patient()
    details.write_to(patient)
    patient.save()
    record(
        "patients.walk_in_registered", patient.public_id, by=by, about=About(patient.public_id, hospital.pk)
    )
    ensure_registration(hospital, patient, by=by)
    return patient


@transaction.atomic
def change_walk_in(hospital: Hospital, patient: Patient, *, details: PatientDetails, by: Actor) -> None:
    """Change the details of somebody without a log-in, at the desk. Ledger: patients.walk_in_changed.

    Raises Conflict for a person with a log-in, who changes them without the desk.
    """
    _refuse_impossible(details)
    patient = Patient.objects.select_for_update(no_key=True, of=("self",)).get(pk=patient.pk)
    if patient.user_id is not None:
        raise Conflict(_("%(name)s has a log-in and changes these details there.") % {"name": patient.name})
    details.write_to(patient)
    patient.save()
    record("patients.walk_in_changed", patient.public_id, by=by, about=About(patient.public_id, hospital.pk))
    _index(patient)


@transaction.atomic
def ensure_registration(hospital: Hospital, patient: Patient, *, by: Actor) -> Registration:
    """Return the patient's registration at the hospital, making one with the next number when there is none."""
    found = Registration.objects.filter(hospital=hospital, patient=patient).first()
    if found:
        return found
    NumberSeries.objects.get_or_create(hospital=hospital)
    series = NumberSeries.objects.select_for_update(no_key=True, of=("self",)).get(hospital=hospital)
    series.last += 1
    series.save(update_fields=["last"])
    registration, created = Registration.objects.get_or_create(
        hospital=hospital, patient=patient, defaults={"number": f"{hospital.number_prefix}-{series.last:06d}"}
    )
    if created:
        index_patient(hospital.pk, patient)
        about = About(patient.public_id, hospital.pk)
        record(
            "patients.registered", patient.public_id, by=by, about=about, body={"number": registration.number}
        )
    return registration


@transaction.atomic
def open_care_relation(
    hospital: Hospital,
    patient: Patient,
    *,
    person: Any,
    reason: str,
    reference: str,
    by: Actor,
    ends_at: dt.datetime | None = None,
) -> None:
    """Let a person open the patient's chart from now on, until `ends_at` if given.

    Opening it again for the same reason is harmless; the last end counts.
    """
    relation, created = CareRelation.objects.get_or_create(
        hospital=hospital,
        patient=patient,
        person=person,
        reason=reason,
        reference=reference,
        defaults={"starts_at": timezone.now(), "ends_at": ends_at},
    )
    if not created and relation.ends_at != ends_at:
        relation.ends_at = ends_at
        relation.save(update_fields=["ends_at"])
    about = About(patient.public_id, hospital.pk)
    body = {"person": person.public_id, "reason": reason}
    if ends_at is not None:
        body["ends_at"] = ends_at.isoformat()
    record("patients.care_opened", reference, by=by, about=about, body=body)


@transaction.atomic
def end_care_relation(
    patient: Patient, *, reason: str, reference: str, ends_at: dt.datetime, by: Actor
) -> None:
    """End the care relation that hangs on `reference`; the chart closes at that moment."""
    for relation in CareRelation.objects.filter(patient=patient, reason=reason, reference=reference):
        relation.ends_at = max(ends_at, relation.starts_at)
        relation.save(update_fields=["ends_at"])
        about = About(patient.public_id, relation.hospital_id)
        record("patients.care_ended", reference, by=by, about=about, body={"ends_at": ends_at.isoformat()})


def _index(patient: Patient) -> None:
    for hospital_id in Registration.hospitals_of(patient):
        index_patient(hospital_id, patient)


def index_patient(hospital_id: int, patient: Patient) -> None:
    """Make a patient findable by name at a hospital."""
    index_text(search_kind(hospital_id), patient.pk, f"{patient.name} {patient.name_bn}")
