"""What stands at the head of every page of a printed document."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Letterhead:
    """The head of `pdf/base.html`: on the left the hospital, on the right who answers for the document."""

    hospital: str
    hospital_bn: str = ""
    address: str = ""
    phone: str = ""
    person: str = ""
    person_lines: tuple[str, ...] = ()
