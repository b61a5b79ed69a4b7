"""Finding a medicine while prescribing."""

from __future__ import annotations

import pytest

from formulary import operations, queries
from formulary.models import Medicine

FIRST = {
    "paracetmol": "Paracetamol",
    "parasitamol": "Paracetamol",
    "para": "Paracetamol",
    "azi": "Azithromycin",
    "amlo": "Amlodipine",
    "amoxycillin": "Amoxicillin",
    "amoxicilin clavulanic": "Amoxicillin + clavulanic acid",
    "omeprazol 20 mg": "Omeprazole",
    "metformine": "Metformin hydrochloride",
    "salbutamol inhaler": "Salbutamol",
    "প্যারাসিটামল": "Paracetamol",
    "পারাসিটামল": "Paracetamol",
    "insulin glargin": "Insulin glargine",
}

pytestmark = [pytest.mark.django_db, pytest.mark.engines]


@pytest.fixture
def formulary(db) -> None:
    operations.load_demonstration_data()


def test_search_medicines_finds_first(formulary):
    assert {text: queries.search_medicines(text)[0].generic.name for text in FIRST} == FIRST


def test_search_medicines_by_strength_and_form(formulary):
    first = queries.search_medicines("paracetmol 120 suspension")[0]
    assert (first.generic.name, first.form, first.strength) == ("Paracetamol", "suspension", "120 mg/5 mL")
    first = queries.search_medicines("salbutamol inhaler")[0]
    assert (first.form, first.strength) == ("inhaler", "100 micrograms/dose")


def test_search_medicines_by_brand_and_class(formulary):
    medicine = Medicine.objects.get(code="DEMO-0100")
    assert queries.search_medicines(medicine.brand)[0].brand == medicine.brand
    classes = {found.generic.therapeutic_class for found in queries.search_medicines("statin", limit=8)}
    assert "Statin" in classes


def test_search_medicines_is_two_queries_and_limited(formulary, django_assert_num_queries):
    with django_assert_num_queries(2):
        found = queries.search_medicines("tablet", limit=7)
        assert [medicine.generic.name for medicine in found] == [
            medicine.generic.name for medicine in found[:7]
        ]
    assert len(found) == 7
    with django_assert_num_queries(1):
        assert queries.search_medicines("xylophonist") == []
    with django_assert_num_queries(0):
        assert queries.search_medicines("") == []


def test_medicine_by_public_id(formulary, django_assert_num_queries):
    medicine = Medicine.objects.get(code="DEMO-0001")
    with django_assert_num_queries(1):
        found = queries.medicine_by_public_id(medicine.public_id)
        assert (found, found.generic.name) == (medicine, "Paracetamol")
    with pytest.raises(Medicine.DoesNotExist):
        queries.medicine_by_public_id("0" * 16)
