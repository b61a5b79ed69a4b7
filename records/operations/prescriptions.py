"""Prescriptions: drafted, signed and with that frozen, cancelled or replaced."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import cast

import rules
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.actors import Actor, person_of
from core.background import after_commit
from core.errors import Conflict, DomainError
from core.formats import today_in
from core.locks import LockKey, Rank, lock_rows
from formulary.models import Medicine
from ledger.operations import About, record
from notifications.operations import notify

from ..models import Prescription, PrescriptionLine, TimelineEntry, Visit
from ..queries import draft_hash, letterhead_of, medicines_by_id
from .lines import MOST_LINES, LineText, line_texts, problems_of, quantity_of, quantity_unit, words_to_avoid
from .visits import lock_and_read, refuse_other_doctor

VALID_DAYS = 30
TIMELINE_KIND = "records.prescription"
Status = Prescription.Status


def _about(prescription: Prescription) -> About:
    return About(prescription.patient.public_id, prescription.hospital_id)


def _lock(prescription: Prescription, by: Actor) -> Prescription:
    """Lock it together with the one it replaces, read it again, and refuse anybody but its doctor."""
    pks = {prescription.pk, prescription.replaces_id}
    lock_rows(LockKey(Rank.PRESCRIPTION_LINE, Prescription, pk) for pk in pks if pk is not None)
    fresh: Prescription | None = Prescription.objects.with_people().filter(pk=prescription.pk).first()
    if fresh is None:
        raise Conflict(_("This draft was thrown away meanwhile."))
    person = person_of(by)
    if person is None or not rules.has_perm("records.sign_prescription", person, fresh):
        raise DomainError(_("Only %(doctor)s can change this prescription.") % {"doctor": fresh.doctor.name})
    return fresh


def _refuse_bad(lines: Sequence[LineText], advice: str) -> dict[str, Medicine]:
    if not lines:
        raise DomainError(_("Add at least one medicine."))
    if len(lines) > MOST_LINES:
        raise DomainError(_("A prescription holds at most %(most)s medicines.") % {"most": MOST_LINES})
    for sentence in words_to_avoid(advice):
        raise DomainError(sentence, field="advice")
    medicines = medicines_by_id([line.medicine for line in lines])
    for line in lines:
        if line.medicine not in medicines:
            raise DomainError(
                _("One of the medicines is not in the formulary any more. Remove it and choose another.")
            )
        for problem in problems_of(line, medicines[line.medicine]):
            raise DomainError(f"{medicines[line.medicine]}: {problem.message}")
    return medicines


def _write_lines(
    prescription: Prescription, lines: Sequence[LineText], medicines: dict[str, Medicine]
) -> None:
    PrescriptionLine.objects.filter(prescription=prescription).delete()
    rows = [_row(prescription, line, medicines[line.medicine]) for line in lines]
    PrescriptionLine.objects.bulk_create(rows)


def _row(prescription: Prescription, line: LineText, medicine: Medicine) -> PrescriptionLine:
    return PrescriptionLine(
        hospital_id=prescription.hospital_id,
        prescription=prescription,
        medicine=medicine,
        medicine_name=str(medicine)[:160],
        route=medicine.route,
        dose=line.dose,
        dose_unit=medicine.dose_unit,
        frequency=line.frequency,
        max_daily=line.max_daily,
        days=line.days,
        quantity=cast(int, quantity_of(line, medicine)),  # a line without one was refused before
        quantity_unit=quantity_unit(medicine),
        repeats=line.repeats,
        substitution_allowed=line.substitution_allowed,
        indication=line.indication.strip(),
        instructions=line.instructions.strip(),
    )


@transaction.atomic
def draft_prescription(visit: Visit, *, lines: Sequence[LineText], advice: str, by: Actor) -> Prescription:
    """Write a draft for the visit, which the visit's doctor alone sees; a visit has one draft at a time.

    The same draft sent again returns the one that is there. Raises Conflict when there is another, DomainError for another
    doctor, no lines, or a line that can't be prescribed. Drafts are not recorded in the ledger.
    """
    visit = lock_and_read(visit)
    refuse_other_doctor(visit.appointment, by, may="records.prescribe")
    medicines = _refuse_bad(lines, advice)
    found: Prescription | None = Prescription.objects.filter(visit=visit, status=Status.DRAFT).first()
    if found is not None:
        return _same_or_conflict(found, lines, advice)
    draft: Prescription = Prescription.objects.create(
        hospital_id=visit.hospital_id,
        visit=visit,
        patient=visit.patient,
        doctor=visit.doctor,
        advice=advice.strip(),
    )
    _write_lines(draft, lines, medicines)
    return draft


def _same_or_conflict(found: Prescription, lines: Sequence[LineText], advice: str) -> Prescription:
    medicines = medicines_by_id([line.medicine for line in lines])
    sent = [_row(found, line, medicines[line.medicine]) for line in lines]
    if found.advice == advice.strip() and line_texts(sent) == line_texts(
        found.lines.select_related("medicine")
    ):
        return found
    raise Conflict(
        _("This visit already has a draft. Your text is still here: open the draft and put it in there.")
    )


@transaction.atomic
def change_draft(
    prescription: Prescription, *, lines: Sequence[LineText], advice: str, by: Actor, seen: str = ""
) -> Prescription:
    """Write the draft anew. `seen` is the hash of the draft that the page showed (queries.draft_hash); empty asks nothing.

    Raises Conflict when the draft is another one by now, DomainError once it is signed or when a line can't be prescribed.
    """
    prescription = _lock(prescription, by)
    if prescription.status != Status.DRAFT:
        raise DomainError(_("This prescription is signed, so it can't change. Replace it by a new one."))
    _refuse_unseen(prescription, seen)
    medicines = _refuse_bad(lines, advice)
    prescription.advice = advice.strip()
    prescription.save(update_fields=["advice"])
    _write_lines(prescription, lines, medicines)
    return prescription


def _refuse_unseen(prescription: Prescription, seen: str) -> None:
    if seen and seen != draft_hash(prescription):
        raise Conflict(_("The draft was changed meanwhile. Look at it once more."))


@transaction.atomic
def discard_draft(prescription: Prescription, *, by: Actor) -> None:
    """Throw a draft away; nothing of it stays. Raises DomainError once it is signed."""
    prescription = _lock(prescription, by)
    if prescription.status != Status.DRAFT:
        raise DomainError(_("This prescription is signed, so it stays. You can cancel it."))
    prescription.delete()


@transaction.atomic
def sign_prescription(prescription: Prescription, *, by: Actor, seen: str = "") -> Prescription:
    """Sign and freeze a draft: letterhead, validity, chart, ledger; the patient is told, the PDF is made after commit.

    Signing it again changes nothing. What it replaces is replaced from now on. `seen` as in change_draft. Raises DomainError
    for another doctor, an expired licence or a line that can't be prescribed, IllegalTransition once it is cancelled.
    """
    prescription = _lock(prescription, by)
    if prescription.status == Status.ACTIVE:
        return prescription
    if not prescription.doctor.is_licensed:
        raise DomainError(
            _("Your licence has run out, so you can’t sign. Bring it up to date in your profile.")
        )
    _refuse_unseen(prescription, seen)
    lines = list(prescription.lines.select_related("medicine__generic"))
    _refuse_bad(line_texts(lines), prescription.advice)
    prescription.move_to(Status.ACTIVE)
    prescription.letterhead = letterhead_of(prescription)
    prescription.signed_at = timezone.now()
    prescription.valid_until = today_in(prescription.hospital.zone) + dt.timedelta(days=VALID_DAYS)
    prescription.save(update_fields=["status", "letterhead", "signed_at", "valid_until"])
    if prescription.replaces is not None:
        _supersede(prescription.replaces, prescription, by=by)
    _add_to_chart(prescription, lines)
    record(
        "records.prescription",
        prescription.public_id,
        by=by,
        about=_about(prescription),
        version=prescription,
    )
    _tell(prescription, "records.prescription_ready")
    _render(prescription)
    return prescription


def _tell(prescription: Prescription, kind: str) -> None:
    notify(
        prescription.patient.recipient,
        kind,
        prescription.public_id,
        version=prescription.number,
        hospital_id=prescription.hospital_id,
    )


def _supersede(old: Prescription, new: Prescription, *, by: Actor) -> None:
    if old.status != Status.ACTIVE:  # cancelled since the new one was begun: it stays cancelled
        return
    old.move_to(Status.SUPERSEDED)
    old.save(update_fields=["status"])
    body = {"replaced_by": new.public_id}
    record("records.prescription_superseded", old.public_id, by=by, about=_about(new), body=body)
    _render(old)


def _add_to_chart(prescription: Prescription, lines: Sequence[PrescriptionLine]) -> None:
    names = ", ".join(dict.fromkeys(line.medicine.generic.name for line in lines))
    title = _("Prescription: %(names)s") % {"names": names}
    if len(title) > 200:
        title = ngettext("Prescription: %(count)s medicine", "Prescription: %(count)s medicines", len(lines))
        title = title % {"count": len(lines)}
    TimelineEntry.objects.create(
        hospital_id=prescription.hospital_id,
        patient=prescription.patient,
        kind=TIMELINE_KIND,
        title=title,
        route="records:doctor_prescription",
        reference=prescription.public_id,
        at=prescription.signed_at,
    )


def _render(prescription: Prescription) -> None:
    after_commit(
        "records.render_prescription", prescription_id=prescription.pk, hospital_id=prescription.hospital_id
    )


@transaction.atomic
def cancel_prescription(prescription: Prescription, *, reason: str, by: Actor) -> None:
    """Cancel a signed prescription: the public page says so, a stamped PDF is made, the patient is told.

    Raises DomainError without a reason or for another doctor, IllegalTransition unless it is signed and still counts.
    """
    prescription = _lock(prescription, by)
    reason = reason.strip()
    if not reason:
        raise DomainError(_("Say why it is cancelled."), field="reason")
    prescription.move_to(Status.CANCELLED)
    prescription.cancelled_at = timezone.now()
    prescription.cancel_reason = reason[:300]
    prescription.save(update_fields=["status", "cancelled_at", "cancel_reason"])
    about = _about(prescription)
    record("records.prescription_cancelled", prescription.public_id, by=by, about=about, reason=reason[:300])
    _tell(prescription, "records.prescription_cancelled")
    _render(prescription)


@transaction.atomic
def replace_prescription(prescription: Prescription, *, by: Actor) -> Prescription:
    """Begin a new draft with the same lines; the old one counts until the new one is signed.

    Doing it again returns the draft that is there. Raises DomainError when the old one no longer counts, or when the visit
    has another draft.
    """
    visit = lock_and_read(prescription.visit)
    prescription = _lock(prescription, by)
    found: Prescription | None = Prescription.objects.filter(visit=visit, status=Status.DRAFT).first()
    if found is not None and found.replaces_id == prescription.pk:
        return found
    if found is not None:
        raise DomainError(_("This visit has a draft that is not signed. Sign it or throw it away first."))
    if prescription.status != Status.ACTIVE:
        raise DomainError(_("Only a prescription that still counts can be replaced. Write a new one."))
    draft: Prescription = Prescription.objects.create(
        hospital_id=prescription.hospital_id,
        visit=visit,
        patient=prescription.patient,
        doctor=prescription.doctor,
        advice=prescription.advice,
        replaces=prescription,
    )
    lines = line_texts(prescription.lines.select_related("medicine"))
    _write_lines(draft, lines, medicines_by_id([line.medicine for line in lines]))
    return draft
