"""Prescriptions: lists, the content that a signature freezes, and what the public may know."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import rfc8785
from django.db.models import Q, QuerySet
from django.utils.dateformat import format as format_date

from appointments.models import Appointment
from core.documents import StoredDocument, find_document
from core.formats import clock, local, today_in
from doctors.models import Doctor
from formulary.models import Medicine
from patients.models import Patient, Registration

from ..models import Allergies, Prescription, PrescriptionLine, VisitNote, plain_number

DOCUMENT = "records.prescription"  # the kind of its stored PDF
VALID, CANCELLED, REPLACED, EXPIRED = "valid", "cancelled", "replaced", "expired"
# What people mistake for another letter when they type a code; the alphabet has none of these.
_MISREAD = str.maketrans({"i": "1", "l": "1", "o": "0", "-": None, " ": None})


@dataclass(frozen=True)
class Taken:
    """What a patient takes now, line by line, the newest prescription first."""

    lines: list[PrescriptionLine]

    @property
    def generics(self) -> set[int]:
        return {line.medicine.generic_id for line in self.lines}


@dataclass(frozen=True)
class Verification:
    """All that the public page says about a prescription."""

    state: str
    signed: str
    valid_until: dt.date
    hospital: str
    hospital_bn: str
    doctor: str


def full_date(value: dt.date) -> str:
    """Return 25 November 2026: with its year, since paper outlives it."""
    return format_date(value, "j F Y")


def full_moment(value: dt.datetime | None, zone: str) -> str:
    """Return 25 November 2026, 6:52 pm in the zone; nothing for no moment."""
    return f"{full_date(local(value, zone))}, {clock(value, zone)}" if value else ""


def prescriptions_of(
    patient: Patient, *, doctor: Doctor | None = None, text: str = ""
) -> QuerySet[Prescription]:
    """Return the patient's signed prescriptions, those that count first; with a doctor, those that the doctor may read.

    For a doctor the newest stands first whatever became of it. `text` is a part of a medicine's or a doctor's name.
    """
    rows = Prescription.objects.for_doctor(doctor) if doctor else Prescription.objects.for_patient(patient)
    rows = rows.filter(patient=patient).signed()
    if text:
        named = PrescriptionLine.objects.filter(medicine_name__icontains=text).values("prescription")
        rows = rows.filter(Q(pk__in=named) | Q(doctor__name__icontains=text))
    order = ["-signed_at", "-pk"]
    if doctor is None:
        rows, order = rows.annotate(counts=_counts(rows)), ["-counts", *order]
    found: QuerySet[Prescription] = rows.order_by(*order)
    return found


def takes_now(patient: Patient, doctor: Doctor, *, draft: str = "") -> Taken:
    """Return what the patient takes by prescriptions that count today, as far as the doctor may read them; one query.

    The one that the draft (its public id) replaces is left out: it stops counting when the draft is signed.
    """
    readable = Prescription.objects.for_doctor(doctor).filter(patient=patient)
    if draft:
        readable = readable.exclude(replaced_by__public_id=draft)
    rows = PrescriptionLine.objects.select_related(
        "medicine", "prescription__hospital", "prescription__doctor"
    )
    in_date = rows.filter(prescription__in=readable.filter(_may_count()).order_by().values("pk"))
    newest = in_date.order_by("-prescription__signed_at", "pk")
    return Taken([line for line in newest if line.prescription.is_valid])


def _may_count() -> Q:
    """Return what holds for all that count today in any zone; the hospital's own day decides."""
    earliest = today_in("UTC") - dt.timedelta(days=1)
    return Q(status=Prescription.Status.ACTIVE, valid_until__gte=earliest)


def _counts(rows: QuerySet[Prescription]) -> Q:
    """Return what holds for those that count today, each by its own hospital's day; one query."""
    in_date = Q()
    for zone in sorted(set(rows.order_by().values_list("hospital__zone", flat=True))):
        in_date |= Q(hospital__zone=zone, valid_until__gte=today_in(zone))
    return Q(status=Prescription.Status.ACTIVE) & in_date


def document_of(prescription: Prescription) -> StoredDocument | None:
    """Return the present PDF, or None while the worker has not made it."""
    return find_document(DOCUMENT, prescription.public_id, prescription.document_version)


def draft_of(appointment: Appointment) -> tuple[Prescription | None, list[PrescriptionLine]]:
    """Return the visit's draft, if there is one, and its lines; one query (a draft has at least one line)."""
    rows = PrescriptionLine.objects.select_related("prescription__replaces", "medicine__generic").filter(
        prescription__visit__appointment=appointment, prescription__status=Prescription.Status.DRAFT
    )
    lines = list(rows.order_by("pk"))
    return (lines[0].prescription if lines else None), lines


def medicines_by_id(public_ids: Iterable[str]) -> dict[str, Medicine]:
    """Return the formulary's medicines of these public ids, by public id; unknown ones are missing."""
    rows = Medicine.objects.select_related("generic").filter(public_id__in=set(public_ids))
    return {medicine.public_id: medicine for medicine in rows}


