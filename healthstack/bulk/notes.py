"""Writes what happened in the visits that took place: notes, prescriptions, and the lines of the charts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db.models import prefetch_related_objects

from appointments.models import Appointment
from formulary.models import DoseUnit, Medicine
from records.models import Prescription, PrescriptionLine, TimelineEntry, Visit, VisitNote
from records.operations.lines import LineText, quantity_of, quantity_unit
from records.operations.prescriptions import VALID_DAYS
from records.queries import letterhead

from .names import DIAGNOSES, PLANS
from .plans import Plan
from .rows import insert, insert_values
from .visits import about
from .world import World

Frequency = PrescriptionLine.Frequency
OFTEN = (Frequency.ONCE, Frequency.TWICE, Frequency.THRICE)
READ_TOGETHER = 400
PRESCRIBED = 0.6  # share of visits with a prescription
DOSES = {DoseUnit.MILLILITRE: Decimal(5), DoseUnit.PUFF: Decimal(2), DoseUnit.DROP: Decimal(1)}


def write_records(world: World, plans: list[Plan], medicines: list[Medicine]) -> None:
    """Write visits, notes, prescriptions and timelines of the plans that were fulfilled."""
    done = [plan for plan in plans if plan.status == Appointment.Status.FULFILLED]
    visits = insert([_visit(world, plan) for plan in done])
    pairs = list(zip(visits, done, strict=True))
    notes = [note for visit, plan in pairs for note in _notes(world, visit, plan)]
    insert(notes)
    latest = {note.visit_id: note for note in notes}
    timeline = [_line_of_visit(visit, latest[visit.pk]) for visit in visits]
    for visit, plan in pairs:
        body = {"note": latest[visit.pk].number}
        _record(world, "records.visit_finished", visit.public_id, plan, plan.ends_at, body=body)
    timeline += _write_prescriptions(world, pairs, latest, medicines)
    insert_values(TimelineEntry, timeline)


def _record(world: World, kind: str, reference: str, plan: Plan, at: dt.datetime, **rest: object) -> None:
    world.record(kind, reference, by=plan.work.doctor.user, at=at, about=about(plan), **rest)


def _visit(world: World, plan: Plan) -> Visit:
    visit = Visit(
        public_id=world.id(),
        hospital=plan.place.hospital,
        appointment=plan.row,
        patient=plan.patient,
        doctor=plan.work.doctor,
        started_at=plan.starts_at,
        finished_at=plan.ends_at,
    )
    body = {"appointment": plan.row.public_id}
    _record(world, "records.visit_started", visit.public_id, plan, plan.starts_at, body=body)
    return visit


def _notes(world: World, visit: Visit, plan: Plan) -> Iterable[VisitNote]:
    random = world.random
    diagnosis, code = random.choice(DIAGNOSES)
    for number in (1, 2) if random.random() < 0.1 else (1,):
        note = VisitNote(
            hospital=visit.hospital,
            visit=visit,
            number=number,
            complaint=plan.row.reason or "Routine check.",
            findings=f"Blood pressure {random.randint(105, 160)}/{random.randint(65, 95)}, pulse {random.randint(60, 100)}.",
            diagnosis=diagnosis,
            diagnosis_code=code,
            plan=random.choice(PLANS),
            author=plan.work.doctor.user,
            reason="A finding was missing." if number > 1 else "",
            at=plan.ends_at,
        )
        _record(
            world, "records.visit_note", visit.public_id, plan, plan.ends_at, version=note, reason=note.reason
        )
        yield note


def _line_of_visit(visit: Visit, note: VisitNote) -> dict[str, Any]:
    return {
        "hospital_id": visit.hospital_id,
        "patient_id": visit.patient_id,
        "kind": "records.visit",
        "title": f"Visit: {note.diagnosis} ({note.diagnosis_code})",
        "route": "records:notes",
        "reference": visit.public_id,
        "at": visit.started_at,
    }


def _write_prescriptions(
    world: World, pairs: list[tuple[Visit, Plan]], latest: dict[int, VisitNote], medicines: list[Medicine]
) -> list[dict[str, Any]]:
    # The measured patient gets one each time, so that there is something to measure.
    wanted = [
        (visit, plan)
        for visit, plan in pairs
        if world.random.random() < PRESCRIBED or plan.patient is world.patient
    ]
    rows = insert([_prescription(world, visit, plan, latest[visit.pk]) for visit, plan in wanted])
    names: dict[int, list[str]] = {}
    lines = [line for row in rows for line in _lines(world, row, medicines)]
    for line in insert(lines):
        names.setdefault(line.prescription_id, []).append(line.medicine.generic.name)
    for start in range(0, len(rows), READ_TOGETHER):
        prefetch_related_objects(rows[start : start + READ_TOGETHER], "lines")
    for row, (_, plan) in zip(rows, wanted, strict=True):
        _record(world, "records.prescription", row.public_id, plan, plan.ends_at, version=row)
        if row.status == Prescription.Status.CANCELLED:
            _record(
                world,
                "records.prescription_cancelled",
                row.public_id,
                plan,
                plan.ends_at,
                reason=row.cancel_reason,
            )
    return [_line_of_prescription(row, names[row.pk]) for row in rows]


def _prescription(world: World, visit: Visit, plan: Plan, note: VisitNote) -> Prescription:
    cancelled = world.random.random() < 0.02
    signed_at = plan.ends_at
    prescription = Prescription(
        public_id=world.id(),
        hospital=visit.hospital,
        visit=visit,
        patient=visit.patient,
        doctor=visit.doctor,
        status=Prescription.Status.CANCELLED if cancelled else Prescription.Status.ACTIVE,
        advice=world.random.choice(PLANS),
        created_at=signed_at,
        signed_at=signed_at,
        valid_until=visit.hospital.local(signed_at).date() + dt.timedelta(days=VALID_DAYS),
        cancelled_at=signed_at if cancelled else None,
        cancel_reason="Written for somebody else." if cancelled else "",
    )
    number, allergies = plan.place.numbers[visit.patient.pk], world.allergies.get(visit.patient.pk)
    prescription.letterhead = letterhead(prescription, number=number, allergies=allergies, note=note)
    return prescription


def _lines(world: World, prescription: Prescription, medicines: list[Medicine]) -> Iterable[PrescriptionLine]:
    for medicine in world.random.sample(medicines, world.random.randint(1, 3)):
        unit = DoseUnit(medicine.dose_unit)
        dose, frequency = DOSES.get(unit, Decimal(1)), world.random.choice(OFTEN)
        text = LineText(medicine.public_id, dose, frequency, days=world.random.choice((3, 5, 7, 14, 30)))
        yield PrescriptionLine(
            hospital_id=prescription.hospital_id,
            prescription_id=prescription.pk,
            medicine=medicine,
            medicine_name=str(medicine)[:160],
            route=medicine.route,
            dose=dose,
            dose_unit=medicine.dose_unit,
            frequency=frequency,
            days=text.days,
            quantity=quantity_of(text, medicine) or 1,
            quantity_unit=quantity_unit(medicine),
        )


def _line_of_prescription(prescription: Prescription, generics: list[str]) -> dict[str, Any]:
    names = ", ".join(dict.fromkeys(generics))
    return {
        "hospital_id": prescription.hospital_id,
        "patient_id": prescription.patient_id,
        "kind": "records.prescription",
        "title": f"Prescription: {names}"[:200],
        "route": "records:doctor_prescription",
        "reference": prescription.public_id,
        "at": prescription.signed_at or prescription.created_at,
    }
