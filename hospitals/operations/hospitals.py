"""Creating, describing and closing hospitals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.actors import Actor
from core.errors import Conflict, DomainError
from core.tenancy import in_hospital
from ledger.operations import About, record
from notifications.operations import notify

from ..models import Hospital, Membership, Role
from ..queries import has_prices
from ..signals import hospital_closed
from .invitations import invite_staff
from .searching import index_hospital


@dataclass(frozen=True)
class HospitalProfile:
    """What patients read about a hospital; latitude and longitude in degrees, zone an IANA name."""

    name: str
    address: str
    city: str
    name_bn: str = ""
    about: str = ""
    area: str = ""
    phone: str = ""
    email: str = ""
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    zone: str = "Asia/Dhaka"
    currency: str = "BDT"


@dataclass(frozen=True)
class HospitalRules:
    """The rules of booking and paying; times in minutes and hours before the visit."""

    accepts_at_once: bool = False
    pays_online: bool = True
    pays_at_desk: bool = True
    hold_minutes: int = 15
    full_refund_hours: int = 24
    half_refund_hours: int = 4
    number_prefix: str = "P"


@transaction.atomic
def create_hospital(
    *, slug: str, profile: HospitalProfile, admin_email: str = "", admin_name: str = "", by: Actor
) -> Hospital:
    """Create a hospital, make it findable, and invite its first admin when an address is given.

    Inviting needs a person as `by`. Raises Conflict when the short name is taken.
    """
    try:
        with transaction.atomic():
            hospital = Hospital.objects.create(slug=slug, **asdict(profile))
    except IntegrityError as error:
        raise Conflict(
            _("Another hospital has this short name. Choose a different one."), field="slug"
        ) from error
    record(
        "hospitals.hospital_created",
        hospital.public_id,
        by=by,
        about=About(hospital_id=hospital.pk),
        body={"slug": slug, **_as_text(asdict(profile))},
    )
    index_hospital(hospital)
    if admin_email:
        if not isinstance(by, User):
            raise TypeError("Only a person invites.")
        with in_hospital(hospital):
            invite_staff(hospital, email=admin_email, name=admin_name, role=Role.ADMIN, by=by)
    return hospital


@transaction.atomic
def change_profile(hospital: Hospital, *, profile: HospitalProfile, by: Actor) -> Hospital:
    """Change what patients read about the hospital; the search index follows.

    Raises DomainError for another currency once a doctor has worked there: fees and bills are in the old one.
    """
    locked = _locked(hospital)
    if profile.currency != locked.currency and has_prices(locked):
        raise DomainError(
            _("The currency stays: fees and bills of the hospital are in it already."), field="currency"
        )
    if _change(locked, asdict(profile), "hospitals.profile_changed", by):
        index_hospital(locked)
    return locked


@transaction.atomic
def change_rules(hospital: Hospital, *, rules: HospitalRules, by: Actor) -> Hospital:
    """Change the rules of booking and paying; what is booked keeps what was shown then. Raises DomainError."""
    if rules.full_refund_hours < rules.half_refund_hours:
        raise DomainError(
            _("All money comes back earlier than half of it, so this number is the larger one."),
            field="full_refund_hours",
        )
    if not (rules.pays_online or rules.pays_at_desk):
        raise DomainError(_("Patients need at least one way to pay."), field="pays_at_desk")
    locked = _locked(hospital)
    _change(locked, asdict(rules), "hospitals.rules_changed", by)
    return locked


@transaction.atomic
def require_second_factor(hospital: Hospital, *, roles: Iterable[str], by: Actor) -> Hospital:
    """Say which roles (of Role) need a second factor there; it counts from their people's next page on."""
    locked = _locked(hospital)
    wanted = {Role(role) for role in roles}
    values = {"second_factor_roles": [role.value for role in Role if role in wanted]}
    _change(locked, values, "hospitals.second_factor_changed", by)
    return locked


