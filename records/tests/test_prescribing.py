"""Writing a prescription in the browser, without JavaScript: search, add, remove, save, look over, sign."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from core.tenancy import in_hospital
from formulary.operations import load_demonstration_data
from records import operations, queries
from records.models import Prescription

from .factories import MedicineFactory, PatientFactory, begun, book, drafted, line, medicine, noted, signed


@pytest.fixture
def dora(world, as_person):
    return as_person(world.dora.user)


@pytest.fixture
def address(world):
    begun(world.visit)
    return reverse("records:prescribe", args=[world.visit.public_id])


def typed(*medicines, advice="", **first):
    """What the page sends with these medicines; `first` bends the first line."""
    sent = {
        "line-TOTAL_FORMS": len(medicines),
        "line-INITIAL_FORMS": 0,
        "advice": advice,
        "draft": "",
        "seen": "",
    }
    for number, chosen in enumerate(medicines):
        words = {
            "medicine": chosen.public_id, "dose": "1", "frequency": "1+1+1", "days": "5", "quantity": "",
            "max_daily": "", "repeats": "0", "indication": "", "instructions": "জ্বর থাকলে", "substitution_allowed": "on",
        }  # fmt: skip
        words |= first if number == 0 else {}
        sent |= {f"line-{number}-{name}": value for name, value in words.items()}
    return sent


def found(world):
    with in_hospital(world.city):
        return list(Prescription.objects.all())


def test_a_medicine_is_searched_added_and_removed_and_nothing_typed_is_lost(world, dora, address):
    load_demonstration_data()
    kept = typed(MedicineFactory(brand="Keepme"), dose="nonsense", advice="Half-written adv")
    page = dora.post(address, {**kept, "q": "amlo", "act": "search"})
    html = page.content.decode()
    assert page.status_code == 200
    assert all(text in html for text in ("Amlodipine", "Keepme", "nonsense", "Half-written adv", "জ্বর থাকলে"))
    chosen = page.context["found"][0]
    page = dora.post(address, {**kept, "act": f"add:{chosen.public_id}"})
    html = page.content.decode()
    assert (page.context["lines"].total_form_count(), str(chosen) in html, "nonsense" in html) == (
        2,
        True,
        True,
    )
    both = typed(MedicineFactory(brand="Goaway"), chosen, dose="nonsense")
    page = dora.post(address, {**both, "act": "remove:0"})
    html = page.content.decode()
    assert (page.context["lines"].total_form_count(), "Goaway" in html, str(chosen) in html) == (
        1,
        False,
        True,
    )
    assert found(world) == []


def test_the_enter_key_searches_or_saves(world, dora, address):
    chosen = MedicineFactory()
    assert dora.post(address, {**typed(chosen), "q": "para", "act": "enter"}).status_code == 200
    assert found(world) == []
    assert dora.post(address, {**typed(chosen), "q": "", "act": "enter"}).status_code == 302
    assert len(found(world)) == 1


@pytest.mark.parametrize("act", ["add:0000000000000000", "remove:9", "remove:x", "add:", "fly:1", "search"])
def test_odd_buttons_do_no_harm(world, dora, address, act):
    answer = dora.post(address, {**typed(), "act": act})
    assert answer.status_code in {200, 422}
    assert found(world) == []


@pytest.mark.parametrize("total", ["", "x", "-1", "99999999", "²"])
def test_a_bent_number_of_lines_does_no_harm(world, dora, address, total):
    answer = dora.post(address, {**typed(), "line-TOTAL_FORMS": total, "act": "save"})
    assert answer.status_code == 422
    assert dora.post(address, {**typed(), "line-TOTAL_FORMS": total, "act": "search"}).status_code == 200


def test_the_list_under_the_search_box_holds_what_was_found(world, dora):
    load_demonstration_data()
    html = dora.get(reverse("records:medicines"), {"q": "azi"}).content.decode()
    assert "Azithromycin" in html
    assert "<html" not in html
    assert "Nothing found" in dora.get(reverse("records:medicines"), {"q": "qqqqqq"}).content.decode()
    assert "Nothing found" not in dora.get(reverse("records:medicines")).content.decode()


def test_save_shows_the_draft(world, dora, address):
    answer = dora.post(address, {**typed(MedicineFactory(), dose="0.5"), "act": "save"}, follow=True)
    prescription = found(world)[0]
    html = answer.content.decode()
    assert answer.redirect_chain[-1][0] == reverse(
        "records:doctor_prescription", args=[prescription.public_id]
    )
    assert all(text in html for text in ("Draft, not signed", "0.5 tablet by mouth", "8 tablets", "জ্বর থাকলে"))
    page = dora.get(address).content.decode()
    assert all(text in page for text in ('value="0.5"', "জ্বর থাকলে", prescription.public_id))


@pytest.mark.parametrize(
    ("bend", "said"),
    [
        ({"dose": ""}, "Write the dose."),
        ({"dose": "much"}, "Write the dose as a number"),
        ({"frequency": ""}, "Choose how often."),
        ({"frequency": "", "instructions": "10 U"}, "Write “units”"),
        ({"frequency": "needed"}, "needs a limit"),
        ({"frequency": "needed", "max_daily": "4 g"}, "Write the most a day as a number"),
        ({"frequency": "needed", "max_daily": "0.5"}, "less than one dose"),
        ({"max_daily": "8"}, "This counts for “when needed” only."),
        ({"frequency": "needed", "max_daily": "4", "days": ""}, "can’t be worked out"),
        ({"days": ""}, "Write for how many days."),
        ({"instructions": "10 U nocte"}, "Write “units”"),
        ({"medicine": "0000000000000000"}, "not in the formulary"),
    ],
)
def test_save_with_a_mistake_says_where_and_keeps_the_rest(world, dora, address, bend, said):
    sent = typed(MedicineFactory(), MedicineFactory(brand="Second"), advice="Drink water", **bend)
    answer = dora.post(address, {**sent, "act": "save"})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert all(text in html for text in (said, "Second", "Drink water"))
    assert found(world) == []


def test_save_without_medicines_or_with_bad_advice(world, dora, address):
    assert "Add at least one medicine." in dora.post(address, {**typed(), "act": "save"}).content.decode()
    answer = dora.post(address, {**typed(MedicineFactory(), advice="Walk QD"), "act": "save"})
    assert (answer.status_code, "Write “daily”" in answer.content.decode()) == (422, True)


def test_two_windows_do_not_overwrite_each_other(world, dora, address):
    chosen = MedicineFactory()
    draft = drafted(world.visit, line(chosen))
    with in_hospital(world.city):
        opened = {"draft": draft.public_id, "seen": queries.draft_hash(draft)}
    first = dora.post(address, {**typed(chosen, advice="First"), **opened, "act": "save"})
    second = dora.post(address, {**typed(chosen, advice="Second"), **opened, "act": "save"})
    assert (first.status_code, second.status_code) == (302, 422)
    html = second.content.decode()
    assert ("The draft was changed meanwhile." in html, "Second" in html) == (True, True)
    assert [row.advice for row in found(world)] == ["First"]


def test_a_page_of_a_draft_thrown_away_keeps_what_was_typed(world, dora, address):
    chosen = MedicineFactory()
    draft = drafted(world.visit, line(chosen))
    with in_hospital(world.city):
        operations.discard_draft(draft, by=world.dora.user)
    sent = {**typed(chosen, advice="Mine"), "draft": draft.public_id, "act": "save"}
    answer = dora.post(address, sent)
    assert (answer.status_code, "Mine" in answer.content.decode()) == (422, True)


def test_sign_shows_the_sheet_and_signs_what_it_showed(world, dora):
    draft = drafted(world.visit)
    address = reverse("records:sign", args=[draft.public_id])
    page = dora.get(address)
    assert "Paracetamol" in page.content.decode()
    seen = page.context["form"]["seen"].value()
    with in_hospital(world.city):
        draft.lines.update(quantity=99)
    stale = dora.post(address, {"seen": seen})
    assert (stale.status_code, "99 tablets" in stale.content.decode()) == (422, True)
    seen = stale.context["form"]["seen"].value()
    assert dora.post(address, {"seen": seen}).status_code == 302
    assert dora.post(address, {"seen": seen}).url == reverse(
        "records:doctor_prescription", args=[draft.public_id]
    )
    assert found(world)[0].status == "active"


def test_how_often_is_offered_in_the_words_of_the_unit(world, dora, address):
    syrup = medicine("Zinc", form="syrup", dose_unit="mL")
    html = dora.post(address, {**typed(MedicineFactory(), syrup), "act": "search"}).content.decode()
    shorthand = "1+0+1 × dose: twice a day, morning and night</option>"
    assert (html.count(shorthand), html.count(">twice a day, morning and night</option>")) == (1, 1)


REACHED = [
    ({}, "Signed. Wanda is told.", "The prescription is cancelled. Wanda is told."),
    (
        {"email": "", "phone": "+8801711000009"},
        "Signed. Wanda has no e-mail: please print it, or call +880 1711-000009.",
        "The prescription is cancelled. Wanda has no e-mail: please call +880 1711-000009.",
    ),
    (
        {"email": ""},
        "Signed. Wanda has no e-mail and no phone on file: please print it.",
        "The prescription is cancelled. Wanda has no e-mail and no phone on file, so is not told.",
    ),
]


@pytest.mark.parametrize(("contact", "after_signing", "after_cancelling"), REACHED)
def test_nobody_is_said_to_be_told_who_is_not(world, dora, contact, after_signing, after_cancelling):
    wanda = PatientFactory(**{"user": None, "name": "Wanda", "email": "wanda@demo.test", **contact})
    draft = drafted(book(world.at_city, wanda))
    address = reverse("records:sign", args=[draft.public_id])
    page = dora.get(address)
    promises = ("Wanda is told.", "Wanda has no e-mail, so print it afterwards.")
    expected = (not contact, bool(contact))
    assert tuple(words in page.content.decode() for words in promises) == expected
    answer = dora.post(address, {"seen": page.context["form"]["seen"].value()}, follow=True)
    assert [str(message) for message in answer.context["messages"]] == [after_signing]
    cancelling = reverse("records:cancel", args=[draft.public_id])
    answer = dora.post(cancelling, {"reason": "Reaction"}, follow=True)
    assert [str(message) for message in answer.context["messages"]] == [after_cancelling]


def test_a_signed_prescription_leads_back_to_the_visit_until_it_is_finished(world, dora):
    prescription = signed(world.visit)
    address = reverse("records:doctor_prescription", args=[prescription.public_id])
    back = f'<a class="btn btn-primary" href="{reverse("records:see", args=[world.visit.public_id])}">'
    pdf = f'<a class="btn btn-primary" href="{address}pdf/">'
    html = dora.get(address).content.decode()
    assert ("The visit is not finished yet." in html, back in html, pdf in html) == (True, True, False)
    noted(world.visit)
    html = dora.get(address).content.decode()
    assert ("The visit is not finished yet." in html, back in html, pdf in html) == (False, False, True)


def test_cancel_asks_for_a_reason_and_says_what_is_lost(world, dora):
    prescription = signed(world.visit)
    address = reverse("records:cancel", args=[prescription.public_id])
    assert "no pharmacy should give anything out" in dora.get(address).content.decode()
    assert dora.post(address, {"reason": ""}).status_code == 422
    assert dora.post(address, {"reason": "Reaction"}).status_code == 302
    again = dora.post(address, {"reason": "Again"})
    assert (again.status_code, "Again" in again.content.decode()) == (422, True)


def test_units_stand_beside_the_numbers_of_a_line(world, dora, address):
    inhaler = medicine("Salbutamol", form="inhaler", dose_unit="puff", route="inhalation")
    html = dora.post(address, {**typed(inhaler), "act": "search"}).content.decode()
    labels = ("Dose (puff)", "Most a day, when needed (puff)", "Quantity (inhaler)")
    assert [label in html for label in labels] == [True, True, True]


def test_a_counted_quantity_is_counted_anew_and_a_chosen_one_stays(world, dora, address):
    chosen = [medicine(f"M{n}", form="tablet", dose_unit="tablet") for n in range(3)]
    needed = {"frequency": "needed", "max_daily": Decimal("4.0"), "days": None, "quantity": 12}
    old = signed(
        world.visit, line(chosen[0]), line(chosen[1], quantity=20), line(chosen[2], **needed)
    )  # 1+1+1, 5 days
    dora.post(reverse("records:replace", args=[old.public_id]))
    page = dora.get(address)
    lines = page.context["lines"]
    assert [form["quantity"].value() for form in lines] == [None, 20, 12]
    assert [form["max_daily"].value() for form in lines] == ["", "", "4"]
    sent = {"line-TOTAL_FORMS": 3, "line-INITIAL_FORMS": 0, "act": "save"}
    sent |= {name: page.context["form"][name].value() for name in ("advice", "draft", "seen")}
    for form in lines:
        sent |= {field.html_name: field.value() for field in form if field.value() is not None}
    dora.post(address, {**sent, "line-0-days": "7", "line-1-days": "7"})
    newest = found(world)[0]
    assert newest.replaces_id == old.pk
    with in_hospital(world.city):
        assert [row.quantity for row in newest.lines.all()] == [21, 20, 12]


def test_replace_leads_to_the_new_draft(world, dora, address):
    prescription = signed(world.visit)
    answer = dora.post(reverse("records:replace", args=[prescription.public_id]))
    assert answer.url == address
    assert "Paracetamol" in dora.get(address).content.decode()


def test_discard_asks_first(world, dora):
    draft = drafted(world.visit)
    address = reverse("records:discard", args=[draft.public_id])
    assert "Throw away the draft for Paul Rahman?" in dora.get(address).content.decode()
    assert dora.post(address).url == reverse("records:see", args=[world.visit.public_id])
    assert found(world) == []
