"""The patient's own pages below /me/."""

from __future__ import annotations

from functools import partial

from django.db import models
from django.db.models import F
from django.http import HttpRequest

from core.http import Area
from hospitals.areas import Elsewhere

from .models import Patient


def enter_me(request: HttpRequest, rest: str) -> Area:
    """Enter /me/: the patient that belongs to the log-in, in all hospitals where the patient is registered."""
    rows = Patient.objects.filter(user=request.user).annotate(registered_at=F("registrations__hospital_id"))
    found = list(rows)
    if not found:
        raise Elsewhere("patients:become")
    patient = found[0]
    hospital_ids = tuple(row.registered_at for row in found if row.registered_at is not None)
    request.patient = patient
    return Area("me", hospital_ids, subject=patient, narrow=partial(_own, patient))


def _own(patient: Patient, model: type[models.Model]) -> models.QuerySet:
    rows: models.QuerySet = model._default_manager.for_patient(patient)
    return rows
