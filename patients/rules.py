"""Who may see and change patients' own details; charts are records' matter."""

from __future__ import annotations

from typing import Any

import rules

from core.tenancy import ScopeError
from hospitals.rules import is_desk

from .models import Patient


@rules.predicate
def is_patient(user: Any, patient: Any) -> bool:
    """The person is that patient; nobody is a walk-in, and nobody is who has not logged in."""
    return isinstance(patient, Patient) and patient.user_id is not None and patient.user_id == user.pk


@rules.predicate
def desk_is_here(user: Any, patient: Any) -> bool:
    """The person is at the desk of a hospital where the patient is registered; the area fetched the patient there."""
    try:
        here = list(patient.registrations.all())
    except ScopeError:
        return False
    return any(is_desk(user, registration) for registration in here)


rules.add_perm("patients.view_own", is_patient)
rules.add_perm("patients.change_own", is_patient)
rules.add_perm("patients.list_patients", is_desk)
rules.add_perm("patients.register_walk_in", is_desk)
rules.add_perm("patients.view_patient", desk_is_here)
rules.add_perm("patients.change_at_desk", desk_is_here)
