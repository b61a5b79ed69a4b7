"""A prescription as it is shown and printed: the same words on the page and in the PDF."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import segno
from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from core.formats import local
from core.pdf import Letterhead
from patients.models import Patient

from ..models import Allergies, Prescription, PrescriptionLine
from .prescriptions import full_date, full_moment, letterhead_of


@dataclass(frozen=True)
class Sheet:
    """A prescription's sheet. Dates are texts with their year: paper outlives it. `badge` is kind, icon, words."""

    prescription: Prescription
    head: dict[str, str]
    letterhead: Letterhead
    lines: list[PrescriptionLine]
    badge: tuple[str, str, str]
    stamp: str
    born: str
    age: int
    sex: str
    allergies: str
    allergies_asked: bool
    diagnosis: str
    signed: str
    cancelled: str
    verify_url: str
    verify_place: str
    verify_code: str


def verify_address(prescription: Prescription) -> str:
    """Return the address that the QR code opens."""
    return settings.PUBLIC_URL + reverse("records:verify", args=[prescription.verify_code])


def _place_and_code(prescription: Prescription) -> tuple[str, str]:
    """Return that address as people type it: no scheme, and the code in groups of four, which the page takes as well."""
    code = prescription.verify_code
    place = f"{settings.PUBLIC_URL}{reverse('records:check')}".partition("://")[2]
    return place, "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def qr_svg(address: str) -> SafeString:
    """Return a QR code of an address of ours as inline SVG, which our content policy allows."""
    code = segno.make(address, error="m", micro=False)
    # Made of squares and sizes only; the address itself is not in the markup.
    return mark_safe(code.svg_inline(border=2, light="#fff", omitsize=True, svgclass="qr", lineclass=None))  # noqa: S308


def _badge(prescription: Prescription) -> tuple[str, str, str]:
    status = Prescription.Status
    until = full_date(prescription.valid_until) if prescription.valid_until else ""
    if prescription.status == status.DRAFT:
        return ("warning", "pencil", _("Draft, not signed"))
    if prescription.status == status.CANCELLED:
        return ("danger", "x", _("Cancelled"))
    if prescription.status == status.SUPERSEDED:
        return ("neutral", "swap", _("Replaced"))
    if prescription.is_expired:
        return ("neutral", "clock", _("Ended on %(day)s") % {"day": until})
    return ("success", "check", _("Valid until %(day)s") % {"day": until})


def _stamp(prescription: Prescription) -> str:
    """Return the word that is stamped on a paper that no longer counts."""
    stamps = {
        Prescription.Status.DRAFT: _("NOT SIGNED"),
        Prescription.Status.CANCELLED: _("CANCELLED"),
        Prescription.Status.SUPERSEDED: _("REPLACED"),
    }
    return stamps.get(Prescription.Status(prescription.status), "")


def _allergies(head: dict[str, str]) -> str:
    if head["allergies"] == Allergies.Answer.LISTED:
        return head["allergies_text"]
    return _("none known") if head["allergies"] == Allergies.Answer.NONE else _("not asked")


def _diagnosis(head: dict[str, str]) -> str:
    """Return Acute bronchitis (J20.9); what was signed before papers bore a diagnosis has none."""
    words, code = head.get("diagnosis", ""), head.get("diagnosis_code", "")
    return f"{words} ({code})" if words and code else words or code


def _letterhead(head: dict[str, str]) -> Letterhead:
    return Letterhead(
        hospital=head["hospital"],
        hospital_bn=head["hospital_bn"],
        address=head["address"],
        phone=head["phone"],
        person=head["doctor"],
        person_lines=(head["qualifications"], f"{_('Licence')} {head['licence']} · {head['speciality']}"),
    )


def sheet_of(prescription: Prescription, stored: list[PrescriptionLine] | None = None) -> Sheet:
    """Return the sheet: of a signed one as it was signed, of a draft as it would be; at most three queries.

    `stored` are its lines, when they were read already.
    """
    head = prescription.letterhead or letterhead_of(prescription)
    zone, born = head["zone"], dt.date.fromisoformat(head["born"])
    on = local(prescription.signed_at or prescription.created_at, zone).date()
    sex = Patient.Sex(head["sex"])
    place, code = _place_and_code(prescription)
    return Sheet(
        prescription=prescription,
        head=head,
        letterhead=_letterhead(head),
        lines=list(prescription.lines.all()) if stored is None else stored,
        badge=_badge(prescription),
        stamp=_stamp(prescription),
        born=full_date(born),
        age=on.year - born.year - ((on.month, on.day) < (born.month, born.day)),
        sex="" if sex == Patient.Sex.UNKNOWN else str(sex.label).lower(),
        allergies=_allergies(head),
        allergies_asked=bool(head["allergies"]),
        diagnosis=_diagnosis(head),
        signed=full_moment(prescription.signed_at, zone),
        cancelled=full_moment(prescription.cancelled_at, zone),
        verify_url=verify_address(prescription),
        verify_place=place,
        verify_code=code,
    )
