"""The record of care: visits, their notes in versions, prescriptions and their lines, and the timeline of a chart."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from appointments.models import Appointment
from core.formats import today_in
from core.ids import long_code, public_id
from core.states import HasStates, Transitions
from core.tenancy import HospitalOwned, ScopedQuerySet, everywhere, scoped_manager
from doctors.models import Doctor
from formulary.models import DoseUnit, Medicine, Route
from patients.models import CareRelation, Patient


class OfPatientQuerySet(ScopedQuerySet):
    """Rows of a patient's record."""

    def for_patient(self, patient: Patient) -> OfPatientQuerySet:
        """Return the patient's own."""
        return self.filter(patient=patient)

    def for_doctor(self, doctor: Doctor) -> OfPatientQuerySet:
        """Return what the doctor may read now."""
        return self.readable_by(doctor.user_id)

    def readable_by(self, person: Any) -> OfPatientQuerySet:
        """Return those of patients whom the person (a user or its key) cares for now, at the row's own hospital."""
        cares = CareRelation.objects.live_of(person).filter(
            patient=models.OuterRef("patient"), hospital=models.OuterRef("hospital")
        )
        return self.filter(models.Exists(cares))


class VisitQuerySet(OfPatientQuerySet):
    """Visits."""

    def readable_by(self, person: Any) -> VisitQuerySet:
        """Return what the person may read, with the people it names."""
        rows: Any = super().readable_by(person)
        return rows.select_related("patient", "doctor", "hospital", "appointment")


class PrescriptionQuerySet(OfPatientQuerySet):
    """Prescriptions; a draft is its doctor's own business."""

    def signed(self) -> PrescriptionQuerySet:
        """Return those that were signed, whatever became of them."""
        return self.exclude(status=Prescription.Status.DRAFT)

    def with_people(self) -> PrescriptionQuerySet:
        """Fetch what a sheet shows about them in the same query."""
        return self.select_related(
            "patient__allergies",
            "doctor__speciality",
            "hospital",
            "visit__appointment",
            "replaces",
            "replaced_by",
        )

    def for_patient(self, patient: Patient) -> PrescriptionQuerySet:
        """Return the patient's own, once signed."""
        return self.signed().filter(patient=patient).with_people()

    def readable_by(self, person: Any) -> PrescriptionQuerySet:
        """Return what the person may read: signed ones of those cared for, and own drafts."""
        visible = ~models.Q(status=Prescription.Status.DRAFT) | models.Q(doctor__user=person)
        rows: Any = super().readable_by(person).filter(visible)
        return rows.with_people()


# What is counted out one by one, so that people write it as 1+0+1.
PIECES = frozenset(
    {
        DoseUnit.TABLET, DoseUnit.CAPSULE, DoseUnit.SUPPOSITORY, DoseUnit.PATCH, DoseUnit.SACHET, DoseUnit.VIAL,
        DoseUnit.SYRINGE,
    }
)  # fmt: skip
FRACTIONS = {Decimal("0.25"): "¼", Decimal("0.5"): "½", Decimal("0.75"): "¾"}


def plain_number(value: Decimal) -> str:
    """Return a number as prescriptions print it: a leading zero, no trailing one (0.5, 5, never .5 or 5.0)."""
    return f"{value.normalize():f}"


def in_pieces(amount: Decimal) -> str:
    """Return a number of pieces as people write it: 2, ½, 1½."""
    whole, rest = divmod(amount, 1)
    return f"{int(whole) or ''}{FRACTIONS[rest]}" if rest in FRACTIONS else plain_number(amount)


def counted(amount: Decimal, unit: str) -> str:
    """Return 1 tablet, 2 tablets, 5 mL: the unit in the number that the amount asks for."""
    many = 1 if amount <= 1 else 2
    words = {
        "tablet": ngettext("tablet", "tablets", many),
        "capsule": ngettext("capsule", "capsules", many),
        "puff": ngettext("puff", "puffs", many),
        "spray": ngettext("spray", "sprays", many),
        "drop": ngettext("drop", "drops", many),
        "suppository": ngettext("suppository", "suppositories", many),
        "application": ngettext("application", "applications", many),
        "patch": ngettext("patch", "patches", many),
        "sachet": ngettext("sachet", "sachets", many),
        "vial": ngettext("vial", "vials", many),
        "syringe": ngettext("syringe", "syringes", many),
        "unit": ngettext("unit", "units", many),
        "inhaler": ngettext("inhaler", "inhalers", many),
        "bottle": ngettext("bottle", "bottles", many),
        "tube": ngettext("tube", "tubes", many),
        "pack": ngettext("pack", "packs", many),
    }
    return f"{plain_number(amount)} {words.get(unit, unit)}"


