"""Next free times, kept up by the worker and the clock."""

from __future__ import annotations

from core.background import periodic, task

from .operations import flip_lapsed_holds, next_free


@task("appointments.refresh_doctor")
def refresh_doctor(doctor_id: int) -> None:
    """Compute a doctor's next free times again."""
    next_free.refresh_doctor(doctor_id)


@periodic("appointments.refresh_stale", every=15)
def refresh_stale() -> int:
    """Compute what has become stale by the clock."""
    return next_free.refresh_stale()


@periodic("appointments.flip_lapsed_holds", every=15)
def tidy_lapsed_holds() -> int:
    """Tidy up lapsed holds."""
    return flip_lapsed_holds()
