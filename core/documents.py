"""Rendered documents: made once a version by the worker, stored privately, then served."""

from __future__ import annotations

from django.core.files.base import ContentFile
from django.db import models, transaction

from .ids import public_id


def _document_path(document: StoredDocument, filename: str) -> str:
    return f"documents/{document.kind}/{public_id()}.pdf"


class StoredDocument(models.Model):
    """The PDF of one version of a record; `kind` and `reference` name the record."""

    kind = models.CharField(max_length=40)
    reference = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    hospital_id = models.BigIntegerField(db_index=True)
    file = models.FileField(upload_to=_document_path)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "reference", "version"], name="one_document_a_version"),
        ]


def find_document(kind: str, reference: str, version: int) -> StoredDocument | None:
    """Return the stored PDF of that version, or None while the worker has not made it yet."""
    return StoredDocument.objects.filter(kind=kind, reference=reference, version=version).first()


def store_document(
    kind: str, reference: str, version: int, *, hospital_id: int, pdf: bytes
) -> StoredDocument:
    """Store the PDF of that version unless it is there already; two workers leave one row."""
    with transaction.atomic():
        found = find_document(kind, reference, version)
        if found:
            return found
        document = StoredDocument(kind=kind, reference=reference, version=version, hospital_id=hospital_id)
        document.file.save("document.pdf", ContentFile(pdf), save=False)
        document.save()
        return document
