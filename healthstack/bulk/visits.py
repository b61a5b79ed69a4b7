"""Writes the visits of a hospital, some thousand at a time: appointments, their cells, holds, history and care relations."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from typing import Any

from appointments.models import Appointment, Cell, Change, Hold
from appointments.operations.booking import CHART_STAYS_OPEN
from appointments.operations.changes import KEEPS_CHART_FOR
from appointments.slots import cells_of
from core.formats import moment
from ledger.operations import About
from notifications.models import Message, Notice
from patients.models import CareRelation

from .names import REASONS
from .plans import NOTHING, Plan
from .rows import insert, insert_values
from .world import World

Act = Change.Act
Status = Appointment.Status
ENDS = {Status.FULFILLED: Act.FULFILLED, Status.NOSHOW: Act.NOSHOW, Status.CANCELLED: Act.CANCELLED}


def write_appointments(world: World, plans: list[Plan], serials: Counter[tuple[int, dt.date]]) -> None:
    """Write the visits themselves with all that hangs on them but money and notes."""
    for plan in plans:
        serials[plan.work.pk, plan.day] += 1
        plan.row = _appointment(world, plan, serials[plan.work.pk, plan.day])
    insert([plan.row for plan in plans])
    insert_values(Cell, (cell for plan in plans if plan.status != Status.CANCELLED for cell in _cells(plan)))
    insert([_hold(plan) for plan in plans if plan.online])
    insert_values(Change, (change for plan in plans for change in _changes(world, plan)))
    insert_values(CareRelation, (_care(world, plan) for plan in plans if plan.accepted_at))
    insert_values(Message, (_mail(world, plan) for plan in plans if plan.patient.user))
    insert_values(Notice, (notice for plan in plans for notice in _notices(world, plan)))


def booker(plan: Plan) -> Any:
    """Return who booked: the patient, or the desk for somebody without a log-in."""
    return plan.patient.user or plan.place.desk


def about(plan: Plan) -> About:
    """Return whom and where an entry of this visit concerns."""
    return About(plan.patient.public_id, plan.place.hospital.pk)


def _appointment(world: World, plan: Plan, serial: int) -> Appointment:
    cancelled = plan.status == Status.CANCELLED
    side = Appointment.Side.PATIENT if plan.by_patient else Appointment.Side.HOSPITAL
    return Appointment(
        full_refund_hours=plan.place.hospital.full_refund_hours,
        half_refund_hours=plan.place.hospital.half_refund_hours,
        public_id=world.id(),
        hospital=plan.place.hospital,
        patient=plan.patient,
        doctor=plan.work.doctor,
        affiliation=plan.work,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        day=plan.day,
        serial=serial,
        status=plan.status,
        fee=plan.work.fee,
        reason=world.random.choice(REASONS),
        booked_by=booker(plan),
        cancelled_by=side if cancelled else "",
        cancel_reason="Another day suits better." if cancelled else "",
        returned=(plan.credited if plan.paid else NOTHING) if cancelled else None,
        created_at=plan.booked_at,
    )


def _cells(plan: Plan) -> Iterable[dict[str, Any]]:
    people = {
        "appointment_id": plan.row.pk, "doctor_id": plan.work.doctor_id, "patient_id": plan.patient.pk,
    }  # fmt: skip
    return [people | {"starts_at": start} for start in cells_of(plan.starts_at, plan.ends_at)]


def _hold(plan: Plan) -> Hold:
    expires_at = plan.booked_at + dt.timedelta(minutes=15)
    return Hold(
        hospital=plan.place.hospital, appointment=plan.row, status=Hold.Status.USED, expires_at=expires_at
    )


def _changes(world: World, plan: Plan) -> Iterable[dict[str, Any]]:
    first = Status.BOOKED if plan.place.hospital.accepts_at_once else Status.PENDING
    yield _change(world, plan, Act.BOOKED, first, plan.booked_at, booker(plan))
    doctor = plan.work.doctor.user
    if plan.accepted_at and first == Status.PENDING:
        yield _change(world, plan, Act.ACCEPTED, Status.BOOKED, plan.accepted_at, doctor)
    if plan.ended_at:
        by = booker(plan) if plan.status == Status.CANCELLED and plan.by_patient else doctor
        yield _change(world, plan, ENDS[Status(plan.status)], plan.status, plan.ended_at, by)


def _change(world: World, plan: Plan, act: Act, status: str, at: dt.datetime, by: Any) -> dict[str, Any]:
    row, note = plan.row, plan.row.cancel_reason if act == Act.CANCELLED else ""
    body = {"starts_at": row.starts_at.isoformat(), "status": str(status), "version": row.version}
    world.record(
        f"appointments.{act.value}", row.public_id, by=by, at=at, about=about(plan), body=body, reason=note
    )
    return {
        "hospital_id": row.hospital_id,
        "appointment_id": row.pk,
        "at": at,
        "act": act,
        "version": row.version,
        "starts_at": row.starts_at,
        "by_name": by.name,
        "note": note,
    }


def _care(world: World, plan: Plan) -> dict[str, Any]:
    doctor, reason, row = plan.work.doctor.user, CareRelation.Reason.APPOINTMENT, plan.row
    starts_at = plan.accepted_at or plan.booked_at
    open_until = plan.ends_at + CHART_STAYS_OPEN
    ends_at = plan.ended_at or open_until
    if plan.ended_at and plan.status == Status.FULFILLED:
        ends_at += KEEPS_CHART_FOR
    body = {"person": doctor.public_id, "reason": reason.value, "ends_at": open_until.isoformat()}
    world.record("patients.care_opened", row.public_id, by=doctor, at=starts_at, about=about(plan), body=body)
    if plan.ended_at:
        ended = {"ends_at": ends_at.isoformat()}
        world.record(
            "patients.care_ended", row.public_id, by=doctor, at=plan.ended_at, about=about(plan), body=ended
        )
    return {
        "hospital_id": row.hospital_id,
        "patient_id": plan.patient.pk,
        "person_id": doctor.pk,
        "reason": reason,
        "reference": row.public_id,
        "starts_at": starts_at,
        "ends_at": ends_at,
    }


def _mail(world: World, plan: Plan) -> dict[str, Any]:
    return {
        "public_id": world.id(),
        "kind": "appointments.booked",
        "reference": plan.row.public_id,
        "version": plan.row.version,
        "hospital_id": plan.place.hospital.pk,
        "user_id": plan.patient.user_id,
        "email": plan.patient.email,
        "status": Message.Status.SENT,
        "attempts": 1,
        "next_attempt_at": plan.booked_at,
        "sent_at": plan.booked_at,
        "created_at": plan.booked_at,
    }


def _notices(world: World, plan: Plan) -> Iterable[dict[str, Any]]:
    recent = plan.starts_at > world.now - dt.timedelta(days=30)
    when = moment(plan.starts_at, plan.place.hospital.tz) if recent else ""
    if recent and plan.patient.user:
        title = f"Booked: {when} with {plan.work.doctor.name}"
        yield _notice(world, plan, plan.patient.user, "appointments.booked", title, "/me/visits/")
    if recent:
        title = f"New visit: {when}, {plan.place.hospital.name}"
        yield _notice(world, plan, plan.work.doctor.user, "appointments.new_visit", title, "/doctor/visits/")


def _notice(world: World, plan: Plan, user: Any, kind: str, title: str, path: str) -> dict[str, Any]:
    read_at = world.now if world.random.random() < 0.8 else None
    url = f"{path}{plan.row.public_id}/"
    return {
        "public_id": world.id(),
        "user_id": user.pk,
        "kind": kind,
        "reference": plan.row.public_id,
        "hospital_id": plan.place.hospital.pk,
        "title": title[:200],
        "url": url,
        "read_at": read_at,
        "created_at": plan.booked_at,
    }
