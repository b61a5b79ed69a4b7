"""A doctor's papers; private to the doctor and the admins of the hospitals concerned."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import Actor
from core.errors import DomainError
from core.uploads import StoredUpload
from hospitals.models import Hospital
from ledger.operations import About, record

from ..models import Certificate, Doctor

MOST_CERTIFICATES = 20


@transaction.atomic
def add_certificate(doctor: Doctor, *, title: str, upload: StoredUpload, by: Actor) -> Certificate:
    """Keep a paper (from `core.uploads.read_document`). Raises DomainError when there are twenty already."""
    Doctor.objects.select_for_update(no_key=True, of=("self",)).get(pk=doctor.pk)
    if Certificate.objects.for_doctor(doctor).count() >= MOST_CERTIFICATES:
        raise DomainError(_("Twenty papers are the most. Remove one that hospitals do not need."))
    certificate = Certificate(
        doctor=doctor, title=title, content_type=upload.content_type, size=upload.content.size
    )
    certificate.file.save(upload.content.name or f"certificate{upload.extension}", upload.content, save=False)
    certificate.save()
    record("doctors.certificate_added", certificate.public_id, by=by, body={"doctor": doctor.public_id})
    return certificate


@transaction.atomic
def remove_certificate(certificate: Certificate, *, by: Actor) -> None:
    """Delete a paper: the row keeps that it was there, the file goes after commit. Harmless when it is removed already."""
    certificate = Certificate.objects.select_for_update(no_key=True, of=("self",)).get(pk=certificate.pk)
    if certificate.removed_at is not None:
        return
    certificate.removed_at = timezone.now()
    certificate.save(update_fields=["removed_at"])
    storage, name = certificate.file.storage, str(certificate.file.name)
    transaction.on_commit(lambda: storage.delete(name))
    record(
        "doctors.certificate_removed",
        certificate.public_id,
        by=by,
        body={"doctor": certificate.doctor.public_id},
    )


@transaction.atomic
def note_opening(certificate: Certificate, *, hospital: Hospital, by: Actor) -> None:
    """Write into the hospital's activity that one of its admins opened the paper."""
    about = About(hospital_id=hospital.pk)
    body = {"doctor": certificate.doctor.public_id, "title": certificate.title}
    record("doctors.certificate_opened", certificate.public_id, by=by, about=about, body=body)
