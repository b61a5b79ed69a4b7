"""The pages of visits: who may open which, what they show, what bad input gets, and how many queries they take."""

from __future__ import annotations

import datetime as dt

import icalendar
import pytest
from django.urls import reverse

from appointments import operations
from appointments.models import Appointment, Cell
from billing.gateways.fake import FakeGateway
from core.tenancy import everywhere, in_hospital

from . import factories as f

Status = Appointment.Status
PEOPLE = ("nobody", "paul", "pia", "dora", "deb", "rita", "ada", "mallory", "root")


def url(name: str, *args) -> str:
    return reverse(f"appointments:{name}", args=args)


def person(world, name):
    return None if name == "nobody" else getattr(world.users, name)


def codes(world, client_of, address: str, method: str = "get") -> dict[str, int]:
    """Return what each of the cast gets; 302 is the way to the log-in."""
    found = {}
    for name in PEOPLE:
        found[name] = getattr(client_of(person(world, name)), method)(address).status_code
    return found


def expected(**allowed: int) -> dict[str, int]:
    """Return the codes of an area: its own pages hide from strangers (404) or need a role (403)."""
    return {name: allowed.get(name, allowed["others"]) for name in PEOPLE} | {"nobody": 302}


# Who has no patient's record of their own is led to where one begins.
ME = {"others": 302, "pia": 404}
DOCTOR = {"others": 403, "deb": 404}
DESK = {"others": 404, "dora": 403}


@pytest.mark.parametrize(
    ("name", "method", "allowed"),
    [
        ("visit", "get", ME | {"paul": 200}),
        ("cancel", "get", ME | {"paul": 200}),
        ("reschedule", "get", ME | {"paul": 200}),
        ("release", "get", ME | {"paul": 200}),
        ("calendar_file", "get", ME | {"paul": 200}),
        ("doctor_visit", "get", DOCTOR | {"dora": 200}),
        ("doctor_accept", "post", DOCTOR | {"dora": 302}),
        ("doctor_accept", "get", dict.fromkeys(PEOPLE, 405) | {"others": 403, "pia": 403, "paul": 403, "rita": 403,
                                 "ada": 403, "mallory": 403, "root": 403}),
        ("doctor_decline", "get", DOCTOR | {"dora": 200}),
        ("doctor_cancel", "get", DOCTOR | {"dora": 200}),
        ("doctor_reschedule", "get", DOCTOR | {"dora": 200}),
        ("doctor_no_show", "get", DOCTOR | {"dora": 200}),
    ],
)  # fmt: skip
def test_who_opens_a_visits_pages(world, client_of, name, method, allowed):
    visit = f.book(world.at_city, world.paul)
    assert codes(world, client_of, url(name, visit.public_id), method) == expected(**allowed)


@pytest.mark.parametrize(
    ("name", "method", "code"),
    [
        ("desk_visit", "get", 200), ("desk_accept", "post", 302), ("desk_decline", "get", 200),
        ("desk_cancel", "get", 200), ("desk_reschedule", "get", 200), ("desk_no_show", "get", 200),
    ],
)  # fmt: skip
def test_who_opens_a_visits_pages_at_the_desk(world, client_of, name, method, code):
    first, second = f.book(world.at_city, world.paul), f.book(world.at_city, world.pia, f.FOUR + f.LENGTH)
    for who, visit in (("rita", first), ("ada", second)):
        address = url(name, "city", visit.public_id)
        assert getattr(client_of(person(world, who)), method)(address).status_code == code
    strangers = codes(world, client_of, url(name, "city", first.public_id), "get")
    assert {strangers[who] for who in ("paul", "pia", "deb", "mallory", "root")} == {404}
    assert (strangers["nobody"], strangers["dora"]) == (302, 403)  # doctors have pages of their own


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("/me/visits/", {"others": 302, "paul": 200, "pia": 200}),
        ("/doctor/day/", {"others": 403, "dora": 200, "deb": 200}),
        ("/h/city/day/", DESK | {"rita": 200, "ada": 200}),
        ("/h/city/book/", DESK | {"rita": 200, "ada": 200}),
    ],
)
def test_who_opens_the_lists(world, client_of, address, allowed):
    assert codes(world, client_of, address) == expected(**allowed)


