"""A patient's page at the desk: details, visits, bills and what can be done; nothing clinical, nothing of elsewhere."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse

from accounts.tests.world import link_in, mails_to
from appointments import operations
from appointments.models import Appointment
from appointments.queries import visits_here
from billing.models import Refund
from billing.operations import pay_refund_at_desk
from billing.queries import bills_of_patient
from core.actors import SEED
from core.tenancy import in_hospital
from ledger.models import EntrySecret

from . import factories as f

DAY = dt.timedelta(days=1)


def page_of(patient, slug: str = "city") -> str:
    return reverse("appointments:desk_patient", args=[slug, patient.public_id])


def shown(client: Client, patient, query: str = "") -> str:
    answer = client.get(page_of(patient) + query)
    assert answer.status_code == 200
    return answer.content.decode().split("<main")[1].split("</main>")[0]


def test_the_page_says_who_with_which_number_and_what_can_be_done(world, client_of):
    page = shown(client_of(world.users.rita), world.paul)

    for words in ("Paul Rahman", "P-000001", "3 May 1988", "(38)", "01711-000214", "paul@demo.test"):
        assert words in page
    assert f'href="/h/city/book/?patient={world.paul.public_id}"' in page
    assert "Paul Rahman has a log-in and changes these details there." in page
    assert "/edit/" not in page
    assert "No visits yet" in page and "No bills yet" in page


def test_a_walk_in_can_be_edited_from_the_page(world, client_of):
    rokeya = f.registered(f.WalkInFactory(name="Rokeya Begum"), world.city)
    page = shown(client_of(world.users.rita), rokeya)
    assert f'href="/h/city/patients/{rokeya.public_id}/edit/"' in page
    assert "has a log-in" not in page


def test_visits_stand_in_order_those_to_come_first(world, client_of, clock):
    late = f.booked(world.at_city, world.paul, f.FOUR + 2 * DAY)
    soon = f.booked(world.at_city, world.paul, f.FOUR)
    gone = f.booked(world.at_city, world.paul, f.FOUR + DAY)
    with in_hospital(world.city):
        operations.cancel_appointment(gone, side=Appointment.Side.PATIENT, reason="", by=world.users.paul)
        found = visits_here(world.paul, world.city, page=1)
    assert ([row.pk for row in found.ahead], [row.pk for row in found.called_off], found.over) == (
        [soon.pk, late.pk],
        [gone.pk],
        [],
    )
    page = shown(client_of(world.users.rita), world.paul)
    places = [page.index(words) for words in ("Visits to come", "These do not take place", "Cancelled")]
    assert places == sorted(places) and "Past visits" not in page

    clock.move_to(f.FOUR + DAY)
    with in_hospital(world.city):
        found = visits_here(world.paul, world.city, page=1)
    assert ([row.pk for row in found.ahead], [row.pk for row in found.over]) == (
        [late.pk],
        [gone.pk, soon.pk],
    )
    page = shown(client_of(world.users.rita), world.paul)
    places = [page.index(words) for words in ("Visits to come", "Past visits", "Cancelled")]
    assert places == sorted(places)
    for visit in (soon, late, gone):
        assert f'href="/h/city/visits/{visit.public_id}/"' in page


def test_a_time_that_is_only_held_is_not_shown(world, client_of):
    held = f.book(world.at_city, world.paul, pay="online")
    page = shown(client_of(world.users.rita), world.paul)
    assert held.public_id not in page and "No visits yet" in page


def test_nothing_clinical_and_nothing_of_another_hospital_is_shown(world, client_of):
    f.booked(world.at_city, world.paul, reason="Zqreason")
    elsewhere = f.booked(world.debs, world.paul, f.FOUR + DAY)
    page = shown(client_of(world.users.rita), world.paul)
    assert "Zqreason" not in page
    for words in (elsewhere.public_id, f.invoice_of(elsewhere).public_id, "Dr Deb Roy", "৳700"):
        assert words not in page


def test_bills_say_what_is_owed_and_lead_to_the_payment(world, client_of):
    first = f.booked(world.at_city, world.paul)
    second = f.booked(world.at_city, world.paul, f.FOUR + DAY)
    rita = client_of(world.users.rita)
    page = shown(rita, world.paul)
    assert "৳2,400 to pay" in page
    for visit in (first, second):
        bill = f.invoice_of(visit).public_id
        assert f'href="/h/city/bills/{bill}/pay/"' in page and f'href="/h/city/bills/{bill}/"' in page

    f.pay_at_desk(first)
    page = shown(rita, world.paul)
    assert "৳1,200 to pay" in page and f"{f.invoice_of(first).public_id}/pay/" not in page
    f.pay_at_desk(second)
    assert "Nothing to pay" in shown(rita, world.paul)


def test_what_was_cancelled_is_not_owed(world):
    visit = f.booked(world.at_city, world.paul)
    f.booked(world.at_city, world.paul, f.FOUR + DAY)
    with in_hospital(world.city):
        assert bills_of_patient(world.paul, world.city).owed == Decimal("2400.00")
        operations.cancel_appointment(visit, side=Appointment.Side.HOSPITAL, reason="Ill", by=SEED)
        assert bills_of_patient(world.paul, world.city).owed == Decimal("1200.00")


def test_a_bill_says_whether_the_money_is_back_or_on_its_way(world):
    visit = f.booked(world.at_city, world.paul)
    f.pay_at_desk(visit)
    with in_hospital(world.city):
        operations.cancel_appointment(visit, side=Appointment.Side.HOSPITAL, reason="Ill", by=SEED)
        bill = f.invoice_of(visit)

        def state() -> str:
            return next(state for row, state in bills_of_patient(world.paul, world.city).rows if row == bill)

        assert state() == "goes_back"
        pay_refund_at_desk(Refund.objects.get(), by=world.users.rita)
        assert state() == "paid_back"
        assert bills_of_patient(world.paul, world.city).owed == Decimal("0.00")


def test_many_visits_are_paged_and_many_bills_lead_to_all(world, client_of):
    for number in range(12):
        f.booked(world.at_city, world.paul, f.FOUR + number * DAY, pay="later")
    rita = client_of(world.users.rita)
    first, second = shown(rita, world.paul), shown(rita, world.paul, "?page=2")
    assert (first.count("/h/city/visits/"), second.count("/h/city/visits/")) == (10, 2)
    assert "Earlier visits" in first and "Later visits" not in first
    assert "Later visits" in second and "Earlier visits" not in second
    assert "৳14,400 to pay" in first
    assert 'href="/h/city/desk/?show=all&amp;q=P-000001"' in first
    assert 'href="?page=1"' not in shown(rita, world.paul, "?page=3")
    assert shown(rita, world.paul, "?page=junk") == re.sub(
        r"\?page=junk", "", shown(rita, world.paul, "?page=0")
    )


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_costs_the_same_for_any_number(world, client_of, counted, rows):
    for number in range(rows):
        f.booked(world.at_city, world.paul, f.FOUR + number * DAY)
    # The last of them finds today's reading in the ledger.
    assert counted(client_of(world.users.rita), page_of(world.paul)) == 11


def test_who_may_open_the_page(world, client_of):
    def codes(patient, slug: str) -> dict[str, int]:
        people = {
            name: getattr(world.users, name) for name in ("ada", "rita", "dora", "mallory", "root", "pia")
        }
        return {
            name: client_of(user).get(page_of(patient, slug)).status_code for name, user in people.items()
        }

    everybody = {"ada": 200, "rita": 200, "dora": 403, "mallory": 404, "root": 404, "pia": 404}
    assert codes(world.paul, "city") == everybody
    stranger = f.registered(f.WalkInFactory(), world.lakeside)
    assert codes(stranger, "city") == everybody | {"ada": 404, "rita": 404}
    assert client_of().get(page_of(world.paul)).url.startswith("/accounts/log-in/")


def test_the_patient_sees_who_opened_the_page(world, client_of):
    rita = client_of(world.users.rita)
    for _ in range(2):
        shown(rita, world.paul)
    assert EntrySecret.objects.filter(kind="ledger.read", patient_id=world.paul.public_id).count() == 1
    page = client_of(world.users.paul).get("/me/access/").content.decode()
    for words in ("Rita Saha", "Your details, visits and bills", "To serve you at the desk", "City General"):
        assert words in page
    assert "who opens your chart, a document, a visit, or your page at a hospital’s desk" in page


def test_a_visitor_who_picked_a_time_ends_at_it_after_signing_up(world, client):
    slot = f"/me/book/{world.at_city.public_id}/?start={quote('2026-11-23T10:00:00+00:00')}"
    login = client.get(slot)["Location"]
    sign_up = re.search(r'href="(/join/\?next=[^"]+)"', client.get(login).content.decode())[1]
    details = {
        "name": "Nadia Islam", "email": "nadia@demo.test", "phone": "01711000300", "birth_date": "1990-02-01",
        "address": "Road 5", "password": "seven green boats",
    }  # fmt: skip
    assert client.post(sign_up, details).status_code == 200
    link = link_in(mails_to("nadia@demo.test")[0])
    confirmed = client.post(link, {"password": "seven green boats"})
    assert confirmed["Location"] == slot
    page = client.get(slot).content.decode()
    assert "Book with Dr Dora Sen" in page and "Nadia Islam" in page
    assert client.post(slot, {"pay": "desk", "reason": ""}).status_code == 302
    with in_hospital(world.city):
        assert Appointment.objects.get().starts_at == f.FOUR
