"""Medicines that every hospital can prescribe: one list for the whole platform, owned by no hospital."""

from __future__ import annotations

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.ids import public_id

DATA_LABEL = _("Demonstration data")


class Form(models.TextChoices):
    TABLET = "tablet", _("tablet")
    CAPSULE = "capsule", _("capsule")
    SYRUP = "syrup", _("syrup")
    SUSPENSION = "suspension", _("suspension")
    INJECTION = "injection", _("injection")
    INHALER = "inhaler", _("inhaler")
    CREAM = "cream", _("cream")
    OINTMENT = "ointment", _("ointment")
    DROPS = "drops", _("drops")
    SUPPOSITORY = "suppository", _("suppository")
    SOLUTION = "solution", _("solution")
    POWDER = "powder", _("powder")
    PATCH = "patch", _("patch")
    GEL = "gel", _("gel")
    SPRAY = "spray", _("spray")


class Route(models.TextChoices):
    """How a medicine is given, in the words FHIR's route value set uses."""

    ORAL = "oral", _("by mouth")
    SUBLINGUAL = "sublingual", _("under the tongue")
    INHALATION = "inhalation", _("breathed in")
    NASAL = "nasal", _("into the nose")
    OPHTHALMIC = "ophthalmic", _("into the eye")
    OTIC = "otic", _("into the ear")
    TOPICAL = "topical", _("on the skin")
    TRANSDERMAL = "transdermal", _("through the skin, as a patch")
    RECTAL = "rectal", _("into the rectum")
    INTRAVENOUS = "intravenous", _("into a vein")
    INTRAMUSCULAR = "intramuscular", _("into a muscle")
    SUBCUTANEOUS = "subcutaneous", _("under the skin")


class DoseUnit(models.TextChoices):
    """What one counts when saying a dose: 1 tablet, 5 mL, 2 puffs."""

    TABLET = "tablet", _("tablet")
    CAPSULE = "capsule", _("capsule")
    MILLILITRE = "mL", _("mL")
    PUFF = "puff", _("puff")
    SPRAY = "spray", _("spray")
    DROP = "drop", _("drop")
    SUPPOSITORY = "suppository", _("suppository")
    APPLICATION = "application", _("application")
    PATCH = "patch", _("patch")
    SACHET = "sachet", _("sachet")
    VIAL = "vial", _("vial")
    SYRINGE = "syringe", _("syringe")
    UNIT = "unit", _("unit")


class Generic(models.Model):
    """A substance, or a fixed combination of some, by its international name."""

    name = models.CharField(max_length=120, unique=True)
    atc_code = models.CharField(max_length=7, blank=True)
    therapeutic_class = models.CharField(max_length=80)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Medicine(models.Model):
    """One product on the shelf: a brand in one form and one strength. `strength` is as on the pack."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    code = models.CharField(max_length=20, unique=True)
    generic = models.ForeignKey(Generic, on_delete=models.PROTECT, related_name="medicines")
    brand = models.CharField(max_length=80)
    bn_name = models.CharField(max_length=120, blank=True)
    form = models.CharField(max_length=20, choices=Form.choices)
    strength = models.CharField(max_length=80)
    route = models.CharField(max_length=20, choices=Route.choices)
    dose_unit = models.CharField(max_length=20, choices=DoseUnit.choices)
    manufacturer = models.CharField(max_length=80)
    pack_size = models.CharField(max_length=60)
    prescription_only = models.BooleanField(default=True)
    controlled = models.BooleanField(default=False)
    demonstration = models.BooleanField(default=False)

    class Meta:
        ordering = ["generic__name", "brand", "form", "strength"]
        constraints = [
            models.UniqueConstraint(fields=["brand", "form", "strength"], name="formulary_medicine_once"),
            models.CheckConstraint(
                condition=models.Q(controlled=False) | models.Q(prescription_only=True),
                name="formulary_controlled_needs_prescription",
            ),
            models.CheckConstraint(condition=models.Q(form__in=Form.values), name="formulary_form_known"),
            models.CheckConstraint(condition=models.Q(route__in=Route.values), name="formulary_route_known"),
        ]

    def __str__(self) -> str:
        return f"{self.generic} {self.strength} {self.get_form_display()} ({self.brand})"

    @property
    def data_label(self) -> str | Promise:
        """What to show beside the medicine about where it comes from; empty when there is nothing to warn of."""
        return DATA_LABEL if self.demonstration else ""
