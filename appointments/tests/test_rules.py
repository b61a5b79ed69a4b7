"""Nobody is a walk-in's self, and a right that hangs on a record is nobody's without one."""

from __future__ import annotations

import pytest
import rules
from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from appointments.rules import is_own_visit, is_visits_doctor
from core.tenancy import in_hospital
from doctors.rules import is_doctor
from patients.models import Patient
from patients.rules import is_patient

from . import factories as f

NOBODIES = [AnonymousUser(), User()]  # neither has a primary key


@pytest.mark.parametrize("nobody", NOBODIES)
def test_nobody_is_a_walk_in(world, nobody):
    walk_in = f.registered(f.WalkInFactory(), world.city)
    visit = f.book(world.at_city, walk_in, by=world.users.rita)
    assert not is_patient(nobody, walk_in)
    with in_hospital(world.city):
        assert not is_own_visit(nobody, visit)
        assert not is_visits_doctor(nobody, visit)
        assert not rules.has_perm("appointments.cancel_appointment", AnonymousUser(), visit)
    assert not is_patient(nobody, Patient())


@pytest.mark.parametrize("subject", [None, "city"])
def test_without_the_patients_or_doctors_own_record_the_answer_is_no(world, subject):
    subject = world.city if subject else None
    for user in (*NOBODIES, world.users.paul, world.users.dora):
        assert not is_patient(user, subject)
        assert not is_doctor(user, subject)
    assert is_patient(world.users.paul, world.paul) and is_doctor(world.users.dora, world.dora)
    assert not is_patient(world.users.pia, world.paul) and not is_doctor(world.users.deb, world.dora)


def test_writing_asks_for_rights_of_its_own(world):
    for name, user, subject in [
        ("appointments.remove_time_off", "dora", world.dora),
        ("appointments.release_hold", "paul", f.book(world.at_city, world.paul, pay="online")),
    ]:
        assert rules.has_perm(name, getattr(world.users, user), subject)
        assert not rules.has_perm(name, world.users.pia, subject)
        assert not rules.has_perm(name, world.users.rita, subject)
