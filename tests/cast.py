"""The whole cast at two hospitals, for tests that cross rooms; made through the rooms' operations.

Every text that belongs to one tenant or one person is a canary: a word that occurs nowhere else, so that a leak is seen by
its text. Variants name whose a record is: `own` is Paul's with Dora at Own Hospital, `same` is Pia's with Dana in the same
hospital, `other` is Omar's with Deb at Other Hospital, `walk_in` is Wanda's, who has no log-in, with Dora.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.operations import add_verified_user, make_platform_admin, start_session
from accounts.tests.factories import password_hash
from appointments.operations import add_exception, refresh_next_free, set_weekly_hours, take_time_off
from core.actors import SEED
from core.tenancy import in_hospital
from core.uploads import StoredUpload
from doctors.models import Affiliation, Doctor, Speciality
from doctors.operations import (
    DoctorDetails,
    add_certificate,
    apply_to_hospital,
    approve_application,
    become_doctor,
)
from formulary.models import Generic, Medicine
from hospitals.models import Membership, Role
from hospitals.operations import (
    HospitalProfile,
    add_department,
    add_membership,
    add_service,
    create_hospital,
    invite_staff,
)
from notifications.models import Notice
from patients.operations import PatientDetails, become_patient
from records.operations import set_allergies
from tests.canaries import DOCTOR, HOME, NAMES, OTHER, OWN, PATIENT, SAME, STAFF, Cast
from tests.care import care, walk_in

PDF = b"%PDF-1.4\n%%EOF\n"


def make_cast(*, rows: int = 1) -> Cast:
    """Make everybody; `rows` says how many of each repeatable record there are. The clock stands at NOW."""
    cast = Cast()
    for login, name in NAMES.items():
        email = f"zq{login}mail@demo.test"
        word = name if login in {"dora", "dana", "deb"} else f"{name} Zq{login}name"
        cast.people[login] = add_verified_user(
            email=email, name=word, phone="", password_hash=password_hash(), by=SEED
        )
    make_platform_admin(cast.people["root"], by=SEED)
    speciality = Speciality.objects.create(
        slug="cardiology", name="Cardiology", lay_name="Heart", practitioner="Cardiologist"
    )
    cast.medicine = _medicine()
    for slug in ("own", "other"):
        _hospital(cast, slug, speciality, rows)
    for variant in (OWN, SAME, OTHER):
        _doctor(cast, variant, speciality, rows)
    for variant in (OWN, SAME, OTHER):
        _patient(cast, variant)
        with in_hospital(cast.hospitals[HOME[variant]]):
            care(cast, variant, rows)
        refresh_next_free(cast.affiliations[DOCTOR[variant]].pk)
    with in_hospital(cast.hospitals["own"]):
        walk_in(cast)
    _staff_canaries(cast, rows)
    _notices_and_sessions(cast, rows)
    _other_names(cast)
    return cast


def _medicine() -> Medicine:
    generic = Generic.objects.create(name="Paracetamol", therapeutic_class="Analgesics")
    return Medicine.objects.create(
        code="T-1", generic=generic, brand="Testamol", form="tablet", strength="500 mg", route="oral",
        dose_unit="tablet", manufacturer="Test Pharma", pack_size="10 x 10",
    )  # fmt: skip


def _hospital(cast: Cast, slug: str, speciality: Speciality, rows: int) -> None:
    profile = HospitalProfile(
        name=f"{slug.title()} Hospital", address="1 Green Road", city="Dhaka", email=f"desk.{slug}@demo.test"
    )
    hospital = create_hospital(slug=slug, profile=profile, by=SEED)
    cast.hospitals[slug] = cast.keep("hospital", slug, hospital)
    admin = "ada" if slug == "own" else "mallory"
    with in_hospital(hospital):
        for login, role in STAFF[slug].items():
            membership = add_membership(hospital, user=cast.people[login], role=role, by=SEED)
            cast.keep("member", slug, membership) if role == Role.RECEPTIONIST else None
        for number in range(rows):
            department = add_department(
                hospital, name=f"Heart {slug} {number}", about="", location="", by=SEED
            )
            service = add_service(department, name=f"Test {slug} {number}", by=SEED)
            cast.keep("department", slug, department)
            cast.keep("service", slug, service)
            _invite(cast, slug, admin, number)
            _apply(cast, slug, speciality, number)


def _invite(cast: Cast, slug: str, admin: str, number: int) -> None:
    email = f"zq{slug}invited{number}@demo.test"
    cast.canary(email, admin, "root", email)
    name = cast.canary(f"Zq{slug}invited{number}name", admin, "root", email)
    role = Role.ADMIN if number == 0 else Role.RECEPTIONIST
    invitation = invite_staff(cast.hospitals[slug], email=email, name=name, role=role, by=cast.people[admin])
    cast.keep("invitation", slug, invitation)


def _details(login: str, speciality: Speciality, number: int) -> DoctorDetails:
    digits = f"{sum(map(ord, login)):04d}{number}"
    return DoctorDetails(
        name=NAMES.get(login, login), phone=f"+88017113{digits}", speciality=speciality, qualifications="MBBS",
        practising_since=2010, city="Dhaka", licence_number=f"ZQ{login}{number}LICENCE",
        licence_expires=dt.date(2029, 6, 30),
    )  # fmt: skip


def _paper(cast: Cast, login: str, doctor: Doctor, *seen_by: str) -> Any:
    title = cast.canary(f"Zq{login}paper", login, *seen_by)
    upload = StoredUpload(ContentFile(PDF, name="paper.pdf"), "application/pdf", ".pdf")
    return add_certificate(doctor, title=title, upload=upload, by=cast.people.get(login) or SEED)


def _apply(cast: Cast, slug: str, speciality: Speciality, number: int) -> None:
    login = "tess" if slug == "own" else "toby"
    user = cast.people[login]
    if number:
        user = add_verified_user(
            email=f"zq{login}{number}@demo.test",
            name=f"Dr {login} {number}",
            phone="",
            password_hash=password_hash(),
            by=SEED,
        )
    doctor = become_doctor(user, details=_details(login, speciality, number))
    admin = "ada" if slug == "own" else "mallory"
    message = cast.canary(f"Zq{slug}application{number}message", admin, login)
    application = apply_to_hospital(doctor, hospital=cast.hospitals[slug], message=message, by=user)
    cast.keep("application", slug, application)
    if not number:
        cast.doctors[login] = doctor
        cast.keep("applicant_paper", slug, _paper(cast, login, doctor, admin))


def _doctor(cast: Cast, variant: str, speciality: Speciality, rows: int) -> None:
    login, slug = DOCTOR[variant], HOME[variant]
    hospital, user = cast.hospitals[slug], cast.people[login]
    admin = "ada" if slug == "own" else "mallory"
    doctor = cast.doctors[login] = cast.keep(
        "doctor", variant, become_doctor(user, details=_details(login, speciality, 0))
    )
    for _number in range(rows):
        # Both admins: the doctor works for one and has applied to the other.
        cast.keep("paper", variant, _paper(cast, login, doctor, "ada", "mallory"))
    with in_hospital(hospital):
        application = apply_to_hospital(doctor, hospital=hospital, by=user)
        approved = approve_application(
            application,
            department=cast.row("department", slug),
            fee=Decimal("800.00"),
            slot_minutes=20,
            by=cast.people[admin],
        )
        affiliation = Affiliation.objects.select_related("hospital", "doctor__user", "membership").get(
            pk=approved.pk
        )
        cast.affiliations[login] = cast.keep("affiliation", variant, affiliation)
        set_weekly_hours(affiliation, hours=[(day, dt.time(9), dt.time(21)) for day in range(7)], by=user)
        for number in range(rows):
            day = timezone.now().date() + dt.timedelta(days=30 + number)
            cast.keep(
                "exception", variant, add_exception(affiliation, day=day, starts=None, ends=None, by=user)
            )
    for number in range(rows):
        starts = timezone.now() + dt.timedelta(days=40 + 2 * number)
        off = take_time_off(doctor, starts_at=starts, ends_at=starts + dt.timedelta(days=1), by=user)
        cast.keep("time_off", variant, off)
    # Somebody who works at Own and asked Other, so that their own list has a line that can be withdrawn.
    elsewhere = cast.hospitals["other" if slug == "own" else "own"]
    with in_hospital(elsewhere):
        text = cast.canary(f"Zq{login}applies", login, "mallory" if slug == "own" else "ada")
        cast.keep(
            "own_application", variant, apply_to_hospital(doctor, hospital=elsewhere, message=text, by=user)
        )


def _patient(cast: Cast, variant: str) -> None:
    login, slug = PATIENT[variant], HOME[variant]
    user, desk = cast.people[login], [login, *STAFF[slug], DOCTOR[variant]]
    cast.canary(f"Zq{login}name", *desk)
    details = PatientDetails(
        name=user.name, birth_date=dt.date(1988, 5, 3), email=user.email, phone=f"+8801712{sum(map(ord, login)):06d}",
        address=cast.canary(f"Zq{login}address", *desk), city="Dhaka",
    )  # fmt: skip
    cast.canary(user.email, *desk)
    patient = cast.patients[login] = cast.keep("patient", variant, become_patient(user, details=details))
    cast.canary(patient.public_id, *desk, what=f"{login}'s id")
    doctor = DOCTOR[variant]
    text = cast.canary(f"Zq{login}allergy", login, doctor)
    set_allergies(patient, answer="listed", text=text, seen="", by=cast.people[doctor])


def _staff_canaries(cast: Cast, rows: int) -> None:
    for slug, admin in (("own", "ada"), ("other", "mallory")):
        people = [*STAFF[slug], *(DOCTOR[variant] for variant in DOCTOR if HOME[variant] == slug)]
        patients = [PATIENT[variant] for variant in PATIENT if HOME[variant] == slug]
        for login in STAFF[slug]:
            cast.canary(f"zq{login}mail@demo.test", *people, "root")
            # By name they stand in the history of their patients' visits.
            invited = [f"zq{slug}invited{number}@demo.test" for number in range(rows)]
            cast.canary(f"Zq{login}name", *people, *patients, *invited, "root")
        with in_hospital(cast.hospitals[slug]):
            for membership in Membership.objects.all():
                cast.canary(membership.public_id, admin, "root", what="the id of a membership")
    cast.canary("zqnadiamail@demo.test", "nadia")
    cast.canary("zqrootmail@demo.test", "root")


def _notices_and_sessions(cast: Cast, rows: int) -> None:
    for login, user in cast.people.items():
        for number in range(rows):
            title = cast.canary(f"Zq{login}notice{number}", login)
            cast.keep(
                "notice",
                login,
                Notice.objects.create(user=user, kind="tests.notice", title=title, url="/start/"),
            )
            key = f"{login}{number}".ljust(32, "0")
            session = start_session(user, session_key=key, user_agent="", address="127.0.0.1")
            cast.keep("session", login, session)
            cast.canary(session.public_id, login, what=f"the id of {login}'s session")


def _other_names(cast: Cast) -> None:
    """Rows by what stands in an address instead of a public id."""
    for slug, hospital in cast.hospitals.items():
        cast.keep("hospital_slug", slug, SimpleNamespace(public_id=hospital.slug))
    for variant in PATIENT:
        cast.keep(
            "rx_code", variant, SimpleNamespace(public_id=cast.row("prescription", variant).verify_code)
        )
