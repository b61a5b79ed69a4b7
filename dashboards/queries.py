"""What waits for each role, counted live."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Case, Count, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from appointments.models import Appointment
from appointments.queries import held_visits, upcoming_visits
from billing.models import Invoice
from billing.queries import attempts_for_people, refunds_for_people
from core.background import periodic_commands
from core.memory import remembered
from core.models import PeriodicRun
from core.tenancy import public_directory
from doctors.models import Affiliation, Application, Doctor, Speciality
from hospitals.models import Department, Hospital, Membership
from notifications.models import Message
from patients.models import Patient
from records.models import Prescription, Visit
from records.queries import prescriptions_of

from .words import JOB_WORDS

GRACE = dt.timedelta(minutes=2)  # a job may take long, and the scheduler start anew
SOON = dt.timedelta(days=60)
SEEN_NEXT = (Appointment.Status.BOOKED, Appointment.Status.ARRIVED)


def hospitals_with_counts(limit: int = 6) -> list[dict[str, Any]]:
    """Return the first open hospitals with how many departments and doctors they had a minute ago; three queries."""
    return remembered(f"home:hospitals:{limit}", lambda: _hospitals_with_counts(limit))


def _hospitals_with_counts(limit: int) -> list[dict[str, Any]]:
    hospitals = list(Hospital.objects.public().order_by("name")[:limit])
    with public_directory():
        departments = _by_hospital(Department.objects.filter(removed_at__isnull=True), hospitals)
        doctors = _by_hospital(Affiliation.objects.bookable(), hospitals)
    return [
        {"hospital": one, "departments": departments.get(one.pk, 0), "doctors": doctors.get(one.pk, 0)}
        for one in hospitals
    ]


def _by_hospital(rows: Any, hospitals: list[Hospital]) -> dict[int, int]:
    counted = rows.filter(hospital__in=hospitals).order_by().values("hospital").annotate(number=Count("pk"))
    return dict(counted.values_list("hospital", "number"))


def next_free_cards(limit: int = 3) -> list[dict[str, Any]]:
    """Return the doctors who are free next, with their first free times; times past their lead time are left out."""
    now = timezone.now()
    with public_directory():
        rows = Affiliation.objects.bookable().filter(next_free__starts_at__gt=now)
        rows = rows.select_related("doctor__speciality", "hospital", "next_free").order_by(
            "next_free__starts_at"
        )
        found = list(rows[:limit])
    cards = []
    for one in found:
        soonest = now + dt.timedelta(minutes=one.lead_minutes)
        starts = [
            start for start in map(dt.datetime.fromisoformat, one.next_free.first_starts) if start > soonest
        ]
        if starts:
            cards.append(
                {"affiliation": one, "doctor": one.doctor, "hospital": one.hospital, "starts": starts}
            )
    return cards


def popular_specialities(limit: int = 6) -> list[Speciality]:
    """Return the specialities with the most doctors, as of a minute ago."""
    rows = Speciality.objects.annotate(number=Count("doctors")).order_by("-number", "lay_name")
    return remembered(f"home:specialities:{limit}", lambda: list(rows[:limit]))


def patient_overview(patient: Patient) -> dict[str, Any]:
    """Return what waits for a patient: held times, coming visits, bills, the latest prescriptions; five queries."""
    coming = list(upcoming_visits(patient)[:4])
    prescriptions = list(prescriptions_of(patient)[:3])  # those that count stand first
    return {
        "held": list(held_visits(patient)[:2]),
        "next_visit": coming[0] if coming else None,
        "coming": coming[1:],
        "bills": list(Invoice.objects.for_patient(patient).to_pay().select_related("hospital")[:3]),
        "prescriptions": [one for one in prescriptions if one.is_valid] or prescriptions,
    }


def doctor_overview(doctor: Doctor) -> dict[str, Any]:
    """Return what waits for a doctor: visits to accept, the next ones, those not finished, drafts to sign; five queries."""
    now = timezone.now()
    visits, status = Appointment.objects.for_doctor(doctor), Appointment.Status
    waits = Q(status=status.PENDING, ends_at__gt=now)
    until = now + dt.timedelta(hours=24)
    comes = Q(status=status.BOOKED, starts_at__gte=now - dt.timedelta(hours=12), starts_at__lt=until)
    # The bound on the start keeps the years behind out of the count.
    counts = visits.filter(starts_at__gte=now - dt.timedelta(days=1)).aggregate(
        waiting_count=Count("pk", filter=waits), next_count=Count("pk", filter=comes)
    )
    return {
        **counts,
        "waiting": list(visits.with_people().filter(waits)[:5]),
        "next_visits": list(visits.with_people().filter(comes)[:6]),
        "begun": list(Visit.objects.for_doctor(doctor).filter(doctor=doctor, finished_at=None)[:5]),
        "drafts": list(
            Prescription.objects.filter(doctor=doctor, status=Prescription.Status.DRAFT).select_related(
                "patient"
            )[:5]
        ),
        "licence_ends_soon": doctor.licence_expires <= (now + SOON).date(),
    }


def hospital_figures(hospital: Hospital) -> dict[str, int]:
    """Return the day's numbers of a hospital, in its scope; one query."""
    today = hospital.local(timezone.now()).date()
    status = Appointment.Status
    # Today's or waiting ones only: counting over all visits of the hospital would grow with its history.
    rows = Appointment.objects.filter(Q(day=today) | Q(status=status.PENDING), hospital=hospital)
    return rows.aggregate(
        waiting=Count("pk", filter=Q(status=status.PENDING, ends_at__gt=timezone.now())),
        booked=Count("pk", filter=Q(status__in=SEEN_NEXT, day=today)),
        done=Count("pk", filter=Q(status=status.FULFILLED, day=today)),
        noshow=Count("pk", filter=Q(status=status.NOSHOW, day=today)),
    )


