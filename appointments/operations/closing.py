"""Cancelling all coming visits: of a doctor at a hospital, because somebody there decides so, or of a hospital that closed.

The worker does it, each visit in its own transaction: what one raises does not keep the others, and after a killed process
the clock goes on where it was.
"""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import SCHEDULER, Actor, person_of
from core.background import after_commit, run_each
from core.errors import Conflict, DomainError
from core.locks import LockKey, Rank, lock_rows
from core.tenancy import in_hospital
from doctors.models import Affiliation, Doctor

from ..models import Appointment, Change
from ..queries import (
    visits_ahead,
    visits_left_in_closed_hospitals,
    visits_left_to_cancel,
    visits_to_cancel,
)
from .cells import lock_visit
from .changes import call_off
from .holds import give_back

BATCH = 100
Side, Status = Appointment.Side, Appointment.Status


@transaction.atomic
def cancel_visits(affiliation: Affiliation, *, reason: str, seen: str, by: Actor) -> None:
    """Decide that all coming visits to a doctor at a hospital are cancelled; the worker then does it.

    For the hospital: all money goes back, the patients are told; times that are just being paid are released. `seen` is the
    mark of the visits that the page showed. Raises Conflict when they are others by now, DomainError when there are none.
    """
    lock_rows([LockKey(Rank.DOCTOR, Doctor, affiliation.doctor_id)])
    ahead = visits_ahead(affiliation)
    if not ahead.references:
        raise DomainError(_("There are no visits to cancel any more."))
    if ahead.seen != seen:
        raise Conflict(_("These visits have changed meanwhile. Please look at them once more."))
    decided = Appointment.objects.filter(public_id__in=ahead.references)
    decided.update(cancelling_since=timezone.now(), cancel_reason=reason[:300])
    person = person_of(by)
    after_commit(
        "appointments.cancel_decided_visits",
        affiliation_id=affiliation.pk,
        hospital_id=affiliation.hospital_id,
        person_id=person.pk if person else 0,
    )


def cancel_decided_visits(affiliation: Affiliation, *, by: Actor) -> int:
    """Cancel what was decided to be cancelled with this doctor; inside the hospital's scope. Returns how many it did."""
    rows = Appointment.objects.filter(affiliation=affiliation, cancelling_since__isnull=False)
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
    left = run_each(partial(_cancel_decided, by=SCHEDULER), visits_left_to_cancel(limit=limit))
    return left + run_each(_cancel_in_closed, visits_left_in_closed_hospitals(limit=limit))


def _cancel_decided(appointment: Appointment, *, by: Actor) -> bool:
    with in_hospital(appointment.hospital_id), transaction.atomic():
        appointment = lock_visit(appointment)
        if appointment.cancelling_since is None:
            return False
        if _cancel(appointment, appointment.cancel_reason, by=by):
            return True
        # It has begun meanwhile, or is over.
        appointment.cancelling_since, appointment.cancel_reason = None, ""
        appointment.save(update_fields=["cancelling_since", "cancel_reason"])
        return False


def _cancel_in_closed(appointment: Appointment) -> bool:
    with in_hospital(appointment.hospital_id), transaction.atomic():
        appointment = lock_visit(appointment)
        if appointment.hospital.is_active or appointment.is_past:
            return False
        return _cancel(appointment, _("The hospital has closed."), by=SCHEDULER)


def _cancel(appointment: Appointment, reason: str, *, by: Actor) -> bool:
    """Cancel a locked visit, or release the time, if that is still possible; say whether it was."""
    if appointment.status == Status.PROPOSED:
        give_back(appointment, side=Side.HOSPITAL, reason=reason, by=by)
        return True
    if appointment.status not in Appointment.AHEAD:
        return False
    call_off(appointment, Change.Act.CANCELLED, side=Side.HOSPITAL, reason=reason, by=by)
    return True
