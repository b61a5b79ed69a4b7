"""The cast of the record: doctors at two hospitals, patients, booked visits, medicines."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import factory
from django.utils import timezone

from appointments.models import Appointment
from appointments.operations.booking import serial_of
from core.actors import SEED
from core.tenancy import in_hospital
from doctors.models import Affiliation, Doctor, Speciality
from formulary.models import Generic, Medicine
from hospitals.models import Role
from hospitals.tests.factories import MembershipFactory, PersonFactory
from patients.models import CareRelation, Patient
from patients.operations import ensure_registration, open_care_relation
from records import operations
from records.operations import LineText, NoteText


class SpecialityFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Speciality
        django_get_or_create = ("slug",)

    slug = "cardiology"
    name = "Cardiology"
    lay_name = "Heart"
    practitioner = "Cardiologist"


class DoctorFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Doctor

    user = factory.SubFactory(PersonFactory)
    name = factory.SelfAttribute("user.name")
    phone = "+8801711000001"
    speciality = factory.SubFactory(SpecialityFactory)
    qualifications = "MBBS, FCPS (Cardiology)"
    practising_since = 2010
    city = "Dhaka"
    licence_number = factory.Sequence(lambda n: f"A-{48213 + n}")
    licence_expires = factory.LazyFunction(lambda: timezone.now().date() + dt.timedelta(days=900))


class PatientFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Patient

    user = factory.SubFactory(PersonFactory)
    name = factory.SelfAttribute("user.name")
    email = factory.SelfAttribute("user.email")
    birth_date = dt.date(1988, 5, 3)
    sex = Patient.Sex.MALE


class GenericFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Generic
        django_get_or_create = ("name",)

    name = "Paracetamol"
    therapeutic_class = "Pain and fever"


class MedicineFactory(factory.django.DjangoModelFactory):
    """Paracetamol 500 mg tablet (Paracokad), unless said otherwise."""

    class Meta:
        model = Medicine

    code = factory.Sequence(lambda n: f"TEST-{n}")
    generic = factory.SubFactory(GenericFactory)
    brand = factory.Sequence(lambda n: f"Paracokad{n or ''}")
    form = "tablet"
    strength = "500 mg"
    route = "oral"
    dose_unit = "tablet"
    manufacturer = "Kadam"
    pack_size = "100 tablets"
    demonstration = True


def medicine(
    generic: str, *, form: str, dose_unit: str, strength: str = "1 mg", route: str = "oral"
) -> Medicine:
    return MedicineFactory(
        generic=GenericFactory(name=generic), form=form, dose_unit=dose_unit, strength=strength, route=route
    )


def employ(doctor, hospital, **extra):
    """Let the doctor work there."""
    membership = MembershipFactory(hospital=hospital, user=doctor.user, role=Role.DOCTOR)
    with in_hospital(hospital):
        return Affiliation.objects.create(
            hospital=hospital,
            membership=membership,
            doctor=doctor,
            fee=Decimal(1200),
            checked_licence_number=doctor.licence_number,
            checked_licence_expires=doctor.licence_expires,
            **extra,
        )


def book(affiliation, patient, *, starts_at=None, status=Appointment.Status.BOOKED, open_chart=True):
    """Put a booked visit in the calendar and open the chart, as accepting it does."""
    hospital = affiliation.hospital
    starts_at = starts_at or timezone.now().replace(minute=0, second=0, microsecond=0)
    with in_hospital(hospital):
        ensure_registration(hospital, patient, by=SEED)
        appointment = Appointment(
            full_refund_hours=24,
            half_refund_hours=4,
            hospital=hospital,
            patient=patient,
            doctor=affiliation.doctor,
            affiliation=affiliation,
            starts_at=starts_at,
            ends_at=starts_at + dt.timedelta(minutes=20),
            day=hospital.local(starts_at).date(),
            fee=affiliation.fee,
            status=status,
        )
        appointment.serial = serial_of(appointment)
        appointment.save()
        if open_chart:
            open_care_relation(
                hospital,
                patient,
                person=affiliation.doctor.user,
                reason=CareRelation.Reason.APPOINTMENT,
                reference=appointment.public_id,
                by=SEED,
            )
    return appointment


def line(chosen: Medicine, **said) -> LineText:
    """One tablet three times a day for five days, unless said otherwise."""
    words = {"dose": Decimal(1), "frequency": "1+1+1", "days": 5, **said}
    return LineText(medicine=chosen.public_id, **words)


def begun(appointment):
    """Begin the visit."""
    with in_hospital(appointment.hospital):
        return operations.start_visit(appointment, by=appointment.doctor.user)


def drafted(appointment, *lines, advice=""):
    """Begin the visit and write a draft."""
    visit = begun(appointment)
    with in_hospital(appointment.hospital):
        return operations.draft_prescription(
            visit,
            lines=lines or [line(MedicineFactory())],
            advice=advice,
            by=appointment.doctor.user,
        )


def signed(appointment, *lines, advice=""):
    """Write and sign a prescription."""
    draft = drafted(appointment, *lines, advice=advice)
    with in_hospital(appointment.hospital):
        return operations.sign_prescription(draft, by=appointment.doctor.user)


def noted(appointment, *, finished=True, **words):
    """Write the visit's notes, and finish it."""
    by = appointment.doctor.user
    note = NoteText(
        **{"complaint": "Cough", "diagnosis": "Acute bronchitis", "diagnosis_code": "J20.9", **words}
    )
    visit = begun(appointment)
    with in_hospital(appointment.hospital):
        operations.write_note(visit, note=note, seen=0, by=by)
        if finished:
            operations.finish_visit(visit, by=by)
            visit.refresh_from_db()
        return visit
