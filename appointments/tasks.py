"""What the worker and the clock do: next free times, lapsed holds, visits that nobody answered."""

from __future__ import annotations

from accounts.models import User
from core.actors import SCHEDULER
from core.background import periodic, task
from core.tenancy import in_hospital
from doctors.models import Affiliation

from . import operations


@task("appointments.refresh_doctor")
def refresh_doctor(doctor_id: int) -> None:
    """Compute a doctor's next free times again."""
    operations.refresh_doctor(doctor_id)


@task("appointments.cancel_visits_of_hospital")
def cancel_visits_of_hospital(hospital_id: int) -> None:
    """Cancel the coming visits of a hospital that has closed."""
    operations.cancel_visits_of_hospital(hospital_id)


@task("appointments.cancel_decided_visits")
def cancel_decided_visits(affiliation_id: int, hospital_id: int, person_id: int) -> None:
    """Cancel the visits to a doctor that somebody at the hospital decided to cancel."""
    by = User.objects.filter(pk=person_id).first() or SCHEDULER
    with in_hospital(hospital_id):
        operations.cancel_decided_visits(Affiliation.objects.get(pk=affiliation_id), by=by)


@periodic("appointments.finish_cancellations", every=60)
def finish_cancellations() -> int:
    """Cancel what a killed process left over, and what was booked beside the closing of a hospital."""
    return operations.finish_cancellations()


@periodic("appointments.refresh_stale", every=15)
def refresh_stale() -> int:
    """Compute what has become stale by the clock."""
    return operations.refresh_stale()


@periodic("appointments.flip_lapsed_holds", every=15)
def tidy_lapsed_holds() -> int:
    """Tidy up lapsed holds."""
    return operations.flip_lapsed_holds()


@periodic("appointments.decline_unanswered", every=60)
def decline_unanswered() -> int:
    """Decline the visits that started without an answer."""
    return operations.decline_all_unanswered()
