"""What people are told: mails with calendar entries, bound to the visit's time, and without anything about health."""

from __future__ import annotations

import datetime as dt
import email
import email.policy

import icalendar
import pytest
from django.core import mail
from django_tasks_db.models import DBTaskResult

from appointments import operations
from appointments.models import Appointment
from core.background import run_named
from core.tenancy import in_hospital
from notifications.models import Message

from . import factories as f


@pytest.fixture(autouse=True)
def in_memory(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.PUBLIC_URL = "https://portal.example"


def run_worker() -> None:
    """Run what waits, as the worker does; documents are not what is asked here."""
    while row := DBTaskResult.objects.ready().order_by("enqueued_at").first():
        name, ids = row.args_kwargs["args"]
        row.delete()
        if name != "billing.render_invoice":
            run_named.call(name, ids)


def mails(subject: str) -> list:
    run_worker()
    return [message for message in mail.outbox if subject in message.subject]


def event_of(message) -> tuple[str, icalendar.Event]:
    raw = email.message_from_bytes(message.message().as_bytes(), policy=email.policy.default)
    part = next(part for part in raw.walk() if part.get_content_type() == "text/calendar")
    assert part.get_filename() == "visit.ics"
    calendar = icalendar.Calendar.from_ical(part.get_content())
    assert part["Content-Type"].params["method"] == str(calendar["method"])
    return str(calendar["method"]), next(iter(calendar.walk("VEVENT")))


def test_a_booking_is_mailed_with_a_calendar_entry(world):
    visit = f.book(world.at_city, world.paul, reason="Chest pain")
    (message,) = mails("Your visit on Monday 23 November, 4:00 pm")
    assert message.to == ["paul@demo.test"]
    for words in ("Dr Dora Sen", "City General Hospital, 12 Green Road, Dhanmondi, Dhaka", "Room 304", "number: 1",
                  "still has to accept it", f"https://portal.example/me/visits/{visit.public_id}/"):  # fmt: skip
        assert words in message.body
    method, event = event_of(message)
    assert method == "REQUEST"
    assert event["uid"].startswith(f"{visit.public_id}@")
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (f.FOUR, f.FOUR + f.LENGTH)
    assert (event["sequence"], event["status"], str(event["summary"])) == (
        1,
        "TENTATIVE",
        "Visit with Dr Dora Sen",
    )
    assert str(event["attendee"]) == "MAILTO:paul@demo.test"


def test_what_the_visit_is_about_stays_out_of_mails_and_entries(world):
    f.book(world.at_city, world.paul, reason="CANARY-reason")
    run_worker()
    for message in mail.outbox:
        assert "CANARY" not in message.message().as_string()
        assert "Cardiology" not in message.body


def test_a_move_replaces_the_entry_and_a_cancellation_takes_it_away(world):
    visit = f.booked(world.at_city, world.paul)
    _, booked = event_of(mails("accepted your visit")[0])
    tomorrow = f.FOUR + dt.timedelta(days=1)
    with in_hospital(world.city):
        operations.reschedule_appointment(
            visit, starts_at=tomorrow, side=Appointment.Side.HOSPITAL, by=world.users.rita
        )
    (message,) = mails("Your visit is now on Tuesday 24 November, 4:00 pm")
    assert "Before, it was on Monday 23 November, 4:00 pm." in message.body
    method, moved = event_of(message)
    with in_hospital(world.city):
        operations.cancel_appointment(visit, side="hospital", reason="CANARY", by=world.users.rita)
    (message,) = mails("Your visit on Tuesday 24 November, 4:00 pm is cancelled")
    assert "CANARY" not in message.message().as_string()
    cancel, cancelled = event_of(message)
    assert (method, cancel) == ("REQUEST", "CANCEL")
    assert booked["uid"] == moved["uid"] == cancelled["uid"]
    assert (booked["sequence"], moved["sequence"], cancelled["sequence"]) == (1, 2, 3)
    assert (booked["status"], moved["status"], cancelled["status"]) == ("CONFIRMED", "CONFIRMED", "CANCELLED")
    assert moved.decoded("dtstart") == tomorrow


def test_a_declined_visit_is_mailed_with_what_goes_back(world):
    visit = f.book(world.at_city, world.paul, pay="online")
    f.pay_online(visit)
    with in_hospital(world.city):
        operations.decline_appointment(visit, reason="On leave", by=world.users.dora)
    (message,) = mails("can’t take your visit on Monday 23 November")
    assert "৳1,200.00 goes back the way it was paid." in message.body
    assert event_of(message)[0] == "CANCEL"


def test_news_of_an_old_time_is_never_sent(world):
    visit = f.book(world.at_city, world.paul)
    with in_hospital(world.city):
        operations.accept_appointment(visit, by=world.users.dora)
        operations.reschedule_appointment(
            visit, starts_at=f.FOUR + f.LENGTH, side=Appointment.Side.HOSPITAL, by=world.users.rita
        )
    run_worker()
    assert [message.subject for message in mail.outbox] == [
        "Your visit is now on Monday 23 November, 4:20 pm"
    ]
    assert sorted(Message.objects.filter(kind__startswith="appointments").values_list("kind", "status")) == [
        ("appointments.accepted", "dropped"), ("appointments.booked", "dropped"), ("appointments.moved", "sent"),
    ]  # fmt: skip


def test_news_of_a_cancelled_visit_is_only_the_cancellation(world):
    visit = f.book(world.at_city, world.paul)
    with in_hospital(world.city):
        operations.cancel_appointment(visit, side="patient", reason="", by=world.users.paul)
    run_worker()
    assert [message.subject for message in mail.outbox] == [
        "Your visit on Monday 23 November, 4:00 pm is cancelled"
    ]


def test_a_walk_in_is_mailed_without_a_link_and_without_address_not_at_all(world):
    with_address = f.registered(f.WalkInFactory(email="walk-in@demo.test"), world.city)
    f.book(world.at_city, with_address, by=world.users.rita)
    f.book(world.at_city, f.registered(f.WalkInFactory(), world.city), f.FOUR + f.LENGTH, by=world.users.rita)
    (message,) = mails("Your visit on Monday 23 November")
    assert message.to == ["walk-in@demo.test"]
    assert "/me/visits/" not in message.body


@pytest.mark.parametrize("accepts_at_once", [True, False])
def test_the_mail_says_whether_it_is_booked_or_asked_for(world, accepts_at_once):
    world.city.accepts_at_once = accepts_at_once
    world.city.save()
    f.book(world.at_city, world.paul)
    (message,) = mails("Your visit on Monday 23 November, 4:00 pm")
    html = next(body for body, kind in message.alternatives if kind == "text/html")
    for body in (message.body, html):
        assert ("is booked." in body, "You asked for a visit with Dr Dora Sen" in body) == (
            accepts_at_once, not accepts_at_once,
        )  # fmt: skip


def test_what_the_desk_books_is_mailed_as_booked(world):
    f.book(world.at_city, world.paul, pay="later", by=world.users.rita)
    (message,) = mails("Your visit on Monday 23 November, 4:00 pm")
    assert "is booked." in message.body and "still has to accept" not in message.body
    assert event_of(message)[1]["status"] == "CONFIRMED"
