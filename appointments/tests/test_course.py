"""The course of a visit: begun by its doctor, or never answered; what comes back after a move; the chart."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from appointments import operations, tasks
from appointments.models import Appointment, Cell, Change
from appointments.operations import SlotTaken
from core.background import periodic_commands
from core.errors import DomainError, IllegalTransition
from core.invariants import breaks_of, invariant_names
from core.tenancy import everywhere, in_hospital
from ledger.models import EntrySecret
from notifications.models import Message, Notice
from patients.models import CareRelation

from . import factories as f

Status, Side = Appointment.Status, Appointment.Side
HOURS, DAYS = dt.timedelta(hours=1), dt.timedelta(days=1)
MORNING = dt.datetime(2026, 11, 23, 3, tzinfo=dt.UTC)  # Monday, 9 am in Dhaka


def all_is_well() -> None:
    assert [broken for name in invariant_names() for broken in breaks_of(name)] == []


def chart_ends(visit):
    with everywhere():
        return CareRelation.objects.get(reference=visit.public_id).ends_at


def begun(world, clock, patient=None, start=f.FOUR) -> Appointment:
    visit = f.booked(world.at_city, patient or world.paul, start)
    clock.move_to(MORNING)
    with in_hospital(world.city):
        operations.begin_visit(visit, by=world.users.dora)
    return f.again(visit)


def move(visit, start, *, side=Side.PATIENT):
    with in_hospital(visit.hospital_id):
        operations.reschedule_appointment(visit, starts_at=start, side=side, by=visit.patient.user)
    return f.again(visit)


def cancel(visit, side=Side.PATIENT):
    with in_hospital(visit.hospital_id):
        return operations.cancel_appointment(visit, side=side, reason="", by=visit.patient.user)


# Never answered


def test_a_visit_that_nobody_answers_is_declined_once_it_starts(world, clock):
    visit = f.book(world.at_city, world.paul, pay="online")
    f.pay_online(visit)
    clock.move_to(f.FOUR - dt.timedelta(seconds=1))
    assert tasks.decline_unanswered() == 0
    clock.move_to(f.FOUR)
    assert tasks.decline_unanswered() == 1
    visit = f.again(visit)
    assert (visit.status, visit.cancelled_by, visit.cancel_reason, visit.returned) == (
        Status.CANCELLED, Side.HOSPITAL, "The hospital did not answer in time.", Decimal("1200.00"),
    )  # fmt: skip
    with everywhere():
        assert Change.objects.values_list("act", "by_name").last() == ("declined", "")
        assert not Cell.objects.exists()
    assert Message.objects.filter(kind="appointments.declined", email="paul@demo.test").count() == 1
    assert tasks.decline_unanswered() == 0
    all_is_well()


def test_declining_leaves_alone_what_was_answered_or_moved(world, clock):
    answered = f.booked(world.at_city, world.paul)
    moved = f.book(world.at_city, world.pia, f.FOUR + f.LENGTH)
    clock.move_to(f.FOUR - 5 * HOURS)
    move(moved, f.FOUR + DAYS, side=Side.HOSPITAL)
    clock.move_to(f.FOUR + f.LENGTH)
    with in_hospital(world.city):
        assert operations.decline_unanswered(moved) is False
    assert tasks.decline_unanswered() == 0
    assert (f.again(answered).status, f.again(moved).status) == (Status.BOOKED, Status.PENDING)


def test_one_visit_that_can_not_be_declined_does_not_stop_the_others(world, clock):
    broken, fine = f.book(world.at_city, world.paul), f.book(world.debs, world.pia, f.FOUR + f.LENGTH)
    with everywhere():
        f.invoice_of(broken).lines.all().delete()
    clock.move_to(f.FOUR + f.LENGTH)
    assert tasks.decline_unanswered() == 1
    assert (f.again(broken).status, f.again(fine).status) == (Status.PENDING, Status.CANCELLED)


def test_the_clock_declines():
    assert "appointments.decline_unanswered" in {command.name for command in periodic_commands()}


def test_a_visit_is_not_accepted_once_its_time_has_come(world, clock):
    visit = f.book(world.at_city, world.paul)
    clock.move_to(f.FOUR)
    with pytest.raises(DomainError, match="can't be accepted any more"), in_hospital(world.city):
        operations.accept_appointment(visit, by=world.users.dora)
    assert f.again(visit).status == Status.PENDING


# Begun


def test_a_begun_visit_is_with_the_doctor_keeps_its_time_and_is_written_down_once(world, clock):
    visit = begun(world, clock)
    assert (visit.status, visit.get_status_display()) == (Status.ARRIVED, "With the doctor")
    with pytest.raises(IllegalTransition), in_hospital(world.city):
        operations.begin_visit(visit, by=world.users.dora)
    with pytest.raises(SlotTaken):
        f.book(world.at_lakeside, world.pia)
    with everywhere():
        assert list(Change.objects.values_list("act", flat=True)) == ["booked", "accepted", "arrived"]
    assert EntrySecret.objects.filter(kind="appointments.arrived", reference=visit.public_id).count() == 1
    all_is_well()


def test_a_visit_begins_on_its_day_at_the_earliest(world):
    visit = f.booked(world.at_city, world.paul)
    with pytest.raises(DomainError, match="This visit is on Monday 23 November"), in_hospital(world.city):
        operations.begin_visit(visit, by=world.users.dora)


@pytest.mark.parametrize("side", [Side.PATIENT, Side.HOSPITAL])
def test_a_begun_visit_is_not_cancelled(world, clock, side):
    with pytest.raises(DomainError, match="has begun, so it can't be cancelled"):
        cancel(begun(world, clock), side)


@pytest.mark.parametrize("side", [Side.PATIENT, Side.HOSPITAL])
def test_a_begun_visit_is_not_moved(world, clock, side):
    with pytest.raises(DomainError, match="can't be moved any more"):
        move(begun(world, clock), f.FOUR + DAYS, side=side)


def test_a_begun_visit_came(world, clock):
    visit = begun(world, clock)
    clock.move_to(f.FOUR + HOURS)
    with pytest.raises(IllegalTransition), in_hospital(world.city):
        operations.mark_no_show(visit, by=world.users.rita)


def test_a_visit_begun_by_mistake_is_booked_again_and_its_chart_closes_as_before(world, clock):
    visit = begun(world, clock)
    with in_hospital(world.city):
        operations.undo_begin(visit, by=world.users.dora)
    visit = f.again(visit)
    assert (visit.status, visit.serial, visit.version) == (Status.BOOKED, 1, 1)
    assert chart_ends(visit) == f.FOUR + f.LENGTH + 30 * DAYS
    with everywhere():
        assert Change.objects.values_list("act", "by_name").last() == ("undone", "Dr Dora Sen")
    assert EntrySecret.objects.filter(kind="appointments.undone", reference=visit.public_id).count() == 1
    with pytest.raises(DomainError, match="Only a visit that has begun"), in_hospital(world.city):
        operations.undo_begin(visit, by=world.users.dora)
    with in_hospital(world.city):
        operations.begin_visit(visit, by=world.users.dora)
    assert f.again(visit).status == Status.ARRIVED
    all_is_well()


def test_a_begun_visit_of_long_ago_that_is_taken_back_closes_the_chart_at_once(world, clock):
    visit = begun(world, clock)
    long_after = f.FOUR + 60 * DAYS
    clock.move_to(long_after)
    with in_hospital(world.city):
        operations.undo_begin(visit, by=world.users.dora)
    assert chart_ends(visit) == long_after


def test_only_a_begun_visit_is_done(world, clock):
    visit = f.booked(world.at_city, world.paul)
    clock.move_to(MORNING)
    with pytest.raises(IllegalTransition), in_hospital(world.city):
        operations.fulfil_appointment(visit, by=world.users.dora)


def test_the_days_pages_count_and_show_who_is_with_the_doctor(world, clock, client_of):
    visit = begun(world, clock)
    rita, dora, paul = (client_of(getattr(world.users, name)) for name in ("rita", "dora", "paul"))
    for page in (
        rita.get(reverse("appointments:day", args=["city"])),
        dora.get(reverse("appointments:doctor_day")),
    ):
        assert "<b>1</b> <span>with the doctor</span>" in page.content.decode()
    narrowed = rita.get(reverse("appointments:day", args=["city"]), {"status": "arrived"})
    assert [row.pk for row, _ in narrowed.context["rows"]] == [visit.pk]
    slip = dora.get(reverse("appointments:doctor_visit", args=[visit.public_id])).content.decode()
    assert "Visit notes" in slip and "Cancel the visit" not in slip and "Did not come" not in slip
    own = paul.get(reverse("appointments:visit", args=[visit.public_id])).content.decode()
    assert "With the doctor" in own and "Cancel the visit" not in own and "If you can’t come" not in own
    assert [row.pk for row in paul.get(reverse("appointments:visits")).context["page_obj"]] == [visit.pk]


# Moved, then cancelled


@pytest.mark.parametrize(
    ("moved_at", "cancelled_ahead", "back"),
    [
        (24 * HOURS, 30 * HOURS, "1200.00"),
        (5 * HOURS, 30 * HOURS, "600.00"),
        (5 * HOURS, 5 * HOURS, "600.00"),
        (5 * HOURS, 1 * HOURS, "0.00"),
        (24 * HOURS, 5 * HOURS, "600.00"),
    ],
)
def test_a_move_does_not_bring_a_lost_refund_back(world, clock, moved_at, cancelled_ahead, back):
    visit = f.paid(world.at_city, world.paul)
    later = f.FOUR + 7 * DAYS
    clock.move_to(f.FOUR - moved_at)
    visit = move(visit, later)
    clock.move_to(later - cancelled_ahead)
    assert cancel(visit) == Decimal(back)
    all_is_well()


def test_a_second_move_does_not_bring_it_back_either_and_the_hospital_gives_all(world, clock):
    visit = f.paid(world.at_city, world.paul)
    clock.move_to(f.FOUR - 5 * HOURS)
    visit = move(move(visit, f.FOUR + 7 * DAYS), f.FOUR + 8 * DAYS)
    assert visit.refund_share_cap == Decimal("0.50")
    assert cancel(visit, Side.HOSPITAL) == Decimal("1200.00")


def test_the_hospitals_move_takes_nothing_from_the_patient(world, clock):
    visit = f.book(world.at_city, world.paul, pay="online")
    f.pay_online(visit)
    clock.move_to(f.FOUR - HOURS)
    assert cancel(move(visit, f.FOUR + 7 * DAYS, side=Side.HOSPITAL)) == Decimal("1200.00")


def test_the_pages_say_what_comes_back_after_a_move(world, clock, client_of):
    visit = f.paid(world.at_city, world.paul)
    paul = client_of(world.users.paul)
    clock.move_to(f.FOUR - 5 * HOURS)
    address = reverse("appointments:reschedule", args=[visit.public_id])
    assert "at most ৳600 comes back if you cancel later" in paul.get(address).content.decode()
    visit = move(visit, f.FOUR + 7 * DAYS)
    page = paul.get(reverse("appointments:cancel", args=[visit.public_id])).content.decode()
    assert "৳600.00 of ৳1,200.00 goes back." in page
    shown = paul.get(reverse("appointments:visit", args=[visit.public_id]))
    assert shown.context["steps"] == [
        (f.FOUR + 7 * DAYS - 4 * HOURS, Decimal("600.00")), (None, Decimal(0)),
    ]  # fmt: skip
    desk = client_of(world.users.rita).get(
        reverse("appointments:desk_cancel", args=["city", visit.public_id])
    )
    assert "৳600.00 of ৳1,200.00 goes back." in desk.content.decode()


# The chart


def test_the_chart_of_a_visit_that_nobody_begins_closes_by_itself(world):
    visit = f.booked(world.at_city, world.paul)
    assert chart_ends(visit) == f.FOUR + f.LENGTH + 30 * DAYS
    move(visit, f.FOUR + 10 * DAYS, side=Side.HOSPITAL)
    assert chart_ends(visit) == f.FOUR + 10 * DAYS + f.LENGTH + 30 * DAYS


def test_a_visit_that_is_begun_keeps_its_chart_open_for_a_year(world, clock):
    assert chart_ends(begun(world, clock)) == MORNING + 365 * DAYS


def test_a_visit_that_is_done_keeps_the_chart_open_for_a_year(world, clock):
    visit = begun(world, clock)
    with in_hospital(world.city):
        operations.fulfil_appointment(visit, by=world.users.dora)
    assert f.again(visit).status == Status.FULFILLED
    assert chart_ends(visit) == MORNING + 365 * DAYS
    all_is_well()


# The bell


@pytest.mark.parametrize("accepts_at_once", [True, False])
def test_the_doctors_bell_names_no_patient(world, accepts_at_once):
    world.city.accepts_at_once = accepts_at_once
    world.city.save()
    f.book(world.at_city, world.paul)
    words = Notice.objects.get(user=world.users.dora).title
    assert "Monday 23 November, 4:00 pm" in words and "City General Hospital" in words
    assert not Notice.objects.filter(title__contains="Paul").exists()