class Visit(HospitalOwned):
    """What happened when the patient was seen; its notes stand in versions."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    appointment = models.OneToOneField(Appointment, on_delete=models.PROTECT, related_name="visit")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="visits")
    doctor = models.ForeignKey(Doctor, on_delete=models.PROTECT, related_name="visits")
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = scoped_manager(VisitQuerySet)

    class Meta:
        ordering = ["-started_at", "-pk"]
        indexes = [
            models.Index(fields=["patient", "-started_at"], name="visit_of_patient"),
            models.Index(
                fields=["doctor", "-started_at"],
                condition=models.Q(finished_at__isnull=True),
                name="visit_unfinished",
            ),
        ]


class VisitNote(HospitalOwned):
    """One version of a visit's notes; never changed, only followed by the next."""

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="notes")
    number = models.PositiveIntegerField()
    complaint = models.TextField(_("complaint"), max_length=4000, blank=True)
    findings = models.TextField(_("findings"), max_length=4000, blank=True)
    diagnosis = models.CharField(_("diagnosis"), max_length=300, blank=True)
    diagnosis_code = models.CharField(_("ICD-10 code"), max_length=8, blank=True)
    plan = models.TextField(_("plan and advice"), max_length=4000, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("why it was changed"), max_length=300, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["visit", "number"], name="one_note_a_version")]


