"""The operations of a doctor's calendar: hours, days that differ, time off, rules, leaving."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
import time_machine
from django_tasks_db.models import DBTaskResult

from appointments.models import Appointment, Hold
from appointments.operations import (
    BookingsHit,
    add_exception,
    change_booking_rules,
    leave_hospital,
    remove_exception,
    remove_time_off,
    set_weekly_hours,
    take_time_off,
)
from appointments.queries import calendar_of, visits_outside_hours
from core.errors import Conflict, DomainError
from core.tenancy import in_hospital, in_hospitals
from doctors.models import Affiliation, ScheduleException, TimeOff, WeeklyHours
from doctors.operations import BookingRules
from doctors.tests.conftest import make_cast
from doctors.tests.factories import WeeklyHoursFactory, works_at
from hospitals.models import Membership
from ledger.models import EntrySecret
from patients.tests.factories import PatientFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 21, 6, 0, tzinfo=dt.UTC)  # a Saturday, noon in Dhaka
MONDAY = dt.date(2026, 11, 23)
NINE, TEN, TWELVE, FIVE, EIGHT = dt.time(9), dt.time(10), dt.time(12), dt.time(17), dt.time(20)
RULES = BookingRules(Decimal(900), 15, 120, 10, takes_bookings=True, room="204")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast(db):
    return make_cast()


def dhaka(day, hour, minute=0):
    return dt.datetime.combine(day, dt.time(hour, minute)).replace(tzinfo=dt.UTC) - dt.timedelta(hours=6)


def visit(affiliation, starts_at, *, status=Appointment.Status.BOOKED, held_until=None):
    with in_hospital(affiliation.hospital_id):
        made = Appointment.objects.create(
            full_refund_hours=24,
            half_refund_hours=4,
            hospital=affiliation.hospital,
            patient=PatientFactory(),
            doctor=affiliation.doctor,
            affiliation=affiliation,
            starts_at=starts_at,
            ends_at=starts_at + dt.timedelta(minutes=20),
            day=affiliation.hospital.local(starts_at).date(),
            status=status,
            fee=affiliation.fee,
            cancelled_by="patient" if status == Appointment.Status.CANCELLED else "",
        )
        if held_until:
            Hold.objects.create(hospital=affiliation.hospital, appointment=made, expires_at=held_until)
    return made


def set_hours(affiliation, *hours, by=None):
    with in_hospital(affiliation.hospital_id):
        return set_weekly_hours(affiliation, hours=list(hours), by=by or affiliation.doctor.user)


def hours_of(affiliation):
    with in_hospital(affiliation.hospital_id):
        rows = WeeklyHours.objects.filter(affiliation=affiliation)
        return list(rows.values_list("weekday", "starts", "ends"))


def kinds():
    return sorted(EntrySecret.objects.values_list("kind", flat=True))


def refreshed():
    return [row.args_kwargs["args"] for row in DBTaskResult.objects.all()]


def test_set_weekly_hours_replaces_the_week(cast):
    here = cast.dora_at_city
    assert set_hours(here, (0, FIVE, EIGHT), (0, NINE, TWELVE)) == 0
    assert hours_of(here) == [(0, NINE, TWELVE), (0, FIVE, EIGHT)]
    set_hours(here, (1, NINE, TWELVE))
    assert hours_of(here) == [(1, NINE, TWELVE)]
    set_hours(here, (1, NINE, TWELVE))
    assert kinds() == ["doctors.weekly_hours_written"] * 2
    assert refreshed() == [["appointments.refresh_doctor", {"doctor_id": here.doctor_id}]] * 3


@pytest.mark.parametrize(
    "hours",
    [
        [(0, NINE, TWELVE), (0, TEN, FIVE)],
        [(0, TWELVE, NINE)],
        [(0, NINE, NINE)],
        [(0, dt.time(9, 3), TWELVE)],
        [(7, NINE, TWELVE)],
        [(0, dt.time(hour), dt.time(hour, 30)) for hour in range(9)],
    ],
)
def test_set_weekly_hours_refuses_what_can_not_be(cast, hours):
    set_hours(cast.dora_at_city, (1, NINE, TWELVE))
    with pytest.raises(DomainError):
        set_hours(cast.dora_at_city, *hours)
    assert hours_of(cast.dora_at_city) == [(1, NINE, TWELVE)]


def test_set_weekly_hours_counts_visits_outside_and_leaves_them(cast):
    here = cast.dora_at_city
    inside, outside = visit(here, dhaka(MONDAY, 9)), visit(here, dhaka(MONDAY, 11, 50))
    visit(here, dhaka(MONDAY, 14), status=Appointment.Status.CANCELLED)
    visit(here, NOW - dt.timedelta(days=2))
    assert set_hours(here, (0, NINE, TWELVE)) == 1
    with in_hospital(cast.city):
        assert visits_outside_hours(here) == [outside]
        assert Appointment.objects.get(pk=inside.pk).status == Appointment.Status.BOOKED


def test_hours_that_touch_do_not_overlap(cast):
    set_hours(cast.dora_at_city, (0, NINE, TWELVE), (0, TWELVE, FIVE))
    assert len(hours_of(cast.dora_at_city)) == 2


def test_hours_at_two_hospitals_may_overlap_and_the_calendar_warns(cast):
    elsewhere = works_at(cast.doctor_dora, cast.lakeside)
    set_hours(cast.dora_at_city, (0, NINE, TWELVE))
    set_hours(elsewhere, (0, TEN, FIVE), (1, TEN, FIVE))
    with in_hospitals([cast.city, cast.lakeside]):
        calendar = calendar_of(cast.dora_at_city, [cast.dora_at_city, elsewhere])
    assert [(row.weekday, row.starts, row.ends, row.hospital) for row in calendar.overlaps] == [
        (0, TEN, TWELVE, "Lakeside Clinic")
    ]


def except_on(affiliation, day, starts=None, ends=None):
    with in_hospital(affiliation.hospital_id):
        return add_exception(affiliation, day=day, starts=starts, ends=ends, by=affiliation.doctor.user)


def test_add_exception_closes_or_opens_a_day_once(cast):
    except_on(cast.dora_at_city, MONDAY)
    with pytest.raises(Conflict) as refused:
        except_on(cast.dora_at_city, MONDAY, NINE, TEN)
    assert refused.value.field == "day"
    except_on(cast.dora_at_city, MONDAY + dt.timedelta(days=1), NINE, TEN)
    assert kinds() == ["doctors.exception_written"] * 2


@pytest.mark.parametrize(
    ("day", "starts", "ends"),
    [
        (dt.date(2026, 11, 20), None, None),
        (MONDAY, NINE, None),
        (MONDAY, None, NINE),
        (MONDAY, TEN, NINE),
        (MONDAY, dt.time(9, 1), TEN),
    ],
)
def test_add_exception_refuses_what_can_not_be(cast, day, starts, ends):
    with pytest.raises(DomainError):
        except_on(cast.dora_at_city, day, starts, ends)


def test_add_exception_is_refused_while_a_visit_would_lie_outside(cast):
    here = cast.dora_at_city
    hit = visit(here, dhaka(MONDAY, 10))
    with pytest.raises(BookingsHit) as refused:
        except_on(here, MONDAY)
    assert refused.value.visits == [hit]
    with pytest.raises(BookingsHit):
        except_on(here, MONDAY, NINE, TEN)
    except_on(here, MONDAY, TEN, TWELVE)
    with in_hospital(cast.city):
        assert ScheduleException.objects.count() == 1


def test_remove_exception_is_refused_while_a_visit_needs_it(cast):
    here = cast.dora_at_city
    extra = except_on(here, MONDAY, NINE, TWELVE)
    booked = visit(here, dhaka(MONDAY, 10))
    with in_hospital(cast.city):
        with pytest.raises(BookingsHit) as refused:
            remove_exception(extra, by=cast.dora)
        assert refused.value.visits == [booked]
        WeeklyHoursFactory(affiliation=here)
        remove_exception(extra, by=cast.dora)
        assert not ScheduleException.objects.exists()


def test_remove_exception_of_a_closed_day_is_free(cast):
    closed = except_on(cast.dora_at_city, MONDAY)
    with in_hospital(cast.city):
        remove_exception(closed, by=cast.dora)
    assert kinds() == ["doctors.exception_deleted", "doctors.exception_written"]


def off(doctor, starts_at, ends_at):
    return take_time_off(doctor, starts_at=starts_at, ends_at=ends_at, by=doctor.user)


def test_take_time_off_lists_the_visits_of_all_hospitals(cast):
    elsewhere = works_at(cast.doctor_dora, cast.lakeside)
    first, second = visit(elsewhere, dhaka(MONDAY, 8)), visit(cast.dora_at_city, dhaka(MONDAY, 10))
    visit(cast.dora_at_city, dhaka(MONDAY, 14), status=Appointment.Status.CANCELLED)
    visit(cast.dora_at_city, dhaka(MONDAY, 15), status=Appointment.Status.PROPOSED, held_until=NOW)
    with pytest.raises(BookingsHit, match="2 visits are booked") as refused:
        off(cast.doctor_dora, dhaka(MONDAY, 0), dhaka(MONDAY, 23))
    assert refused.value.visits == [first, second]
    assert not TimeOff.objects.exists()


def test_take_time_off_beside_a_visit_is_free(cast):
    visit(cast.dora_at_city, dhaka(MONDAY, 10))
    off(cast.doctor_dora, dhaka(MONDAY, 9), dhaka(MONDAY, 10))
    off(cast.doctor_dora, dhaka(MONDAY, 10, 20), dhaka(MONDAY, 12))
    assert kinds() == ["doctors.time_off_written"] * 2
    assert refreshed() == [["appointments.refresh_doctor", {"doctor_id": cast.doctor_dora.pk}]] * 2


def test_take_time_off_is_refused_while_somebody_pays(cast):
    soon = NOW + dt.timedelta(minutes=10)
    held = visit(cast.dora_at_city, dhaka(MONDAY, 10), status=Appointment.Status.PROPOSED, held_until=soon)
    with pytest.raises(BookingsHit) as refused:
        off(cast.doctor_dora, dhaka(MONDAY, 9), dhaka(MONDAY, 12))
    assert refused.value.visits == [held]


@pytest.mark.parametrize(
    ("starts_at", "ends_at"),
    [
        (dhaka(MONDAY, 12), dhaka(MONDAY, 9)),
        (dhaka(MONDAY, 12), dhaka(MONDAY, 12)),
        (NOW - dt.timedelta(days=2), NOW - dt.timedelta(days=1)),
        (NOW, NOW + dt.timedelta(days=500)),
    ],
)
def test_take_time_off_refuses_what_can_not_be(cast, starts_at, ends_at):
    with pytest.raises(DomainError):
        off(cast.doctor_dora, starts_at, ends_at)


def test_remove_time_off(cast):
    time_off = off(cast.doctor_dora, dhaka(MONDAY, 9), dhaka(MONDAY, 12))
    remove_time_off(time_off, by=cast.dora)
    assert not TimeOff.objects.exists()
    assert kinds() == ["doctors.time_off_deleted", "doctors.time_off_written"]


def test_change_booking_rules_records_old_and_new(cast):
    with in_hospital(cast.city):
        change_booking_rules(cast.dora_at_city, rules=RULES, by=cast.ada)
        change_booking_rules(cast.dora_at_city, rules=RULES, by=cast.ada)
        stored = Affiliation.objects.get(pk=cast.dora_at_city.pk)
    assert (stored.fee, stored.slot_minutes, stored.lead_minutes, stored.daily_cap) == (
        Decimal(900),
        15,
        120,
        10,
    )
    assert (stored.room, stored.takes_bookings) == ("204", True)
    assert kinds() == ["doctors.booking_rules_written"]


@pytest.mark.parametrize(
    "changes",
    [
        {"fee": Decimal(-1)},
        {"slot_minutes": 12},
        {"slot_minutes": 245},
        {"lead_minutes": 99999},
        {"daily_cap": 0},
    ],
)
def test_change_booking_rules_refuses_what_can_not_be(cast, changes):
    with in_hospital(cast.city), pytest.raises(DomainError) as refused:
        change_booking_rules(cast.dora_at_city, rules=replace(RULES, **changes), by=cast.ada)
    assert refused.value.field == next(iter(changes))


def test_leave_hospital_ends_the_membership(cast):
    with in_hospital(cast.city):
        leave_hospital(cast.dora_at_city, by=cast.dora)
        assert Membership.objects.get(pk=cast.dora_at_city.membership_id).status == Membership.Status.REMOVED
        with pytest.raises(DomainError, match="not work there any more"):
            set_weekly_hours(cast.dora_at_city, hours=[], by=cast.dora)
    assert kinds() == ["doctors.affiliation_ended", "hospitals.membership_removed"]


def test_leave_hospital_is_refused_while_visits_are_to_come_there(cast):
    elsewhere = works_at(cast.doctor_dora, cast.lakeside)
    hit = visit(cast.dora_at_city, dhaka(MONDAY, 10), status=Appointment.Status.PENDING)
    with in_hospital(cast.city):
        with pytest.raises(BookingsHit) as refused:
            leave_hospital(cast.dora_at_city, by=cast.ada)
        assert refused.value.visits == [hit]
    with in_hospital(cast.lakeside):
        leave_hospital(elsewhere, by=cast.dora)
