"""Doctors and what they have, for tests of every room."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import factory
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from doctors.models import (
    Affiliation,
    Application,
    Certificate,
    Doctor,
    ScheduleException,
    Speciality,
    TimeOff,
    WeeklyHours,
)
from hospitals.models import Role
from hospitals.tests.factories import (
    DepartmentFactory,
    HospitalFactory,
    MembershipFactory,
    OwnedFactory,
    PersonFactory,
)

PDF = b"%PDF-1.4\n1 0 obj << /Type /Page >> endobj\n%%EOF\n"


def pdf_upload(name: str = "licence.pdf") -> SimpleUploadedFile:
    """Return a small PDF as a browser sends it."""
    return SimpleUploadedFile(name, PDF, content_type="application/pdf")


def picture_upload(name: str = "me.jpg") -> SimpleUploadedFile:
    """Return a small JPEG as a browser sends it."""
    target = io.BytesIO()
    Image.effect_noise((40, 40), 60).convert("RGB").save(target, "JPEG")
    return SimpleUploadedFile(name, target.getvalue(), content_type="image/jpeg")


class SpecialityFactory(factory.django.DjangoModelFactory):
    """Cardiology, once a database."""

    class Meta:
        model = Speciality
        django_get_or_create = ("slug",)

    slug = "cardiology"
    name = factory.LazyAttribute(lambda made: made.slug.title())
    lay_name = "Heart"
    practitioner = "Cardiologist"
    search_words = "heart chest হার্ট"


class DoctorFactory(factory.django.DjangoModelFactory):
    """A doctor with a log-in and a licence that is good for years."""

    class Meta:
        model = Doctor

    user = factory.SubFactory(PersonFactory)
    name = factory.Sequence(lambda n: f"Dr Doctor {n}")
    phone = "+8801711000214"
    speciality = factory.SubFactory(SpecialityFactory)
    qualifications = "MBBS, FCPS"
    practising_since = 2010
    city = "Dhaka"
    licence_number = factory.Sequence(lambda n: f"B-{n:05d}")
    licence_expires = dt.date(2035, 6, 30)


class CertificateFactory(factory.django.DjangoModelFactory):
    """A paper of a doctor."""

    class Meta:
        model = Certificate

    doctor = factory.SubFactory(DoctorFactory)
    title = "Licence"
    file = factory.LazyFunction(lambda: ContentFile(PDF, name="licence.pdf"))
    content_type = "application/pdf"
    size = len(PDF)


class ApplicationFactory(OwnedFactory):
    """An application that waits."""

    class Meta:
        model = Application

    doctor = factory.SubFactory(DoctorFactory)


class AffiliationFactory(OwnedFactory):
    """A doctor who works at a hospital, for 800 a visit of twenty minutes."""

    class Meta:
        model = Affiliation

    doctor = factory.SubFactory(DoctorFactory)
    membership = factory.LazyAttribute(
        lambda made: MembershipFactory(hospital=made.hospital, user=made.doctor.user, role=Role.DOCTOR)
    )
    department = factory.LazyAttribute(lambda made: DepartmentFactory(hospital=made.hospital))
    fee = Decimal(800)
    checked_licence_number = factory.SelfAttribute("doctor.licence_number")
    checked_licence_expires = factory.SelfAttribute("doctor.licence_expires")


class WeeklyHoursFactory(OwnedFactory):
    """Monday morning; give the affiliation."""

    class Meta:
        model = WeeklyHours

    hospital = factory.SelfAttribute("affiliation.hospital")
    weekday = 0
    starts = dt.time(9)
    ends = dt.time(12)


class ScheduleExceptionFactory(OwnedFactory):
    """A day on which a doctor is not there; give affiliation and day."""

    class Meta:
        model = ScheduleException

    hospital = factory.SelfAttribute("affiliation.hospital")


class TimeOffFactory(factory.django.DjangoModelFactory):
    """Time off; give the span."""

    class Meta:
        model = TimeOff

    doctor = factory.SubFactory(DoctorFactory)


def works_at(doctor: Doctor, hospital: Any = None, **values: Any) -> Affiliation:
    """Let the doctor work at the hospital (a new one unless given)."""
    return AffiliationFactory(doctor=doctor, hospital=hospital or HospitalFactory(), **values)
