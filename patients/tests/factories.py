"""Patients for tests."""

from __future__ import annotations

import datetime as dt

import factory

from core.actors import SEED
from core.tenancy import in_hospital
from hospitals.models import Hospital
from patients.models import Patient, Registration
from patients.operations import ensure_registration


class PatientFactory(factory.django.DjangoModelFactory):
    """Somebody without a log-in; give `user` for one with."""

    class Meta:
        model = Patient

    name = factory.Sequence(lambda n: f"Patient {n}")
    birth_date = dt.date(1988, 5, 3)
    phone = "+8801711000214"
    email = factory.Sequence(lambda n: f"patient{n}@demo.test")
    address = "House 4, Road 27"


def registered_at(hospital: Hospital, patient: Patient) -> Registration:
    """Register the patient at the hospital and return the registration."""
    with in_hospital(hospital):
        return ensure_registration(hospital, patient, by=SEED)