def letterhead_of(prescription: Prescription) -> dict[str, str]:
    """Return what the paper says about people, places and the diagnosis, as it is now; two queries."""
    registered = Registration.objects.filter(patient=prescription.patient, hospital=prescription.hospital)
    return letterhead(
        prescription,
        number=registered.values_list("number", flat=True).first() or "",
        allergies=getattr(prescription.patient, "allergies", None),
        note=VisitNote.objects.filter(visit=prescription.visit_id).order_by("-number").first(),
    )


def letterhead(
    prescription: Prescription, *, number: str, allergies: Allergies | None, note: VisitNote | None
) -> dict[str, str]:
    """Return the same from what is known already: the patient's number there, allergies, and the visit's newest notes."""
    hospital, doctor, patient = prescription.hospital, prescription.doctor, prescription.patient
    places = [hospital.address, hospital.area, hospital.city]
    return {
        "hospital": hospital.name,
        "hospital_bn": hospital.name_bn,
        "address": ", ".join(place for place in places if place),
        "phone": hospital.phone.as_international if hospital.phone else "",
        "zone": hospital.zone,
        "doctor": doctor.name,
        "qualifications": doctor.qualifications,
        "speciality": doctor.speciality.name,
        "licence": doctor.licence_number,
        "patient": patient.name,
        "patient_bn": patient.name_bn,
        "born": patient.birth_date.isoformat(),
        "sex": patient.sex,
        "number": number,
        "allergies": allergies.answer if allergies else "",
        "allergies_text": allergies.text if allergies else "",
        "diagnosis": note.diagnosis if note else "",
        "diagnosis_code": note.diagnosis_code if note else "",
    }


def _line_content(line: PrescriptionLine) -> dict[str, str]:
    return {
        "medicine": line.medicine_name,
        "route": line.route,
        "dose": plain_number(line.dose),
        "dose_unit": line.dose_unit,
        "frequency": line.frequency,
        "max_daily": plain_number(line.max_daily) if line.max_daily else "",
        "days": str(line.days or ""),
        "quantity": str(line.quantity),
        "quantity_unit": line.quantity_unit,
        "repeats": str(line.repeats),
        "substitution_allowed": "yes" if line.substitution_allowed else "no",
        "indication": line.indication,
        "instructions": line.instructions,
    }


def content_of(prescription: Prescription, stored: list[PrescriptionLine] | None = None) -> dict[str, Any]:
    """Return what the signature freezes, as JSON values; what happens to it later is no part of it.

    `stored` are its lines, when they were read already.
    """
    lines = sorted(prescription.lines.all() if stored is None else stored, key=lambda line: line.pk)
    signed_at = prescription.signed_at.astimezone(dt.UTC).isoformat() if prescription.signed_at else ""
    return {
        "prescription": prescription.public_id,
        "verify_code": prescription.verify_code,
        "replaces": prescription.replaces.public_id if prescription.replaces else "",
        "letterhead": prescription.letterhead,
        "advice": prescription.advice,
        "signed_at": signed_at,
        "valid_until": prescription.valid_until.isoformat() if prescription.valid_until else "",
        "lines": [_line_content(line) for line in lines],
    }


def draft_hash(prescription: Prescription, stored: list[PrescriptionLine] | None = None) -> str:
    """Return a hash of what a page shows of a draft, so that nothing unseen is signed or overwritten."""
    return hashlib.sha256(rfc8785.dumps(content_of(prescription, stored))).hexdigest()


def note_content(note: VisitNote) -> dict[str, Any]:
    """Return one version of a visit's notes as JSON values."""
    names = ("complaint", "findings", "diagnosis", "diagnosis_code", "plan", "reason")
    return {
        "visit": note.visit.public_id,
        "number": str(note.number),
        "author": note.author.public_id,
        **{name: getattr(note, name) for name in names},
    }


def verification(code: str) -> Verification | None:
    """Return what the public may know of the prescription behind a code: no patient, no medicine; None for an unknown code.

    Spaces, dashes, capitals and misread letters in what somebody typed do no harm.
    """
    found = Prescription.in_any_hospital(verify_code=code.strip().lower().translate(_MISREAD))
    if found is None or found.signed_at is None or found.valid_until is None:
        return None
    head = found.letterhead
    return Verification(
        state=_state(found),
        signed=full_moment(found.signed_at, head["zone"]),
        valid_until=found.valid_until,
        hospital=head["hospital"],
        hospital_bn=head["hospital_bn"],
        doctor=head["doctor"],
    )


def _state(prescription: Prescription) -> str:
    if prescription.status == Prescription.Status.CANCELLED:
        return CANCELLED
    if prescription.status == Prescription.Status.SUPERSEDED:
        return REPLACED
    return EXPIRED if prescription.is_expired else VALID
