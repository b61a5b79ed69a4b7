"""What records put into the registries of lower rooms."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import rfc8785
from django.conf import settings
from django.db.models import Count, Max, Min
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.formats import local
from core.invariants import invariant
from ledger import kinds as ledger_kinds
from ledger.models import EntrySecret
from notifications.kinds import Bell, Content, Kind, register

from . import rules, tasks  # noqa: F401
from .models import Prescription, TimelineEntry, VisitNote
from .queries import content_of, full_date, full_moment, note_content


def _signed_prescriptions(references: Iterable[str]) -> Mapping[tuple[str, int], Any]:
    rows = Prescription.objects.signed().select_related("replaces").prefetch_related("lines")
    return {(row.public_id, row.number): row for row in rows.filter(public_id__in=list(references))}


def _notes(visits: Iterable[str]) -> Mapping[tuple[str, int], Any]:
    rows = VisitNote.objects.select_related("visit", "author").filter(visit__public_id__in=list(visits))
    return {(row.visit.public_id, row.number): row for row in rows}


ledger_kinds.register(
    ledger_kinds.Kind(
        "records.prescription",
        str(_("Prescription signed")),
        load_versions=_signed_prescriptions,
        canonical=content_of,
    )
)
ledger_kinds.register(
    ledger_kinds.Kind(
        "records.visit_note", str(_("Visit notes written")), load_versions=_notes, canonical=note_content
    )
)
for _name, _label in {
    "records.visit_started": _("Visit began"),
    "records.visit_undone": _("Visit was begun by mistake"),
    "records.visit_finished": _("Visit finished"),
    "records.prescription_cancelled": _("Prescription cancelled"),
    "records.prescription_superseded": _("Prescription replaced"),
    "records.allergies_set": _("Allergies written down"),
}.items():
    ledger_kinds.event(_name, _label)


def _path(public_id: str) -> str:
    return reverse("records:prescription", args=[public_id])


def _signed(prescription: Prescription | None) -> str:
    """Return when it was signed, to the minute: the new one is often of the same day."""
    return full_moment(prescription.signed_at, prescription.letterhead["zone"]) if prescription else ""


def _content(public_id: str, version: int) -> Content:
    prescription = Prescription.in_any_hospital(public_id=public_id)
    if prescription is None or prescription.signed_at is None:
        raise LookupError(f"There is no signed prescription {public_id}.")
    head = prescription.letterhead
    values = {
        "day": full_date(local(prescription.signed_at, head["zone"]).date()),
        "doctor": head["doctor"],
        "earlier": _signed(prescription.replaces),
        "action_url": settings.PUBLIC_URL + _path(public_id),
        "action_label": _("Read the prescription"),
    }
    return Content(values, hospital_name=prescription.hospital.name)


def _still(status: str) -> Callable[[str, int], bool]:
    """Return the question whether the prescription still stands like that."""

    def ask(public_id: str, version: int) -> bool:
        prescription = Prescription.in_any_hospital(public_id=public_id)
        return prescription is not None and prescription.status == status

    return ask


def _ready_bell(public_id: str, version: int) -> Bell:
    return Bell(str(_("A prescription is ready")), _path(public_id))


def _cancelled_bell(public_id: str, version: int) -> Bell:
    return Bell(str(_("A prescription was cancelled")), _path(public_id))


register(
    Kind(
        "records.prescription_ready",
        _("A prescription is ready"),
        _content,
        bell=_ready_bell,
        still_true=_still(Prescription.Status.ACTIVE),
    )
)
register(
    Kind(
        "records.prescription_cancelled",
        _("A prescription was cancelled"),
        _content,
        bell=_cancelled_bell,
        still_true=_still(Prescription.Status.CANCELLED),
    )
)


@invariant("records: every signed prescription still reads as it was signed")
def prescriptions_match_the_ledger() -> Iterator[str]:
    """Yield one sentence for each signed prescription whose content differs from the ledger, or is missing there."""
    rows = Prescription.objects.signed().select_related("replaces").prefetch_related("lines")
    for prescription in rows.iterator(chunk_size=500):
        secret = EntrySecret.objects.filter(
            kind="records.prescription", reference=prescription.public_id
        ).first()
        if secret is None:
            yield f"Prescription {prescription.public_id} is signed and not in the ledger."
            continue
        content = hashlib.sha256(rfc8785.dumps(content_of(prescription))).hexdigest()
        if json.loads(bytes(secret.body))["body_hash"] != content:
            yield f"Prescription {prescription.public_id} was altered after it was signed."


@invariant("records: notes have every version once, without gaps")
def notes_have_no_gaps() -> Iterator[str]:
    """Yield one sentence for each visit whose notes do not count 1, 2, 3 …"""
    counted = VisitNote.objects.order_by().values("visit__public_id")
    for row in counted.annotate(first=Min("number"), last=Max("number"), many=Count("pk")):
        if row["first"] != 1 or row["last"] != row["many"]:
            yield f"Notes of visit {row['visit__public_id']} have a gap."


@invariant("records: every signed prescription stands in the chart, and no draft does")
def prescriptions_stand_in_the_chart() -> Iterator[str]:
    """Yield one sentence for each signed prescription without its line, and each line without its prescription."""
    lines = TimelineEntry.objects.filter(kind="records.prescription")
    listed = set(lines.values_list("reference", flat=True))
    signed = set(Prescription.objects.signed().values_list("public_id", flat=True))
    for public_id in sorted(signed - listed):
        yield f"Prescription {public_id} is not in the chart."
    for public_id in sorted(listed - signed):
        yield f"The chart names prescription {public_id}, which is not signed."
