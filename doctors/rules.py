"""Who may do what about doctors."""

from __future__ import annotations

from typing import Any

import rules

from hospitals.rules import is_admin


@rules.predicate
def is_own_profile(user: Any, doctor: Any) -> bool:
    """The doctor is the person."""
    return doctor is not None and doctor.user_id == user.pk


@rules.predicate
def is_own_paper(user: Any, certificate: Any) -> bool:
    """The paper is the person's own."""
    return certificate is not None and certificate.doctor.user_id == user.pk


@rules.predicate
def is_own_application(user: Any, application: Any) -> bool:
    """The person sent the application."""
    return application is not None and application.doctor.user_id == user.pk


rules.add_perm("doctors.manage_own_profile", is_own_profile)
rules.add_perm("doctors.manage_certificate", is_own_paper)
rules.add_perm("doctors.withdraw_application", is_own_application)
rules.add_perm("doctors.view_applications", is_admin)
rules.add_perm("doctors.decide_application", is_admin)
rules.add_perm("doctors.view_doctors", is_admin)
rules.add_perm("doctors.manage_affiliation", is_admin)
