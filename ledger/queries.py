"""Reading the trail."""

from __future__ import annotations

from django.db.models import QuerySet

from .models import EntrySecret


def entries_about_patient(patient_id: str) -> QuerySet[EntrySecret]:
    """Return the trail of one patient (public id), newest first."""
    return EntrySecret.objects.filter(patient_id=patient_id).order_by("-at")


def reads_of_patient(patient_id: str) -> QuerySet[EntrySecret]:
    """Return who opened which part of the patient's record, newest first."""
    return entries_about_patient(patient_id).filter(kind="ledger.read")


def entries_of_record(kind: str, reference: str) -> QuerySet[EntrySecret]:
    """Return the trail of one record, newest first."""
    return EntrySecret.objects.filter(kind=kind, reference=reference).order_by("-at")
