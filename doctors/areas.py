"""The doctor's pages below /doctor/."""

from __future__ import annotations

from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest

from core.http import Area
from hospitals.models import Role
from hospitals.rules import workplaces_of

from .models import Application, Doctor


def enter_doctor(request: HttpRequest, rest: str) -> Area:
    """Enter /doctor/: the doctor that belongs to the log-in, in all hospitals where the doctor works now."""
    doctor = Doctor.objects.select_related("speciality", "user").filter(user=request.user).first()
    if doctor is None:
        raise PermissionDenied
    # Where the membership is active; asked with the person's other workplaces, once a request.
    places = workplaces_of(request.user)
    hospital_ids = tuple(place.hospital_id for place in places if Role.DOCTOR in place.roles)
    request.doctor = doctor
    return Area("doctor", hospital_ids, subject=doctor, narrow=partial(_own, doctor))


def _own(doctor: Doctor, model: type[models.Model]) -> models.QuerySet:
    if model is Application:
        return Application.of_doctor(doctor)
    rows: models.QuerySet = model._default_manager.for_doctor(doctor)
    return rows
