"""What a line must say, how much it comes to, and how it is printed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from records.forms import often_choices
from records.models import PrescriptionLine, counted, plain_number
from records.operations import LineText, problems_of, words_to_avoid
from records.operations.lines import quantity_of, quantity_unit

from .factories import MedicineFactory, medicine

pytestmark = pytest.mark.django_db


def said(**words) -> LineText:
    return LineText(**{"medicine": "x", "dose": Decimal(1), "frequency": "1+1+1", "days": 5, **words})


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        ("0.5", "0.5"),
        ("0.500", "0.5"),
        ("5", "5"),
        ("5.0", "5"),
        ("5.000", "5"),
        ("100", "100"),
        (".25", "0.25"),
    ],
)
def test_numbers_have_a_leading_zero_and_no_trailing_one(value, printed):
    assert plain_number(Decimal(value)) == printed


@pytest.mark.parametrize(
    ("amount", "unit", "printed"),
    [
        ("0.5", "tablet", "0.5 tablet"),
        ("1", "tablet", "1 tablet"),
        ("1.5", "tablet", "1.5 tablets"),
        ("2.000", "puff", "2 puffs"),
        ("5", "mL", "5 mL"),
        ("2", "suppository", "2 suppositories"),
        ("3", "unit", "3 units"),
    ],
)
def test_counted_puts_the_unit_in_the_right_number(amount, unit, printed):
    assert counted(Decimal(amount), unit) == printed


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("10 U at night", "Write “units”"),
        ("10U at night", "Write “units”"),
        ("4 IU", "Write “units”"),
        ("4 i.u. daily", "Write “units”"),
        ("QD", "Write “daily”"),
        ("take q.d.", "Write “daily”"),
        ("QOD", "Write “every other day”"),
        ("q.o.d.", "Write “every other day”"),
        ("MS 10 mg", "Write the whole name"),
        ("50 µg", "Write “micrograms”"),
        ("50μg", "Write “micrograms”"),
        ("5.0 mg", "Write “5”"),
        (".5 mg", "Write “0.5”"),
    ],
)
def test_words_to_avoid_names_what_to_write_instead(text, instead):
    sentences = words_to_avoid(text)
    assert len(sentences) == 1
    assert instead in sentences[0]


@pytest.mark.parametrize(
    "text",
    [
        "", "Ms Rahman calls on Monday", "units", "Use under supervision", "quick", "0.5 mg", "5 mg", "10.5 mg",
        "খাবার পরে, এক গ্লাস পানি দিয়ে", "micrograms", "Done.", "IUD", "2.05 g", "at 8.00 pm",
    ],
)  # fmt: skip
def test_words_to_avoid_leaves_plain_words_alone(text):
    assert words_to_avoid(text) == []


@pytest.mark.parametrize(
    ("words", "quantity"),
    [
        ({}, 15),
        ({"frequency": "1+0+0", "days": 3}, 3),
        ({"frequency": "0+1+0", "days": 3}, 3),
        ({"frequency": "0+0+1", "days": 30}, 30),
        ({"frequency": "1+0+1", "days": 7, "dose": Decimal("0.5")}, 7),
        ({"frequency": "1+0+0", "days": 5, "dose": Decimal("0.5")}, 3),
        ({"frequency": "1+1+1+1", "days": 2, "dose": Decimal(2)}, 16),
        ({"frequency": "weekly", "days": 28}, 4),
        ({"frequency": "weekly", "days": 30}, 5),
        ({"frequency": "1+1+0", "days": 3}, 6),
        ({"frequency": "0+1+1", "days": 3}, 6),
        ({"frequency": "every4", "days": 2}, 12),
        ({"frequency": "every6", "days": 2}, 8),
        ({"frequency": "every8", "days": 7}, 21),
        ({"frequency": "every12", "days": 7}, 14),
        ({"frequency": "alternate", "days": 10}, 5),
        ({"frequency": "alternate", "days": 7}, 4),
        ({"frequency": "stat", "days": None}, 1),
        ({"frequency": "stat", "days": None, "dose": Decimal("1.5")}, 2),
        ({"frequency": "needed", "days": 5}, None),
        ({"quantity": 20}, 20),
    ],
)
def test_quantity_of_tablets_is_counted_and_rounded_up(words, quantity):
    assert quantity_of(said(**words), MedicineFactory()) == quantity


def test_quantity_of_liquids_is_in_millilitres_and_of_inhalers_one():
    syrup = medicine("Salbutamol", form="syrup", dose_unit="mL", strength="2 mg/5 mL")
    inhaler = medicine("Salbutamol", form="inhaler", dose_unit="puff", strength="100 micrograms")
    assert (quantity_of(said(dose=Decimal(5)), syrup), quantity_unit(syrup)) == (75, "mL")
    needed = said(dose=Decimal(2), frequency="needed", max_daily=Decimal(8), days=None)
    assert (quantity_of(needed, inhaler), quantity_unit(inhaler)) == (1, "inhaler")
    assert problems_of(needed, inhaler) == []


@pytest.mark.parametrize("unit", ["drop", "spray", "application", "unit"])
def test_what_is_given_by_the_container_is_one(unit):
    chosen = medicine("Something", form="drops", dose_unit=unit)
    assert quantity_of(said(), chosen) == 1
    assert quantity_unit(chosen) in {"bottle", "tube", "pack"}


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        ({}, []),
        ({"dose": Decimal(0)}, ["dose"]),
        ({"dose": Decimal("1000.5")}, ["dose"]),
        ({"dose": Decimal("0.0005")}, ["dose"]),
        ({"frequency": "QD"}, ["frequency"]),
        ({"max_daily": Decimal(8)}, ["max_daily"]),
        ({"frequency": "needed"}, ["max_daily"]),
        ({"frequency": "needed", "max_daily": Decimal(8)}, ["quantity"]),
        ({"frequency": "needed", "max_daily": Decimal(8), "quantity": 10}, []),
        ({"frequency": "needed", "max_daily": Decimal(1), "quantity": 10}, []),
        ({"frequency": "needed", "max_daily": Decimal("0.5"), "quantity": 10}, ["max_daily"]),
        ({"frequency": "needed", "max_daily": Decimal("1.0005"), "quantity": 10}, ["max_daily"]),
        ({"frequency": "needed", "max_daily": Decimal(1001), "quantity": 10}, ["max_daily"]),
        ({"days": None}, ["days"]),
        ({"days": 366}, ["days"]),
        ({"frequency": "stat", "days": None}, []),
        ({"frequency": "stat"}, ["days"]),
        ({"frequency": "every8", "days": None}, ["days"]),
        ({"frequency": "alternate", "days": None}, ["days"]),
        ({"days": 0}, ["days"]),
        ({"repeats": 13}, ["repeats"]),
        ({"quantity": 0}, ["quantity"]),
        ({"quantity": 2001}, ["quantity"]),
        ({"dose": Decimal(10), "days": 365}, ["quantity"]),
        ({"instructions": "2 U"}, ["instructions"]),
        ({"indication": "QD"}, ["indication"]),
    ],
)
def test_problems_of_names_the_field(words, fields):
    assert [problem.field for problem in problems_of(said(**words), MedicineFactory())] == fields


def test_directions_read_as_people_say_them():
    line = PrescriptionLine(
        dose=Decimal("1.000"), dose_unit="tablet", route="oral", frequency="1+1+1", days=5
    )
    assert line.directions == "1 tablet by mouth, 3 times a day (1+1+1), 5 days"
    line = PrescriptionLine(
        dose=Decimal(2), dose_unit="puff", route="inhalation", frequency="needed", max_daily=Decimal("8.000")
    )
    assert line.directions == "2 puffs breathed in, when needed, at most 8 puffs a day"


@pytest.mark.parametrize(
    ("dose", "unit", "frequency", "said"),
    [
        ("0.5", "tablet", "1+0+0", "0.5 tablet by mouth, once a day, in the morning (½+0+0), 5 days"),
        ("1", "tablet", "0+1+0", "1 tablet by mouth, once a day, at noon (0+1+0), 5 days"),
        ("0.25", "tablet", "0+0+1", "0.25 tablet by mouth, once a day, at night (0+0+¼), 5 days"),
        ("2", "tablet", "1+0+1", "2 tablets by mouth, twice a day, morning and night (2+0+2), 5 days"),
        ("1.5", "tablet", "1+0+1", "1.5 tablets by mouth, twice a day, morning and night (1½+0+1½), 5 days"),
        (
            "1.500",
            "capsule",
            "1+1+0",
            "1.5 capsules by mouth, twice a day, morning and noon (1½+1½+0), 5 days",
        ),
        ("0.750", "tablet", "0+1+1", "0.75 tablet by mouth, twice a day, noon and night (0+¾+¾), 5 days"),
        ("0.333", "tablet", "1+1+1", "0.333 tablet by mouth, 3 times a day (0.333+0.333+0.333), 5 days"),
        ("10", "sachet", "1+1+1+1", "10 sachets by mouth, 4 times a day (10+10+10+10), 5 days"),
        ("5", "mL", "1+0+1", "5 mL by mouth, twice a day, morning and night, 5 days"),
        ("2", "puff", "1+0+0", "2 puffs by mouth, once a day, in the morning, 5 days"),
        ("3", "drop", "1+1+1", "3 drops by mouth, 3 times a day, 5 days"),
        ("12", "unit", "0+0+1", "12 units by mouth, once a day, at night, 5 days"),
        ("2", "tablet", "every4", "2 tablets by mouth, every 4 hours, 5 days"),
        ("1", "tablet", "every6", "1 tablet by mouth, every 6 hours, 5 days"),
        ("1", "tablet", "every8", "1 tablet by mouth, every 8 hours, 5 days"),
        ("1", "tablet", "every12", "1 tablet by mouth, every 12 hours, 5 days"),
        ("2", "tablet", "alternate", "2 tablets by mouth, every other day, 5 days"),
        ("2", "tablet", "weekly", "2 tablets by mouth, once a week, 5 days"),
    ],
)
def test_dose_and_pattern_of_a_line_never_contradict(dose, unit, frequency, said):
    line = PrescriptionLine(dose=Decimal(dose), dose_unit=unit, route="oral", frequency=frequency, days=5)
    assert line.directions == said


def test_a_single_dose_says_once_only():
    line = PrescriptionLine(dose=Decimal(2), dose_unit="tablet", route="oral", frequency="stat")
    assert line.directions == "2 tablets by mouth, once only"


def test_the_choices_name_the_shorthand_as_times_the_dose_and_only_for_what_is_counted():
    pieces, liquids = (
        {code: str(words) for code, words in often_choices(is_counted=counts)} for counts in (True, False)
    )
    assert pieces["1+0+1"] == "1+0+1 × dose: twice a day, morning and night"
    assert liquids["1+0+1"] == "twice a day, morning and night"
    assert pieces["every8"] == liquids["every8"] == "every 8 hours"
    assert [words for words in liquids.values() if "+" in words] == []
    assert set(pieces) == {"", *PrescriptionLine.Frequency.values}
