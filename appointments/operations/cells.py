"""The cells of a visit: taken, moved and given back under the locks of its doctor and patient."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import Actor, person_of
from core.background import after_commit
from core.errors import Conflict
from core.formats import clock
from core.locks import LockKey, Rank, lock_rows
from core.tenancy import everywhere
from doctors.models import Doctor
from ledger.operations import About, record
from patients.models import Patient

from ..models import Appointment, Cell, Change, Hold
from ..slots import cells_of


class SlotTaken(Conflict):
    """Somebody else has the time now."""

    code = "slot_taken"


def slot_taken(starts_at: dt.datetime, zone: Any) -> SlotTaken:
    """Return the error in people's words."""
    words = _("%(time)s was just taken. Please choose another time.")
    return SlotTaken(words % {"time": clock(starts_at, zone)})


def visit_locks(doctor_id: int, patient_id: int, appointment_id: int | None = None) -> list[LockKey]:
    """Return what is locked before a visit's time is judged."""
    keys = [LockKey(Rank.DOCTOR, Doctor, doctor_id), LockKey(Rank.PATIENT, Patient, patient_id)]
    if appointment_id is not None:
        keys.append(LockKey(Rank.APPOINTMENT, Appointment, appointment_id))
    return keys


def lock_visit(appointment: Appointment) -> Appointment:
    """Lock the visit with its doctor and patient, and read it again."""
    lock_rows(visit_locks(appointment.doctor_id, appointment.patient_id, appointment.pk))
    rows = Appointment.objects.select_related(
        "hospital", "patient__user", "doctor__user", "affiliation__hospital"
    )
    return rows.get(pk=appointment.pk)


def drop_lapsed_cells(doctor_id: int, patient_id: int) -> None:
    """Give back what lapsed holds of this doctor or this patient still keep, in all hospitals; both rows are locked.

    A hold that somebody else is just dropping is left to them: of crossed holds neither side waits for the other.
    """
    now = timezone.now()
    with everywhere():
        of_either = Q(doctor=doctor_id) | Q(patient=patient_id)
        lapsed = Cell.objects.filter(of_either, lapses_at__lte=now).order_by()
        visits = list(lapsed.values_list("appointment_id", flat=True).distinct())
        mine = _lock_holds(visits) if visits else []
        if mine:
            live = Hold.objects.filter(appointment__in=mine, status=Hold.Status.LIVE)
            live.update(status=Hold.Status.EXPIRED)
            Cell.objects.filter(appointment__in=mine, lapses_at__lte=now).delete()


def _lock_holds(visits: list[int]) -> list[int]:
    """Lock the holds of these visits that nobody else has locked, and return the visits of those."""
    skip = connection.features.has_select_for_update_skip_locked
    holds = Hold.objects.select_for_update(no_key=True, of=("self",), skip_locked=skip)
    return list(holds.filter(appointment__in=visits).order_by("pk").values_list("appointment_id", flat=True))


def take_cells(appointment: Appointment, *, lapses_at: dt.datetime | None) -> None:
    """Take the visit's cells until `lapses_at` (None: for good). Raises SlotTaken when one is taken already.

    A cell that somebody else is just dropping counts as taken: to insert in its place would wait for them.
    Side effect: the doctor's next free times are computed again.
    """
    if _same_time(appointment).exists():
        raise _why_taken(appointment)
    cells = [
        Cell(
            appointment=appointment,
            doctor_id=appointment.doctor_id,
            patient_id=appointment.patient_id,
            starts_at=start,
            lapses_at=lapses_at,
        )
        for start in cells_of(appointment.starts_at, appointment.ends_at)
    ]
    try:
        with transaction.atomic():
            Cell.objects.bulk_create(cells)
    except IntegrityError as error:
        raise _why_taken(appointment) from error
    after_commit("appointments.refresh_doctor", doctor_id=appointment.doctor_id)


def _why_taken(appointment: Appointment) -> SlotTaken:
    """Say whose time it is: both people are locked, so the answer stands."""
    own = _same_time(appointment).filter(patient=appointment.patient_id)
    if not own.filter(Q(lapses_at__isnull=True) | Q(lapses_at__gt=timezone.now())).exists():
        return slot_taken(appointment.starts_at, appointment.hospital.tz)
    words = _("There is another visit at %(time)s already. Please choose another time.")
    return SlotTaken(words % {"time": clock(appointment.starts_at, appointment.hospital.tz)})


def _same_time(appointment: Appointment) -> QuerySet[Cell]:
    people = Q(doctor=appointment.doctor_id) | Q(patient=appointment.patient_id)
    rows: QuerySet[Cell] = Cell.objects.filter(
        people, starts_at__in=cells_of(appointment.starts_at, appointment.ends_at)
    )
    return rows


def give_back_cells(appointment: Appointment) -> None:
    """Give the visit's time back."""
    Cell.objects.filter(appointment=appointment).delete()
    after_commit("appointments.refresh_doctor", doctor_id=appointment.doctor_id)


def write_change(
    appointment: Appointment, act: str, *, by: Actor, note: str = "", moved_from: dt.datetime | None = None
) -> None:
    """Add a step to the visit's history and the ledger; what the system did bears no name."""
    person = person_of(by)
    Change.objects.create(
        hospital_id=appointment.hospital_id,
        appointment=appointment,
        act=act,
        version=appointment.version,
        starts_at=appointment.starts_at,
        moved_from=moved_from,
        by_name=person.name if person else "",
        note=note[:300],
    )
    body = {
        "starts_at": appointment.starts_at.isoformat(),
        "status": appointment.status,
        "version": appointment.version,
    }
    if moved_from:
        body["moved_from"] = moved_from.isoformat()
    about = About(appointment.patient.public_id, appointment.hospital_id)
    record(f"appointments.{act}", appointment.public_id, by=by, about=about, body=body, reason=note)
