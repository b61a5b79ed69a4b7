"""Visits that are booked, the minutes they take, the holds while they are paid, and when a doctor is next free."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.ids import public_id
from core.states import HasStates, Transitions
from core.tenancy import DirectoryOwned, HospitalOwned, ScopedQuerySet, scoped_manager
from doctors.models import Affiliation, Doctor
from hospitals.models import Hospital
from patients.models import Patient

A_DAY = dt.timedelta(days=1)
PURPOSE = "appointments.visit"  # what billing calls a visit


class Pay(models.TextChoices):
    """How somebody who books wants to pay; `LATER` is the desk's own booking: the bill waits, to be paid either way."""

    ONLINE = "online", _("Online now")
    DESK = "desk", _("At the desk")
    LATER = "later", _("Later")


class AppointmentQuerySet(ScopedQuerySet):
    """Appointments."""

    def for_patient(self, patient: Patient) -> AppointmentQuerySet:
        """Return the patient's own, with what their pages show."""
        return self.filter(patient=patient).with_people()

    def for_doctor(self, doctor: Doctor) -> AppointmentQuerySet:
        """Return those with the doctor that were made, with what the doctor's pages show."""
        return self.filter(doctor=doctor).made().with_people()

    def for_hospital(self, hospital: Hospital) -> AppointmentQuerySet:
        """Return those at the hospital that were made, with what the desk's pages show."""
        return self.filter(hospital=hospital).made().with_people()

    def made(self) -> AppointmentQuerySet:
        """Return those that were ever booked, and so have a number.

        A time that is only held, or was given back before it was booked, is nobody's but the patient's.
        """
        return self.filter(serial__isnull=False)

    def not_over(self) -> AppointmentQuerySet:
        """Return those whose end is still to come."""
        now = timezone.now()
        # No visit is longer than a day: the bound on the start lets an index skip the years behind.
        return self.filter(starts_at__gt=now - A_DAY, ends_at__gt=now)

    def live(self) -> AppointmentQuerySet:
        """Return those that are still to happen or happening."""
        return self.filter(status__in=Appointment.LIVE)

    def waiting_for_decision(self) -> AppointmentQuerySet:
        """Return those that a doctor or the desk has to accept or decline."""
        return self.filter(status=Appointment.Status.PENDING)

    def with_people(self) -> AppointmentQuerySet:
        """Fetch what lists show about them in the same query."""
        place = ("affiliation__hospital", "affiliation__doctor")  # free times are asked of it
        shown = self.select_related("patient", "doctor__speciality", "hospital", *place)
        return shown.with_declined()

    def with_names(self) -> AppointmentQuerySet:
        """Fetch the names that a day's list shows in the same query, and nothing else about people and places."""
        own = [field.name for field in self.model._meta.concrete_fields]
        names = ["patient__name", "doctor__name", "hospital__name", "hospital__slug", "hospital__zone"]
        shown = self.select_related(None).select_related("patient", "doctor", "hospital")
        return shown.only(*own, *names).with_declined()

    def with_declined(self) -> AppointmentQuerySet:
        """Mark as `declined` those that the hospital called off instead of accepting them."""
        declined = Change.objects.filter(appointment=models.OuterRef("pk"), act=Change.Act.DECLINED)
        return self.annotate(declined=models.Exists(declined))


