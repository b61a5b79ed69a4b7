"""Reading patients: the desk's list, and who has seen a record."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Case, IntegerField, Prefetch, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.search import normalise, search_ids
from hospitals.models import Hospital
from ledger.models import EntrySecret
from ledger.operations import body_of
from ledger.queries import reads_of_patient

from .models import CareRelation, Patient, Registration, search_kind

MOST_SIMILAR = 100
SAME_SHOWN = 5

PARTS = {
    "details": _("Your details, visits and bills"),
    "chart": _("The chart"),
    "allergies": _("Allergies"),
    "medicines": _("Allergies and medicines taken now"),
    "notes": _("Notes of a visit"),
    "visit": _("A visit"),
    "prescription": _("A prescription"),
    "document": _("A document"),
}
PURPOSES = {"care": _("To care for you"), "desk": _("To serve you at the desk")}


def patients_of(hospital: Hospital, text: str = "") -> QuerySet[Patient]:
    """Return the hospital's patients by name, or those that fit a name (typos forgiven), hospital number or phone."""
    rows = _with_registration(hospital)
    if not text:
        return rows.order_by("name", "pk")
    # By their keys: an "or" over names, numbers and phones would read every patient twice, to count and to show.
    exact = _with_number_or_phone(hospital, text)
    similar = [pk for pk, __ in search_ids(search_kind(hospital.pk), text, limit=MOST_SIMILAR)]
    rank = Case(
        *[When(pk=pk, then=Value(place)) for place, pk in enumerate(similar, start=1)],
        default=Value(0),
        output_field=IntegerField(),
    )
    return rows.filter(pk__in=[*exact, *similar]).annotate(rank=rank).order_by("rank", "name", "pk")


def _with_registration(hospital: Hospital) -> QuerySet[Patient]:
    here = Prefetch("registrations", Registration.objects.filter(hospital=hospital), to_attr="here")
    rows: QuerySet[Patient] = Patient.objects.for_hospital(hospital).prefetch_related(here)
    return rows


def perhaps_same(hospital: Hospital, *, name: str, birth_date: dt.date, phone: str) -> list[Patient]:
    """Return the hospital's patients who may be this person: the same phone, or born the same day and named alike.

    At most five, the likeliest first.
    """
    people = Patient.objects.for_hospital(hospital)
    born = people.filter(birth_date=birth_date)
    same = list(people.filter(phone=phone).values_list("pk", flat=True)[:SAME_SHOWN]) if phone else []
    for words in (
        name,
        normalise(name).split(" ")[0],
    ):  # the first name alone: the others may be written short
        same += [pk for pk, __ in search_ids(search_kind(hospital.pk), words, within=born)]
    found = {row.pk: row for row in _with_registration(hospital).filter(pk__in=same)}
    return [found[pk] for pk in dict.fromkeys(same)][:SAME_SHOWN]


def _with_number_or_phone(hospital: Hospital, text: str) -> list[int]:
    here = Registration.objects.filter(hospital=hospital)
    digits = "".join(character for character in text if character.isdigit()).lstrip("0")
    wanted = Q(number__iexact=text)
    if len(digits) >= 6:
        wanted |= Q(patient__phone__contains=digits)
    return list(here.filter(wanted).values_list("patient", flat=True)[:MOST_SIMILAR])


@dataclass(frozen=True)
class Reading:
    """One time somebody opened a part of a record."""

    who: str
    part: str
    purpose: str
    where: str
    at: dt.datetime

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
    rows = CareRelation.objects.live_of(person).filter(patient=patient)
    return sorted(set(rows.values_list("hospital_id", flat=True)))