def test_ids_of_other_hospitals_and_unknown_ones_answer_alike(world, client_of):
    theirs = f.book(world.debs, world.paul)
    rita = client_of(world.users.rita)
    for visit_id in (theirs.public_id, "unknown"):
        for name in ("desk_visit", "desk_decline", "desk_cancel", "desk_reschedule", "desk_no_show"):
            assert rita.get(url(name, "city", visit_id)).status_code == 404
            assert rita.get(url(name, "lakeside", visit_id)).status_code == 404
        assert rita.post(url("desk_accept", "city", visit_id)).status_code == 404
    for affiliation in (world.debs.public_id, "unknown"):
        assert (
            rita.get(url("desk_book", "city", affiliation), {"patient": world.paul.public_id}).status_code
            == 404
        )


@pytest.mark.parametrize("given_back", [False, True])
def test_a_time_that_is_only_held_or_was_given_back_is_nobodys_but_the_patients(world, client_of, given_back):
    held = f.book(world.at_city, world.paul, pay="online", reason="Chest pain")
    if given_back:
        with in_hospital(world.city):
            operations.release_hold(held, side=Appointment.Side.PATIENT, by=world.users.paul)
    assert client_of(world.users.paul).get(url("visit", held.public_id)).status_code == 200
    dora, rita = client_of(world.users.dora), client_of(world.users.rita)
    for name in ("visit", "decline", "cancel", "reschedule", "no_show"):
        assert dora.get(url(f"doctor_{name}", held.public_id)).status_code == 404
        assert rita.get(url(f"desk_{name}", "city", held.public_id)).status_code == 404
    assert dora.post(url("doctor_accept", held.public_id)).status_code == 404
    assert rita.post(url("desk_accept", "city", held.public_id)).status_code == 404
    assert "Paul" not in rita.get("/h/city/day/?day=2026-11-23").content.decode()


def test_a_doctor_who_left_opens_nothing_there(world, client_of):
    visit = f.book(world.at_city, world.paul)
    with everywhere():
        world.at_city.membership.status = "removed"
        world.at_city.membership.save()
    assert client_of(world.users.dora).get(url("doctor_visit", visit.public_id)).status_code == 404


def test_only_the_doctor_and_the_patient_read_what_it_is_about(world, client_of):
    visit = f.booked(world.at_city, world.paul, reason="CANARY")
    assert "CANARY" in client_of(world.users.paul).get(url("visit", visit.public_id)).content.decode()
    assert "CANARY" in client_of(world.users.dora).get(url("doctor_visit", visit.public_id)).content.decode()
    rita = client_of(world.users.rita)
    for address in (url("desk_visit", "city", visit.public_id), "/h/city/day/?day=2026-11-23"):
        assert "CANARY" not in rita.get(address).content.decode()


# Booking


def book_url(affiliation, start=f.FOUR) -> str:
    return f"{url('book', affiliation.public_id)}?start={start:%Y-%m-%dT%H:%MZ}"


def test_a_click_on_a_free_time_leads_through_the_log_in_back_to_it(world, client_of):
    response = client_of().get(book_url(world.at_city))
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/log-in/?next=")
    back = (
        response["Location"].partition("next=")[2].replace("%3F", "?").replace("%3D", "=").replace("%3A", ":")
    )
    page = client_of(world.users.paul).get(back.replace("%2F", "/"))
    assert (page.status_code, page.context["start"], page.context["affiliation"]) == (
        200,
        f.FOUR,
        world.at_city,
    )


