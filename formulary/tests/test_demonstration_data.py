"""The demonstration medicines: how many, how they are written, and that they load again and again."""

from __future__ import annotations

import csv
import re
from collections import Counter

import pytest

from formulary import operations
from formulary.models import DoseUnit, Form, Generic, Medicine, Route

with operations.DATA_FILE.open(encoding="utf-8", newline="") as _file:
    ROWS = list(csv.DictReader(_file))
BY_MOUTH = {Form.TABLET, Form.CAPSULE, Form.SYRUP, Form.SUSPENSION}
SKIN = {Form.CREAM, Form.GEL}
NEEDLE = {Route.INTRAVENOUS, Route.INTRAMUSCULAR, Route.SUBCUTANEOUS}


def test_data_has_300_rows_without_duplicates():
    assert len(ROWS) == 300
    assert len({row["code"] for row in ROWS}) == 300
    assert len({(row["brand"], row["form"], row["strength"]) for row in ROWS}) == 300


def test_data_a_brand_belongs_to_one_generic_and_one_maker():
    makers = {(row["brand"], row["generic"], row["manufacturer"]) for row in ROWS}
    assert [brand for brand, count in Counter(brand for brand, *_ in makers).items() if count > 1] == []
    assert {row["manufacturer"].endswith(" Demonstration Laboratories") for row in ROWS} == {True}


@pytest.mark.parametrize("column", ["strength", "pack_size"])
def test_data_numbers_have_no_trailing_zero_and_a_leading_one(column):
    texts = [row[column] for row in ROWS]
    assert [text for text in texts if re.search(r"\d+\.\d*0(?!\d)", text)] == []
    assert [text for text in texts if re.search(r"(?<!\d)\.\d", text)] == []


def test_data_has_no_error_prone_abbreviation():
    refused = re.compile(r"\b(U|IU|QD|QOD|MS|mcg|ug|cc|HCT|AZT|MgSO4)\b|[µμ]")
    assert [row["code"] for row in ROWS if refused.search(" ".join(row.values()))] == []


def test_data_strengths_are_written_in_known_units():
    amount = r"\d[\d,]*(\.\d+)?( million)? ?(mg|g|micrograms|units|%)"
    per = r"(/(\d+(\.\d+)? )?(mL|dose|hour)| per (\d+ mL|dose))?"
    known = re.compile(rf"{amount}( \+ {amount})?{per}")
    assert [row["strength"] for row in ROWS if not known.fullmatch(row["strength"])] == []


def test_data_forms_routes_and_units_fit_together():
    assert {row["form"] for row in ROWS} == set(Form.values)
    assert {row["route"] for row in ROWS} == set(Route.values)
    assert {row["dose_unit"] for row in ROWS} == set(DoseUnit.values)
    odd = [
        row["code"]
        for row in ROWS
        if (row["form"] in BY_MOUTH and row["route"] != Route.ORAL)
        or (row["form"] in SKIN and row["route"] != Route.TOPICAL)
        or (row["form"] == Form.INJECTION and row["route"] not in NEEDLE)
        or (row["form"] == Form.INHALER) != (row["dose_unit"] == DoseUnit.PUFF)
        or (row["form"] == Form.TABLET) != (row["dose_unit"] == DoseUnit.TABLET)
        or (row["route"] in NEEDLE and row["prescription_only"] != "yes")
        or (row["controlled"] == "yes" and row["prescription_only"] != "yes")
    ]
    assert odd == []


def test_data_a_combination_says_the_strength_of_each_part():
    odd = [row["code"] for row in ROWS if row["generic"].count(" + ") != row["strength"].count(" + ")]
    assert odd == []


@pytest.mark.engines
@pytest.mark.django_db
def test_load_demonstration_data_can_be_run_again():
    assert operations.load_demonstration_data() == 300
    generics = len({row["generic"] for row in ROWS})
    before = dict(Medicine.objects.values_list("code", "public_id"))
    Medicine.objects.filter(code="DEMO-0001").update(strength="9 mg", demonstration=False)
    assert operations.load_demonstration_data() == 300
    assert dict(Medicine.objects.values_list("code", "public_id")) == before
    assert (Medicine.objects.count(), Generic.objects.count()) == (300, generics)
    first = Medicine.objects.get(code="DEMO-0001")
    assert (first.strength, str(first.data_label)) == (ROWS[0]["strength"], "Demonstration data")


@pytest.mark.django_db
def test_load_demonstration_data_keeps_other_medicines():
    generic = Generic.objects.create(name="Water", therapeutic_class="Diluent")
    own = Medicine.objects.create(
        code="OWN-1", generic=generic, brand="Plain", form=Form.SOLUTION, strength="100%", route=Route.ORAL,
        dose_unit=DoseUnit.MILLILITRE, manufacturer="Nobody", pack_size="1 bottle",
    )  # fmt: skip
    operations.load_demonstration_data()
    assert Medicine.objects.count() == 301
    assert Medicine.objects.get(pk=own.pk).data_label == ""
