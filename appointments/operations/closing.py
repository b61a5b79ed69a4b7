"""Cancelling all coming visits: of a doctor at a hospital, because somebody there decides so, or of a hospital that closed.

Each visit is cancelled in its own transaction: what one raises does not keep the others, and a killed process goes on where
it was.
"""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _

from core.actors import SCHEDULER, Actor, person_of
from core.background import after_commit, run_each
from core.errors import Conflict, DomainError
from core.locks import LockKey, Rank, lock_rows
from core.tenancy import in_hospital
from doctors.models import Affiliation, Doctor

from ..models import Appointment, Hold
from ..queries.closing import (
    is_leaving,
    mark_of,
    visits_left_in_closed_hospitals,
    visits_left_to_cancel,
    visits_to_cancel,
)
from .cells import lock_visit
from .changes import cancel_appointment
from .holds import release_hold

AT_ONCE = 20  # more than these are left to the worker
BATCH = 100


def cancel_visits(affiliation: Affiliation, *, reason: str, seen: str, by: Actor) -> int:
    """Cancel all coming visits to a doctor at a hospital, for the hospital: all money goes back, the patients are told.

    Times that are just being paid are released. `seen` is the mark of the visits that the page showed. Not atomic itself:
    the decision is written first, then up to twenty are cancelled here, more by the worker; returns how many are left to
    it. Raises Conflict when the visits are others by now, DomainError when there are none.
    """
    visits = _decide(affiliation, reason, seen, by)
    if len(visits) > AT_ONCE:
        return len(visits)
    done = run_each(partial(_cancel_decided, by=by), visits)
    return len(visits) - done


@transaction.atomic
def _decide(affiliation: Affiliation, reason: str, seen: str, by: Actor) -> list[Appointment]:
    """Mark the visits with side and reason: the worker, or the clock, cancels what is marked, whatever happens here."""
    lock_rows([LockKey(Rank.DOCTOR, Doctor, affiliation.doctor_id)])
    rows = visits_to_cancel(Appointment.objects.filter(affiliation=affiliation))
    visits = list(rows.exclude(is_leaving()))
    if not visits:
        raise DomainError(_("There are no visits to cancel any more."))
    if mark_of(visit.public_id for visit in visits) != seen:
        raise Conflict(_("These visits have changed meanwhile. Please look at them once more."))
    marked = Appointment.objects.filter(pk__in=[visit.pk for visit in visits])
    marked.update(cancelled_by=Appointment.Side.HOSPITAL, cancel_reason=reason[:300])
    if len(visits) > AT_ONCE:
        person = person_of(by)
        after_commit(
            "appointments.cancel_decided_visits",
            affiliation_id=affiliation.pk,
            hospital_id=affiliation.hospital_id,
            person_id=person.pk if person else 0,
        )
    return visits


def cancel_decided_visits(affiliation: Affiliation, *, by: Actor) -> int:
    """Cancel what was decided to be cancelled with this doctor; inside the hospital's scope. Returns how many it did."""
    rows = Appointment.objects.filter(is_leaving(), affiliation=affiliation)
    return run_each(partial(_cancel_decided, by=by), list(rows.order_by("starts_at", "pk")))


def cancel_visits_of_hospital(hospital_id: int) -> int:
    """Cancel a batch of the coming visits of a closed hospital, and ask for the next one. Returns how many it did.

    Side HOSPITAL: all money goes back. A hospital that was opened again meanwhile keeps what is left.
    """
    with in_hospital(hospital_id):
        rows = visits_to_cancel(Appointment.objects.filter(hospital=hospital_id))
        visits = list(rows[: BATCH + 1])
        done = run_each(_cancel_in_closed, visits[:BATCH])
    if done and len(visits) > BATCH:
        after_commit("appointments.cancel_visits_of_hospital", hospital_id=hospital_id)
    return done


def finish_cancellations(*, limit: int = BATCH) -> int:
    """Cancel what a killed process left over, and what was booked beside the closing of a hospital. Returns how many."""
    left = run_each(_cancel_left_over, visits_left_to_cancel(limit=limit))
    return left + run_each(_cancel_in_closed, visits_left_in_closed_hospitals(limit=limit))


def _cancel_left_over(appointment: Appointment) -> None:
    with in_hospital(appointment.hospital_id):
        _cancel_decided(appointment, by=SCHEDULER)


@transaction.atomic
def _cancel_decided(appointment: Appointment, *, by: Actor) -> None:
    appointment = lock_visit(appointment)
    if appointment.cancelled_by != Appointment.Side.HOSPITAL:
        return
    if not _cancel(appointment, appointment.cancel_reason, by=by):
        _take_mark_off(appointment)


def _take_mark_off(appointment: Appointment) -> None:
    """A visit that has begun meanwhile takes place."""
    if appointment.status == Appointment.Status.CANCELLED:
        return
    appointment.cancelled_by = appointment.cancel_reason = ""
    appointment.save(update_fields=["cancelled_by", "cancel_reason"])


def _cancel_in_closed(appointment: Appointment) -> None:
    with in_hospital(appointment.hospital_id), transaction.atomic():
        appointment = lock_visit(appointment)
        if not appointment.hospital.is_active:
            _cancel(appointment, _("The hospital has closed."), by=SCHEDULER)


def _cancel(appointment: Appointment, reason: str, *, by: Actor) -> bool:
    """Cancel a locked visit, or release the time, if that is still possible; say whether it was."""
    if appointment.status == Appointment.Status.PROPOSED:
        if Hold.objects.get(appointment=appointment).status == Hold.Status.RELEASED:
            return False
        release_hold(appointment, by=SCHEDULER)
        return True
    if appointment.status not in Appointment.AHEAD or appointment.is_past:
        return False
    cancel_appointment(appointment, side=Appointment.Side.HOSPITAL, reason=reason, by=by)
    return True
