"""News from rooms below; what follows from it is the worker's."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from core.background import after_commit
from doctors.signals import licence_changed
from hospitals.signals import hospital_closed


@receiver(hospital_closed)
def cancel_its_visits(sender: Any, hospital_id: int, **more: Any) -> None:
    """Nobody is left waiting for a visit in a closed hospital."""
    after_commit("appointments.cancel_visits_of_hospital", hospital_id=hospital_id)


@receiver(licence_changed)
def compute_free_times_again(sender: Any, doctor_id: int, **more: Any) -> None:
    """Free times end with the licence."""
    after_commit("appointments.refresh_doctor", doctor_id=doctor_id)
