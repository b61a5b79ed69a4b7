"""The demonstration's visits: one that is over, with its prescription, one to come, one that waits for an answer."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction

from accounts.models import User
from appointments.models import Appointment
from appointments.operations import accept_appointment, book_appointment, set_weekly_hours
from appointments.queries import free_by_day
from billing.models import Invoice
from billing.operations import take_desk_payment
from core.tenancy import in_hospital
from doctors.models import Affiliation, WeeklyHours
from formulary.models import Medicine
from hospitals.models import Hospital
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

WHOLE_DAY = [(weekday, dt.time(0), dt.time(23, 55)) for weekday in range(7)]


@transaction.atomic
def play_visits(people: dict[str, User], hospital: Hospital, today: dt.date) -> None:
    """Play them once: a second time Dora's list is not empty, and nothing happens."""
    with in_hospital(hospital):
        affiliation = Affiliation.objects.select_related("hospital", "doctor__user").get(
            doctor__user=people["dora"]
        )
        if affiliation.appointments.exists():
            return
        paul, pia = (Patient.objects.get(user=people[login]) for login in ("paul", "pia"))
        seen = _book_today(affiliation, paul, today, people)
        if seen:
            _see(seen, people)
        coming = [
            starts for day, starts in free_by_day(affiliation, days=7).items() if day > today and starts
        ]
        booked = book_appointment(
            affiliation, patient=paul, starts_at=coming[2][3], pay="desk", by=people["paul"]
        )
        accept_appointment(booked, by=people["dora"])
        book_appointment(affiliation, patient=pia, starts_at=coming[0][5], pay="desk", by=people["pia"])


def _book_today(
    affiliation: Affiliation, patient: Patient, today: dt.date, people: dict[str, User]
) -> Appointment | None:
    """Book the next time of today, whatever the hour, through a day that is open all round; None in its last minutes."""
    hours = [
        (row.weekday, row.starts, row.ends) for row in WeeklyHours.objects.filter(affiliation=affiliation)
    ]
    lead_minutes = affiliation.lead_minutes
    Affiliation.objects.filter(pk=affiliation.pk).update(lead_minutes=0)
    affiliation.refresh_from_db()
    set_weekly_hours(affiliation, hours=WHOLE_DAY, by=people["dora"])
    free = free_by_day(affiliation, days=1)[today]
    visit = None
    if free:
        visit = book_appointment(
            affiliation,
            patient=patient,
            starts_at=free[0],
            pay="desk",
            reason="Chest pain on the stairs",
            by=people["paul"],
        )
        accept_appointment(visit, by=people["dora"])
        invoice = Invoice.objects.get(lines__reference=visit.public_id)
        take_desk_payment(invoice, method="cash", by=people["rita"])
    Affiliation.objects.filter(pk=affiliation.pk).update(lead_minutes=lead_minutes)
    affiliation.refresh_from_db()
    set_weekly_hours(affiliation, hours=hours, by=people["dora"])
    return visit


def _see(appointment: Appointment, people: dict[str, User]) -> None:
    dora = people["dora"]
    appointment.refresh_from_db()
    visit = start_visit(appointment, by=dora)
    set_allergies(visit.patient, answer="listed", text="Penicillin: rash (2019)", seen="", by=dora)
    note = NoteText(
        complaint="Chest pain when climbing stairs, for three weeks; gone after a minute of rest.",
        findings="Pulse 78, blood pressure 138/84. Heart sounds clear. ECG without change.",
        diagnosis="Stable angina",
        diagnosis_code="I20.9",
        plan="Walk every day. Come at once if the pain comes at rest.",
    )
    write_note(visit, note=note, expected_number=0, by=dora)
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
