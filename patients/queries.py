"""Reading patients: the desk's list, and who has seen a record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, IntegerField, Prefetch, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.search import search_ids
from hospitals.models import Hospital
from ledger.models import EntrySecret
from ledger.operations import body_of
from ledger.queries import reads_of_patient

from .models import SEARCH_KIND, CareRelation, Patient, Registration

PARTS = {
    "chart": _("The chart"),
    "allergies": _("Allergies"),
    "notes": _("Notes of a visit"),
    "prescription": _("A prescription"),
    "document": _("A document"),
}
PURPOSES = {"care": _("To care for you")}


def patients_of(hospital: Hospital, text: str = "") -> QuerySet[Patient]:
    """Return the hospital's patients by name, or those that fit a name (typos forgiven), hospital number or phone."""
    here = Prefetch("registrations", Registration.objects.filter(hospital=hospital), to_attr="here")
    rows = Patient.objects.for_hospital(hospital).prefetch_related(here)
    if not text:
        return rows.order_by("name", "pk")
    by_number = Registration.objects.filter(hospital=hospital, number__iexact=text).values("patient")
    digits = "".join(character for character in text if character.isdigit()).lstrip("0")
    exact = Q(pk__in=by_number)
    if len(digits) >= 6:
        exact |= Q(phone__contains=digits)
    similar = [pk for pk, __ in search_ids(SEARCH_KIND, text, within=Patient.objects.for_hospital(hospital))]
    rank = Case(
        *[When(pk=pk, then=Value(place)) for place, pk in enumerate(similar[:100], start=1)],
        default=Value(0),
        output_field=IntegerField(),
    )
    return rows.filter(exact | Q(pk__in=similar[:100])).annotate(rank=rank).order_by("rank", "name", "pk")


@dataclass(frozen=True)
class Reading:
    """One time somebody opened a part of a record."""

    who: str
    part: str
    purpose: str
    where: str
    at: datetime

    @property
    def part_words(self) -> str:
        """The part in people's words; a document's part names its kind, id and version: `prescription:<id>:1`."""
        kind = self.part.partition(":")[0]
        return str(PARTS.get(kind, kind))

    @property
    def purpose_words(self) -> str:
        """The purpose in people's words."""
        return str(PURPOSES.get(self.purpose, self.purpose))


def readings_of(secrets: list[EntrySecret]) -> list[Reading]:
    """Return these entries in people's words: who, which part, when, why, where; two queries however many."""
    people = dict(
        User.objects.filter(public_id__in={row.actor_id for row in secrets}).values_list("public_id", "name")
    )
    places = dict(
        Hospital.objects.filter(pk__in={row.hospital_id for row in secrets}).values_list("pk", "name")
    )
    readings = []
    for row in secrets:
        body = body_of(row)["body"]
        who, where = people.get(row.actor_id, row.actor_id), places.get(row.hospital_id or 0, "")
        readings.append(Reading(who, body["part"], body["purpose"], where, row.at))
    return readings


def reads_of(patient: Patient) -> QuerySet[EntrySecret]:
    """Return who opened the patient's record, newest first; `readings_of` puts a page of them into words."""
    return reads_of_patient(patient.public_id)


def hospitals_of_care(person: User, patient: Patient) -> list[int]:
    """Return the hospitals, of those in the scope, where the person cares for the patient now."""
    rows = CareRelation.objects.live().filter(person=person, patient=patient)
    return sorted(set(rows.values_list("hospital_id", flat=True)))
