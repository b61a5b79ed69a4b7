"""Who may see and change patients' own details; charts are records' matter."""

from __future__ import annotations

from typing import Any

import rules

from core.tenancy import ScopeError
from hospitals.rules import is_desk


def is_self_of(user: Any, patient: Any) -> bool:
    """Say whether the patient is the person; a walk-in is nobody's self, and nobody is who has not logged in."""
    user_id = getattr(patient, "user_id", None)
    return user_id is not None and user_id == getattr(user, "pk", None)


@rules.predicate
def is_self(user: Any, patient: Any) -> bool:
    """The patient is the person."""
    return is_self_of(user, patient)


@rules.predicate
def desk_is_here(user: Any, patient: Any) -> bool:
    """The person is at the desk of a hospital where the patient is registered; the area fetched the patient there."""
    try:
        here = list(patient.registrations.all())
    except ScopeError:
        return False
    return any(is_desk(user, registration) for registration in here)


rules.add_perm("patients.view_own", is_self)
rules.add_perm("patients.change_own", is_self)
rules.add_perm("patients.list_patients", is_desk)
rules.add_perm("patients.register_walk_in", is_desk)
rules.add_perm("patients.view_patient", desk_is_here)
rules.add_perm("patients.change_at_desk", desk_is_here)
