"""Who a doctor is: sign-up, profile, photo."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.operations import keep_next, sign_up
from core.actors import VISITOR, Actor
from core.errors import Conflict, DomainError
from core.search import index_text, remove_text
from ledger.operations import record

from ..models import Doctor, Speciality, licence_day
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
    """Return the licence number as it is stored and compared: plain capitals and digits, single spaces.

    Raises DomainError for letters of other scripts, which look alike and would make one number two.
    """
    plain = unicodedata.normalize("NFKC", number).upper()
    visible = "".join(letter for letter in plain if unicodedata.category(letter) != "Cf")
    cleaned = " ".join(re.sub(r"[\u2010-\u2015\u2212]", "-", visible).split())
    if not re.fullmatch(r"[A-Z0-9][A-Z0-9 ./-]*", cleaned):
        raise DomainError(
            _("Write the number with the letters A to Z, digits and hyphens, like A-51920."),
            field="licence_number",
        )
    return cleaned


@transaction.atomic
def sign_up_doctor(
    *, details: DoctorDetails, password_hash: str, photo: ContentFile[bytes] | None = None
) -> Doctor | None:
    """Make a log-in and a doctor of it; the address's owner gets a mail.

    Nothing tells whether the address had an account: a confirmed one stays untouched, and None is returned. Nor is a
    visitor told that somebody has the licence: then only the log-in is made, and who confirms it is asked once more.
    Raises DomainError for an expired licence or one that can't be.
    """
    _refuse_impossible(details)
    _refuse_expired(details.licence_expires)
    number = clean_licence(details.licence_number)
    user = sign_up(email=details.email, name=details.name, phone=details.phone, password_hash=password_hash)
    if _others_with(number, own_email=details.email).exists():
        keep_next(details.email, next_url=reverse("doctors:sign_up"))
        return None
    return _save_own(user, details, photo, by=VISITOR) if user is not None else None


@transaction.atomic
def become_doctor(user: Any, *, details: DoctorDetails, photo: ContentFile[bytes] | None = None) -> Doctor:
    """Make a doctor of somebody who has a log-in already. Raises DomainError, Conflict as sign-up does."""
    if Doctor.objects.filter(user=user).exists():
        raise Conflict(_("You are registered as a doctor already."))
    _refuse_impossible(details)
    _refuse_expired(details.licence_expires)
    _claim_licence(clean_licence(details.licence_number), own_email=user.email, by=user)
    return _save_own(user, details, photo, by=user)


@transaction.atomic
def change_profile(doctor: Doctor, *, details: DoctorDetails, by: Actor) -> Doctor:
    """Change a doctor's details; every hospital that has checked another licence is asked to look at a changed one.

    A changed licence is also written to the activity of every hospital concerned. Raises DomainError, Conflict.
    """
    _refuse_impossible(details)
    doctor = Doctor.objects.select_for_update(no_key=True, of=("self",)).get(pk=doctor.pk)
    before = doctor.licence
    details.write_to(doctor)
    if doctor.licence != before:
        _refuse_expired(doctor.licence_expires)
        _claim_licence(doctor.licence_number, own_email=doctor.user.email, by=by)
    _save(doctor)
    record("doctors.profile_changed", doctor.public_id, by=by)
    if doctor.licence != before:
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
    today = licence_day()
    if not 1940 <= details.practising_since <= today.year:
        raise DomainError(_("These years of experience can't be right."), field="years")
    if details.licence_expires > today + LONGEST_LICENCE:
        raise DomainError(
            _("A licence is not valid that long. Look at the year again."), field="licence_expires"
        )


def _refuse_expired(day: dt.date) -> None:
    if day < licence_day():
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


def _claim_licence(number: str, *, own_email: str, by: Actor) -> None:
    """Refuse a licence that a confirmed account has; a sign-up that nobody confirmed keeps nothing."""
    others = _others_with(number, own_email=own_email)
    _refuse_taken(others)
    for other in others:
        _drop_unconfirmed(other, by=by)


def _others_with(number: str, *, own_email: str) -> QuerySet[Doctor]:
    others: QuerySet[Doctor] = Doctor.objects.filter(licence_number=number)
    return others.exclude(user__email=own_email.strip().lower())


def _refuse_taken(others: QuerySet[Doctor]) -> None:
    if others.filter(user__email_verified_at__isnull=False).exists():
        raise _taken()


def _drop_unconfirmed(other: Doctor, *, by: Actor) -> None:
    """Delete somebody's sign-up; refuse instead when the address was confirmed before the account was locked."""
    owner = User.objects.select_for_update(no_key=True, of=("self",)).get(pk=other.user_id)
    if owner.email_verified_at:
        raise _taken()
    record("doctors.sign_up_dropped", other.public_id, by=by)
    _drop_photo_after_commit(other)
    remove_text(SEARCH_KIND, other.pk)
    other.delete()