def test_book_page_says_what_it_costs_and_what_comes_back(world, client_of):
    text = client_of(world.users.paul).get(book_url(world.at_city)).content.decode()
    for words in ("Monday 23 November", "4:00 pm to 4:20 pm", "৳1,200.00", "Only Dr Dora Sen reads this.", "Paul Rahman",
                  "Until tomorrow, 4:00 pm", "৳1,200 back", "Until Mon 23 Nov, 12:00 pm", "৳600 back", "nothing back",
                  "Online now", "At the desk"):  # fmt: skip
        assert words in text, words


def test_book_online_leads_to_the_gateway_while_the_time_is_kept(world, client_of):
    response = client_of(world.users.paul).post(
        book_url(world.at_city), {"pay": "online", "reason": "Chest pain"}
    )
    (tran_id,) = FakeGateway.from_settings().sessions
    assert (response.status_code, response["Location"]) == (302, f"https://pay.example/{tran_id}")
    with everywhere():
        visit = Appointment.objects.get()
    assert (visit.status, visit.reason, visit.patient) == (Status.PROPOSED, "Chest pain", world.paul)


def test_book_online_at_a_hospital_for_the_first_time(world, client_of):
    newcomer = f.PatientFactory()
    response = client_of(newcomer.user).post(book_url(world.at_city), {"pay": "online"})
    assert response["Location"].startswith("https://pay.example/")


def test_book_online_while_the_gateway_is_away_leads_to_the_bill_of_the_kept_time(world, client_of):
    FakeGateway.from_settings().be_unavailable()
    paul = client_of(world.users.paul)
    response = paul.post(book_url(world.at_city), {"pay": "online"})
    with everywhere():
        invoice = f.invoice_of(Appointment.objects.get())
    assert response["Location"] == reverse("billing:pay", args=[invoice.public_id])
    assert (
        "The payment page does not answer. Nothing was paid."
        in paul.get(response["Location"]).content.decode()
    )


def test_book_at_the_desk_leads_to_the_visit(world, client_of):
    paul = client_of(world.users.paul)
    response = paul.post(book_url(world.at_city), {"pay": "desk"}, follow=True)
    with everywhere():
        visit = Appointment.objects.get()
    assert response.redirect_chain == [(url("visit", visit.public_id), 302)]
    text = response.content.decode()
    assert "Sent to City General Hospital. It answers soon, and you get a mail then." in text
    assert "The time is yours" not in text and "Serial 1" in text and "Waiting for the hospital" in text


def test_book_where_bookings_need_no_acceptance_says_that_the_time_is_yours(world, client_of):
    world.city.accepts_at_once = True
    world.city.save()
    response = client_of(world.users.paul).post(book_url(world.at_city), {"pay": "desk"}, follow=True)
    assert "The time is yours. A mail with a calendar entry is on its way." in response.content.decode()


def test_book_a_time_that_was_just_taken_says_so_and_keeps_what_was_typed(world, client_of):
    f.book(world.at_city, world.pia)
    page = client_of(world.users.paul).post(
        book_url(world.at_city), {"pay": "desk", "reason": "My own words"}
    )
    text = page.content.decode()
    assert page.status_code == 422
    assert "4:00 pm was just taken. Please choose another time." in text and "My own words" in text
    assert "Nothing was paid, and what you wrote is kept." in text
    assert "See the next free times" in text
    assert 'name="start" value="2026-11-23T10:20Z"' in text
    assert "If you cancel" not in text and "pay at the desk</span>" not in text


def test_another_time_is_chosen_with_what_was_typed_and_books_nothing_yet(world, client_of):
    f.book(world.at_city, world.pia)
    paul = client_of(world.users.paul)
    typed = {"pay": "desk", "reason": "My own words"}
    page = paul.post(book_url(world.at_city), {**typed, "start": "2026-11-23T10:20Z"})
    text = page.content.decode()
    assert (page.status_code, page.context["start"]) == (200, f.FOUR + f.LENGTH)
    assert "My own words" in text and 'value="desk" id="id_pay_1" required checked' in text
    assert f'action="{book_url(world.at_city, f.FOUR + f.LENGTH)}"' in text
    with everywhere():
        assert not Appointment.objects.filter(patient=world.paul).exists()
    assert paul.post(book_url(world.at_city, f.FOUR + f.LENGTH), typed).status_code == 302


