"""What two people do to one licence in the same moment."""

from __future__ import annotations

import datetime as dt
import threading
import time

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory
from core.errors import Conflict
from doctors.models import Doctor
from doctors.operations import DoctorDetails, become_doctor, sign_up_doctor

from .factories import SpecialityFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engines]
HELD = 0.5  # seconds


def details_of(email: str) -> DoctorDetails:
    return DoctorDetails(
        name="Dr Tahmina Yasmin",
        phone="+8801711000214",
        speciality=SpecialityFactory(),
        qualifications="MBBS, DCH",
        practising_since=2015,
        city="Dhaka",
        licence_number="A-51920",
        licence_expires=dt.date(2035, 6, 30),
        email=email,
    )


def sign_up(email: str) -> Doctor | None:
    return sign_up_doctor(details=details_of(email), password_hash="!")


def test_a_sign_up_that_is_being_confirmed_keeps_its_licence():
    first = sign_up("first@demo.test")
    second = UserFactory(email="second@demo.test")
    confirming = threading.Event()

    def confirm() -> None:
        try:
            with transaction.atomic():
                User.objects.filter(pk=first.user_id).update(email_verified_at=timezone.now())
                confirming.set()
                time.sleep(HELD)
        finally:
            connection.close()

    thread = threading.Thread(target=confirm)
    thread.start()
    assert confirming.wait(10)
    with pytest.raises(Conflict, match="registered already"):
        become_doctor(second, details=details_of(second.email))
    thread.join()
    assert list(Doctor.objects.values_list("pk", flat=True)) == [first.pk]