class Appointment(HasStates, HospitalOwned):
    """One visit of one patient to one doctor. Times are UTC and half open; `day` is the local date at the hospital."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("Being booked")
        PENDING = "pending", _("Waiting for the hospital")
        BOOKED = "booked", _("Booked")
        ARRIVED = "arrived", _("With the doctor")
        FULFILLED = "fulfilled", _("Done")
        NOSHOW = "noshow", _("Did not come")
        CANCELLED = "cancelled", _("Cancelled")

    class Side(models.TextChoices):
        PATIENT = "patient", _("The patient")
        HOSPITAL = "hospital", _("The hospital")
        SYSTEM = "system", _("HealthStack")

    TRANSITIONS: ClassVar[Transitions] = {
        Status.PROPOSED: frozenset({Status.PENDING, Status.BOOKED, Status.CANCELLED}),
        Status.PENDING: frozenset({Status.BOOKED, Status.CANCELLED}),
        Status.BOOKED: frozenset({Status.PENDING, Status.ARRIVED, Status.NOSHOW, Status.CANCELLED}),
        Status.ARRIVED: frozenset({Status.BOOKED, Status.FULFILLED}),
    }
    LIVE: ClassVar[tuple[str, ...]] = (Status.PENDING, Status.BOOKED, Status.ARRIVED)
    AHEAD: ClassVar[tuple[str, ...]] = (Status.PENDING, Status.BOOKED)

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="appointments")
    doctor = models.ForeignKey(Doctor, on_delete=models.PROTECT, related_name="appointments")
    affiliation = models.ForeignKey(Affiliation, on_delete=models.PROTECT, related_name="appointments")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    day = models.DateField()
    serial = models.PositiveSmallIntegerField(_("serial number"), null=True)
    status = models.CharField(max_length=20, choices=Status, default=Status.PROPOSED)
    # Goes up with each new time, so that a mail about an old time is never sent.
    version = models.PositiveIntegerField(default=1)
    fee = models.DecimalField(max_digits=12, decimal_places=2)
    reason = models.CharField(_("what it is about"), max_length=500, blank=True)
    booked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    # The hospital's rules of cancelling as they were shown when it was booked; later changes do not reach back.
    full_refund_hours = models.PositiveSmallIntegerField()
    half_refund_hours = models.PositiveSmallIntegerField()
    # Whoever did not choose the new time gets everything back, until they choose one themselves.
    moved_by_hospital = models.BooleanField(default=False)
    # A patient's move does not bring back a refund that was lost by then; null means no limit.
    refund_share_cap = models.DecimalField(max_digits=3, decimal_places=2, null=True)
    # Since when the hospital has decided to cancel it, with many others; the worker does it.
    cancelling_since = models.DateTimeField(null=True)
    cancelled_by = models.CharField(max_length=10, choices=Side, blank=True)
    cancel_reason = models.CharField(max_length=300, blank=True)
    returned = models.DecimalField(max_digits=12, decimal_places=2, null=True)

    objects: ClassVar[Any] = scoped_manager(AppointmentQuerySet)

    class Meta:
        ordering = ["starts_at", "pk"]
        indexes = [
            models.Index(fields=["patient", "starts_at"], name="appointment_of_patient"),
            models.Index(fields=["doctor", "starts_at"], name="appointment_of_doctor"),
            models.Index(fields=["hospital", "day", "status"], name="appointment_of_day"),
            models.Index(
                fields=["hospital", "starts_at"],
                condition=models.Q(status="pending"),
                name="appointment_waiting",
            ),
            models.Index(fields=["affiliation", "day"], name="appointment_serials"),
            models.Index(
                fields=["cancelling_since"],
                condition=models.Q(cancelling_since__isnull=False),
                name="appointment_cancelling",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="visit_ends_after_start"
            ),
            models.CheckConstraint(condition=models.Q(fee__gte=0), name="visit_fee_not_negative"),
            # A cancelled visit keeps its number as history; its time, and so its place in the day, is another's.
            models.UniqueConstraint(
                fields=["affiliation", "day", "serial"],
                condition=~models.Q(status="cancelled"),
                name="one_serial_a_day",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="cancelled", cancelled_by=""), name="cancelled_by_somebody"
            ),
        ]

    @property
    def is_past(self) -> bool:
        """Whether its start has passed."""
        return self.starts_at <= timezone.now()

    @property
    def minutes(self) -> int:
        """How long it is planned."""
        return int((self.ends_at - self.starts_at) / dt.timedelta(minutes=1))


class Cell(models.Model):
    """Five minutes of a doctor and of a patient. Two live visits that overlap would share one; the database refuses that.

    Doctors and patients are people of all hospitals, so cells are not scoped. `lapses_at` is the end of a hold.
    """

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="cells")
    doctor = models.ForeignKey(Doctor, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    lane = models.PositiveSmallIntegerField(default=0)  # 0 but for overbooking by right
    lapses_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["doctor", "starts_at", "lane"], name="one_visit_a_doctor"),
            models.UniqueConstraint(fields=["patient", "starts_at"], name="one_visit_a_patient"),
        ]
        indexes = [
            # Only held cells lapse, and they are few: booking asks for them each time.
            models.Index(
                fields=["doctor", "lapses_at"],
                condition=models.Q(lapses_at__isnull=False),
                name="cell_lapsing",
            )
        ]


class Hold(HasStates, HospitalOwned):
    """A time kept while it is being paid; once past `expires_at` it keeps nothing, whatever its state says."""

    class Status(models.TextChoices):
        LIVE = "live", _("Kept")
        USED = "used", _("Booked")
        EXPIRED = "expired", _("Lapsed")
        RELEASED = "released", _("Given back")

    TRANSITIONS: ClassVar[Transitions] = {
        Status.LIVE: frozenset({Status.USED, Status.EXPIRED, Status.RELEASED}),
        # A payment that comes late, or is tried again, may find the time still free.
        Status.EXPIRED: frozenset({Status.LIVE, Status.USED, Status.RELEASED}),
    }

    appointment = models.OneToOneField(Appointment, on_delete=models.CASCADE, related_name="hold")
    status = models.CharField(max_length=10, choices=Status, default=Status.LIVE)
    expires_at = models.DateTimeField(db_index=True)
    extended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["status", "expires_at"], name="hold_by_end")]

    @property
    def is_live(self) -> bool:
        """Whether it keeps the time now."""
        return self.status == self.Status.LIVE and self.expires_at > timezone.now()


class Change(HospitalOwned):
    """One step in a visit's history: booked, accepted, moved, cancelled …"""

    class Act(models.TextChoices):
        BOOKED = "booked", _("Booked")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        MOVED = "moved", _("Moved")
        CANCELLED = "cancelled", _("Cancelled")
        ARRIVED = "arrived", _("With the doctor")
        FULFILLED = "fulfilled", _("Done")
        NOSHOW = "noshow", _("Did not come")
        UNDONE = "undone", _("Begun by mistake")

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="changes")
    act = models.CharField(max_length=10, choices=Act)
    version = models.PositiveIntegerField()
    starts_at = models.DateTimeField()
    moved_from = models.DateTimeField(null=True)
    by_name = models.CharField(max_length=120)
    note = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]


class NextFree(DirectoryOwned):
    """When a doctor is next free at a hospital, computed on change, so that search can sort by it without computing."""

    affiliation = models.OneToOneField(Affiliation, on_delete=models.CASCADE, related_name="next_free")
    starts_at = models.DateTimeField(null=True, db_index=True)
    # The first free starts (ISO 8601, UTC), for the search page's buttons; pages check them against the cells once more.
    first_starts = models.JSONField(default=list)
    free_count = models.PositiveIntegerField(default=0)
    computed_at = models.DateTimeField()
    # When it must be computed again: the first start passes its lead time, or a hold lapses.
    stale_at = models.DateTimeField(null=True, db_index=True)