class Prescription(HasStates, HospitalOwned):
    """A prescription. Signing freezes it; a change is a cancellation and a new one, linked both ways."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("Valid")
        CANCELLED = "cancelled", _("Cancelled")
        SUPERSEDED = "superseded", _("Replaced")

    TRANSITIONS: ClassVar[Transitions] = {
        Status.DRAFT: frozenset({Status.ACTIVE}),
        Status.ACTIVE: frozenset({Status.CANCELLED, Status.SUPERSEDED}),
    }

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    # The capability behind the QR code: it opens the public page and nothing else.
    verify_code = models.CharField(max_length=26, unique=True, default=long_code, editable=False)
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="prescriptions")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="prescriptions")
    doctor = models.ForeignKey(Doctor, on_delete=models.PROTECT, related_name="prescriptions")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    advice = models.TextField(_("advice"), max_length=2000, blank=True)
    replaces = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="replaced_by")
    # What the paper says about people and places, frozen when it is signed.
    letterhead = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    signed_at = models.DateTimeField(null=True)
    valid_until = models.DateField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(_("reason"), max_length=300, blank=True)

    objects: ClassVar[Any] = scoped_manager(PrescriptionQuerySet)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["patient", "-signed_at"], name="prescription_of_patient"),
            models.Index(
                fields=["doctor", "created_at"],
                condition=models.Q(status="draft"),
                name="prescription_drafts",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["visit"], condition=models.Q(status="draft"), name="one_draft_a_visit"
            ),
            models.CheckConstraint(
                condition=models.Q(status="draft", signed_at__isnull=True)
                | (~models.Q(status="draft") & models.Q(signed_at__isnull=False)),
                name="signed_unless_draft",
            ),
        ]

    @property
    def number(self) -> int:
        """The version that the ledger commits to: a signed prescription never changes."""
        return 1

    @property
    def document_version(self) -> int:
        """Which of its papers is the present one: 1 as signed, 2 stamped when it no longer counts."""
        return 1 if self.status == self.Status.ACTIVE else 2

    @property
    def is_expired(self) -> bool:
        """Whether its last day has passed at the hospital."""
        return self.valid_until is not None and self.valid_until < today_in(self.hospital.zone)

    @property
    def is_valid(self) -> bool:
        """Whether a pharmacy may act on it today."""
        return self.status == self.Status.ACTIVE and not self.is_expired

    @classmethod
    def in_any_hospital(cls, **lookup: str) -> Prescription | None:
        """Return the signed one that a capability names: its code on paper, or its id in our own outbox."""
        with everywhere():
            found: Prescription | None = (
                cls.objects.signed().select_related("hospital", "replaces").filter(**lookup).first()
            )
        return found


class PrescriptionLine(HospitalOwned):
    """One medicine of a prescription and how to take it."""

    class Frequency(models.TextChoices):
        ONCE = "1+0+0", _("once a day, in the morning")
        NOON = "0+1+0", _("once a day, at noon")
        NIGHT = "0+0+1", _("once a day, at night")
        TWICE = "1+0+1", _("twice a day, morning and night")
        MORNING_NOON = "1+1+0", _("twice a day, morning and noon")
        NOON_NIGHT = "0+1+1", _("twice a day, noon and night")
        THRICE = "1+1+1", _("3 times a day")
        FOUR = "1+1+1+1", _("4 times a day")
        EVERY_4 = "every4", _("every 4 hours")
        EVERY_6 = "every6", _("every 6 hours")
        EVERY_8 = "every8", _("every 8 hours")
        EVERY_12 = "every12", _("every 12 hours")
        ALTERNATE = "alternate", _("every other day")
        WEEKLY = "weekly", _("once a week")
        STAT = "stat", _("once only")
        NEEDED = "needed", _("when needed")

    prescription = models.ForeignKey(Prescription, on_delete=models.CASCADE, related_name="lines")
    medicine = models.ForeignKey(Medicine, on_delete=models.PROTECT, related_name="+")
    # Copied when the line is written, so that a later change of the formulary does not change the paper.
    medicine_name = models.CharField(max_length=160)
    route = models.CharField(_("route"), max_length=40)
    dose = models.DecimalField(
        _("dose"),
        max_digits=7,
        decimal_places=3,
        validators=[MinValueValidator(0.001), MaxValueValidator(1000)],
    )
    dose_unit = models.CharField(_("unit"), max_length=20)
    frequency = models.CharField(_("how often"), max_length=10, choices=Frequency)
    # In the dose's unit.
    max_daily = models.DecimalField(
        _("most a day, when needed"),
        max_digits=7,
        decimal_places=3,
        null=True,
        blank=True,
        validators=[MinValueValidator(0.001), MaxValueValidator(1000)],
    )
    days = models.PositiveSmallIntegerField(
        _("for how many days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
    )
    quantity = models.PositiveIntegerField(
        _("quantity"), validators=[MinValueValidator(1), MaxValueValidator(2000)]
    )
    quantity_unit = models.CharField(max_length=20)
    repeats = models.PositiveSmallIntegerField(_("repeats"), default=0, validators=[MaxValueValidator(12)])
    substitution_allowed = models.BooleanField(_("another brand may be given"), default=True)
    indication = models.CharField(_("what for"), max_length=120, blank=True)
    instructions = models.CharField(_("instructions"), max_length=300, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=models.Q(dose__gt=0), name="dose_positive")]

    @property
    def dose_text(self) -> str:
        """The dose as it is printed: 0.5 tablet, 5 mL, 2 puffs."""
        return counted(self.dose, self.dose_unit)

    @property
    def quantity_text(self) -> str:
        """How much is given out: 15 tablets, 60 mL, 1 inhaler."""
        return counted(Decimal(self.quantity), self.quantity_unit)

    @property
    def pattern(self) -> str:
        """How many pieces at each time of the day: 2+0+2; empty for what is not counted, or has no such times."""
        if self.dose_unit not in PIECES or "+" not in self.frequency:
            return ""
        pieces = in_pieces(self.dose)
        return "+".join(pieces if at == "1" else at for at in self.frequency.split("+"))

    @property
    def directions(self) -> str:
        """How to take it, in one line: 2 tablets by mouth, twice a day, morning and night (2+0+2), 5 days."""
        taken = f"{self.dose_text} {Route(self.route).label if self.route in Route.values else self.route}"
        often = str(self.get_frequency_display())
        parts = [taken, f"{often} ({self.pattern})" if self.pattern else often]
        if self.max_daily:
            most = counted(self.max_daily, self.dose_unit)
            parts.append(translate("at most %(most)s a day") % {"most": most})
        if self.days:
            parts.append(ngettext("%(count)s day", "%(count)s days", self.days) % {"count": self.days})
        return ", ".join(parts)


class Allergies(models.Model):
    """Whether a patient was asked about allergies; "not asked" is not "none". No row means not asked."""

    class Answer(models.TextChoices):
        NONE = "none", _("None known")
        LISTED = "listed", _("Listed")

    patient = models.OneToOneField(Patient, on_delete=models.PROTECT, related_name="allergies")
    answer = models.CharField(max_length=10, choices=Answer)
    text = models.CharField(_("allergies"), max_length=500, blank=True)
    asked_at = models.DateTimeField(auto_now=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "allergies"

    @property
    def mark(self) -> str:
        """What a page sends back to say which answer it showed."""
        return self.asked_at.isoformat()

    @property
    def words(self) -> str:
        """The answer as people read it."""
        return self.text if self.answer == self.Answer.LISTED else str(self.get_answer_display())


class TimelineEntry(HospitalOwned):
    """One line of a patient's chart, written by the operations that make it happen, so that a chart reads one table."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="timeline")
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    route = models.CharField(max_length=60)
    reference = models.CharField(max_length=16)
    at = models.DateTimeField()

    objects: ClassVar[Any] = scoped_manager(OfPatientQuerySet)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["patient", "-at"], name="timeline_of_patient")]
        constraints = [models.UniqueConstraint(fields=["kind", "reference"], name="one_line_a_record")]
