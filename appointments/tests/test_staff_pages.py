"""The doctor's and the desk's pages: deciding, the day's list, booking for somebody; and how many queries lists take."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from appointments.models import Appointment
from billing.models import Invoice
from core.errors import DomainError
from core.tenancy import everywhere

from . import factories as f

Status = Appointment.Status
DAY = "/h/city/day/?day=2026-11-23"


def url(name: str, *args) -> str:
    return reverse(f"appointments:{name}", args=args)


@pytest.mark.parametrize("who", ["dora", "rita"])
def test_accept_and_decline_with_a_reason(world, client_of, who):
    first, second = f.book(world.at_city, world.paul), f.book(world.at_city, world.pia, f.FOUR + f.LENGTH)
    client = client_of(getattr(world.users, who))
    area, slug = ("doctor_", ()) if who == "dora" else ("desk_", ("city",))
    accepted = client.post(url(f"{area}accept", *slug, first.public_id), follow=True)
    assert "Accepted. Paul Rahman is told." in accepted.content.decode()
    assert client.post(url(f"{area}accept", *slug, first.public_id)).status_code == 409
    decline = url(f"{area}decline", *slug, second.public_id)
    assert client.post(decline, {"reason": ""}).status_code == 422
    assert client.post(decline, {"reason": "On leave"}).status_code == 302
    assert (f.again(first).status, f.again(second).status, f.again(second).cancel_reason) == (
        Status.BOOKED, Status.CANCELLED, "On leave",
    )  # fmt: skip


@pytest.mark.parametrize(("side", "back"), [("hospital", "1200.00"), ("patient", "600.00")])
def test_the_desk_cancels_for_the_hospital_or_for_the_patient(world, client_of, clock, side, back):
    visit = f.booked(world.at_city, world.paul)
    f.pay_at_desk(visit)
    clock.move_to(f.FOUR - dt.timedelta(hours=5))
    rita = client_of(world.users.rita)
    address = url("desk_cancel", "city", visit.public_id)
    assert "৳600.00 of ৳1,200.00 goes back." in rita.get(address).content.decode()
    assert rita.post(address, {"side": "nobody", "reason": "Ill"}).status_code == 422
    assert rita.post(address, {"side": side, "reason": "Ill"}).status_code == 302
    assert str(f.again(visit).returned) == back


def test_the_doctor_cancels_and_everything_goes_back(world, client_of, clock):
    visit = f.booked(world.at_city, world.paul)
    f.pay_at_desk(visit)
    clock.move_to(f.FOUR - dt.timedelta(minutes=5))
    client = client_of(world.users.dora)
    assert client.post(url("doctor_cancel", visit.public_id), {"reason": "Emergency"}).status_code == 302
    assert str(f.again(visit).returned) == "1200.00"


@pytest.mark.parametrize(("who", "area", "slug"), [("dora", "doctor_", ()), ("rita", "desk_", ("city",))])
def test_staff_move_and_note_who_did_not_come(world, client_of, clock, who, area, slug):
    visit = f.booked(world.at_city, world.paul)
    client = client_of(getattr(world.users, who))
    moved = client.post(url(f"{area}reschedule", *slug, visit.public_id), {"start": "2026-11-23T10:20Z"})
    assert (moved.status_code, f.again(visit).status) == (302, Status.BOOKED)
    no_show = url(f"{area}no_show", *slug, visit.public_id)
    assert "This can’t be taken back." in client.get(no_show).content.decode()
    assert client.post(no_show).status_code == 409
    clock.move_to(f.FOUR + f.LENGTH)
    assert client.post(no_show).status_code == 302
    assert f.again(visit).status == Status.NOSHOW


def test_the_days_list_has_figures_payments_and_filters(world, client_of):
    farhana = f.working(f.DoctorFactory(name="Dr Farhana Karim"), hospital=world.city)
    paid = f.booked(world.at_city, world.paul)
    f.pay_at_desk(paid)
    f.book(world.at_city, world.pia, f.FOUR + f.LENGTH)
    f.book(
        farhana,
        f.registered(f.WalkInFactory(name="Rokeya Begum", phone="+8801911000333"), world.city),
        f.FOUR,
    )
    f.book(world.at_city, world.paul, f.FOUR + dt.timedelta(days=1))
    f.book(world.at_lakeside, world.paul, f.FOUR + 2 * f.LENGTH)
    rita = client_of(world.users.rita)
    page = rita.get(DAY)
    assert [visit.patient.name for visit, _ in page.context["rows"]] == [
        "Paul Rahman",
        "Rokeya Begum",
        "Pia Sarkar",
    ]
    assert {value: count for value, _, count in page.context["states"]} == {
        "pending": 2, "booked": 1, "arrived": 0, "fulfilled": 0, "noshow": 0, "cancelled": 0,
    }  # fmt: skip
    assert [(name, count) for _, name, count in page.context["figures"].by_doctor] == [
        ("Dr Dora Sen", 2), ("Dr Farhana Karim", 1),
    ]  # fmt: skip
    text = page.content.decode()
    assert text.count("৳1,200 due") == 2 and "P-000001" in text
    assert "Waiting for an answer on other days" in text and "Tuesday 24 November, 4:00 pm" in text

    def shown(**query) -> list[str]:
        rows = rita.get(DAY, {"day": "2026-11-23", **query}).context["rows"]
        return [visit.patient.name for visit, _ in rows]

    assert shown(q="roke") == shown(q="01911 000333") == shown(q="p-000003") == ["Rokeya Begum"]
    assert shown(doctor=farhana.doctor.public_id) == ["Rokeya Begum"]
    assert shown(status="booked") == ["Paul Rahman"]
    assert shown(q="nobody at all") == []


def test_a_wrong_day_shows_today(world, client_of):
    for day in ("31 November", "0001-01-01", "9999-12-31", "2026-11-21"):
        assert client_of(world.users.rita).get("/h/city/day/", {"day": day}).status_code == 200
        assert client_of(world.users.dora).get("/doctor/day/", {"day": day}).status_code == 200


def test_a_doctors_day_holds_all_hospitals(world, client_of):
    f.booked(world.at_city, world.paul)
    f.booked(world.at_lakeside, world.pia, f.FOUR + f.LENGTH)
    f.book(world.debs, world.paul, f.FOUR + f.LENGTH)
    f.book(world.at_city, world.paul, f.FOUR + dt.timedelta(days=1))
    page = client_of(world.users.dora).get("/doctor/day/?day=2026-11-23")
    assert [(visit.patient.name, visit.hospital.slug) for visit in page.context["visits"]] == [
        ("Paul Rahman", "city"), ("Pia Sarkar", "lakeside"),
    ]  # fmt: skip
    assert "Tuesday 24 November, 4:00 pm" in page.content.decode()


def test_the_desk_books_for_a_walk_in_and_takes_the_payment(world, client_of):
    walk_in = f.registered(f.WalkInFactory(name="Rokeya Begum"), world.city)
    rita = client_of(world.users.rita)
    assert "Rokeya Begum" in rita.get("/h/city/book/", {"q": "rokya"}).content.decode()
    chosen = rita.get("/h/city/book/", {"patient": walk_in.public_id})
    assert [row.pk for row, _ in chosen.context["cards"]] == [world.at_city.pk]
    address = (
        f"{url('desk_book', 'city', world.at_city.public_id)}?patient={walk_in.public_id}&day=2026-11-23"
    )
    assert 'value="2026-11-23T10:00Z"' in rita.get(address).content.decode()
    response = rita.post(address, {"patient": walk_in.public_id, "start": "2026-11-23T10:00Z"}, follow=True)
    with everywhere():
        visit = Appointment.objects.get()
    assert (visit.patient, visit.booked_by, visit.status) == (walk_in, world.users.rita, Status.BOOKED)
    invoice = f.invoice_of(visit)
    assert invoice.status == Invoice.Status.ISSUED
    text = response.content.decode()
    assert "Booked for Rokeya Begum." in text
    assert reverse("billing:desk_invoice", args=["city", invoice.public_id]) in text


def test_the_page_of_a_doctor_among_the_staff_leads_to_ending_the_work_there(world, client_of):
    ada = client_of(world.users.ada)
    session = ada.session
    session["confirmed_at"] = int(f.NOW.timestamp())
    session.save()
    membership = world.at_city.membership.public_id
    member = reverse("hospitals:member", args=["city", membership])
    remove = reverse("hospitals:remove_staff", args=["city", membership])
    text = ada.get(member).content.decode()
    assert url("end_affiliation", "city", world.at_city.public_id) in text and remove not in text
    assert ada.get(remove)["Location"] == member
    refused = ada.post(remove)
    assert refused.status_code == 409 and "A doctor leaves on the page of doctors" in refused.content.decode()


@pytest.mark.parametrize(
    ("at_desk", "words"),
    [(True, "to be paid at the desk"), (False, "the bill waits for the patient, who pays it online")],
)
def test_the_desk_books_whichever_way_patients_pay(world, client_of, at_desk, words):
    world.city.pays_at_desk = at_desk
    world.city.accepts_at_once = True
    world.city.save()
    rita, paul = client_of(world.users.rita), client_of(world.users.paul)
    address = url("desk_book", "city", world.at_city.public_id) + f"?patient={world.paul.public_id}"
    assert words in rita.get(address).content.decode()
    done = rita.post(address, {"patient": world.paul.public_id, "start": "2026-11-23T10:00Z"})
    with everywhere():
        visit = Appointment.objects.get()
    assert (done.status_code, visit.status) == (302, Status.BOOKED)
    assert f.invoice_of(visit).status == Invoice.Status.ISSUED
    assert "Pay online" in paul.get(url("visit", visit.public_id)).content.decode()
    with pytest.raises(DomainError, match="does not take this way of paying"):
        world.city.pays_at_desk = False
        world.city.save()
        f.book(world.at_city, world.pia, f.FOUR + f.LENGTH, pay="desk")


def test_the_desk_books_nobody_elses_patient_and_no_taken_time(world, client_of):
    stranger = f.registered(f.WalkInFactory(), world.lakeside)
    rita = client_of(world.users.rita)
    address = url("desk_book", "city", world.at_city.public_id)
    assert rita.get(address, {"patient": stranger.public_id}).status_code == 404
    assert rita.get(address).status_code == 404
    assert (
        rita.post(address, {"patient": stranger.public_id, "start": "2026-11-23T10:00Z"}).status_code == 404
    )
    f.book(world.at_city, world.pia)
    taken = rita.post(address, {"patient": world.paul.public_id, "start": "2026-11-23T10:00Z"})
    assert taken.status_code == 422 and "4:00 pm was just taken" in taken.content.decode()


@pytest.mark.parametrize(
    ("who", "address", "queries"),
    [
        ("paul", "/me/visits/", 8),
        ("paul", "/me/visits/?when=past", 6),
        ("dora", "/doctor/day/?day=2026-11-23", 8),
        ("rita", DAY, 10),
        ("rita", "/h/city/book/", 8),
    ],
)
def test_lists_take_the_same_few_queries_with_one_row_and_with_three(
    world, client_of, counted, clock, who, address, queries
):
    def add(number: int) -> None:
        patient = world.paul if who == "paul" else f.registered(f.WalkInFactory(), world.city)
        f.booked(world.at_city, patient, f.FOUR + number * f.LENGTH)
        f.pay_at_desk(f.book(world.at_city, patient, f.FOUR + dt.timedelta(days=3) + number * f.LENGTH))

    add(0)
    if "past" in address:
        clock.move_to(f.FOUR + dt.timedelta(days=2))
    client = client_of(getattr(world.users, who))
    one = counted(client, address)
    clock.move_to(f.NOW)
    add(1)
    add(2)
    if "past" in address:
        clock.move_to(f.FOUR + dt.timedelta(days=2))
    assert (one, counted(client, address)) == (queries, queries)


def test_single_pages_stay_within_ten_queries(world, client_of, counted):
    visit, other = f.booked(world.at_city, world.paul), f.book(world.at_city, world.pia, f.FOUR + f.LENGTH)
    pages = {
        "paul": [
            url("visit", visit.public_id), url("cancel", visit.public_id),
            f"{url('book', world.debs.public_id)}?start=2026-11-24T10:00Z",
        ],
        "dora": [url("doctor_visit", other.public_id), url("doctor_decline", other.public_id)],
        "rita": [
            url("desk_visit", "city", visit.public_id), url("desk_cancel", "city", visit.public_id),
            f"{url('desk_search', 'city')}?patient={world.paul.public_id}",
        ],
    }  # fmt: skip
    counts = {
        address: counted(client_of(getattr(world.users, who)), address)
        for who in pages
        for address in pages[who]
    }
    assert {address: count for address, count in counts.items() if count > 10} == {}


def test_pages_with_a_calendar_take_as_many_queries_however_full_it_is(world, client_of, counted):
    visit = f.booked(world.at_city, world.paul)
    addresses = {
        "paul": url("reschedule", visit.public_id),
        "rita": f"{url('desk_book', 'city', world.at_city.public_id)}?patient={world.paul.public_id}",
    }
    few = {who: counted(client_of(getattr(world.users, who)), address) for who, address in addresses.items()}
    for number in range(1, 5):
        f.booked(world.at_city, f.registered(f.WalkInFactory(), world.city), f.FOUR + number * f.LENGTH)
    many = {who: counted(client_of(getattr(world.users, who)), address) for who, address in addresses.items()}
    assert few == many == {"paul": 9, "rita": 10}
