"""What a patient said about allergies."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from core.actors import Actor, person_of
from core.errors import Conflict, DomainError
from core.locks import LockKey, Rank, lock_rows
from ledger.operations import About, record
from patients.models import Patient

from ..models import Allergies


@transaction.atomic
def set_allergies(patient: Patient, *, answer: str, text: str, seen: str, by: Actor) -> Allergies:
    """Keep the patient's answer about allergies, in all hospitals; the ledger keeps every earlier answer.

    `seen` is the mark of the answer that the page showed, empty for none. Raises Conflict when it is another one by now,
    DomainError when allergies are to be listed and none is, or when "none known" comes with a list.
    """
    text = text.strip()
    if answer not in Allergies.Answer.values:
        raise DomainError(_("Choose one of the answers."), field="answer")
    if answer == Allergies.Answer.LISTED and not text:
        raise DomainError(_("Write down what the patient is allergic to, and what happens."), field="text")
    if answer == Allergies.Answer.NONE and text:
        raise DomainError(_("“None known” and a list don’t go together. Choose one."), field="text")
    lock_rows([LockKey(Rank.PATIENT, Patient, patient.pk)])
    found = Allergies.objects.filter(patient=patient).first()
    person = person_of(by)
    if found and (found.answer, found.text, found.asked_by) == (answer, text, person):
        return found
    if seen != (found.mark if found else ""):
        raise Conflict(
            _("The allergies were changed meanwhile: %(answer)s. Look at both, then save again.")
            % {"answer": found.words if found else _("not asked")}
        )
    allergies, _created = Allergies.objects.update_or_create(
        patient=patient, defaults={"answer": answer, "text": text, "asked_by": person}
    )
    body = {"answer": answer, "text": text}
    record("records.allergies_set", patient.public_id, by=by, about=About(patient.public_id), body=body)
    return allergies
