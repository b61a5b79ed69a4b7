"""Reading the record: the chart, a visit's notes, prescriptions and what the public may know of them."""

from .chart import (
    CHART_PARTS,
    Encounter,
    Who,
    chart_part,
    encounter_of,
    notes_of,
    patients_of,
    summary_of,
    who_is,
)
from .prescriptions import (
    DOCUMENT,
    Verification,
    content_of,
    document_of,
    draft_hash,
    draft_of,
    letterhead_of,
    medicines_by_id,
    note_content,
    prescriptions_of,
    verification,
)
from .sheet import Sheet, qr_svg, sheet_of, verify_address

__all__ = [
    "CHART_PARTS",
    "DOCUMENT",
    "Encounter",
    "Sheet",
    "Verification",
    "Who",
    "chart_part",
    "content_of",
    "document_of",
    "draft_hash",
    "draft_of",
    "encounter_of",
    "letterhead_of",
    "medicines_by_id",
    "note_content",
    "notes_of",
    "patients_of",
    "prescriptions_of",
    "qr_svg",
    "sheet_of",
    "summary_of",
    "verification",
    "verify_address",
    "who_is",
]
