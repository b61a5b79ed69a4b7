"""The demonstration's visits: one that is over, with its prescription, one to come, one that waits for an answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from appointments.models import Appointment, Pay
from appointments.operations import accept_appointment, book_appointment
from appointments.queries import free_by_day
from billing.models import Invoice
from billing.operations import take_desk_payment
from core.tenancy import in_hospital
from doctors.models import Affiliation
from formulary.models import Medicine
from hospitals.models import Hospital
from ledger.operations import record_read
from patients.models import Patient
from records.operations import (
    LineText,
    NoteText,
    draft_prescription,
    finish_visit,
    set_allergies,
    sign_prescription,
    start_visit,
    write_note,
)


@transaction.atomic
def play_visits(people: dict[str, User], hospital: Hospital) -> None:
    """Play them once: a second time Dora's list is not empty, and nothing happens."""
    with in_hospital(hospital):
        affiliation = Affiliation.objects.select_related("hospital", "doctor__user").get(
            doctor__user=people["dora"]
        )
        if affiliation.appointments.exists():
            return
        paul, pia = (Patient.objects.get(user=people[login]) for login in ("paul", "pia"))
        now = timezone.now()
        _play_past_visit(affiliation, paul, _latest_time_over(affiliation, now), people)
        today = hospital.local(now).date()
        coming = [
            starts for day, starts in free_by_day(affiliation, days=7).items() if day > today and starts
        ]
        booked = book_appointment(
            affiliation, patient=paul, starts_at=coming[2][3], pay=Pay.DESK, by=people["paul"]
        )
        accept_appointment(booked, by=people["dora"])
        book_appointment(affiliation, patient=pia, starts_at=coming[0][5], pay=Pay.DESK, by=people["pia"])


@contextmanager
def _clock_at(moment: dt.datetime) -> Iterator[None]:
    """Let the clock of all rooms stand at this moment: they book nothing in the past, and note when something was done."""
    real = timezone.now
    timezone.now = lambda: moment
    try:
        yield
    finally:
        timezone.now = real


def _latest_time_over(affiliation: Affiliation, now: dt.datetime) -> dt.datetime:
    """Return the start of the latest time in the doctor's hours that is over: today's, in the morning yesterday's last."""
    with _clock_at(now - dt.timedelta(days=2)):
        free = free_by_day(affiliation, days=3)
    latest = now - dt.timedelta(minutes=affiliation.slot_minutes)
    return max(start for starts in free.values() for start in starts if start <= latest)


def _play_past_visit(
    affiliation: Affiliation, patient: Patient, starts_at: dt.datetime, people: dict[str, User]
) -> None:
    reason = "Chest pain on the stairs"
    with _clock_at(starts_at - dt.timedelta(days=1)):
        visit = book_appointment(
            affiliation, patient=patient, starts_at=starts_at, pay=Pay.DESK, reason=reason, by=people["paul"]
        )
        accept_appointment(visit, by=people["dora"])
    with _clock_at(starts_at):
        invoice = Invoice.objects.get(lines__reference=visit.public_id)
        take_desk_payment(invoice, method="cash", by=people["rita"])
        _see(visit, people)


def _see(appointment: Appointment, people: dict[str, User]) -> None:
    dora = people["dora"]
    appointment.refresh_from_db()
    for part in ("visit", "chart"):  # as her pages note it when she opens them
        record_read(appointment.patient.public_id, part, by=dora, hospital_id=appointment.hospital_id)
    visit = start_visit(appointment, by=dora)
    set_allergies(visit.patient, answer="listed", text="Penicillin: rash (2019)", seen="", by=dora)
    note = NoteText(
        complaint="Chest pain when climbing stairs, for three weeks; gone after a minute of rest.",
        findings="Pulse 78, blood pressure 138/84. Heart sounds clear. ECG without change.",
        diagnosis="Stable angina",
        diagnosis_code="I20.9",
        plan="Walk every day. Come at once if the pain comes at rest.",
    )
    write_note(visit, note=note, seen=0, by=dora)
    lines = [
        LineText(_medicine("Aspirin", "75 mg"), Decimal(1), "1+0+0", days=30, instructions="খাবার পরে ১টি করে"),
        LineText(
            _medicine("Atorvastatin", "20 mg"), Decimal(1), "0+0+1", days=30, instructions="রাতে ঘুমানোর আগে ১টি"
        ),
    ]
    advice = "প্রচুর পানি পান করুন। ধূমপান করবেন না। ব্যথা বাড়লে হাসপাতালে আসুন।"
    prescription = draft_prescription(visit, lines=lines, advice=advice, by=dora)
    sign_prescription(prescription, by=dora)
    finish_visit(visit, by=dora)


def _medicine(generic: str, strength: str) -> str:
    tablets = Medicine.objects.filter(form="tablet")
    wanted = tablets.filter(generic__name__icontains=generic, strength=strength).order_by("pk").first()
    return (wanted or tablets.earliest("pk")).public_id
