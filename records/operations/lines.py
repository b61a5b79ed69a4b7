"""The lines of a prescription: what a line must say, and how much it comes to. Pure: nothing here reads or writes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Final, NamedTuple

from django.utils.translation import gettext as _

from formulary.models import DoseUnit, Medicine

from ..models import PIECES, PrescriptionLine

MOST_LINES = 20
MOST_QUANTITY = 2000
Frequency = PrescriptionLine.Frequency

TIMES_A_DAY: Final = {
    Frequency.ONCE: 1,
    Frequency.NOON: 1,
    Frequency.NIGHT: 1,
    Frequency.TWICE: 2,
    Frequency.MORNING_NOON: 2,
    Frequency.NOON_NIGHT: 2,
    Frequency.EVERY_12: 2,
    Frequency.THRICE: 3,
    Frequency.EVERY_8: 3,
    Frequency.FOUR: 4,
    Frequency.EVERY_6: 4,
    Frequency.EVERY_4: 6,
}
DAYS_APART: Final = {Frequency.ALTERNATE: 2, Frequency.WEEKLY: 7}
# What is counted out one by one, or measured; anything else is given by the container.
COUNTED: Final = PIECES | {DoseUnit.MILLILITRE}
CONTAINERS: Final = {
    DoseUnit.PUFF: "inhaler",
    DoseUnit.SPRAY: "bottle",
    DoseUnit.DROP: "bottle",
    DoseUnit.APPLICATION: "tube",
    DoseUnit.UNIT: "pack",
}


class Problem(NamedTuple):
    """What is wrong with one field of a line, in a sentence."""

    field: str
    message: str


@dataclass(frozen=True)
class LineText:
    """One medicine (its public id) and how to take it; `quantity` None is computed from dose, frequency and days.

    `max_daily` is in the dose's unit, and for "when needed" only.
    """

    medicine: str
    dose: Decimal
    frequency: str
    days: int | None = None
    max_daily: Decimal | None = None
    quantity: int | None = None
    repeats: int = 0
    substitution_allowed: bool = True
    indication: str = ""
    instructions: str = ""


def line_texts(lines: Iterable[PrescriptionLine]) -> list[LineText]:
    """Return stored lines (with their medicine fetched) as they would be written again; a counted quantity stays open."""
    return [
        LineText(
            medicine=line.medicine.public_id,
            dose=line.dose,
            frequency=line.frequency,
            days=line.days,
            max_daily=line.max_daily,
            quantity=typed_quantity(line),
            repeats=line.repeats,
            substitution_allowed=line.substitution_allowed,
            indication=line.indication,
            instructions=line.instructions,
        )
        for line in lines
    ]


def _word(pattern: str, flags: int = 0) -> re.Pattern[str]:
    # Digits may stand right before it: 10U is read as 100.
    return re.compile(rf"(?<![A-Za-z]){pattern}(?![A-Za-z])", flags)


def _avoided() -> list[tuple[re.Pattern[str], str]]:
    return [
        (_word(r"I\.?U\.?", re.IGNORECASE), _("“IU” is misread as IV or 10. Write “units”.")),
        (
            re.compile(r"(?<![A-Za-z.])U(?![A-Za-z])", re.IGNORECASE),
            _("“U” is misread as 0 or 4. Write “units”."),
        ),
        (_word(r"Q\.?O\.?D\.?", re.IGNORECASE), _("“QOD” is misread as daily. Write “every other day”.")),
        (_word(r"Q\.?D\.?", re.IGNORECASE), _("“QD” is misread as four times a day. Write “daily”.")),
        (_word(r"MS"), _("“MS” can mean morphine or magnesium. Write the whole name.")),
        (_word(r"[µμ]g", re.IGNORECASE), _("“µg” is misread as mg. Write “micrograms”.")),
        (
            re.compile(r"\d\.0+(?!\d)\s*(?:mg|g|mcg|micrograms?|mL|ml|units?|tablets?)\b"),
            _("A zero after the point is misread: 5.0 as 50. Write “5”."),
        ),
        (re.compile(r"(?<![\d.])\.\d"), _("A point without a zero is overlooked: .5 as 5. Write “0.5”.")),
    ]


def words_to_avoid(text: str) -> list[str]:
    """Return a sentence for each error-prone abbreviation or number in the text, saying what to write instead."""
    return [sentence for pattern, sentence in _avoided() if pattern.search(text)]


def problems_of(line: LineText, medicine: Medicine) -> list[Problem]:
    """Return what keeps this line from being prescribed; empty when it is fine."""
    found = [
        Problem(field, sentence)
        for field in ("instructions", "indication")
        for sentence in words_to_avoid(getattr(line, field))
    ]
    if not _is_amount(line.dose):
        found.append(Problem("dose", _("The dose is between 0.001 and 1000, with at most three decimals.")))
    if line.frequency not in Frequency.values:
        found.append(Problem("frequency", _("Choose how often.")))
    elif line.frequency == Frequency.NEEDED:
        found += _problems_of_limit(line)
    else:
        if line.frequency == Frequency.STAT and line.days is not None:
            found.append(
                Problem("days", _("“Once only” has no days. Leave them empty, or choose how often."))
            )
        elif line.frequency != Frequency.STAT and line.days is None:
            found.append(Problem("days", _("Write for how many days.")))
        if line.max_daily is not None:
            sentence = _("This counts for “when needed” only. Leave it empty, or choose “when needed”.")
            found.append(Problem("max_daily", sentence))
    if line.days is not None and not 1 <= line.days <= 365:
        found.append(Problem("days", _("Between 1 and 365 days.")))
    if not 0 <= line.repeats <= 12:
        found.append(Problem("repeats", _("Between 0 and 12 repeats.")))
    return found or _problems_of_quantity(line, medicine)


def _is_amount(value: Decimal) -> bool:
    return Decimal("0.001") <= value <= 1000 and value == round(value, 3)


def _problems_of_limit(line: LineText) -> list[Problem]:
    if line.max_daily is None:
        sentence = _("“When needed” needs a limit. Write the most that may be taken in a day.")
    elif not _is_amount(line.max_daily):
        sentence = _("The most a day is between 0.001 and 1000, with at most three decimals.")
    elif line.max_daily < line.dose:
        sentence = _("This is less than one dose. Write the most that may be taken in a day.")
    else:
        return []
    return [Problem("max_daily", sentence)]


def _problems_of_quantity(line: LineText, medicine: Medicine) -> list[Problem]:
    quantity = quantity_of(line, medicine)
    if quantity is None:
        return [Problem("quantity", _("Write how much to give: it can’t be worked out for “when needed”."))]
    if not 1 <= quantity <= MOST_QUANTITY:
        given = _("That comes to %(quantity)s. Between 1 and %(most)s can be given.")
        return [Problem("quantity", given % {"quantity": quantity, "most": MOST_QUANTITY})]
    return []


def quantity_of(line: LineText, medicine: Medicine) -> int | None:
    """Return how much is given out: what the doctor wrote, else dose × times × days rounded up, else one container.

    None when it can't be worked out.
    """
    if line.quantity is not None:
        return line.quantity
    if medicine.dose_unit not in COUNTED:
        return 1
    times = _times(Frequency(line.frequency), line.days)
    return None if times is None else int((line.dose * times).to_integral_value(ROUND_CEILING))


def _times(frequency: Frequency, days: int | None) -> int | None:
    """Return how many doses that comes to, None when nobody can know."""
    if frequency == Frequency.STAT:
        return 1
    if frequency == Frequency.NEEDED or days is None:
        return None
    if frequency in DAYS_APART:
        return -(-days // DAYS_APART[frequency])
    return TIMES_A_DAY[frequency] * days


def typed_quantity(line: PrescriptionLine) -> int | None:
    """Return the stored line's quantity if the doctor chose it; None when it is just what the rest comes to.

    So a quantity that was counted is counted anew when the dose, the times or the days change.
    """
    counted = LineText(line.medicine.public_id, line.dose, line.frequency, days=line.days)
    return None if quantity_of(counted, line.medicine) == line.quantity else int(line.quantity)


def quantity_unit(medicine: Medicine) -> str:
    """Return what the quantity counts: tablets, mL, inhalers."""
    unit = DoseUnit(medicine.dose_unit)
    return str(unit.value) if unit in COUNTED else CONTAINERS[unit]
