"""Who may do what about doctors."""

from __future__ import annotations

from typing import Any

import rules

from hospitals.rules import is_admin

from .models import Doctor


@rules.predicate
def is_doctor(user: Any, doctor: Any) -> bool:
    """The person is that doctor."""
    return isinstance(doctor, Doctor) and doctor.user_id == user.pk


@rules.predicate
def is_doctors_own(user: Any, subject: Any) -> bool:
    """The paper, or the application, is the person's own."""
    return subject is not None and is_doctor(user, subject.doctor)


rules.add_perm("doctors.manage_own_profile", is_doctor)
rules.add_perm("doctors.manage_certificate", is_doctors_own)
rules.add_perm("doctors.withdraw_application", is_doctors_own)
rules.add_perm("doctors.view_applications", is_admin)
rules.add_perm("doctors.decide_application", is_admin)
rules.add_perm("doctors.view_doctors", is_admin)
rules.add_perm("doctors.manage_affiliation", is_admin)
