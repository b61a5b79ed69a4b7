"""Doctors, hours and visits for tests, made the way the portal makes them where that is quick."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import factory

from appointments import operations
from appointments.models import Appointment, NextFree, Pay
from appointments.operations import refresh_next_free
from billing.gateways.fake import FakeGateway
from billing.models import Attempt, Invoice
from billing.operations import start_payment, take_desk_payment, verify_payment
from core.actors import SEED
from core.search import index_text
from core.tenancy import everywhere, in_hospital
from doctors.models import Affiliation, Doctor, ScheduleException, Speciality, WeeklyHours
from hospitals.models import Role
from hospitals.tests.factories import HospitalFactory, MembershipFactory, OwnedFactory, PersonFactory
from patients.models import Patient
from patients.operations import ensure_registration

NOW = dt.datetime(2026, 11, 21, 6, 0, tzinfo=dt.UTC)  # Saturday noon in Dhaka
MONDAY = dt.date(2026, 11, 23)
FOUR = dt.datetime(2026, 11, 23, 10, 0, tzinfo=dt.UTC)  # Monday, 4 pm in Dhaka
LENGTH = dt.timedelta(minutes=20)


class SpecialityFactory(factory.django.DjangoModelFactory):
    """Cardiology."""

    class Meta:
        model = Speciality
        django_get_or_create = ("slug",)

    slug = "cardiology"
    name = "Cardiology"
    lay_name = "Heart"
    practitioner = "Cardiologist"
    search_words = "heart attack, chest pain, blood pressure"


class DoctorFactory(factory.django.DjangoModelFactory):
    """A doctor who can be found by name."""

    class Meta:
        model = Doctor

    user = factory.SubFactory(PersonFactory, name=factory.SelfAttribute("..name"))
    name = factory.Sequence(lambda n: f"Dr Number {n}")
    phone = "+8801711000215"
    speciality = factory.SubFactory(SpecialityFactory)
    qualifications = "MBBS"
    practising_since = 2010
    city = "Dhaka"
    licence_number = factory.Sequence(lambda n: f"A-{n}")
    licence_expires = dt.date(2030, 1, 1)

    @classmethod
    def _create(cls, model_class: type[Any], *args: Any, **kwargs: Any) -> Any:
        doctor = super()._create(model_class, *args, **kwargs)
        index_text("doctors.doctor", doctor.pk, f"{doctor.name} {doctor.name_bn}")
        return doctor


class AffiliationFactory(OwnedFactory):
    """A doctor at a hospital: 20 minutes and 1,200 a visit, an hour ahead."""

    class Meta:
        model = Affiliation

    hospital = factory.SubFactory(HospitalFactory)
    doctor = factory.SubFactory(DoctorFactory)
    membership = factory.LazyAttribute(
        lambda row: MembershipFactory(hospital=row.hospital, user=row.doctor.user, role=Role.DOCTOR)
    )
    fee = Decimal("1200.00")
    checked_licence_number = factory.SelfAttribute("doctor.licence_number")
    checked_licence_expires = factory.SelfAttribute("doctor.licence_expires")


class PatientFactory(factory.django.DjangoModelFactory):
    """A patient with a log-in."""

    class Meta:
        model = Patient

    user = factory.SubFactory(PersonFactory)
    name = factory.SelfAttribute("user.name")
    email = factory.SelfAttribute("user.email")
    birth_date = dt.date(1988, 5, 3)
    phone = "+8801711000214"


class WalkInFactory(factory.django.DjangoModelFactory):
    """A patient without a log-in."""

    class Meta:
        model = Patient

    name = factory.Sequence(lambda n: f"Walk-in {n}")
    birth_date = dt.date(1970, 1, 1)


def give_hours(
    affiliation: Affiliation, *, opens: dt.time = dt.time(16), closes: dt.time = dt.time(18)
) -> None:
    """Let the doctor see patients every day of the week, from 4 to 6 pm unless given."""
    with in_hospital(affiliation.hospital_id):
        WeeklyHours.objects.filter(affiliation=affiliation).delete()
        for weekday in range(7):
            WeeklyHours.objects.create(
                hospital_id=affiliation.hospital_id,
                affiliation=affiliation,
                weekday=weekday,
                starts=opens,
                ends=closes,
            )
    refresh_next_free(affiliation.pk)


def close_day(affiliation: Affiliation, day: dt.date) -> None:
    """Close a day."""
    with in_hospital(affiliation.hospital_id):
        ScheduleException.objects.create(
            hospital_id=affiliation.hospital_id, affiliation=affiliation, day=day
        )


def working(doctor: Doctor | None = None, **options: Any) -> Affiliation:
    """Return a doctor at a hospital with hours every day from 4 to 6 pm."""
    affiliation = AffiliationFactory(**({"doctor": doctor} if doctor else {}), **options)
    give_hours(affiliation)
    return affiliation


def registered(patient: Patient, *hospitals: Any) -> Patient:
    """Register the patient at the hospitals."""
    for hospital in hospitals:
        with in_hospital(hospital):
            ensure_registration(hospital, patient, by=SEED)
    return patient


def book(
    affiliation: Affiliation,
    patient: Patient,
    start: dt.datetime = FOUR,
    *,
    pay: str = "desk",
    by: Any = None,
    reason: str = "",
) -> Appointment:
    """Book through the operation."""
    return operations.book_appointment(
        affiliation,
        patient=patient,
        starts_at=start,
        pay=Pay(pay),
        by=by or patient.user or SEED,
        reason=reason,
    )


def booked(
    affiliation: Affiliation, patient: Patient, start: dt.datetime = FOUR, **options: Any
) -> Appointment:
    """Book and accept."""
    visit = book(affiliation, patient, start, **options)
    with in_hospital(visit.hospital_id):
        if visit.status == Appointment.Status.PENDING:
            operations.accept_appointment(visit, by=SEED)
        return Appointment.objects.get(pk=visit.pk)


def paid(affiliation: Affiliation, patient: Patient, start: dt.datetime = FOUR) -> Appointment:
    """Book, pay online and accept."""
    visit = book(affiliation, patient, start, pay="online")
    pay_online(visit)
    with in_hospital(visit.hospital_id):
        operations.accept_appointment(visit, by=SEED)
    return again(visit)


def invoice_of(visit: Appointment) -> Invoice:
    """Return the visit's invoice as it is now."""
    with everywhere():
        return Invoice.objects.get(lines__reference=visit.public_id, kind="invoice")


