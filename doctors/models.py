"""Doctors, what they can, where they work and when."""

from __future__ import annotations

import datetime as dt
from pathlib import PurePath
from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from core.formats import today_in
from core.ids import public_id
from core.states import HasStates, Transitions
from core.tenancy import (
    DirectoryOwned,
    HospitalOwned,
    ScopedQuerySet,
    directory_manager,
    everywhere,
    scoped_manager,
)
from hospitals.models import Department, Membership

SLOT_STEP = 5  # minutes; starts and lengths are multiples of it


def licence_day() -> dt.date:
    """Return the day that licences are measured by: the platform's, since a licence is one for all hospitals."""
    return today_in(settings.PLATFORM_ZONE)


def licence_text(number: str, until: dt.date | None) -> str:
    """Return number and last day in one text, to compare what somebody saw with what is stored; empty without a day."""
    return f"{number} until {until.isoformat()}" if until else ""


class Speciality(models.Model):
    """A field of medicine, with the words that patients use."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=60, unique=True)
    lay_name = models.CharField(_("in patients' words"), max_length=60)
    practitioner = models.CharField(_("what its doctors are called"), max_length=60)
    search_words = models.CharField(_("words people search by"), max_length=300, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "specialities"

    def __str__(self) -> str:
        return self.name


class DoctorQuerySet(models.QuerySet["Doctor"]):
    """Doctors are people of the platform; where they work stands in their affiliations."""

    def for_hospital(self, hospital: Any) -> DoctorQuerySet:
        """Return those who work at the hospital or have applied to it."""
        applied = Application.objects.filter(hospital=hospital).values("doctor")
        works = Affiliation.objects.filter(hospital=hospital).values("doctor")
        return self.filter(models.Q(pk__in=applied) | models.Q(pk__in=works))


class Doctor(models.Model):
    """A doctor, in all hospitals."""

    class Gender(models.TextChoices):
        FEMALE = "female", _("Woman")
        MALE = "male", _("Man")
        UNKNOWN = "unknown", _("Not said")

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="doctor")
    name = models.CharField(_("name"), max_length=120, help_text=_("With the title, like Dr Dora Sen"))
    name_bn = models.CharField(_("name in Bangla"), max_length=120, blank=True)
    gender = models.CharField(_("gender"), max_length=10, choices=Gender, default=Gender.UNKNOWN)
    phone = PhoneNumberField(_("contact number"))
    speciality = models.ForeignKey(Speciality, on_delete=models.PROTECT, related_name="doctors")
    qualifications = models.CharField(_("qualifications"), max_length=200)
    practising_since = models.PositiveSmallIntegerField(_("practising since"))
    city = models.CharField(_("city"), max_length=80)
    languages = models.CharField(_("languages"), max_length=120, default="Bangla, English")
    about = models.TextField(_("about you"), max_length=1500, blank=True)
    licence_number = models.CharField(_("licence number"), max_length=40, unique=True)
    licence_expires = models.DateField(_("licence valid until"))
    photo = models.ImageField(_("photo"), upload_to="photos/", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[Any] = DoctorQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def photo_url(self) -> str:
        """Where anyone sees the photo; empty without one. A new photo has a new address, so browsers may keep it."""
        if not self.photo:
            return ""
        return f"{reverse('doctors:photo', args=[self.public_id])}?v={self.photo_version}"

    @property
    def photo_version(self) -> str:
        """The photo file's random name."""
        return PurePath(self.photo.name or "").stem

    @property
    def years(self) -> int:
        """Years of experience."""
        return max(0, licence_day().year - self.practising_since)

    @property
    def licence(self) -> str:
        """The licence as text, see `licence_text`."""
        return licence_text(self.licence_number, self.licence_expires)

    @property
    def is_licensed(self) -> bool:
        """Whether the licence is valid today; an expired one hides the doctor."""
        return self.licence_expires >= licence_day()