def hospital_overview(hospital: Hospital) -> dict[str, Any]:
    """Return what waits at the desk: visits to accept, bills to pay, refunds and payments to check; three queries."""
    waiting = Appointment.objects.filter(hospital=hospital).waiting_for_decision().with_people()
    return {
        "figures": hospital_figures(hospital),
        "waiting": list(waiting.filter(ends_at__gt=timezone.now()).order_by("starts_at")[:5]),
        **desk_counts(hospital),
    }


def desk_counts(hospital: Hospital) -> dict[str, int]:
    """Return how many bills, payments and mails wait for somebody at the hospital; one query."""
    failed = Message.objects.filter(hospital_id=hospital.pk, status=Message.Status.FAILED)
    counts = Hospital.objects.filter(pk=hospital.pk).values_list(
        _count(Invoice.objects.filter(hospital=hospital).to_pay()),
        _count(refunds_for_people(hospital)),
        _count(attempts_for_people(hospital)),
        _count(failed),
    )
    to_pay, to_return, to_review, failed_mails = counts.get()
    return {"to_pay": to_pay, "money_to_check": to_return + to_review, "failed_mails": failed_mails}


def _count(rows: Any) -> Coalesce:
    # Grouped by a constant, so that the subquery is one row.
    grouped = rows.order_by().annotate(all=Value(1)).values("all").annotate(number=Count("pk"))
    return Coalesce(Subquery(grouped.values("number")), 0)


def admin_overview(hospital: Hospital) -> dict[str, Any]:
    """Return what waits for the hospital's admin besides; two queries."""
    doctors = _doctors_to_look_at(hospital)
    return {
        "applications": list(
            Application.objects.filter(hospital=hospital).open().select_related("doctor__speciality")[:5]
        ),
        "suspended": [row for row in doctors if row.is_suspended],
        "licences": [row for row in doctors if not row.is_suspended][:5],
    }


def _doctors_to_look_at(hospital: Hospital) -> list[Affiliation]:
    """Return suspended doctors with coming visits (`booked`), then those whose licence was changed and not checked again
    (`to_check`) or ends soon; one query."""
    coming = Appointment.objects.filter(
        affiliation=OuterRef("pk"), status__in=Appointment.AHEAD, starts_at__gt=timezone.now()
    )
    suspended = Q(membership__status=Membership.Status.SUSPENDED)
    rows = Affiliation.objects.current().filter(hospital=hospital, membership__user__is_active=True)
    rows = rows.annotate(
        booked=Case(When(suspended, then=_count(coming)), default=0),
        to_check=Q(pk__in=rows.to_check().values("pk")),
    )
    ends_soon = Q(doctor__licence_expires__lte=(timezone.now() + SOON).date())
    waits = (suspended & Q(booked__gt=0)) | (~suspended & (Q(to_check=True) | ends_soon))
    ordered = rows.filter(waits).order_by("-booked", "-to_check", "doctor__licence_expires", "pk")
    return list(ordered.select_related("doctor", "membership")[:10])


def platform_overview() -> dict[str, Any]:
    """Return the platform's state: tenants, people, mail and the jobs of the clock; nothing clinical, no names."""
    hospitals = Hospital.objects.aggregate(
        open=Count("pk", filter=Q(is_active=True)), closed=Count("pk", filter=Q(is_active=False))
    )
    # Of those alone: most are sent, and reading them all would grow with every mail.
    open_mails = Message.objects.filter(status__in=[Message.Status.QUEUED, Message.Status.FAILED])
    mails = open_mails.aggregate(
        queued=Count("pk", filter=Q(status=Message.Status.QUEUED)),
        failed=Count("pk", filter=Q(status=Message.Status.FAILED)),
    )
    return {
        "hospitals": hospitals,
        "mails": mails,
        "people": remembered("platform:people", User.objects.filter(is_active=True).count),
        "jobs": clock_jobs(),
    }


def clock_jobs() -> dict[str, Any]:
    """Return how many jobs the scheduler runs, when it last ran one, and which failed or are late; one query."""
    now, commands = timezone.now(), {command.name: command for command in periodic_commands()}
    runs = list(PeriodicRun.objects.filter(name__in=commands).order_by("name"))
    troubled = []
    for run in runs:
        late_from = run.last_run + 2 * dt.timedelta(seconds=commands[run.name].every) + GRACE
        if run.last_error or late_from < now:
            troubled.append({"run": run, "words": JOB_WORDS.get(run.name, run.name)})
    return {
        "count": len(runs),
        "last_run": max((run.last_run for run in runs), default=None),
        "troubled": troubled,
    }