@pytest.mark.parametrize("data", [{"pay": ""}, {"pay": "gold"}, {"pay": "desk", "reason": "x" * 501}])
def test_book_with_bad_input_books_nothing(world, client_of, data):
    assert client_of(world.users.paul).post(book_url(world.at_city), data).status_code == 422
    assert not Cell.objects.exists()


def test_book_offers_only_the_hospitals_ways_of_paying(world, client_of):
    world.city.pays_online = False
    world.city.save()
    paul = client_of(world.users.paul)
    assert "Online now" not in paul.get(book_url(world.at_city)).content.decode()
    assert paul.post(book_url(world.at_city), {"pay": "online"}).status_code == 422


@pytest.mark.parametrize("start", ["", "tomorrow", "2026-11-23T10:00", "2026-13-40T10:00Z"])
def test_book_without_a_time_leads_to_the_profile(world, client_of, start):
    response = client_of(world.users.paul).get(url("book", world.at_city.public_id), {"start": start})
    assert (response.status_code, response["Location"]) == (302, url("doctor", world.dora.public_id))


def test_book_of_a_doctor_who_can_not_be_booked_is_not_found(world, client_of):
    with everywhere():
        world.at_city.takes_bookings = False
        world.at_city.save()
    paul = client_of(world.users.paul)
    assert paul.get(book_url(world.at_city)).status_code == 404
    assert paul.get(f"{url('book', 'unknown')}?start=2026-11-23T10:00Z").status_code == 404


def test_book_twice_leads_to_the_one_visit(world, client_of):
    visit = f.book(world.at_city, world.paul, pay="online")
    paul = client_of(world.users.paul)
    assert paul.get(book_url(world.at_city))["Location"] == url("visit", visit.public_id)
    assert paul.post(book_url(world.at_city), {"pay": "online"})["Location"] == url("visit", visit.public_id)


def test_book_warns_of_another_visit_at_that_time_and_of_a_taken_one(world, client_of):
    f.book(world.debs, world.paul)
    f.book(world.at_city, world.pia, f.FOUR + f.LENGTH)
    paul = client_of(world.users.paul)
    for start, words in (
        (f.FOUR, "You have another visit at this time"),
        (f.FOUR + f.LENGTH, "4:20 pm is taken, or too close to now"),
    ):
        text = paul.get(book_url(world.at_city, start)).content.decode()
        assert words in text and "Other free times" in text
        assert f'href="{book_url(world.at_city, f.FOUR + 2 * f.LENGTH)}"' in text
        assert "How do you want to pay?" not in text and "Who is the visit for?" not in text


def test_a_time_of_a_day_that_was_closed_leads_to_the_next_day_with_free_times(world, client_of):
    f.close_day(world.at_city, f.MONDAY)
    page = client_of(world.users.paul).post(book_url(world.at_city), {"pay": "desk"})
    assert (page.status_code, page.context["choice"].chosen) == (422, f.MONDAY + dt.timedelta(days=1))
    assert "Other free times" in page.content.decode()


def test_a_refusal_that_is_not_about_the_time_shows_the_form_again(world, client_of):
    for number in (1, 2):
        f.book(world.debs, world.paul, f.FOUR + dt.timedelta(days=number), pay="online")
    page = client_of(world.users.paul).post(book_url(world.at_city), {"pay": "online"})
    text = page.content.decode()
    assert (page.status_code, page.context["choice"]) == (422, None)
    assert "Two times are already kept for you." in text and "How do you want to pay?" in text


@pytest.mark.parametrize(
    ("online", "desk", "shown"),
    [
        (True, True, ["Pay ৳1,200 and book", "Book, pay at the desk"]),
        (True, False, ["Pay ৳1,200 and book"]),
        (False, True, ["Book, pay at the desk"]),
    ],
)
def test_the_button_says_what_it_does(world, client_of, online, desk, shown):
    world.city.pays_online, world.city.pays_at_desk = online, desk
    world.city.save()
    text = client_of(world.users.paul).get(book_url(world.at_city)).content.decode()
    labels = ["Pay ৳1,200 and book", "Book, pay at the desk"]
    assert [label for label in labels if label in text] == shown