class CertificateQuerySet(models.QuerySet["Certificate"]):
    """Papers; a hospital sees those of doctors who applied to it or work there."""

    def current(self) -> CertificateQuerySet:
        """Return those that were not removed."""
        return self.filter(removed_at__isnull=True)

    def for_hospital(self, hospital: Any) -> CertificateQuerySet:
        """Return the current ones that the hospital's admin may open: of who works there or waits for its answer."""
        waits = Application.objects.filter(hospital=hospital).open().values("doctor")
        works = Affiliation.objects.current().filter(hospital=hospital).values("doctor")
        return self.current().filter(models.Q(doctor__in=waits) | models.Q(doctor__in=works))

    def for_doctor(self, doctor: Doctor) -> CertificateQuerySet:
        """Return the doctor's own."""
        return self.current().filter(doctor=doctor)


class Certificate(models.Model):
    """A paper that proves a qualification or the licence; private."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    doctor = models.ForeignKey(Doctor, on_delete=models.PROTECT, related_name="certificates")
    title = models.CharField(_("what it is"), max_length=100)
    file = models.FileField(upload_to="certificates/")
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = CertificateQuerySet.as_manager()

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return self.title

    @property
    def filename(self) -> str:
        """What the file is called when somebody saves it."""
        return f"{self.title}{PurePath(str(self.file.name)).suffix}"


class ApplicationQuerySet(ScopedQuerySet):
    """Applications."""

    def for_doctor(self, doctor: Doctor) -> ApplicationQuerySet:
        """Return the doctor's own."""
        return self.filter(doctor=doctor)

    def open(self) -> ApplicationQuerySet:
        """Return those that wait for a decision."""
        return self.filter(status=Application.Status.SUBMITTED)


class Application(HasStates, HospitalOwned):
    """A doctor's wish to work at a hospital, decided by its admin."""

    class Status(models.TextChoices):
        SUBMITTED = "submitted", _("Waiting")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    TRANSITIONS: ClassVar[Transitions] = {
        Status.SUBMITTED: frozenset({Status.APPROVED, Status.REJECTED, Status.WITHDRAWN}),
    }

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    doctor = models.ForeignKey(Doctor, on_delete=models.PROTECT, related_name="applications")
    message = models.CharField(_("message to the hospital"), max_length=500, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.SUBMITTED)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects: ClassVar[Any] = scoped_manager(ApplicationQuerySet)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["hospital", "doctor"],
                condition=models.Q(status="submitted"),
                name="one_open_application",
            )
        ]

    @classmethod
    def of_doctor(cls, doctor: Doctor) -> ApplicationQuerySet:
        """Return a doctor's own, which are in several hospitals: only for questions about this doctor."""
        with everywhere():
            rows: ApplicationQuerySet = cls.objects.for_doctor(doctor)
        return rows


class AffiliationQuerySet(ScopedQuerySet):
    """Where doctors work."""

    def current(self) -> AffiliationQuerySet:
        """Return those that have not ended; a suspended one has not."""
        return self.exclude(membership__status=Membership.Status.REMOVED)

    def active(self) -> AffiliationQuerySet:
        """Return those whose membership is active in an active hospital."""
        return self.filter(
            membership__status=Membership.Status.ACTIVE,
            membership__user__is_active=True,
            hospital__is_active=True,
        )

    def for_doctor(self, doctor: Doctor) -> AffiliationQuerySet:
        """Return the doctor's own, with the doctor, whom every rule asks for."""
        return self.filter(doctor=doctor).select_related("doctor")

    def licensed(self) -> AffiliationQuerySet:
        """Return those whose doctor's licence is valid today, also by the date that the hospital has checked."""
        today = licence_day()
        return self.filter(doctor__licence_expires__gte=today, checked_licence_expires__gte=today)

    def bookable(self) -> AffiliationQuerySet:
        """Return the active ones that patients may see: taking bookings, with a valid licence."""
        return self.active().licensed().filter(takes_bookings=True)

    def to_check(self) -> AffiliationQuerySet:
        """Return those whose doctor wrote another licence than the one that the hospital has checked."""
        same = models.Q(
            checked_licence_number=models.F("doctor__licence_number"),
            checked_licence_expires=models.F("doctor__licence_expires"),
        )
        return self.exclude(same)