def again(visit: Appointment) -> Appointment:
    """Read the visit again."""
    with everywhere():
        return Appointment.objects.select_related("hospital", "hold").get(pk=visit.pk)


def pay_at_desk(visit: Appointment) -> None:
    """Take the money at the desk."""
    with in_hospital(visit.hospital_id):
        take_desk_payment(invoice_of(visit), method="cash", by=SEED)


def start_online(visit: Appointment) -> Attempt:
    """Open the payment page."""
    with in_hospital(visit.hospital_id):
        start_payment(invoice_of(visit), by=visit.patient.user)
        return Attempt.objects.filter(invoice=invoice_of(visit)).latest("pk")


def pay_online(visit: Appointment, attempt: Attempt | None = None) -> Attempt | None:
    """Pay on the payment page, and have the portal ask the gateway."""
    attempt = attempt or start_online(visit)
    FakeGateway.from_settings().set_payment(attempt.tran_id)
    return verify_payment(attempt.tran_id)


def next_free(affiliation: Affiliation) -> NextFree:
    """Return the stored next free times."""
    with everywhere():
        return NextFree.objects.get(affiliation=affiliation)


def cast() -> SimpleNamespace:
    """City General with ada, rita, Dr Dora Sen; Lakeside with mallory, Dora and deb; paul and pia are patients of both."""
    city = HospitalFactory(slug="city", name="City General Hospital", area="Dhanmondi")
    lakeside = HospitalFactory(slug="lakeside", name="Lakeside Clinic", city="Chattogram")
    people = {
        name: PersonFactory(email=f"{name}@demo.test", name=full, is_platform_admin=name == "root")
        for name, full in {
            "root": "Root", "ada": "Ada Hoque", "rita": "Rita Saha", "mallory": "Mallory Khan",
            "paul": "Paul Rahman", "pia": "Pia Sarkar",
        }.items()
    }  # fmt: skip
    MembershipFactory(hospital=city, user=people["ada"], role=Role.ADMIN)
    MembershipFactory(hospital=city, user=people["rita"], role=Role.RECEPTIONIST)
    MembershipFactory(hospital=lakeside, user=people["mallory"], role=Role.ADMIN)
    dora = DoctorFactory(name="Dr Dora Sen", user__email="dora@demo.test")
    deb = DoctorFactory(name="Dr Deb Roy", user__email="deb@demo.test")
    at_city, at_lakeside = (
        working(dora, hospital=city, room="304"),
        working(dora, hospital=lakeside, fee=Decimal("900.00")),
    )
    debs = working(deb, hospital=lakeside, fee=Decimal("700.00"))
    paul = registered(PatientFactory(user=people["paul"]), city, lakeside)
    pia = registered(PatientFactory(user=people["pia"]), city, lakeside)
    return SimpleNamespace(
        city=city, lakeside=lakeside, users=SimpleNamespace(**people, dora=dora.user, deb=deb.user),
        dora=dora, deb=deb, at_city=at_city, at_lakeside=at_lakeside, debs=debs, paul=paul, pia=pia,
    )  # fmt: skip
