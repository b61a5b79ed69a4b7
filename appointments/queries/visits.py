"""Visits: the patient's own, a doctor's day, a hospital's day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from billing.models import Invoice, InvoiceLine
from core.tenancy import everywhere, public_directory
from doctors.models import Affiliation, Doctor
from hospitals.models import Hospital
from patients.models import Patient, Registration

from ..models import A_DAY, PURPOSE, Appointment, AppointmentQuerySet


def find_visit(reference: str) -> Appointment:
    """Return a visit by its public id, in whichever hospital: for mails and payments, never for a page."""
    with everywhere():
        rows = Appointment.objects.with_people().select_related("patient__user", "doctor__user", "hold")
        visit: Appointment = rows.get(public_id=reference)
    return visit


def upcoming_visits(patient: Patient) -> QuerySet[Appointment]:
    """Return the patient's visits that are still to come, the next first."""
    return Appointment.objects.for_patient(patient).live().not_over().order_by("starts_at")


def past_visits(patient: Patient) -> QuerySet[Appointment]:
    """Return the patient's visits that are over, and cancelled ones whose time has come, the latest first."""
    made = Appointment.objects.for_patient(patient).made()
    over = made.exclude(status__in=Appointment.LIVE, ends_at__gt=timezone.now())
    return over.exclude(status=Appointment.Status.CANCELLED, starts_at__gt=timezone.now()).order_by(
        "-starts_at"
    )


def called_off_visits(patient: Patient) -> QuerySet[Appointment]:
    """Return the patient's visits of times to come that were cancelled or declined, the next first."""
    rows = Appointment.objects.for_patient(patient).made().filter(status=Appointment.Status.CANCELLED)
    return rows.filter(starts_at__gt=timezone.now()).order_by("starts_at")


def held_visits(patient: Patient) -> QuerySet[Appointment]:
    """Return the times kept for the patient while they are being paid."""
    rows = Appointment.objects.for_patient(patient).not_over().select_related("hold")
    held = rows.filter(
        status=Appointment.Status.PROPOSED, hold__expires_at__gt=timezone.now(), hold__status="live"
    )
    return held.order_by("starts_at")


def unpaid_own_bookings(patient: Patient) -> int:
    """Return how many visits to come, in all hospitals, the patient booked and has not paid."""
    with everywhere():
        unpaid = InvoiceLine.objects.filter(
            purpose=PURPOSE, reference=OuterRef("public_id"), invoice__status=Invoice.Status.ISSUED
        )
        rows = Appointment.objects.filter(
            Exists(unpaid),
            patient=patient,
            booked_by=patient.user_id,
            status__in=Appointment.AHEAD,
            starts_at__gt=timezone.now(),
        )
        count: int = rows.count()
    return count


def own_visits_between(patient: Patient, since: dt.datetime, until: dt.datetime) -> list[Appointment]:
    """Return what the patient has at that time, booked or kept, in all hospitals of the scope."""
    held = Q(status=Appointment.Status.PROPOSED, hold__status="live", hold__expires_at__gt=timezone.now())
    rows = Appointment.objects.for_patient(patient).filter(starts_at__lt=until, ends_at__gt=since)
    return list(rows.filter(held | Q(status__in=Appointment.LIVE)).order_by("starts_at"))


def day_of_doctor(doctor: Doctor, day: dt.date) -> QuerySet[Appointment]:
    """Return the doctor's visits of a local day in all hospitals of the scope, in order."""
    around = dt.datetime.combine(day, dt.time(), dt.UTC)
    rows = Appointment.objects.for_doctor(doctor).filter(
        day=day, starts_at__range=(around - A_DAY, around + 2 * A_DAY)
    )
    rows = rows.with_names()
    return _numbered(rows.exclude(status=Appointment.Status.CANCELLED)).order_by("starts_at", "pk")


def day_of_hospital(
    hospital: Hospital, day: dt.date, *, doctor_id: str = "", text: str = "", status: str = ""
) -> QuerySet[Appointment]:
    """Return a hospital's visits of a local day, of one doctor and matching a name, number or phone if given.

    Cancelled visits are left out unless `status` asks for them. Each has the patient's `number` at its hospital.
    """
    rows = _numbered(all_of_day(hospital, day).with_names())
    rows = rows.filter(status=status) if status else rows.exclude(status=Appointment.Status.CANCELLED)
    if doctor_id:
        rows = rows.filter(doctor__public_id=doctor_id)
    if text:
        rows = rows.filter(_fits(text))
    return rows.order_by("starts_at", "pk")


