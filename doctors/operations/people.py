"""Who a doctor is: sign-up, profile, photo."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.operations import sign_up
from core.actors import VISITOR, Actor
from core.errors import Conflict, DomainError
from core.search import index_text
from ledger.operations import record

from ..models import Doctor, Speciality
from ..queries import SEARCH_KIND
from .licences import note_new_licence

LONGEST_LICENCE = dt.timedelta(days=366 * 30)


@dataclass(frozen=True)
class DoctorDetails:
    """What is written down about a doctor; `email` is that of the log-in and counts at sign-up only."""

    name: str
    phone: str
    speciality: Speciality
    qualifications: str
    practising_since: int
    city: str
    licence_number: str
    licence_expires: dt.date
    email: str = ""
    name_bn: str = ""
    gender: str = Doctor.Gender.UNKNOWN
    languages: str = "Bangla, English"
    about: str = ""

    def write_to(self, doctor: Doctor) -> None:
        """Copy the details onto the row, in memory."""
        for name in self.__dataclass_fields__:
            if name != "email":
                setattr(doctor, name, getattr(self, name))
        doctor.licence_number = clean_licence(self.licence_number)


def clean_licence(number: str) -> str:
    """Return the licence number as it is stored and compared: capitals, single spaces."""
    return " ".join(number.upper().split())


@transaction.atomic
def sign_up_doctor(
    *, details: DoctorDetails, password_hash: str, photo: ContentFile[bytes] | None = None
) -> Doctor | None:
    """Make a log-in and a doctor of it; the address's owner gets a mail.

    Nothing tells whether the address had an account: a confirmed one stays untouched, and None is returned. Raises
    DomainError for an expired licence, Conflict for one that another doctor has.
    """
    _refuse_impossible(details)
    _refuse_expired(details.licence_expires)
    _refuse_taken(clean_licence(details.licence_number), own_email=details.email)
    user = sign_up(email=details.email, name=details.name, phone=details.phone, password_hash=password_hash)
    return _save_own(user, details, photo, by=VISITOR) if user is not None else None


@transaction.atomic
def become_doctor(user: Any, *, details: DoctorDetails, photo: ContentFile[bytes] | None = None) -> Doctor:
    """Make a doctor of somebody who has a log-in already. Raises DomainError, Conflict as sign-up does."""
    if Doctor.objects.filter(user=user).exists():
        raise Conflict(_("You are registered as a doctor already."))
    _refuse_impossible(details)
    _refuse_expired(details.licence_expires)
    _refuse_taken(clean_licence(details.licence_number), own_email=user.email)
    return _save_own(user, details, photo, by=user)


@transaction.atomic
def change_profile(doctor: Doctor, *, details: DoctorDetails, by: Actor) -> Doctor:
    """Change a doctor's details; every hospital that has checked another licence is asked to look at a changed one.

    A changed licence is also written to the activity of every hospital concerned. Raises DomainError, Conflict.
    """
    _refuse_impossible(details)
    doctor = Doctor.objects.select_for_update(no_key=True, of=("self",)).get(pk=doctor.pk)
    before = (doctor.licence_number, doctor.licence_expires)
    after = (clean_licence(details.licence_number), details.licence_expires)
    if after != before:
        _refuse_expired(details.licence_expires)
        _refuse_taken(after[0], own_email=doctor.user.email)
    details.write_to(doctor)
    _save(doctor)
    record("doctors.profile_changed", doctor.public_id, by=by)
    if after != before:
        note_new_licence(doctor, before=before, by=by)
    return doctor


@transaction.atomic
def set_photo(doctor: Doctor, *, photo: ContentFile[bytes], by: Actor) -> Doctor:
    """Show this picture (from `core.uploads.read_image`); the old file goes after commit."""
    doctor = Doctor.objects.select_for_update(no_key=True, of=("self",)).get(pk=doctor.pk)
    _drop_photo_after_commit(doctor)
    _store_photo(doctor, photo)
    doctor.save(update_fields=["photo"])
    record("doctors.photo_changed", doctor.public_id, by=by)
    return doctor


@transaction.atomic
def remove_photo(doctor: Doctor, *, by: Actor) -> Doctor:
    """Show the first letters of the name instead; the file goes after commit. Harmless without a photo."""
    doctor = Doctor.objects.select_for_update(no_key=True, of=("self",)).get(pk=doctor.pk)
    if doctor.photo:
        _drop_photo_after_commit(doctor)
        doctor.photo = ""
        doctor.save(update_fields=["photo"])
        record("doctors.photo_changed", doctor.public_id, by=by)
    return doctor


def _save_own(user: Any, details: DoctorDetails, photo: ContentFile[bytes] | None, *, by: Actor) -> Doctor:
    doctor = Doctor.objects.filter(user=user).first() or Doctor(user=user)
    created = doctor.pk is None
    details.write_to(doctor)
    if photo is not None:
        _drop_photo_after_commit(doctor)
        _store_photo(doctor, photo)
    _save(doctor)
    record("doctors.signed_up" if created else "doctors.profile_changed", doctor.public_id, by=by)
    return doctor


def _save(doctor: Doctor) -> None:
    try:
        with transaction.atomic():
            doctor.save()
    except IntegrityError as error:
        # Somebody signed up with the same licence, or the same person twice, in the same moment.
        raise _taken() from error
    index_text(SEARCH_KIND, doctor.pk, f"{doctor.name} {doctor.name_bn}")


def _store_photo(doctor: Doctor, photo: ContentFile[bytes]) -> None:
    doctor.photo.save(photo.name or "photo.jpg", photo, save=False)


def _drop_photo_after_commit(doctor: Doctor) -> None:
    if doctor.photo:
        storage, name = doctor.photo.storage, str(doctor.photo.name)
        transaction.on_commit(lambda: storage.delete(name))


def _refuse_impossible(details: DoctorDetails) -> None:
    today = timezone.now().date()
    if not 1940 <= details.practising_since <= today.year:
        raise DomainError(_("These years of experience can't be right."), field="years")
    if details.licence_expires > today + LONGEST_LICENCE:
        raise DomainError(
            _("A licence is not valid that long. Look at the year again."), field="licence_expires"
        )


def _refuse_expired(day: dt.date) -> None:
    if day < timezone.now().date():
        raise DomainError(
            _("This licence has expired. Renew it first, then write its new date here."),
            field="licence_expires",
        )


def _taken() -> Conflict:
    return Conflict(
        _(
            "This licence number is registered already. Look at it again; if it is yours, write to your hospital."
        ),
        field="licence_number",
    )


def _refuse_taken(number: str, *, own_email: str) -> None:
    """Refuse a licence that a confirmed account has; a sign-up that nobody confirmed keeps nothing."""
    others = Doctor.objects.filter(licence_number=number).exclude(user__email=own_email.strip().lower())
    for other in others.select_related("user"):
        if other.user.email_verified_at:
            raise _taken()
        _drop_photo_after_commit(other)
        other.delete()
