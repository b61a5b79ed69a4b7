"""What comes back: by the rules of the day it was booked, and all of it after the hospital's own move."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core import mail
from django.urls import reverse

from appointments import operations
from appointments.models import Appointment
from core.errors import DomainError
from core.invariants import breaks_of, invariant_names
from core.tenancy import in_hospital

from . import factories as f
from .test_news import mails

Side = Appointment.Side
HOURS, DAYS = dt.timedelta(hours=1), dt.timedelta(days=1)
ALL, HALF = Decimal("1200.00"), Decimal("600.00")


def url(name: str, *args) -> str:
    return reverse(f"appointments:{name}", args=args)


def paid(world) -> Appointment:
    visit = f.book(world.at_city, world.paul, pay="online")
    f.pay_online(visit)
    with in_hospital(world.city):
        operations.accept_appointment(visit, by=world.users.dora)
    return f.again(visit)


def move(visit, start, *, side) -> Appointment:
    with in_hospital(visit.hospital_id):
        operations.reschedule_appointment(visit, starts_at=start, side=side, by=visit.patient.user)
    return f.again(visit)


def cancel(visit) -> Decimal:
    with in_hospital(visit.hospital_id):
        return operations.cancel_appointment(visit, side=Side.PATIENT, reason="", by=visit.patient.user)


# The rules of the day it was booked


def change_rules(world, full: int, half: int) -> None:
    world.city.full_refund_hours, world.city.half_refund_hours = full, half
    world.city.save()


@pytest.mark.parametrize(("full", "half"), [(72, 48), (0, 0)])
def test_new_rules_of_the_hospital_do_not_reach_back(world, clock, client_of, full, half):
    visit = paid(world)
    change_rules(world, full, half)
    clock.move_to(f.FOUR - 5 * HOURS)
    paul, rita = client_of(world.users.paul), client_of(world.users.rita)
    shown = paul.get(url("visit", visit.public_id))
    assert shown.context["steps"] == [(f.FOUR - 4 * HOURS, HALF), (None, Decimal(0))]
    assert "Until today, 12:00 pm" in shown.content.decode()
    assert "at most ৳600 comes back" in paul.get(url("reschedule", visit.public_id)).content.decode()
    for client, address in (
        (paul, url("cancel", visit.public_id)),
        (rita, url("desk_cancel", "city", visit.public_id)),
    ):
        assert "৳600.00 of ৳1,200.00 goes back." in client.get(address).content.decode()
    assert cancel(visit) == HALF


def test_a_visit_that_is_booked_under_new_rules_has_them(world, clock):
    change_rules(world, 72, 48)
    visit = paid(world)  # two days and four hours ahead
    assert cancel(visit) == HALF


def test_new_rules_do_not_close_the_way_to_move(world, clock):
    visit = paid(world)
    change_rules(world, 72, 72)
    clock.move_to(f.FOUR - 5 * HOURS)
    assert move(visit, f.FOUR + 7 * DAYS, side=Side.PATIENT).starts_at == f.FOUR + 7 * DAYS


# Moved by the hospital


@pytest.mark.parametrize("ahead", [30 * HOURS, 5 * HOURS, HOURS, dt.timedelta(seconds=1)])
def test_after_the_hospitals_move_all_comes_back_until_the_visit_begins(world, clock, ahead):
    visit = move(paid(world), f.FOUR + DAYS, side=Side.HOSPITAL)
    clock.move_to(visit.starts_at - ahead)
    assert cancel(visit) == ALL
    assert [broken for name in invariant_names() for broken in breaks_of(name)] == []


def test_the_pages_say_that_all_comes_back_after_the_hospitals_move(world, clock, client_of):
    visit = move(paid(world), f.FOUR + DAYS, side=Side.HOSPITAL)
    clock.move_to(visit.starts_at - HOURS)
    paul = client_of(world.users.paul)
    page = paul.get(url("visit", visit.public_id))
    assert page.context["steps"] == [(visit.starts_at, ALL), (None, Decimal(0))]
    text = page.content.decode()
    assert (
        "Until today, 4:00 pm" in text
        and "City General Hospital moved this visit, so all of it comes back" in text
    )
    assert "৳1,200.00 of ৳1,200.00 goes back." in paul.get(url("cancel", visit.public_id)).content.decode()
    moving = paul.get(url("reschedule", visit.public_id)).content.decode()
    assert "too late to move" not in moving and "comes back if you cancel later" not in moving
    desk = client_of(world.users.rita).get(url("desk_cancel", "city", visit.public_id)).content.decode()
    assert "The patient asked for it. ৳1,200.00 of ৳1,200.00 goes back." in desk


def test_an_own_move_ends_that_and_the_new_times_rules_count_again(world, clock):
    visit = move(paid(world), f.FOUR + DAYS, side=Side.HOSPITAL)
    clock.move_to(
        visit.starts_at - HOURS
    )  # by the rules alone it would be too late to move, and nothing left
    later = f.FOUR + 8 * DAYS
    visit = move(visit, later, side=Side.PATIENT)
    assert (visit.moved_by_hospital, visit.refund_share_cap) == (False, Decimal(1))
    clock.move_to(later - 5 * HOURS)
    assert cancel(visit) == HALF


def test_an_own_move_to_a_near_time_gives_what_that_time_gives(world, clock):
    visit = move(paid(world), f.FOUR + DAYS, side=Side.HOSPITAL)
    clock.move_to(visit.starts_at - 2 * HOURS)
    visit = move(visit, visit.starts_at + f.LENGTH, side=Side.PATIENT)
    with pytest.raises(DomainError, match="too late to move this visit yourself"):
        move(visit, f.FOUR + 8 * DAYS, side=Side.PATIENT)
    assert cancel(visit) == Decimal(0)


def test_the_hospitals_move_gives_back_what_an_own_move_had_lost(world, clock):
    visit = paid(world)
    clock.move_to(f.FOUR - 5 * HOURS)
    visit = move(visit, f.FOUR + 7 * DAYS, side=Side.PATIENT)
    assert visit.refund_share_cap == Decimal("0.50")
    assert cancel(move(visit, f.FOUR + 8 * DAYS, side=Side.HOSPITAL)) == ALL


@pytest.mark.parametrize("side", [Side.PATIENT, Side.HOSPITAL])
def test_the_mail_about_the_hospitals_move_says_that_all_goes_back(world, settings, side):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    move(paid(world), f.FOUR + DAYS, side=side)
    (message,) = mails("Your visit is now on Tuesday 24 November, 4:00 pm")
    words = "City General Hospital moved it, so if the new time does not suit you, cancel before it begins"
    html = next(body for body, kind in message.alternatives if kind == "text/html")
    assert (words in message.body, words in html) == (side == Side.HOSPITAL,) * 2
    assert len(mail.outbox) == len({one.subject for one in mail.outbox})