@transaction.atomic
def set_logo(hospital: Hospital, *, logo: ContentFile[bytes], by: Actor) -> Hospital:
    """Show this picture (from `core.uploads.read_image`) as the logo; the old file goes after commit."""
    locked = _locked(hospital)
    _drop_file_after_commit(locked)
    locked.logo.save(logo.name or "logo.png", logo, save=False)
    locked.save(update_fields=["logo"])
    record("hospitals.logo_changed", locked.public_id, by=by, about=About(hospital_id=locked.pk))
    return locked


@transaction.atomic
def remove_logo(hospital: Hospital, *, by: Actor) -> Hospital:
    """Show no logo any more; the file goes after commit. Harmless without one."""
    locked = _locked(hospital)
    if not locked.logo:
        return locked
    _drop_file_after_commit(locked)
    locked.logo = ""
    locked.save(update_fields=["logo"])
    record("hospitals.logo_changed", locked.public_id, by=by, about=About(hospital_id=locked.pk))
    return locked


@transaction.atomic
def deactivate_hospital(hospital: Hospital, *, reason: str, by: Actor) -> Hospital:
    """Close the hospital: nobody works there, nobody finds or books it; nothing is deleted. Raises DomainError.

    Tells everybody who worked there. Rooms above hear of it, and end what can't take place there any more.
    """
    locked = _locked(hospital)
    if not locked.is_active:
        raise DomainError(_("%(name)s is closed already.") % {"name": locked.name})
    locked.is_active = False
    locked.save(update_fields=["is_active"])
    record(
        "hospitals.hospital_deactivated",
        locked.public_id,
        by=by,
        about=About(hospital_id=locked.pk),
        reason=reason,
    )
    _tell_staff(locked, "hospitals.closed")
    hospital_closed.send(sender=Hospital, hospital_id=locked.pk)
    return locked


@transaction.atomic
def reactivate_hospital(hospital: Hospital, *, by: Actor) -> Hospital:
    """Open a closed hospital again, with its staff and departments as they were, and tell the staff. Raises DomainError."""
    locked = _locked(hospital)
    if locked.is_active:
        raise DomainError(_("%(name)s is open already.") % {"name": locked.name})
    locked.is_active = True
    locked.save(update_fields=["is_active"])
    record("hospitals.hospital_reactivated", locked.public_id, by=by, about=About(hospital_id=locked.pk))
    _tell_staff(locked, "hospitals.reopened")
    return locked


def _tell_staff(hospital: Hospital, kind: str) -> None:
    """Tell each person once whose access ends or begins with the hospital's; who is suspended keeps waiting."""
    with in_hospital(hospital):
        staff = Membership.objects.filter(hospital=hospital, status=Membership.Status.ACTIVE).values("user")
        for user in User.objects.filter(pk__in=staff, is_active=True).order_by("pk"):
            notify(user, kind, hospital.public_id, hospital_id=hospital.pk)


def _locked(hospital: Hospital) -> Hospital:
    locked: Hospital = Hospital.objects.select_for_update(no_key=True, of=("self",)).get(pk=hospital.pk)
    return locked


def _as_text(values: dict[str, Any]) -> dict[str, str]:
    return {
        name: ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)
        for name, value in values.items()
    }


def _change(hospital: Hospital, values: dict[str, Any], kind: str, by: Actor) -> list[str]:
    """Save what differs, record old and new, and return the changed fields' names."""
    before = _as_text({name: getattr(hospital, name) for name in values})
    for name, value in values.items():
        setattr(hospital, name, value)
    after = _as_text({name: getattr(hospital, name) for name in values})
    changed = sorted(name for name in values if before[name] != after[name])
    if changed:
        hospital.save(update_fields=changed)
        body = {name: {"from": before[name], "to": after[name]} for name in changed}
        record(kind, hospital.public_id, by=by, about=About(hospital_id=hospital.pk), body=body)
    return changed


def _drop_file_after_commit(hospital: Hospital) -> None:
    if hospital.logo:
        storage, name = hospital.logo.storage, hospital.logo.name or ""
        transaction.on_commit(lambda: storage.delete(name))
