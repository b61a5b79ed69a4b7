"""The patient: one person in all hospitals, with or without a log-in."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from core.formats import today_in
from core.ids import public_id
from core.tenancy import HospitalOwned, ScopedQuerySet, everywhere, scoped_manager
from hospitals.models import Membership
from notifications.models import Contact


def search_kind(hospital_id: int) -> str:
    """Return the name of a hospital's own search index of patients: it grows with the hospital and tells of no other."""
    return f"patients.patient:{hospital_id}"


class PatientQuerySet(models.QuerySet["Patient"]):
    """Patients are not owned by a hospital; these methods say who sees which."""

    def of_hospitals(self, hospital_ids: Any) -> PatientQuerySet:
        """Return those registered at one of the hospitals."""
        with everywhere():
            registered = Registration.objects.filter(hospital__in=list(hospital_ids)).values("patient")
        return self.filter(pk__in=registered)

    def for_hospital(self, hospital: Any) -> PatientQuerySet:
        """Return those registered at the hospital."""
        return self.of_hospitals([hospital])

    def for_doctor(self, doctor: Any) -> PatientQuerySet:
        """Return those whom the doctor cares for now."""
        return self.cared_for_by(doctor.user)

    def cared_for_by(self, person: Any) -> PatientQuerySet:
        """Return those whom the person has a live care relation with, in any hospital where the person still works."""
        with everywhere():
            relations = CareRelation.objects.live_of(person).values("patient")
        return self.filter(pk__in=relations)


class Patient(models.Model):
    """A person who is cared for. `user` is empty for somebody registered at the desk."""

    class Sex(models.TextChoices):
        FEMALE = "female", _("Female")
        MALE = "male", _("Male")
        OTHER = "other", _("Other")
        UNKNOWN = "unknown", _("Not said")

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="patient"
    )
    name = models.CharField(_("name"), max_length=120)
    name_bn = models.CharField(_("name in Bangla"), max_length=120, blank=True)
    birth_date = models.DateField(_("date of birth"))
    sex = models.CharField(_("sex"), max_length=10, choices=Sex, default=Sex.UNKNOWN)
    phone = PhoneNumberField(_("contact number"), blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    city = models.CharField(_("city"), max_length=80, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[Any] = PatientQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def age_on(self, day: dt.date) -> int:
        """Return whole years on that day."""
        before = (day.month, day.day) < (self.birth_date.month, self.birth_date.day)
        return day.year - self.birth_date.year - before

    @property
    def age(self) -> int:
        """Whole years today."""
        return self.age_on(today_in(settings.PLATFORM_ZONE))

    @property
    def recipient(self) -> Any:
        """Whom to notify: the log-in, or the contact that was left at the desk."""
        return self.user or Contact(self.email)

    @property
    def is_reached(self) -> bool:
        """Whether mails reach the patient."""
        return bool(self.user_id or self.email)


class Registration(HospitalOwned):
    """A patient's registration at a hospital, with the hospital's own number."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="registrations")
    number = models.CharField(_("hospital number"), max_length=20)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hospital", "patient"], name="one_registration_a_hospital"),
            models.UniqueConstraint(fields=["hospital", "number"], name="one_patient_a_number"),
        ]

    def __str__(self) -> str:
        return self.number

    @classmethod
    def hospitals_of(cls, patient: Patient) -> list[int]:
        """Return the keys of all hospitals that know the patient."""
        with everywhere():
            return list(cls.objects.filter(patient=patient).values_list("hospital_id", flat=True))


class NumberSeries(models.Model):
    """The last hospital number that was given; locked while the next is drawn."""

    hospital = models.OneToOneField(
        "hospitals.Hospital", primary_key=True, on_delete=models.PROTECT, related_name="+"
    )
    last = models.PositiveIntegerField(default=0)


class CareRelationQuerySet(ScopedQuerySet):
    """Care relations."""

    def live_of(self, person: Any) -> CareRelationQuerySet:
        """Return those that open a chart to the person (a user or its key) now: begun, not ended, still working there."""
        now = timezone.now()
        with everywhere():
            workplaces = Membership.objects.active().filter(user=person).values("hospital")
        return self.filter(
            models.Q(ends_at__isnull=True) | models.Q(ends_at__gt=now),
            person=person,
            hospital__in=workplaces,
            starts_at__lte=now,
        )


class CareRelation(HospitalOwned):
    """Why somebody may open a patient's chart, and until when."""

    class Reason(models.TextChoices):
        APPOINTMENT = "appointment", _("Visit")
        REFERRAL = "referral", _("Referral")

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="care_relations")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=20, choices=Reason)
    reference = models.CharField(max_length=40)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = scoped_manager(CareRelationQuerySet)

    class Meta:
        indexes = [models.Index(fields=["person", "patient"], name="care_by_person")]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "person", "reason", "reference"], name="one_care_relation_a_reason"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True) | models.Q(ends_at__gte=models.F("starts_at")),
                name="care_ends_after_start",
            ),
        ]
