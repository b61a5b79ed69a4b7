"""Who may read and write a record. Where a list answers the same question, its QuerySet method is the definition."""

from __future__ import annotations

from typing import Any

import rules

from appointments.rules import is_own_visit
from doctors.rules import is_doctor
from hospitals.models import Role
from hospitals.rules import roles_in
from patients.models import CareRelation, Patient
from patients.rules import is_patient

from .models import Prescription, Visit


@rules.predicate
def cares_for(user: Any, patient: Any) -> bool:
    """The person has a live care relation with the patient."""
    if patient is None or not user.is_authenticated:
        return False
    return Patient.objects.cared_for_by(user).filter(pk=patient.pk).exists()


def _sees_patients_at(user: Any, hospital_id: int) -> bool:
    return Role.DOCTOR in roles_in(user, hospital_id)


@rules.predicate
def is_treating(user: Any, appointment: Any) -> bool:
    """The person is the visit's doctor, works there, and the visit's care relation is live.

    The relation that hangs on a visit is its doctor's and nobody else's.
    """
    if appointment is None or not _sees_patients_at(user, appointment.hospital_id):
        return False
    relations = CareRelation.objects.live_of(user).filter(
        reason=CareRelation.Reason.APPOINTMENT, reference=appointment.public_id
    )
    return bool(relations.exists())


@rules.predicate
def reads_visit(user: Any, visit: Any) -> bool:
    """The person is a doctor who cares for the visit's patient at that hospital."""
    return (
        visit is not None
        and _sees_patients_at(user, visit.hospital_id)
        and Visit.objects.readable_by(user).filter(pk=visit.pk).exists()
    )


@rules.predicate
def is_own_prescription(user: Any, prescription: Any) -> bool:
    """The prescription is the person's own and signed."""
    return (
        prescription is not None
        and prescription.status != Prescription.Status.DRAFT
        and is_patient(user, prescription.patient)
    )


@rules.predicate
def reads_prescription(user: Any, prescription: Any) -> bool:
    """The person is a doctor who cares for the patient there; a draft opens for its writer only."""
    return (
        prescription is not None
        and _sees_patients_at(user, prescription.hospital_id)
        and Prescription.objects.readable_by(user).filter(pk=prescription.pk).exists()
    )


@rules.predicate
def wrote_prescription(user: Any, prescription: Any) -> bool:
    """The person wrote it."""
    return prescription is not None and is_doctor(user, prescription.doctor)


rules.add_perm("records.view_own_record", is_patient)
rules.add_perm("records.view_own_summary", is_own_visit)
rules.add_perm("records.view_own_patients", is_doctor)
rules.add_perm("records.view_chart", cares_for)
rules.add_perm("records.set_allergies", cares_for)
rules.add_perm("records.view_visit", reads_visit)
rules.add_perm("records.write_visit", is_treating)
rules.add_perm("records.prescribe", is_treating)
rules.add_perm("records.view_prescription", is_own_prescription | reads_prescription)
rules.add_perm("records.sign_prescription", wrote_prescription & reads_prescription)
