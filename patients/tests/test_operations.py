"""Patients: sign-up, walk-ins, numbers, care relations."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory, password_hash
from core.actors import SEED
from core.errors import DomainError
from core.tenancy import everywhere, in_hospital
from hospitals.models import Membership
from hospitals.tests.factories import HospitalFactory, MembershipFactory
from ledger.models import Entry
from notifications.models import Message
from patients.models import CareRelation, Patient, Registration
from patients.operations import (
    PatientDetails,
    become_patient,
    change_profile,
    end_care_relation,
    ensure_registration,
    open_care_relation,
    register_walk_in,
    sign_up_patient,
)

from .factories import PatientFactory, registered_at

pytestmark = pytest.mark.django_db
PAUL = PatientDetails(
    name="Paul Rahman", birth_date=dt.date(1988, 5, 3), email="paul@demo.test", phone="+8801711000214"
)


def test_sign_up_makes_log_in_and_patient_and_mails_a_link():
    sign_up_patient(details=PAUL, password_hash=password_hash())
    patient = Patient.objects.get()
    assert (patient.name, patient.user.email, patient.user.email_verified_at) == (
        "Paul Rahman",
        "paul@demo.test",
        None,
    )
    assert Message.objects.get().kind == "accounts.verify_email"


def test_sign_up_with_confirmed_address_changes_nothing_and_tells_the_owner():
    owner = UserFactory(email="paul@demo.test", name="The owner")
    sign_up_patient(details=PAUL, password_hash=password_hash())
    owner.refresh_from_db()
    assert (owner.name, Patient.objects.count(), User.objects.count()) == ("The owner", 0, 1)
    assert Message.objects.get().kind == "accounts.sign_up_again"


def test_sign_up_again_before_confirming_takes_the_newest_details():
    sign_up_patient(details=PAUL, password_hash=password_hash())
    newer = PatientDetails(name="Paul R.", birth_date=dt.date(1989, 5, 3), email="paul@demo.test")
    sign_up_patient(details=newer, password_hash=password_hash())
    assert (Patient.objects.get().name, Patient.objects.get().birth_date.year) == ("Paul R.", 1989)


@pytest.mark.parametrize("born", [dt.date(1899, 12, 31), dt.date(2026, 11, 24)])
def test_impossible_birth_date_is_refused(born):
    with time_machine.travel(dt.datetime(2026, 11, 21, tzinfo=dt.UTC)), pytest.raises(DomainError) as refusal:
        become_patient(UserFactory(), details=PatientDetails(name="Pia", birth_date=born))
    assert refusal.value.field == "birth_date"
    assert Patient.objects.count() == 0


def test_walk_in_needs_no_log_in_and_gets_the_next_number():
    hospital = HospitalFactory(number_prefix="CG")
    with in_hospital(hospital):
        first = register_walk_in(hospital, details=PAUL, by=SEED)
        second = register_walk_in(hospital, details=PAUL, by=SEED)
        numbers = list(Registration.objects.order_by("pk").values_list("number", flat=True))
    assert (first.user, numbers) == (None, ["CG-000001", "CG-000002"])
    assert second.pk != first.pk


def test_registration_is_made_once_a_hospital():
    one, two = HospitalFactory(), HospitalFactory()
    patient = PatientFactory()
    assert registered_at(one, patient).pk == registered_at(one, patient).pk
    registered_at(two, patient)
    with everywhere():
        assert Registration.objects.count() == 2


@pytest.mark.engines
@pytest.mark.django_db(transaction=True)
def test_numbers_have_no_gap_when_many_register_at_once():
    hospital = HospitalFactory(number_prefix="CG")
    patients = [PatientFactory() for _ in range(8)]
    barrier = threading.Barrier(8)

    def register(patient: Patient) -> None:
        barrier.wait()
        with in_hospital(hospital):
            ensure_registration(hospital, patient, by=SEED)
        connection.close()

    threads = [threading.Thread(target=register, args=[patient]) for patient in patients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with in_hospital(hospital):
        numbers = sorted(Registration.objects.values_list("number", flat=True))
    assert numbers == [f"CG-{number:06d}" for number in range(1, 9)]


def test_change_profile_keeps_the_log_in():
    user = UserFactory(email="paul@demo.test")
    patient = become_patient(user, details=PAUL)
    change_profile(
        patient,
        details=PatientDetails(name="Paul R.", birth_date=PAUL.birth_date, email="x@demo.test"),
        by=user,
    )
    patient.refresh_from_db()
    user.refresh_from_db()
    assert (patient.name, user.email) == ("Paul R.", "paul@demo.test")
    assert list(Entry.objects.order_by("kind").values_list("kind", flat=True)) == [
        "patients.profile_changed",
        "patients.signed_up",
    ]


@pytest.fixture
def care():
    hospital = HospitalFactory()
    membership = MembershipFactory(hospital=hospital, role="doctor")
    patient = PatientFactory()
    with in_hospital(hospital):
        open_care_relation(
            hospital,
            patient,
            person=membership.user,
            reason=CareRelation.Reason.APPOINTMENT,
            reference="v1",
            by=SEED,
        )
    return hospital, membership, patient


def cared_for(person: User) -> list[Patient]:
    return list(Patient.objects.cared_for_by(person))


def test_care_relation_opens_the_chart(care):
    _, membership, patient = care
    assert cared_for(membership.user) == [patient]
    assert cared_for(UserFactory()) == []


def test_care_ends_at_its_moment(care):
    hospital, membership, patient = care
    ends_at = timezone.now() + dt.timedelta(days=1)
    with in_hospital(hospital):
        end_care_relation(patient, reason="appointment", reference="v1", ends_at=ends_at, by=SEED)
    assert cared_for(membership.user) == [patient]
    with time_machine.travel(ends_at):
        assert cared_for(membership.user) == []


@pytest.mark.parametrize("status", [Membership.Status.SUSPENDED, Membership.Status.REMOVED])
def test_care_is_lost_with_the_membership(care, status):
    hospital, membership, _ = care
    membership.status = status
    with in_hospital(hospital):
        membership.save()
    assert cared_for(membership.user) == []


def test_care_is_lost_with_the_hospital(care):
    hospital, membership, _ = care
    hospital.is_active = False
    hospital.save()
    assert cared_for(membership.user) == []


def test_care_opened_again_is_one_relation(care):
    hospital, membership, patient = care
    with in_hospital(hospital):
        end_care_relation(patient, reason="appointment", reference="v1", ends_at=timezone.now(), by=SEED)
        open_care_relation(
            hospital, patient, person=membership.user, reason="appointment", reference="v1", by=SEED
        )
        assert CareRelation.objects.count() == 1
    assert cared_for(membership.user) == [patient]


def test_care_may_open_until_a_moment_and_opened_again_until_another(care):
    hospital, membership, _ = care
    moment = timezone.now() + dt.timedelta(days=30)
    for ends_at in (moment, moment + dt.timedelta(days=1), None):
        with in_hospital(hospital):
            open_care_relation(
                hospital,
                care[2],
                person=membership.user,
                reason="appointment",
                reference="v1",
                ends_at=ends_at,
                by=SEED,
            )
            assert CareRelation.objects.get().ends_at == ends_at


@pytest.mark.parametrize(
    ("day", "age"), [(dt.date(2026, 5, 2), 37), (dt.date(2026, 5, 3), 38), (dt.date(2026, 5, 4), 38)]
)
def test_age_in_whole_years(day, age):
    assert PatientFactory.build().age_on(day) == age
