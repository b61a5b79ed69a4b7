"""Plays the demonstration's story through the rooms' operations; a second time it finds everybody there and adds nothing."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.models import User
from accounts.operations import add_verified_user, make_platform_admin
from appointments.operations import change_booking_rules, next_free, set_weekly_hours
from core.actors import SEED
from core.tenancy import in_hospital
from doctors.models import Affiliation, Doctor, Speciality
from doctors.operations import (
    BookingRules,
    DoctorDetails,
    apply_to_hospital,
    approve_application,
    become_doctor,
    load_specialities,
)
from formulary.operations import load_demonstration_data
from hospitals.models import Department, Hospital, Role
from hospitals.operations import (
    HospitalRules,
    add_department,
    add_membership,
    add_service,
    change_rules,
    create_hospital,
)
from patients.models import Patient
from patients.operations import PatientDetails, become_patient

from . import cast
from .visits import play_visits


def seed() -> dict[str, int]:
    """Seed what is missing and return how many of each there are."""
    load_specialities()
    medicines = load_demonstration_data()
    password_hash = make_password(cast.PASSWORD)
    people = {login: _person(login, name, password_hash) for login, name in _logins().items()}
    if not people["root"].is_platform_admin:
        make_platform_admin(people["root"], by=SEED)
    hospitals = {slug: _hospital(slug) for slug in cast.HOSPITALS}
    for login, slug, role in (
        ("ada", "city", Role.ADMIN),
        ("mallory", "lakeside", Role.ADMIN),
        ("rita", "city", Role.RECEPTIONIST),
    ):
        with in_hospital(hospitals[slug]):
            add_membership(hospitals[slug], user=people[login], role=role, by=SEED)
    admins = {"city": people["ada"], "lakeside": people["mallory"]}
    for part in cast.DOCTORS:
        _work(part, people[part.login], hospitals, admins)
    _apply(cast.APPLICANT, people[cast.APPLICANT.login], hospitals)
    for patient in cast.PATIENTS:
        _patient(patient, people[patient.login])
    play_visits(people, hospitals["city"])
    return {
        "hospitals": len(hospitals),
        "doctors": len(cast.DOCTORS),
        "medicines": medicines,
        "people": len(people),
    }


def _logins() -> dict[str, str]:
    staff = {"root": "Root Ahmed", "ada": "Ada Hoque", "mallory": "Mallory Khan", "rita": "Rita Saha"}
    doctors = {part.login: part.name for part in (*cast.DOCTORS, cast.APPLICANT)}
    return staff | doctors | {part.login: part.name for part in cast.PATIENTS}


def _person(login: str, name: str, password_hash: str) -> User:
    email = f"{login}@{cast.DOMAIN}"
    found = User.objects.filter(email=email).first()
    return found or add_verified_user(email=email, name=name, phone="", password_hash=password_hash, by=SEED)


@transaction.atomic
def _hospital(slug: str) -> Hospital:
    found = Hospital.objects.filter(slug=slug).first()
    if found:
        return found
    hospital = create_hospital(slug=slug, profile=cast.HOSPITALS[slug], by=SEED)
    change_rules(hospital, rules=HospitalRules(number_prefix=cast.PREFIXES[slug]), by=SEED)
    with in_hospital(hospital):
        for name, (about, location, services) in cast.DEPARTMENTS[slug].items():
            department = add_department(hospital, name=name, about=about, location=location, by=SEED)
            for service in services:
                add_service(department, name=service, by=SEED)
    return Hospital.objects.get(pk=hospital.pk)


def _details(part: cast.DoctorPart) -> DoctorDetails:
    number = 48213 + 37 * (*cast.DOCTORS, cast.APPLICANT).index(part)
    return DoctorDetails(
        name=part.name,
        name_bn=part.name_bn,
        gender=part.gender,
        phone="+8801711000300",
        speciality=Speciality.objects.get(slug=part.speciality),
        qualifications=part.qualifications,
        practising_since=part.since,
        city=cast.HOSPITALS[part.hospitals[0]].city,
        about=part.about,
        licence_number=f"A-{number}",
        licence_expires=dt.date(2029, 6, 30),
    )


def _doctor(part: cast.DoctorPart, user: User) -> Doctor:
    return Doctor.objects.filter(user=user).first() or become_doctor(user, details=_details(part))


@transaction.atomic
def _work(part: cast.DoctorPart, user: User, hospitals: dict[str, Hospital], admins: dict[str, User]) -> None:
    doctor = _doctor(part, user)
    for number, slug in enumerate(part.hospitals):
        hospital = hospitals[slug]
        with in_hospital(hospital):
            if Affiliation.objects.filter(doctor=doctor).exists():
                continue
            application = apply_to_hospital(doctor, hospital=hospital, by=user)
            department = Department.objects.filter(name=part.department).first()
            approve_application(
                application,
                department=department,
                fee=part.fee,
                slot_minutes=part.slot_minutes,
                by=admins[slug],
            )
            affiliation = Affiliation.objects.select_related("hospital", "doctor").get(doctor=doctor)
            # The second hospital has its hours on Fridays, so the two calendars differ.
            hours = part.hours if number == 0 else ((4, "10:00", "13:00"),)
            set_weekly_hours(affiliation, hours=[_hours(*one) for one in hours], by=user)
            rules = BookingRules(part.fee, part.slot_minutes, part.lead_minutes, None, takes_bookings=True)
            change_booking_rules(affiliation, rules=rules, by=user)
        next_free.refresh_next_free(affiliation.pk)


def _hours(weekday: int, starts: str, ends: str) -> tuple[int, dt.time, dt.time]:
    return weekday, dt.time.fromisoformat(starts), dt.time.fromisoformat(ends)


@transaction.atomic
def _apply(part: cast.DoctorPart, user: User, hospitals: dict[str, Hospital]) -> None:
    doctor = _doctor(part, user)
    hospital = hospitals[part.hospitals[0]]
    with in_hospital(hospital):
        if not doctor.applications.exists():
            apply_to_hospital(
                doctor, hospital=hospital, message="I have worked in Mymensingh for nine years.", by=user
            )


@transaction.atomic
def _patient(part: cast.PatientPart, user: User) -> None:
    if Patient.objects.filter(user=user).exists():
        return
    details = PatientDetails(
        name=part.name,
        name_bn=part.name_bn,
        birth_date=part.born,
        sex=part.sex,
        phone=part.phone,
        email=user.email,
        address=part.address,
        city=part.city,
    )
    become_patient(user, details=details)
