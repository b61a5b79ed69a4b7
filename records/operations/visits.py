"""A visit from its start to its end, and its notes, version by version."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import rules
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from appointments.models import Appointment
from appointments.operations import begin_visit, fulfil_appointment, lock_visit, undo_begin
from core.actors import Actor, person_of
from core.errors import Conflict, DomainError
from ledger.operations import About, record

from ..models import Prescription, TimelineEntry, Visit, VisitNote

TIMELINE_KIND = "records.visit"


@dataclass(frozen=True)
class NoteText:
    """What a doctor writes about a visit."""

    complaint: str = ""
    findings: str = ""
    diagnosis: str = ""
    diagnosis_code: str = ""
    plan: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written."""
        return not any(value.strip() for value in asdict(self).values())

    def is_text_of(self, note: VisitNote | None) -> bool:
        """Say whether the note reads just like this."""
        return note is not None and all(getattr(note, name) == value for name, value in asdict(self).items())


def about(visit: Visit) -> About:
    """Return whom and where an entry of this visit concerns."""
    return About(visit.patient.public_id, visit.hospital_id)


def refuse_other_doctor(appointment: Appointment, by: Actor, may: str = "records.write_visit") -> None:
    """Raise DomainError unless the rule `may` says yes: the visit's doctor, working there, with the chart open."""
    person = person_of(by)
    if person is None or not rules.has_perm(may, person, appointment):
        raise DomainError(_("Only %(doctor)s can write in this visit.") % {"doctor": appointment.doctor.name})


def lock_and_read(visit: Visit) -> Visit:
    """Lock the visit's doctor, patient and appointment, and read the visit again; Conflict when it was taken back."""
    appointment = lock_visit(visit.appointment)
    fresh: Visit | None = Visit.objects.select_related("patient", "hospital").filter(pk=visit.pk).first()
    if fresh is None:
        raise not_begun()
    fresh.appointment, fresh.doctor = appointment, appointment.doctor
    return fresh


def not_begun() -> Conflict:
    """Return what is said to somebody who writes in a visit that is not begun."""
    return Conflict(
        _(
            "This visit is not begun, so nothing was saved. Your text is still here: begin the visit in another window, "
            "then save again."
        )
    )


@transaction.atomic
def start_visit(appointment: Appointment, *, by: Actor) -> Visit:
    """Begin a booked visit of today or earlier, by its doctor; beginning it again returns the same visit.

    Raises DomainError for another doctor, a visit that is not booked, or one of a later day.
    """
    appointment = lock_visit(appointment)
    refuse_other_doctor(appointment, by)
    found: Visit | None = Visit.objects.filter(appointment=appointment).first()
    if found:
        return found
    if appointment.status != Appointment.Status.BOOKED:
        raise DomainError(
            _("Only a booked visit can begin. This one: %(status)s.")
            % {"status": appointment.get_status_display()}
        )
    appointment = begin_visit(appointment, by=by)
    visit: Visit = Visit.objects.create(
        hospital=appointment.hospital,
        appointment=appointment,
        patient=appointment.patient,
        doctor=appointment.doctor,
    )
    body = {"appointment": appointment.public_id}
    record("records.visit_started", visit.public_id, by=by, about=about(visit), body=body)
    return visit


@transaction.atomic
def undo_visit(visit: Visit, *, by: Actor) -> None:
    """Take back a visit that was begun by mistake and in which nothing was written; it is booked again.

    The empty visit is deleted, the ledger keeps that it began and was taken back. Raises DomainError for another doctor, or
    once there are notes or a prescription, Conflict when it was taken back before.
    """
    visit = lock_and_read(visit)
    refuse_other_doctor(visit.appointment, by)
    if visit.finished_at or VisitNote.objects.filter(visit=visit).exists():
        raise DomainError(_("There are notes in this visit already, so it stays."))
    if Prescription.objects.filter(visit=visit).exists():
        raise DomainError(
            _("There is a prescription in this visit, so it stays. A draft can be thrown away.")
        )
    body = {"appointment": visit.appointment.public_id}
    record("records.visit_undone", visit.public_id, by=by, about=about(visit), body=body)
    visit.delete()
    undo_begin(visit.appointment, by=by)


@transaction.atomic
def write_note(visit: Visit, *, note: NoteText, seen: int, by: Actor, reason: str = "") -> VisitNote:
    """Write the next version of the visit's notes; `seen` is the version that the page showed (0 for none).

    The same text again returns the version that is there. Once the visit is finished a new version needs a reason.
    Raises Conflict when somebody wrote meanwhile, DomainError for another doctor, no text or no reason.
    """
    visit = lock_and_read(visit)
    refuse_other_doctor(visit.appointment, by)
    latest: VisitNote | None = VisitNote.objects.filter(visit=visit).order_by("-number").first()
    number = latest.number if latest else 0
    if latest is not None and note.is_text_of(latest):
        return latest
    if seen != number:
        raise Conflict(
            _("The notes were changed meanwhile. Your text is still here: compare both, then save again.")
        )
    if note.is_empty:
        raise DomainError(_("Write what the patient came with, or what you found."), field="complaint")
    if visit.finished_at and not reason.strip():
        raise DomainError(_("The visit is finished. Say why the notes change."), field="reason")
    why = reason.strip()
    written: VisitNote = VisitNote.objects.create(
        hospital_id=visit.hospital_id,
        visit=visit,
        number=number + 1,
        author=person_of(by),
        reason=why,
        **asdict(note),
    )
    record("records.visit_note", visit.public_id, by=by, about=about(visit), version=written, reason=why)
    if visit.finished_at:
        TimelineEntry.objects.filter(kind=TIMELINE_KIND, reference=visit.public_id).update(
            title=_title(written)
        )
    return written


@transaction.atomic
def finish_visit(visit: Visit, *, by: Actor) -> None:
    """Finish the visit: the appointment is done and the chart gets its line; finishing it again changes nothing.

    Raises DomainError for another doctor or without notes.
    """
    visit = lock_and_read(visit)
    refuse_other_doctor(visit.appointment, by)
    if visit.finished_at:
        return
    note = VisitNote.objects.filter(visit=visit).order_by("-number").first()
    if note is None:
        raise DomainError(_("Write the notes before you finish the visit."), field="complaint")
    if visit.appointment.status != Appointment.Status.FULFILLED:
        fulfil_appointment(visit.appointment, by=by)
    visit.finished_at = timezone.now()
    visit.save(update_fields=["finished_at"])
    TimelineEntry.objects.create(
        hospital_id=visit.hospital_id,
        patient=visit.patient,
        kind=TIMELINE_KIND,
        title=_title(note),
        route="records:notes",
        reference=visit.public_id,
        at=visit.started_at,
    )
    record("records.visit_finished", visit.public_id, by=by, about=about(visit), body={"note": note.number})


def _title(note: VisitNote) -> str:
    if not note.diagnosis:
        return _("Visit")
    code = f" ({note.diagnosis_code})" if note.diagnosis_code else ""
    return (_("Visit: %(diagnosis)s") % {"diagnosis": f"{note.diagnosis}{code}"})[:200]
