"""What people read of a visit: whose answer is waited for, what money there is, why, and who hears of a cancellation."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from appointments import operations
from appointments.models import Appointment
from core.tenancy import everywhere, in_hospital
from notifications.models import Notice

from . import factories as f
from .test_news import mails

Side = Appointment.Side
HOURS, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
ALL = Decimal("1200.00")
STAFF = [("dora", "doctor_", ()), ("rita", "desk_", ("city",))]


@pytest.fixture(autouse=True)
def in_memory(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.PUBLIC_URL = "https://portal.example"


def url(name: str, *args) -> str:
    return reverse(f"appointments:{name}", args=args)


def read(client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode().split("<main")[1].split("</main>")[0]


def asked_and_paid(world) -> Appointment:
    visit = f.book(world.at_city, world.paul, pay="online")
    f.pay_online(visit)
    return f.again(visit)


def cancel(visit, side=Side.PATIENT, *, by, reason="") -> Decimal:
    with in_hospital(visit.hospital_id):
        return operations.cancel_appointment(visit, side=side, reason=reason, by=by)


def bodies(subject: str) -> list[str]:
    (message,) = mails(subject)
    return [message.body, next(body for body, kind in message.alternatives if kind == "text/html")]


# While the hospital has not answered


@pytest.mark.parametrize("ahead", [30 * HOURS, HOURS])
def test_all_comes_back_while_the_hospital_has_not_answered(world, clock, client_of, ahead):
    visit = asked_and_paid(world)
    clock.move_to(f.FOUR - ahead)
    paul = client_of(world.users.paul)
    shown = paul.get(url("visit", visit.public_id))
    assert shown.context["steps"] == [(f.FOUR, ALL), (None, Decimal(0))]
    assert "This holds until City General Hospital answers." in shown.content.decode()
    assert "৳1,200.00 of ৳1,200.00 goes back." in read(paul, url("cancel", visit.public_id))
    assert cancel(visit, by=world.users.paul) == ALL


def test_the_answer_ends_that_and_a_move_does_not_begin_it_again(world, clock):
    visit = f.paid(world.at_city, world.paul)
    clock.move_to(f.FOUR - 5 * HOURS)
    with in_hospital(world.city):
        operations.reschedule_appointment(
            visit, starts_at=f.FOUR + DAY, side=Side.PATIENT, by=world.users.paul
        )
    assert f.again(visit).status == "pending"
    assert cancel(visit, by=world.users.paul) == ALL / 2


def test_a_desks_booking_that_the_patient_moved_was_never_asked_for(world, clock):
    visit = f.book(world.at_city, world.paul, pay="later", by=world.users.rita)
    f.pay_at_desk(visit)
    with in_hospital(world.city):
        operations.reschedule_appointment(
            visit, starts_at=f.FOUR + DAY, side=Side.PATIENT, by=world.users.paul
        )
    assert f.again(visit).status == "pending"
    clock.move_to(f.FOUR + DAY - 5 * HOURS)
    assert cancel(visit, by=world.users.paul) == ALL / 2


# Money on the patient's page


def test_what_comes_back_is_only_named_once_something_was_paid(world, client_of):
    visit = f.booked(world.at_city, world.paul)
    paul, address = client_of(world.users.paul), url("visit", visit.public_id)
    page = read(paul, address)
    assert "Nothing was paid yet, so cancelling costs nothing." in page and "nothing back" not in page
    f.pay_at_desk(visit)
    page = read(paul, address)
    assert "Nothing was paid yet" not in page and "nothing back" in page


def test_a_payment_that_came_too_late_has_its_bill_on_the_visits_page(world, client_of, clock):
    visit = f.book(world.at_city, world.paul, pay="online")
    attempt = f.start_online(visit)
    paul, address = client_of(world.users.paul), url("visit", visit.public_id)
    bill = f'href="{reverse("billing:invoice", args=[f.invoice_of(visit).public_id])}"'
    clock.shift(dt.timedelta(minutes=40))
    f.booked(world.at_city, world.pia)
    assert bill not in read(paul, address)
    f.pay_online(visit, attempt)
    page = read(paul, address)
    assert "Not booked: your money goes back" in page and bill in page


def test_the_serial_number_is_explained(world, client_of):
    visit = f.booked(world.at_city, world.paul, f.FOUR + 2 * f.LENGTH)
    page = read(client_of(world.users.paul), url("visit", visit.public_id))
    assert "Serial 3" in page and page.count("your place in the doctor’s day") == 1


# Whose answer, and declined


def test_staff_read_whose_answer_is_waited_for(world, client_of):
    visit = f.book(world.at_city, world.paul)
    pages = {
        "dora": [url("doctor_visit", visit.public_id), url("doctor_day") + "?day=2026-11-23"],
        "rita": [
            url("desk_visit", "city", visit.public_id), url("day", "city") + "?day=2026-11-23",
            url("desk_patient", "city", world.paul.public_id),
        ],
    }  # fmt: skip
    for who, addresses in pages.items():
        for address in addresses:
            page = read(client_of(getattr(world.users, who)), address)
            assert "Waiting for your answer" in page
            assert "aiting for the hospital" not in page
    paul = client_of(world.users.paul)
    for address in (url("visit", visit.public_id), url("visits")):
        page = read(paul, address)
        assert "Waiting for the hospital" in page and "Waiting for your answer" not in page


def test_a_declined_visit_is_called_so(world, client_of):
    visit, other = f.book(world.at_city, world.paul), f.booked(world.at_city, world.paul, f.FOUR + DAY)
    with in_hospital(world.city):
        operations.decline_appointment(visit, reason="Dr Sen is away", by=world.users.rita)
    cancel(other, Side.HOSPITAL, by=world.users.rita, reason="Dr Sen is ill")
    paul, rita = client_of(world.users.paul), client_of(world.users.rita)
    own = read(paul, url("visit", visit.public_id))
    assert "Declined by the hospital." in own and "Dr Sen is away" in own and "Cancelled" not in own
    assert "Declined" not in read(paul, url("visit", other.public_id))
    desks = read(rita, url("desk_visit", "city", visit.public_id))
    assert "Declined." in desks and "Cancelled" not in desks
    for client, address in (
        (paul, url("visits")), (rita, url("desk_patient", "city", world.paul.public_id)),
    ):  # fmt: skip
        page = read(client, address)
        page = page.split('id="h-off"')[1].split("</section>")[0]
        assert page.count("Declined</span>") == page.count("Cancelled</span>") == 1


@pytest.mark.parametrize(("who", "area", "slug"), STAFF)
@pytest.mark.parametrize("is_paid", [True, False])
def test_declining_says_what_goes_back(world, client_of, who, area, slug, is_paid):
    visit = asked_and_paid(world) if is_paid else f.book(world.at_city, world.paul)
    client, address = client_of(getattr(world.users, who)), url(f"{area}decline", *slug, visit.public_id)
    asked = read(client, address)
    assert ("৳1,200.00 goes back to the patient" in asked, "Nothing was paid." in asked) == (
        is_paid,
        not is_paid,
    )
    done = client.post(address, {"reason": "Away"}, follow=True).content.decode()
    words = "Declined. ৳1,200.00 goes back to the patient." if is_paid else "Declined. Nothing was paid."
    assert words in done


def test_reason_and_money_do_not_run_into_one(world, client_of):
    visit = f.booked(world.at_city, world.paul)
    f.pay_at_desk(visit)
    done = client_of(world.users.dora).post(
        url("doctor_cancel", visit.public_id), {"reason": "Dr Rahman is ill"}, follow=True
    )
    assert "Cancelled. ৳1,200.00 goes back to the patient." in done.content.decode()
    own = read(client_of(world.users.paul), url("visit", visit.public_id))
    assert "Cancelled by the hospital. ৳1,200.00 goes back to you.</p>" in own
    assert '<p class="small">Dr Rahman is ill</p>' in own


# At the desk


def test_the_desk_reads_the_rules_of_cancelling_before_it_books(world, client_of):
    address = f"{url('desk_book', 'city', world.at_city.public_id)}?patient={world.paul.public_id}"
    page = read(client_of(world.users.rita), f"{address}&start=2026-11-23T10:00Z")
    places = [
        page.index(words)
        for words in ("If the patient can’t come", "24 hours before", "half back", "Book Monday 23 November")
    ]
    assert places == sorted(places)


@pytest.mark.parametrize(("who", "area", "slug"), STAFF)
def test_a_move_by_the_hospital_says_why_to_the_patient(world, client_of, who, area, slug):
    visit = f.booked(world.at_city, world.paul)
    client, address = client_of(getattr(world.users, who)), url(f"{area}reschedule", *slug, visit.public_id)
    assert 'name="reason"' in read(client, address)
    sent = {"start": "2026-11-24T10:00Z", "reason": "Dr Sen teaches that day"}
    assert client.post(address, sent).status_code == 302
    for body in bodies("Your visit is now on Tuesday 24 November, 4:00 pm"):
        assert "Why it was moved: Dr Sen teaches that day" in body
    assert "Dr Sen teaches that day" in read(client_of(world.users.paul), url("visit", visit.public_id))


def test_a_patient_who_moves_a_visit_is_asked_for_no_reason(world, client_of):
    visit = f.booked(world.at_city, world.paul)
    paul, address = client_of(world.users.paul), url("reschedule", visit.public_id)
    assert 'name="reason"' not in read(paul, address)
    assert paul.post(address, {"start": "2026-11-24T10:00Z", "reason": "x"}).status_code == 302
    with everywhere():
        assert visit.changes.last().note == ""


# The doctor's bell


def bells(world) -> list[str]:
    rows = Notice.objects.filter(user=world.users.dora, kind__startswith="appointments.").order_by("pk")
    return [row.title for row in rows][1:]  # after the booking itself


WHEN = "Monday 23 November, 4:00 pm, City General Hospital"


@pytest.mark.parametrize(
    ("who", "side", "words"),
    [
        ("paul", Side.PATIENT, [f"Cancelled by the patient: {WHEN}"]),
        ("rita", Side.PATIENT, [f"Cancelled by the patient: {WHEN}"]),
        ("rita", Side.HOSPITAL, [f"Cancelled by the hospital: {WHEN}"]),
        ("dora", Side.HOSPITAL, []),
    ],
)
def test_the_doctor_hears_of_a_cancellation_by_somebody_else(world, client_of, who, side, words):
    visit = f.booked(world.at_city, world.paul)
    cancel(visit, side, by=getattr(world.users, who), reason="Ill")
    assert bells(world) == words
    if words:
        notice = Notice.objects.get(kind="appointments.visit_cancelled")
        assert client_of(world.users.dora).get(notice.url).status_code == 200


@pytest.mark.parametrize(
    ("who", "side", "words"),
    [
        (
            "paul",
            Side.PATIENT,
            ["Waiting for your answer: Tuesday 24 November, 4:00 pm, City General Hospital"],
        ),
        ("rita", Side.HOSPITAL, ["Moved to Tuesday 24 November, 4:00 pm, City General Hospital"]),
        ("dora", Side.HOSPITAL, []),
    ],
)
def test_the_doctor_hears_of_a_move_by_somebody_else(world, who, side, words):
    visit = f.booked(world.at_city, world.paul)
    with in_hospital(world.city):
        operations.reschedule_appointment(
            visit, starts_at=f.FOUR + DAY, side=side, by=getattr(world.users, who)
        )
    assert bells(world) == words


# Mails


def test_a_cancellation_by_the_hospital_offers_other_times_and_a_number(world):
    world.city.phone = "+8801711000999"
    world.city.save()
    visit = f.booked(world.at_city, world.paul)
    cancel(visit, Side.HOSPITAL, by=world.users.rita, reason="Ill")
    for body in bodies("is cancelled"):
        assert "Your visit with Dr Dora Sen on" in body and "There is nothing to pay back." in body
        assert f"https://portal.example/doctors/{world.dora.public_id}/?at=city" in body
        assert "Questions? Call City General Hospital: 01711-000999" in body


def test_where_the_doctor_takes_no_bookings_any_more_the_search_is_offered(world):
    visit = f.booked(world.at_city, world.paul)
    with everywhere():
        world.at_city.takes_bookings = False
        world.at_city.save()
    cancel(visit, Side.HOSPITAL, by=world.users.rita, reason="Ill")
    for body in bodies("is cancelled"):
        assert "https://portal.example/doctors/" in body and world.dora.public_id not in body


def test_an_own_cancellation_offers_no_other_times(world):
    cancel(f.booked(world.at_city, world.paul), by=world.users.paul)
    for body in bodies("is cancelled"):
        assert "another time" not in body and "portal.example/doctors/" not in body


@pytest.mark.parametrize("pay", ["desk", "online"])
def test_a_booking_to_be_paid_at_the_desk_names_the_fee_and_no_money_back(world, pay):
    visit = f.book(world.at_city, world.paul, pay=pay)
    if pay == "online":
        f.pay_online(visit)
    for body in bodies("Your visit on Monday 23 November, 4:00 pm"):
        due = "৳1,200.00 is to be paid at the desk, before the visit." in body
        back = "If it declines, all that you paid goes back." in body
        assert (due, back) == (pay == "desk", pay == "online")