# One's own visits


def test_lists_hold_what_is_kept_what_comes_and_what_is_past(world, client_of, clock):
    f.book(world.at_city, world.paul, pay="online")
    coming = f.booked(world.at_city, world.paul, f.FOUR + dt.timedelta(days=1))
    gone = f.book(world.at_city, world.paul, f.FOUR + dt.timedelta(days=2))
    released = f.book(world.debs, world.paul, f.FOUR + dt.timedelta(days=3), pay="online")
    with in_hospital(world.city):
        operations.cancel_appointment(gone, side="patient", reason="", by=world.users.paul)
    with in_hospital(world.lakeside):
        operations.release_hold(released, side=Appointment.Side.PATIENT, by=world.users.paul)
    paul = client_of(world.users.paul)
    page = paul.get("/me/visits/")
    assert [visit.pk for visit in page.context["page_obj"]] == [coming.pk]
    assert "is kept for you until 12:15 pm" in page.content.decode()
    assert [visit.pk for visit in page.context["called_off"]] == [gone.pk]
    assert "These do not take place" in page.content.decode() and "cancelled by you" in page.content.decode()
    assert not paul.get("/me/visits/?when=past").context["page_obj"].object_list
    clock.move_to(coming.ends_at)
    page = paul.get("/me/visits/")
    assert (list(page.context["page_obj"]), [visit.pk for visit in page.context["called_off"]]) == (
        [], [gone.pk],
    )  # fmt: skip
    assert [visit.pk for visit in paul.get("/me/visits/?when=past").context["page_obj"]] == [coming.pk]
    clock.move_to(gone.starts_at)
    page = paul.get("/me/visits/?when=past")
    assert [visit.pk for visit in page.context["page_obj"]] == [gone.pk, coming.pk]
    assert "These do not take place" not in paul.get("/me/visits/").content.decode()


def test_empty_lists_say_what_to_do(world, client_of):
    pia = client_of(world.users.pia)
    assert "No visits planned" in pia.get("/me/visits/").content.decode()
    assert "No past visits" in pia.get("/me/visits/?when=past").content.decode()
    assert "No visits on this day" in client_of(world.users.dora).get("/doctor/day/").content.decode()
    assert "No visits on this day" in client_of(world.users.rita).get("/h/city/day/").content.decode()


def test_cancel_says_what_comes_back_then_cancels(world, client_of, clock):
    visit = f.paid(world.at_city, world.paul)
    clock.move_to(f.FOUR - dt.timedelta(hours=5))
    paul = client_of(world.users.paul)
    assert "৳600.00 of ৳1,200.00 goes back." in paul.get(url("cancel", visit.public_id)).content.decode()
    response = paul.post(url("cancel", visit.public_id), {"reason": ""}, follow=True)
    assert "The visit is cancelled. ৳600.00 goes back to you." in response.content.decode()
    assert f.again(visit).status == Status.CANCELLED
    again = paul.post(url("cancel", visit.public_id), {"reason": ""})
    assert again.status_code == 422


def test_move_offers_free_times_and_moves(world, client_of):
    visit = f.booked(world.at_city, world.paul)
    paul = client_of(world.users.paul)
    text = paul.get(url("reschedule", visit.public_id), {"day": "2026-11-24"}).content.decode()
    assert 'name="start" value="2026-11-24T10:00Z"' in text
    response = paul.post(url("reschedule", visit.public_id), {"start": "2026-11-24T10:00Z"}, follow=True)
    assert "Moved to Tuesday 24 November, 4:00 pm." in response.content.decode()
    assert f.again(visit).starts_at == f.FOUR + dt.timedelta(days=1)


