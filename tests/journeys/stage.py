"""The stage of a journey: a hospital and a doctor, made through operations."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory
from appointments.operations import next_free, set_weekly_hours
from core.actors import SEED
from core.tenancy import in_hospital
from doctors.models import Affiliation, Speciality
from doctors.operations import (
    DoctorDetails,
    apply_to_hospital,
    approve_application,
    become_doctor,
    load_specialities,
)
from formulary.operations import load_demonstration_data
from hospitals.models import Hospital, Role
from hospitals.operations import HospitalProfile, add_department, add_membership, create_hospital


@dataclass(frozen=True)
class Stage:
    """Who is there; everybody's password is PASSWORD."""

    address: str
    hospital: Hospital
    doctor: User
    admin: User
    receptionist: User
    password: str = PASSWORD


def noon_zone(now: dt.datetime) -> str:
    """Return a zone in which it is about noon: the day's visits then lie in the day, whenever the test runs."""
    ahead = 12 - now.hour
    return f"Etc/GMT{'-' if ahead >= 0 else '+'}{abs(ahead)}" if ahead else "UTC"


def set_stage(address: str, now: dt.datetime) -> Stage:
    """Make the hospital and its people."""
    load_specialities()
    load_demonstration_data()
    hospital = create_hospital(
        slug="city",
        profile=HospitalProfile(
            name="City General Hospital",
            name_bn="সিটি জেনারেল হাসপাতাল",
            address="House 12, Road 5",
            area="Dhanmondi",
            city="Dhaka",
            zone=noon_zone(now),
        ),
        by=SEED,
    )
    people = {login: UserFactory(email=f"{login}@demo.test", name=name) for login, name in _PEOPLE.items()}
    with in_hospital(hospital):
        department = add_department(hospital, name="Cardiology", by=SEED)
        add_membership(hospital, user=people["ada"], role=Role.ADMIN, by=SEED)
        add_membership(hospital, user=people["rita"], role=Role.RECEPTIONIST, by=SEED)
        doctor = become_doctor(people["dora"], details=_dora())
        application = apply_to_hospital(doctor, hospital=hospital, by=people["dora"])
        approve_application(
            application, department=department, fee=Decimal("1200.00"), slot_minutes=20, by=people["ada"]
        )
        affiliation = Affiliation.objects.select_related("hospital", "doctor").get(doctor=doctor)
        Affiliation.objects.update(lead_minutes=5)
        hours = [(weekday, dt.time(8), dt.time(20)) for weekday in range(7)]
        set_weekly_hours(affiliation, hours=hours, by=people["dora"])
    next_free.refresh_next_free(affiliation.pk)
    return Stage(address, hospital, people["dora"], people["ada"], people["rita"])


_PEOPLE = {"ada": "Ada Hoque", "rita": "Rita Saha", "dora": "Dr Dora Sen"}


def _dora() -> DoctorDetails:
    return DoctorDetails(
        name="Dr Dora Sen",
        name_bn="ডা. ডোরা সেন",
        phone="+8801711000300",
        speciality=Speciality.objects.get(slug="cardiology"),
        qualifications="MBBS, FCPS (Cardiology)",
        practising_since=2010,
        city="Dhaka",
        licence_number="A-48213",
        licence_expires=dt.date(2035, 6, 30),
    )
