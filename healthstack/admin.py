"""The tables that the platform admin may look at. Charts, visits and patients are not among them."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin

from accounts.models import User
from core.models import Lease, PeriodicRun
from doctors.models import Affiliation, Application, Doctor, Speciality
from formulary.models import Generic, Medicine
from hospitals.models import Department, Hospital, Invitation, Membership, Service
from notifications.models import Message

from .admin_site import ReadOnlyAdmin


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    """Log-ins, without their password hashes."""

    list_display = ("email", "name", "is_active", "is_platform_admin", "email_verified_at")
    search_fields = ("email", "name")
    exclude: ClassVar[list[str]] = ["password"]


@admin.register(Hospital)
class HospitalAdmin(ReadOnlyAdmin):
    """Tenants."""

    list_display = ("name", "city", "zone", "currency", "is_active")
    search_fields = ("name", "city", "slug")


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    """Who may act where."""

    list_display = ("user", "hospital", "role", "status")
    list_select_related = ("user", "hospital")
    list_filter = ("role", "status")


@admin.register(Doctor)
class DoctorAdmin(ReadOnlyAdmin):
    """Doctors and their licences."""

    list_display = ("name", "speciality", "city", "licence_number", "licence_expires")
    list_select_related = ("speciality",)
    search_fields = ("name", "licence_number")


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """The outbox: what was sent to whom and how that went, never what it said."""

    list_display = ("kind", "email", "status", "attempts", "created_at", "last_error")
    list_filter = ("status", "kind")


for model in (
    Department,
    Service,
    Invitation,
    Speciality,
    Application,
    Affiliation,
    Generic,
    Medicine,
    Lease,
    PeriodicRun,
):
    admin.site.register(model, ReadOnlyAdmin)
