"""A patient of a hospital as its desk sees them: the visits there, nothing clinical."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, F, IntegerField, Value, When
from django.utils import timezone

from hospitals.models import Hospital
from patients.models import Patient

from ..models import Appointment

VISITS_A_PAGE = 10
AHEAD, CALLED_OFF, OVER = range(3)


@dataclass(frozen=True)
class VisitsHere:
    """One page of a patient's visits at a hospital: those to come, those called off before, those that are over."""

    ahead: list[Appointment]
    called_off: list[Appointment]
    over: list[Appointment]
    has_more: bool


def visits_here(patient: Patient, hospital: Hospital, *, page: int) -> VisitsHere:
    """Return that page of the visits that were really made; of those to come the next is first; one query."""
    now = timezone.now()
    place = Case(
        When(status__in=Appointment.LIVE, ends_at__gt=now, then=Value(AHEAD)),
        When(status=Appointment.Status.CANCELLED, starts_at__gt=now, then=Value(CALLED_OFF)),
        default=Value(OVER),
        output_field=IntegerField(),
    )
    made = Appointment.objects.made().with_declined().filter(patient=patient, hospital=hospital)
    rows = made.select_related("doctor__speciality").annotate(place=place)
    next_first = Case(When(place__lt=OVER, then=F("starts_at")))
    ordered = rows.order_by("place", next_first, "-starts_at", "-pk")
    found = list(ordered[(page - 1) * VISITS_A_PAGE : page * VISITS_A_PAGE + 1])
    shown = found[:VISITS_A_PAGE]
    ahead, called_off, over = (
        [row for row in shown if row.place == each] for each in (AHEAD, CALLED_OFF, OVER)
    )
    return VisitsHere(ahead, called_off, over, len(found) > VISITS_A_PAGE)
