"""A patient's chart as a doctor sees it, and what a patient sees of a visit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Subquery

from appointments.models import Appointment
from core.formats import today_in
from core.search import search_ids
from doctors.models import Doctor
from patients.models import CareRelation, Patient, Registration, search_kind

from ..models import Allergies, Prescription, PrescriptionLine, TimelineEntry, Visit, VisitNote
from .prescriptions import prescriptions_of

TIMELINE, VISITS, MEDICINES = "timeline", "visits", "medicines"
CHART_PARTS = (TIMELINE, VISITS, MEDICINES)


@dataclass(frozen=True)
class Who:
    """The strip above every page about a patient; `allergies` None means: not asked."""

    patient: Patient
    numbers: tuple[str, ...]
    allergies: Allergies | None


@dataclass(frozen=True)
class Encounter:
    """A booked visit and what was written in it; `visit` None: not begun. `number` is the notes' version, 0 for none.

    The newest notes are read when somebody asks for them; one query.
    """

    appointment: Appointment
    visit: Visit | None
    who: Who
    has_prescription: bool

    @cached_property
    def note(self) -> VisitNote | None:
        rows = VisitNote.objects.filter(visit__appointment=self.appointment)
        newest: VisitNote | None = rows.select_related("author").order_by("-number").first()
        return newest

    @property
    def number(self) -> int:
        return self.note.number if self.note else 0

    @property
    def can_begin(self) -> bool:
        appointment = self.appointment
        is_booked = self.visit is None and appointment.status == Appointment.Status.BOOKED
        return is_booked and appointment.day <= today_in(appointment.hospital.zone)

    @property
    def is_untouched(self) -> bool:
        return not (self.note or self.has_prescription or self.is_finished)

    @property
    def is_finished(self) -> bool:
        return self.visit is not None and self.visit.finished_at is not None


def allergies_of(patient: Patient) -> Allergies | None:
    """Return the patient's answer about allergies, or None when nobody asked; no query when it was fetched along."""
    return getattr(patient, "allergies", None)


def who_is(patient: Patient) -> Who:
    """Return the strip: allergies, and the patient's number at each hospital of the scope; one query."""
    rows = list(
        Registration.objects.filter(patient=patient).select_related("patient__allergies").order_by("pk")
    )
    known = rows[0].patient if rows else patient
    return Who(known, tuple(row.number for row in rows), allergies_of(known))


def encounter_of(appointment: Appointment) -> Encounter:
    """Return the booked visit; one query."""
    rows = Appointment.objects.select_related("patient__allergies", "hospital", "doctor", "visit")
    registered = Registration.objects.filter(patient=OuterRef("patient"), hospital=OuterRef("hospital"))
    prescribed = Prescription.objects.filter(visit__appointment=OuterRef("pk"))
    found = rows.annotate(
        number=Subquery(registered.values("number")[:1]), has_prescription=Exists(prescribed)
    ).get(pk=appointment.pk)
    who = Who(found.patient, (found.number,) if found.number else (), allergies_of(found.patient))
    visit = getattr(found, "visit", None)
    return Encounter(found, visit, who, found.has_prescription)


def notes_of(visit: Visit) -> QuerySet[VisitNote]:
    """Return all versions of the visit's notes, the newest first."""
    rows: QuerySet[VisitNote] = (
        VisitNote.objects.filter(visit=visit).select_related("author").order_by("-number")
    )
    return rows


def patients_of(doctor: Doctor, *, text: str = "") -> QuerySet[Patient]:
    """Return whom the doctor cares for now, by name, with their number and last visit; `text` is a name or a number."""
    number = Registration.objects.filter(patient=OuterRef("pk")).order_by("pk").values("number")[:1]
    last = Visit.objects.filter(patient=OuterRef("pk"), doctor=doctor).order_by("-started_at")
    mine = Patient.objects.cared_for_by(doctor.user_id)
    rows = mine.select_related("allergies").annotate(
        number=Subquery(number),
        last_seen=Subquery(last.values("started_at")[:1]),
        last_zone=Subquery(last.values("hospital__zone")[:1]),
    )
    if text:
        hospitals = CareRelation.objects.live_of(doctor.user_id).values_list("hospital_id", flat=True)
        alike = [
            patient_id
            for hospital_id in set(hospitals)
            for patient_id, _score in search_ids(search_kind(hospital_id), text, within=mine)
        ]
        numbered = Registration.objects.filter(number__iexact=text).values("patient")
        rows = rows.filter(Q(pk__in=alike) | Q(name__icontains=text) | Q(pk__in=numbered))
    return rows.order_by("name", "pk")


def chart_part(patient: Patient, doctor: Doctor, part: str) -> QuerySet[Any]:
    """Return one part of the chart, as far as the doctor may read it, the newest first; one query, two for medicines."""
    if part == VISITS:
        return _visits(patient, doctor)
    if part == MEDICINES:
        lines = PrescriptionLine.objects.order_by("pk")
        return prescriptions_of(patient, doctor=doctor).prefetch_related(Prefetch("lines", lines))
    rows: QuerySet[TimelineEntry] = TimelineEntry.objects.for_doctor(doctor).filter(patient=patient)
    return rows.select_related("hospital")


def _visits(patient: Patient, doctor: Doctor) -> QuerySet[Visit]:
    newest = VisitNote.objects.filter(visit=OuterRef("pk")).order_by("-number")
    rows = (
        Visit.objects.for_doctor(doctor)
        .filter(patient=patient)
        .select_related("doctor", "hospital", "appointment")
    )
    annotated: QuerySet[Visit] = rows.annotate(
        diagnosis=Subquery(newest.values("diagnosis")[:1]),
        diagnosis_code=Subquery(newest.values("diagnosis_code")[:1]),
        version=Subquery(newest.values("number")[:1]),
    )
    return annotated


def summary_of(appointment: Appointment) -> VisitNote | None:
    """Return the newest notes of a finished visit, of which the patient sees diagnosis and plan; None before that."""
    rows = VisitNote.objects.filter(visit__appointment=appointment, visit__finished_at__isnull=False)
    note: VisitNote | None = (
        rows.select_related("visit__doctor", "visit__hospital").order_by("-number").first()
    )
    return note