def _numbered(rows: QuerySet[Appointment]) -> QuerySet[Appointment]:
    here = Registration.objects.filter(patient=OuterRef("patient"), hospital=OuterRef("hospital"))
    return rows.annotate(number=Subquery(here.values("number")[:1]))


def _fits(text: str) -> Q:
    digits = "".join(character for character in text if character.isdigit()).lstrip("0")
    fits = Q(patient__name__icontains=text) | Q(patient__name_bn__icontains=text) | Q(number__iexact=text)
    return fits | Q(patient__phone__contains=digits) if len(digits) >= 4 else fits


@dataclass
class Figures:
    """How many visits of a day are in each state, in all and of each doctor."""

    by_status: dict[str, int] = field(default_factory=dict)
    by_doctor: list[tuple[str, str, int]] = field(default_factory=list)  # public id, name, how many

    @property
    def total(self) -> int:
        """All but the cancelled ones."""
        return sum(number for _, _, number in self.by_doctor)


def day_figures(rows: QuerySet[Appointment]) -> Figures:
    """Count a day's visits by state and doctor; one query."""
    figures = Figures()
    doctors: dict[str, tuple[str, int]] = {}
    counted = (
        rows.order_by().values_list("status", "doctor__public_id", "doctor__name").annotate(found=Count("pk"))
    )
    for status, doctor_id, name, found in counted:
        figures.by_status[status] = figures.by_status.get(status, 0) + found
        if status != Appointment.Status.CANCELLED:
            doctors[doctor_id] = (name, doctors.get(doctor_id, ("", 0))[1] + found)
    figures.by_doctor = sorted(
        ((key, name, found) for key, (name, found) in doctors.items()), key=lambda row: row[1]
    )
    return figures


def all_of_day(hospital: Hospital, day: dt.date) -> AppointmentQuerySet:
    """Return all visits of a hospital's local day that were made, for `day_figures`."""
    rows: AppointmentQuerySet = Appointment.objects.made().filter(hospital=hospital, day=day)
    return rows


def waiting_visits(rows: AppointmentQuerySet, *, but_on: dt.date) -> AppointmentQuerySet:
    """Return the visits that wait for an answer on other days than the one shown, the next first."""
    waiting = rows.filter(status=Appointment.Status.PENDING).exclude(day=but_on)
    return waiting.with_names().order_by("starts_at", "pk")


def unanswered_visits(*, limit: int = 500) -> list[Appointment]:
    """Return the visits of all hospitals that have started and still wait for an answer, the oldest first."""
    with everywhere():
        late = Appointment.objects.waiting_for_decision().filter(starts_at__lte=timezone.now())
        return list(late.select_related("hospital").order_by("starts_at", "pk")[:limit])


def places_of_doctor(doctor_id: str) -> list[Affiliation]:
    """Return where a doctor (by public id) with a valid licence works, as anyone may see it; by the hospital's name."""
    with public_directory():
        rows = Affiliation.objects.active().licensed().filter(doctor__public_id=doctor_id)
    shown = rows.select_related("doctor__speciality", "hospital", "department")
    return list(shown.order_by("-takes_bookings", "hospital__name", "pk"))


def affiliation_to_book(affiliation_id: str) -> Affiliation | None:
    """Return a doctor at a hospital who can be booked now, by public id; None when there is none."""
    with public_directory():
        rows = Affiliation.objects.bookable().select_related("doctor__speciality", "hospital", "department")
    found: Affiliation | None = rows.filter(public_id=affiliation_id).first()
    return found


def doctors_of_hospital(hospital: Hospital, *, text: str = "") -> QuerySet[Affiliation]:
    """Return who can be booked at the hospital by name, with when they are next free, narrowed by a name or speciality."""
    rows = Affiliation.objects.bookable().filter(hospital=hospital)
    if text:
        rows = rows.filter(Q(doctor__name__icontains=text) | Q(doctor__speciality__name__icontains=text))
    shown = rows.select_related("doctor__speciality", "hospital", "department", "next_free")
    return shown.order_by("doctor__name", "pk")


def zone_of_hospitals(hospital_ids: Iterable[int]) -> ZoneInfo:
    """Return the clock that somebody who works at these hospitals lives by: the first one's, else UTC."""
    zone = (
        Hospital.objects.filter(pk__in=list(hospital_ids))
        .order_by("pk")
        .values_list("zone", flat=True)
        .first()
    )
    return ZoneInfo(zone or "UTC")


def visit_of_hospital(pk: int) -> Appointment:
    """Return a visit of the scope with what the desk's pages show, and the patient's `number` at the hospital."""
    visit: Appointment = _numbered(Appointment.objects.with_people()).get(pk=pk)
    return visit
