"""What changes the record: visits and their notes, allergies, prescriptions."""

from .allergies import set_allergies
from .lines import LineText, problems_of, words_to_avoid
from .prescriptions import (
    cancel_prescription,
    change_draft,
    discard_draft,
    draft_prescription,
    replace_prescription,
    sign_prescription,
)
from .visits import NoteText, finish_visit, not_begun, start_visit, undo_visit, write_note

__all__ = [
    "LineText",
    "NoteText",
    "cancel_prescription",
    "change_draft",
    "discard_draft",
    "draft_prescription",
    "finish_visit",
    "not_begun",
    "problems_of",
    "replace_prescription",
    "set_allergies",
    "sign_prescription",
    "start_visit",
    "undo_visit",
    "words_to_avoid",
    "write_note",
]
