"""What a patient takes already, beside the draft; and the soft word when the same substance comes again."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from core.tenancy import in_hospital
from ledger.queries import reads_of_patient
from patients.operations import ensure_registration
from records import operations
from records.models import Prescription

from .factories import MedicineFactory, begun, book, drafted, line, medicine, signed
from .test_prescribing import typed

TAKES = "takes Paracetamol now already"
TWICE = "Paracetamol stands here twice"


@pytest.fixture
def dora(world, as_person):
    return as_person(world.dora.user)


@pytest.fixture
def address(world):
    begun(world.visit)
    return reverse("records:prescribe", args=[world.visit.public_id])


def earlier(world, *lines, days=1, at=None, patient=None):
    """A prescription of an earlier visit."""
    starts_at = timezone.now() - dt.timedelta(days=days)
    return signed(book(at or world.at_city, patient or world.paul, starts_at=starts_at), *lines)


def amlodipine():
    return medicine("Amlodipine", form="tablet", dose_unit="tablet", strength="5 mg")


def card(page):
    html = page.content.decode()
    return html.partition("Takes now")[2].partition("</section>")[0]


def test_medicines_of_other_valid_prescriptions_stand_beside_the_draft(world, dora, address):
    earlier(world, line(amlodipine(), dose=Decimal(2), frequency="1+0+1"))
    shown = card(dora.get(address))
    assert "Amlodipine 5 mg tablet" in shown
    assert "2 tablets by mouth, twice a day, morning and night (2+0+2), 5 days" in shown
    assert "Dr Dora Sen" in shown
    posted = dora.post(address, {**typed(MedicineFactory()), "act": "search"})
    assert "Amlodipine 5 mg tablet" in card(posted)


def test_without_other_prescriptions_there_is_no_card(world, dora, address):
    earlier(world, patient=world.pia)
    assert "Takes now" not in dora.get(address).content.decode()


@pytest.mark.parametrize("what", ["cancelled", "ended", "draft"])
def test_what_does_not_count_is_not_taken(world, dora, address, what):
    if what == "draft":
        drafted(world.visit, line(amlodipine()))
    else:
        old = earlier(world, line(amlodipine()))
        with in_hospital(world.city):
            if what == "cancelled":
                operations.cancel_prescription(old, reason="Reaction", by=world.dora.user)
            else:
                yesterday = world.city.local(timezone.now()).date() - dt.timedelta(days=1)
                Prescription.objects.filter(pk=old.pk).update(valid_until=yesterday)
    assert "Takes now" not in dora.get(address).content.decode()


def test_what_the_draft_replaces_is_not_taken_beside_it(world, dora, address):
    old = signed(world.visit, line(MedicineFactory()))
    dora.post(reverse("records:replace", args=[old.public_id]))
    html = dora.get(address).content.decode()
    assert ("Paracetamol" in html, "Takes now" in html, TAKES in html) == (True, False, False)


def test_what_another_hospital_prescribed_stays_there(world, dora, address):
    with in_hospital(world.lakeside):
        ensure_registration(world.lakeside, world.paul, by=world.deb.user)
    earlier(world, line(amlodipine()), at=world.at_lakeside)
    assert "Amlodipine" not in dora.get(address).content.decode()


def test_the_same_substance_again_is_pointed_out_and_not_refused(world, dora, address):
    earlier(world, line(MedicineFactory(brand="First")))
    again = typed(MedicineFactory(brand="Second"))
    page = dora.post(address, {**again, "act": "search"})
    assert TAKES in page.content.decode()
    assert dora.post(address, {**again, "act": "save"}).status_code == 302
    other = dora.post(address, {**typed(amlodipine()), "act": "search"})
    assert "now already" not in other.content.decode()


def test_the_same_substance_twice_in_the_draft_is_pointed_out(world, dora, address):
    both = typed(MedicineFactory(brand="First"), MedicineFactory(brand="Second"), amlodipine())
    html = dora.post(address, {**both, "act": "search"}).content.decode()
    assert (html.count(TWICE), "Amlodipine stands here twice" in html) == (2, False)


def test_reading_them_is_noted(world, dora, address):
    dora.get(address)
    earlier(world)
    dora.get(address)
    parts = reads_of_patient(world.paul.public_id).values_list("read_part", "hospital_id")
    assert sorted(parts) == [("allergies", world.city.pk), ("medicines", world.city.pk)]