@pytest.mark.parametrize("start", ["", "soon", "2026-11-24T10:00", "2026-11-24T10:07Z"])
def test_move_to_what_is_no_free_time_changes_nothing(world, client_of, start):
    visit = f.booked(world.at_city, world.paul)
    response = client_of(world.users.paul).post(url("reschedule", visit.public_id), {"start": start})
    assert response.status_code == 422
    assert f.again(visit).starts_at == f.FOUR


def test_release_asks_then_gives_back(world, client_of):
    visit = f.book(world.at_city, world.paul, pay="online")
    paul = client_of(world.users.paul)
    assert (
        "Give back Monday 23 November, 4:00 pm?" in paul.get(url("release", visit.public_id)).content.decode()
    )
    assert paul.post(url("release", visit.public_id))["Location"] == "/me/visits/"
    assert f.again(visit).status == Status.CANCELLED
    assert paul.post(url("release", visit.public_id)).status_code == 409


def test_calendar_file_is_the_visit_in_utc(world, client_of):
    visit = f.booked(world.at_city, world.paul, reason="CANARY")
    response = client_of(world.users.paul).get(url("calendar_file", visit.public_id))
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = icalendar.Calendar.from_ical(response.content)
    (event,) = calendar.walk("VEVENT")
    assert (str(calendar["method"]), event.decoded("dtstart")) == ("PUBLISH", f.FOUR)
    assert b"CANARY" not in response.content and b"paul@" not in response.content


# What a visit's page says of its past


def steps(client, visit) -> list[str]:
    history = client.get(url("visit", visit.public_id)).context["history"]
    return [str(step.words) for step in history]


def test_a_booking_is_only_asked_for_while_it_waits(world, client_of):
    paul, dora = client_of(world.users.paul), client_of(world.users.dora)
    asked = f.book(world.at_city, world.paul)
    desks = f.book(world.at_city, world.paul, f.FOUR + f.LENGTH, pay="later", by=world.users.rita)
    declined = f.book(world.at_city, world.paul, f.FOUR + 2 * f.LENGTH)
    assert (steps(paul, asked), steps(paul, desks)) == (["Asked for"], ["Booked"])
    assert "<b>Asked for</b>" in dora.get(url("doctor_visit", asked.public_id)).content.decode()
    with in_hospital(world.city):
        operations.accept_appointment(asked, by=world.users.dora)
        operations.decline_appointment(declined, reason="Away", by=world.users.dora)
        for visit in (asked, desks):
            day = visit.starts_at + dt.timedelta(days=1)
            operations.reschedule_appointment(
                visit, starts_at=day, side=Appointment.Side.PATIENT, by=world.users.paul
            )
    assert steps(paul, asked) == ["Asked for", "Accepted", "Moved"]
    assert (steps(paul, desks), steps(paul, declined)) == (["Booked", "Moved"], ["Asked for", "Declined"])


@pytest.mark.parametrize("late", [True, False])
def test_a_time_that_was_not_paid_in_time_is_not_booked(world, client_of, clock, late):
    visit = f.book(world.at_city, world.paul, pay="online")
    attempt = f.start_online(visit)
    clock.shift(dt.timedelta(hours=1))
    f.book(world.at_city, world.pia)
    if late:
        f.pay_online(visit, attempt)
    text = client_of(world.users.paul).get(url("visit", visit.public_id)).content.decode()
    assert "Not booked" in text and "Being booked" not in text and "stitch-y" not in text
    assert ("Not booked: your money goes back" in text, "The time was not kept" in text) == (late, not late)


def test_a_stitch_stands_only_before_what_is_ahead(world, client_of, clock):
    visit = f.booked(world.at_city, world.paul)
    paul = client_of(world.users.paul)
    assert "stitch-y" in paul.get(url("visit", visit.public_id)).content.decode()
    clock.move_to(f.FOUR)
    with in_hospital(world.city):
        operations.begin_visit(visit, by=world.users.dora)
        operations.fulfil_appointment(visit, by=world.users.dora)
    text = paul.get(url("visit", visit.public_id)).content.decode()
    assert "rule-y" in text and "stitch-y" not in text