class Affiliation(DirectoryOwned):
    """A doctor at a hospital: department, fee and rules of booking. It hangs on a membership and ends with it."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    membership = models.OneToOneField(Membership, on_delete=models.PROTECT, related_name="affiliation")
    doctor = models.ForeignKey(Doctor, on_delete=models.PROTECT, related_name="affiliations")
    department = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="+")
    fee = models.DecimalField(
        _("fee for a visit"), max_digits=12, decimal_places=2, validators=[MinValueValidator(0)]
    )  # fmt: skip
    room = models.CharField(_("room"), max_length=60, blank=True)
    slot_minutes = models.PositiveSmallIntegerField(
        _("minutes a visit"), default=20, validators=[MinValueValidator(5), MaxValueValidator(240)]
    )
    lead_minutes = models.PositiveIntegerField(
        _("minutes ahead that a visit must be booked"),
        default=60,
        validators=[MaxValueValidator(60 * 24 * 30)],
    )
    daily_cap = models.PositiveSmallIntegerField(_("most visits a day"), null=True, blank=True)
    takes_bookings = models.BooleanField(_("takes bookings"), default=True)
    # What the hospital has seen and checked; the doctor's own entry may have changed since.
    checked_licence_number = models.CharField(max_length=40, blank=True)
    checked_licence_expires = models.DateField(null=True)

    objects: ClassVar[Any] = directory_manager(AffiliationQuerySet)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(fee__gte=0), name="fee_not_negative"),
            models.CheckConstraint(condition=models.Q(slot_minutes__gte=5), name="slot_of_five_minutes"),
        ]

    def __str__(self) -> str:
        return f"{self.doctor_id} at {self.hospital_id}"

    @property
    def checked_licence(self) -> str:
        """The checked licence as text, see `licence_text`; empty when the hospital has checked none."""
        return licence_text(self.checked_licence_number, self.checked_licence_expires)

    @property
    def is_licence_checked(self) -> bool:
        """Whether the hospital has seen the licence as the doctor writes it now."""
        return self.checked_licence == self.doctor.licence

    @property
    def licensed_until(self) -> dt.date:
        """The last day that counts here: a later date that nobody at the hospital has checked counts for nothing."""
        return min(self.doctor.licence_expires, self.checked_licence_expires or dt.date.min)

    @property
    def is_licensed(self) -> bool:
        """Whether patients can book here as far as the licence goes."""
        return self.licensed_until >= licence_day()

    @property
    def is_suspended(self) -> bool:
        """Whether the doctor can't act here for now."""
        return self.membership.status == Membership.Status.SUSPENDED

    @property
    def has_ended(self) -> bool:
        """Whether the doctor does not work there any more."""
        return self.membership.status == Membership.Status.REMOVED


class WeeklyHours(DirectoryOwned):
    """Hours in which a doctor sees patients at a hospital every week, in the hospital's zone; half open."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    affiliation = models.ForeignKey(Affiliation, on_delete=models.CASCADE, related_name="weekly_hours")
    weekday = models.PositiveSmallIntegerField(_("day"), validators=[MaxValueValidator(6)])  # Monday is 0
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("until"))

    class Meta:
        ordering = ["weekday", "starts"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends__gt=models.F("starts")), name="hours_end_after_start"
            ),
            models.UniqueConstraint(fields=["affiliation", "weekday", "starts"], name="one_start_a_weekday"),
        ]


class ScheduleException(DirectoryOwned):
    """A day that differs from the week: closed (no hours), or open at these hours instead."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    affiliation = models.ForeignKey(Affiliation, on_delete=models.CASCADE, related_name="exceptions")
    day = models.DateField(_("day"))
    starts = models.TimeField(_("from"), null=True, blank=True)
    ends = models.TimeField(_("until"), null=True, blank=True)

    class Meta:
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(fields=["affiliation", "day"], name="one_exception_a_day"),
            models.CheckConstraint(
                condition=models.Q(starts__isnull=True, ends__isnull=True)
                | models.Q(ends__gt=models.F("starts")),
                name="exception_whole_or_closed",
            ),
        ]


class TimeOff(models.Model):
    """When a doctor works nowhere; half open, UTC. Of the doctor, so it counts in all hospitals."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    doctor = models.ForeignKey(Doctor, on_delete=models.CASCADE, related_name="time_off")
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["starts_at"]
        verbose_name_plural = "time off"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="time_off_ends_after_start"
            )
        ]
