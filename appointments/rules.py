"""Who may do what with a visit."""

from __future__ import annotations

from typing import Any

import rules

from doctors.rules import is_doctor
from hospitals.models import Role
from hospitals.rules import is_desk, roles_in
from patients.rules import is_patient


@rules.predicate
def is_own_visit(user: Any, appointment: Any) -> bool:
    """The visit is the person's own."""
    return appointment is not None and is_patient(user, appointment.patient)


@rules.predicate
def is_visits_doctor(user: Any, appointment: Any) -> bool:
    """The person is the visit's doctor and still works there."""
    return (
        appointment is not None
        and appointment.doctor.user_id == user.pk
        and Role.DOCTOR in roles_in(user, appointment.hospital_id)
    )


@rules.predicate
def is_own_calendar(user: Any, affiliation: Any) -> bool:
    """The calendar is the doctor's own at a hospital where the doctor still works."""
    return (
        affiliation is not None
        and affiliation.doctor.user_id == user.pk
        and Role.DOCTOR in roles_in(user, affiliation.hospital_id)
    )


rules.add_perm("appointments.book_own", is_patient)
rules.add_perm("appointments.view_own_visits", is_patient)
rules.add_perm("appointments.view_appointment", is_desk | is_own_visit | is_visits_doctor)
rules.add_perm("appointments.cancel_appointment", is_desk | is_own_visit | is_visits_doctor)
rules.add_perm("appointments.release_hold", is_own_visit)
rules.add_perm("appointments.reschedule_appointment", is_desk | is_own_visit | is_visits_doctor)
rules.add_perm("appointments.decide_appointment", is_desk | is_visits_doctor)
rules.add_perm("appointments.mark_no_show", is_desk | is_visits_doctor)
rules.add_perm("appointments.view_day", is_desk)
rules.add_perm("appointments.book_at_desk", is_desk)
rules.add_perm("appointments.view_own_day", is_doctor)
rules.add_perm("appointments.remove_time_off", is_doctor)
rules.add_perm("appointments.manage_calendar", is_own_calendar)
