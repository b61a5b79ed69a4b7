"""Hospitals, who works there, and who is cared for."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal

from django.db import transaction

from accounts.models import User
from core.actors import SEED
from doctors.models import Affiliation, Application, Doctor, Speciality, WeeklyHours
from hospitals.models import Department, Hospital, Membership, Role, Service
from ledger.operations import About
from patients.models import NumberSeries, Patient, Registration
from records.models import Allergies

from .names import QUALIFICATIONS
from .rows import insert
from .world import MAIN, Place, World

DEPARTMENTS = (
    "Medicine",
    "Cardiology",
    "Paediatrics",
    "Gynaecology",
    "Dermatology",
    "Orthopaedics",
    "Neurology",
    "Surgery",
)
SERVICES = ("Consultation", "Health check", "Follow-up")
LANES = ((9, 13), (10, 13), (15, 18), (16, 20), (18, 21))  # local hours
WEEK = (5, 6, 0, 1, 2, 3)  # Saturday to Thursday
FRIDAY = 4
SLOTS = (10, 15, 15, 20, 20, 20, 30)  # minutes; each divides an hour
FEES = (300, 500, 600, 700, 800, 1000, 1200, 1500, 2000)


@transaction.atomic
def add_hospitals(world: World) -> None:
    """Add hospitals with departments, services, an admin and the desk."""
    hospitals = insert([_hospital(world, number) for number in range(world.size.hospitals)])
    world.places = [Place(hospital) for hospital in hospitals]
    for place in world.places:
        names = DEPARTMENTS if place is world.main else world.random.sample(DEPARTMENTS, 4)
        place.departments = [
            Department(public_id=world.id(), hospital=place.hospital, name=name, location=f"Floor {floor}")
            for floor, name in enumerate(names, 1)
        ]
    departments = insert([department for place in world.places for department in place.departments])
    for one in departments:
        world.record("hospitals.department_added", one.public_id, about=About(hospital_id=one.hospital_id))
    insert(
        [
            Service(public_id=world.id(), hospital=one.hospital, department=one, name=name)
            for one in departments
            for name in SERVICES
        ]
    )
    _add_staff(world)
    world.write_trail()


def _hospital(world: World, number: int) -> Hospital:
    city, area = world.names.place()
    main = number == 0
    hospital = Hospital(
        public_id=world.id(),
        slug=MAIN if main else f"bulk-{number}",
        name="Bulk Main Hospital" if main else f"{world.names.hospital()} {number}",
        address=world.names.address(),
        area="Dhanmondi" if main else area,
        city="Dhaka" if main else city,
        phone="+880255010000",
        accepts_at_once=not main and world.random.random() < 0.3,
        number_prefix="BM" if main else "P",
    )
    world.record("hospitals.hospital_created", hospital.public_id, body={"slug": hospital.slug})
    return hospital


def _add_staff(world: World) -> None:
    for number, place in enumerate(world.places):
        names = [world.names.person(female=female) for female in (True, False)]
        place.admin = world.user("bulk-admin" if place is world.main else f"bulk-admin-{number}", names[0])
        place.desk = world.user("bulk-desk" if place is world.main else f"bulk-desk-{number}", names[1])
    more = [
        world.user(f"bulk-desk-of-main-{n}", world.names.person(female=True))
        for n in range(world.size.doctors // 100)
    ]
    root = world.user("bulk-root", "Bulk Root")
    root.is_platform_admin = True
    world.record("accounts.platform_admin_made", root.public_id)
    insert([user for place in world.places for user in (place.admin, place.desk)] + [*more, root])
    hospital = world.main.hospital
    insert(
        [world.member(place.hospital, place.admin, Role.ADMIN) for place in world.places]
        + [world.member(place.hospital, place.desk, Role.RECEPTIONIST) for place in world.places]
        + [world.member(hospital, user, Role.RECEPTIONIST) for user in more]
    )


@transaction.atomic
def add_doctors(world: World) -> None:
    """Add doctors: most work at one hospital, some at a second one on Fridays, a few have only applied."""
    specialities = list(Speciality.objects.order_by("slug"))
    doctors = [_doctor(world, number, specialities) for number in range(world.size.doctors)]
    insert([doctor.user for doctor in doctors])
    insert(doctors)
    world.doctor = doctors[0]
    working = doctors[: len(doctors) - world.size.applicants]
    jobs = list(zip(working, world.share(len(working)), strict=True))
    second = [
        (doctor, world.random.choice(world.others)) for doctor in working[1:] if world.random.random() < 0.15
    ]
    known = set(jobs)
    jobs += [job for job in second if job not in known]
    _add_affiliations(world, jobs, main_jobs=len(working))
    _add_applications(world, jobs, doctors[len(working) :])
    world.write_trail()


def _doctor(world: World, number: int, specialities: list[Speciality]) -> Doctor:
    random, female = world.random, world.random.random() < 0.5
    name = "Bulk Doctor" if number == 0 else world.names.person(female=female)
    user = world.user("bulk-doctor" if number == 0 else f"bulk-doctor-{number}", f"Dr {name}")
    # A handful of licences end soon, so that admins have something to look at; bookings stop with them.
    days = random.randint(20, 50) if number and random.random() < 0.01 else random.randint(300, 1500)
    doctor = Doctor(
        public_id=world.id(),
        user=user,
        name=f"Dr {name}",
        name_bn=world.names.person_in_bangla(),
        gender=Doctor.Gender.FEMALE if female else Doctor.Gender.MALE,
        phone="+8801711000300",
        speciality=random.choice(specialities),
        qualifications=random.choice(QUALIFICATIONS),
        practising_since=random.randint(1985, 2022),
        city=world.names.place()[0],
        licence_number=f"BULK-{number:06d}",
        licence_expires=(world.now + dt.timedelta(days=days)).date(),
    )
    world.record("doctors.signed_up", doctor.public_id, by=user)
    return doctor


def _add_affiliations(world: World, jobs: list[tuple[Doctor, Place]], *, main_jobs: int) -> None:
    members = insert([world.member(place.hospital, doctor.user, Role.DOCTOR) for doctor, place in jobs])
    works = insert([_affiliation(world, *job, member) for job, member in zip(jobs, members, strict=True)])
    hours: list[WeeklyHours] = []
    for number, (work, (_, place)) in enumerate(zip(works, jobs, strict=True)):
        place.works.append(work)
        own = _hours(world, work, on_friday=number >= main_jobs)
        hours += own
        world.hours[work.pk] = [(row.weekday, row.starts.hour, row.ends.hour) for row in own]
        body = {"hours": [f"{row.weekday} {row.starts:%H:%M}-{row.ends:%H:%M}" for row in own]}
        about = About(hospital_id=work.hospital_id)
        world.record(
            "doctors.weekly_hours_written", work.public_id, by=work.doctor.user, about=about, body=body
        )
    insert(hours)


def _affiliation(world: World, doctor: Doctor, place: Place, member: Membership) -> Affiliation:
    measured = doctor is world.doctor
    return Affiliation(
        public_id=world.id(),
        hospital=place.hospital,
        membership=member,
        doctor=doctor,
        department=world.random.choice(place.departments),
        fee=Decimal(world.random.choice(FEES)),
        room=f"Room {world.random.randint(1, 40)}",
        slot_minutes=20 if measured else world.random.choice(SLOTS),
        checked_licence_number=doctor.licence_number,
        checked_licence_expires=doctor.licence_expires,
    )


def _hours(world: World, work: Affiliation, *, on_friday: bool) -> list[WeeklyHours]:
    if work.doctor is world.doctor:
        week = [(weekday, lane) for weekday in range(7) for lane in ((9, 13), (16, 20))]
    else:
        lane = world.random.choice(LANES)
        week = [(weekday, lane) for weekday in ((FRIDAY,) if on_friday else WEEK)]
    return [
        WeeklyHours(
            public_id=world.id(),
            hospital=work.hospital,
            affiliation=work,
            weekday=weekday,
            starts=dt.time(opens),
            ends=dt.time(closes),
        )
        for weekday, (opens, closes) in week
    ]


def _add_applications(world: World, jobs: list[tuple[Doctor, Place]], applicants: list[Doctor]) -> None:
    approved = Application.Status.APPROVED
    rows = [
        Application(
            public_id=world.id(), hospital=place.hospital, doctor=doctor, status=approved,
            decided_at=world.now, decided_by=place.admin,
        )
        for doctor, place in jobs
    ]  # fmt: skip
    rows += [
        Application(public_id=world.id(), hospital=(world.main if n % 2 else world.random.choice(world.others)).hospital,
                    doctor=doctor, message="I would like to work with you.")
        for n, doctor in enumerate(applicants)
    ]  # fmt: skip
    for row in insert(rows):
        about, body = About(hospital_id=row.hospital_id), {"doctor": row.doctor.public_id}
        world.record("doctors.applied", row.public_id, by=row.doctor.user, about=about, body=body)
        if row.decided_by:
            world.record(
                "doctors.application_approved", row.public_id, by=row.decided_by, about=about, body=body
            )


@transaction.atomic
def add_patients(world: World) -> None:
    """Add patients, half of them with a log-in, each registered at one or two hospitals."""
    patients = [_patient(world, number) for number in range(world.size.patients)]
    insert([patient.user for patient in patients if patient.user is not None])
    insert(patients)
    world.patient = patients[0]
    places = world.share(len(patients))
    _register(world, list(zip(patients, places, strict=True)))
    asked = [patient for patient in patients if world.random.random() < 0.6]
    world.allergies = {patient.pk: _allergies(world, patient) for patient in asked}
    insert(list(world.allergies.values()))
    world.write_trail()


def _patient(world: World, number: int) -> Patient:
    random, female = world.random, world.random.random() < 0.5
    name = "Bulk Patient" if number == 0 else world.names.person(female=female)
    user: User | None = None
    if number % 2 == 0:
        user = world.user("bulk-patient" if number == 0 else f"bulk-patient-{number}", name)
    patient = Patient(
        public_id=world.id(),
        user=user,
        name=name,
        name_bn=world.names.person_in_bangla(),
        birth_date=dt.date(2026, 1, 1) - dt.timedelta(days=random.randint(300, 30_000)),
        sex=Patient.Sex.FEMALE if female else Patient.Sex.MALE,
        phone=f"+88017{random.randint(10_000_000, 99_999_999)}",
        email=user.email if user else "",
        address=world.names.address(),
        city=world.names.place()[0],
    )
    kind = "patients.signed_up" if user else "patients.walk_in_registered"
    world.record(kind, patient.public_id, by=user or SEED, about=About(patient.public_id))
    return patient


def _register(world: World, homes: list[tuple[Patient, Place]]) -> None:
    second = [
        (patient, world.random.choice(world.others)) for patient, _ in homes if world.random.random() < 0.15
    ]
    known = {(patient.pk, place.hospital.pk) for patient, place in homes}
    last: Counter[int] = Counter()
    rows = []
    for patient, place in homes + [one for one in second if (one[0].pk, one[1].hospital.pk) not in known]:
        hospital = place.hospital
        last[hospital.pk] += 1
        number = f"{hospital.number_prefix}-{last[hospital.pk]:06d}"
        rows.append(Registration(hospital=hospital, patient=patient, number=number))
        place.patients.append(patient)
        place.numbers[patient.pk] = number
        about = About(patient.public_id, hospital.pk)
        world.record(
            "patients.registered", patient.public_id, by=place.desk, about=about, body={"number": number}
        )
    insert(rows)
    insert([NumberSeries(hospital_id=hospital_id, last=number) for hospital_id, number in last.items()])


def _allergies(world: World, patient: Patient) -> Allergies:
    none = world.random.random() < 0.8
    answer = Allergies.Answer.NONE if none else Allergies.Answer.LISTED
    row = Allergies(
        patient=patient, answer=answer, text="" if none else "Penicillin: rash", asked_by=world.doctor.user
    )
    world.record(
        "records.allergies_set", patient.public_id, by=world.doctor.user, about=About(patient.public_id)
    )
    return row
