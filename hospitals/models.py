"""The tenants: hospitals, their departments and services, and who may act there."""

from __future__ import annotations

import datetime as dt
from pathlib import PurePath
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from core.ids import public_id
from core.states import HasStates, Transitions
from core.tenancy import DirectoryOwned, HospitalOwned, ScopedQuerySet, everywhere, scoped_manager


def validate_zone(name: str) -> None:
    """Refuse what is no IANA time zone."""
    if name not in available_timezones():
        raise ValidationError(_("%(name)s is no time zone. Write it like Asia/Dhaka."), params={"name": name})


class HospitalQuerySet(models.QuerySet["Hospital"]):
    """Hospitals; the tenants themselves are not scoped."""

    def public(self) -> HospitalQuerySet:
        """Return those that anyone may see."""
        return self.filter(is_active=True)


class Hospital(models.Model):
    """A hospital or a single doctor's practice: a tenant."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    slug = models.SlugField(_("short name in addresses"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    name_bn = models.CharField(_("name in Bangla"), max_length=120, blank=True)
    about = models.TextField(_("about the hospital"), blank=True, max_length=2000)
    logo = models.ImageField(_("logo"), upload_to="logos/", blank=True)
    address = models.CharField(_("address"), max_length=200)
    area = models.CharField(_("area"), max_length=80, blank=True)
    city = models.CharField(_("city"), max_length=80, db_index=True)
    phone = PhoneNumberField(_("phone"), blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    latitude = models.DecimalField(
        _("latitude"), max_digits=9, decimal_places=6, null=True, blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
    )  # fmt: skip
    longitude = models.DecimalField(
        _("longitude"), max_digits=9, decimal_places=6, null=True, blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
    )  # fmt: skip
    zone = models.CharField(_("time zone"), max_length=40, default="Asia/Dhaka", validators=[validate_zone])
    currency = models.CharField(_("currency"), max_length=3, default="BDT")
    is_active = models.BooleanField(default=True)

    # Rules of booking and paying.
    accepts_at_once = models.BooleanField(_("bookings need no acceptance"), default=False)
    pays_online = models.BooleanField(_("patients can pay online"), default=True)
    pays_at_desk = models.BooleanField(_("patients can pay at the desk"), default=True)
    hold_minutes = models.PositiveSmallIntegerField(
        _("minutes a time is kept while paying"), default=15,
        validators=[MinValueValidator(5), MaxValueValidator(60)],
    )  # fmt: skip
    full_refund_hours = models.PositiveSmallIntegerField(
        _("hours before the visit with all money back"), default=24
    )
    half_refund_hours = models.PositiveSmallIntegerField(
        _("hours before the visit with half back"), default=4
    )
    # Roles (of Role) whose people need a second factor here.
    second_factor_roles = models.JSONField(default=list, blank=True)
    number_prefix = models.CharField(_("letters before hospital numbers"), max_length=5, default="P")

    objects: ClassVar[Any] = HospitalQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(full_refund_hours__gte=models.F("half_refund_hours")),
                name="full_refund_before_half",
            ),
            models.CheckConstraint(
                condition=models.Q(pays_online=True) | models.Q(pays_at_desk=True), name="one_way_to_pay"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def tz(self) -> ZoneInfo:
        """The hospital's time zone."""
        return ZoneInfo(self.zone)

    def local(self, moment: dt.datetime) -> dt.datetime:
        """Return the moment in the hospital's zone."""
        return moment.astimezone(self.tz)

    @property
    def logo_version(self) -> str:
        """The logo file's random name: a new logo has a new address, so browsers may keep the old one for ever."""
        return PurePath(self.logo.name or "").stem

    @property
    def logo_url(self) -> str:
        """Where anyone sees the logo; empty without one."""
        return reverse("hospitals:logo", args=[self.slug, self.logo_version]) if self.logo else ""


class Department(DirectoryOwned):
    """A department; anyone may read it."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    name = models.CharField(_("name"), max_length=100)
    about = models.CharField(_("what it does"), max_length=300, blank=True)
    location = models.CharField(_("where it is"), max_length=100, blank=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["hospital", "name"],
                condition=models.Q(removed_at__isnull=True),
                name="one_department_a_name",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Service(DirectoryOwned):
    """Something a department does, like an ECG; anyone may read it."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="services")
    name = models.CharField(_("name"), max_length=100)
    about = models.CharField(_("what it is"), max_length=300, blank=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["department", "name"],
                condition=models.Q(removed_at__isnull=True),
                name="one_service_a_name",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a person does in a hospital. More come with their rooms."""

    ADMIN = "admin", _("Hospital admin")
    RECEPTIONIST = "receptionist", _("Receptionist")
    DOCTOR = "doctor", _("Doctor")


INVITABLE_ROLES = (Role.ADMIN, Role.RECEPTIONIST)


class MembershipQuerySet(ScopedQuerySet):
    """Who may act where."""

    def active(self) -> MembershipQuerySet:
        """Return those that give rights now: not suspended, not removed, hospital and person active."""
        return self.filter(status=Membership.Status.ACTIVE, hospital__is_active=True, user__is_active=True)


class Membership(HasStates, HospitalOwned):
    """A person's role in a hospital: the only answer to "may this person act here?"."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        REMOVED = "removed", _("Removed")

    TRANSITIONS: ClassVar[Transitions] = {
        Status.ACTIVE: frozenset({Status.SUSPENDED, Status.REMOVED}),
        Status.SUSPENDED: frozenset({Status.ACTIVE, Status.REMOVED}),
    }

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role)
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = scoped_manager(MembershipQuerySet)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["user", "status"], name="membership_of_user")]
        constraints = [
            models.UniqueConstraint(
                fields=["hospital", "user", "role"],
                condition=~models.Q(status="removed"),
                name="one_membership_a_role",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}"

    @classmethod
    def of_person(cls, user: Any) -> MembershipQuerySet:
        """Return somebody's own memberships, which are in several hospitals: only for questions about this person."""
        with everywhere():
            rows: MembershipQuerySet = cls.objects.filter(user=user)
        return rows


class Invitation(HasStates, HospitalOwned):
    """An invitation to join a hospital's staff; its link is made when the mail is sent and is valid for a week."""

    class Status(models.TextChoices):
        OPEN = "open", _("Waiting")
        ACCEPTED = "accepted", _("Accepted")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    TRANSITIONS: ClassVar[Transitions] = {Status.OPEN: frozenset({Status.ACCEPTED, Status.WITHDRAWN})}

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=20, choices=Role)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["hospital", "email", "role"],
                condition=models.Q(status="open"),
                name="one_open_invitation",
            )
        ]

    @property
    def is_expired(self) -> bool:
        """Nobody answered in time; it can be sent again."""
        return self.status == self.Status.OPEN and self.expires_at <= timezone.now()

    def __str__(self) -> str:
        return self.email
