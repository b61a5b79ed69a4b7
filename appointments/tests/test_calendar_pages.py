"""The pages of a doctor's calendar: who may open them, what they say, what they refuse."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from appointments.models import Appointment, NextFree
from core.tenancy import everywhere, in_hospital
from doctors.models import Affiliation, ScheduleException, TimeOff, WeeklyHours
from doctors.tests.conftest import as_person, make_cast  # noqa: F401
from doctors.tests.factories import ScheduleExceptionFactory, TimeOffFactory, WeeklyHoursFactory, works_at

from .test_calendar import MONDAY, NOW, dhaka, visit

pytestmark = pytest.mark.django_db
ROLES = ["anonymous", "paul", "dora", "deb", "rita", "ada", "mallory", "root"]
LOGIN = 302


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast(db):
    return make_cast()


def url(name, *args):
    return reverse(f"appointments:{name}", args=args)


def rows(model):
    with everywhere():
        return list(model.objects.order_by("pk"))


def test_calendar_by_role(cast, as_person):  # noqa: F811
    here = cast.dora_at_city
    doras = [LOGIN, 403, 200, 404, 403, 403, 403, 403]
    admins = [LOGIN, 404, 403, 404, 403, 200, 404, 404]
    wanted = {
        url("calendar"): [LOGIN, 403, 200, 200, 403, 403, 403, 403],
        url("calendar") + "?at=city": doras,
        url("calendar_free", here.public_id): doras,
        url("leave_hospital", here.public_id): doras,
        url("end_affiliation", "city", here.public_id): admins,
        url("doctor_rules", "city", here.public_id): admins,
    }
    for address, codes in wanted.items():
        people = [None if role == "anonymous" else getattr(cast, role) for role in ROLES]
        assert [as_person(person).get(address).status_code for person in people] == codes, address


def test_acts_by_role(cast, as_person):  # noqa: F811
    here = cast.dora_at_city
    day = ScheduleExceptionFactory(affiliation=here, day=MONDAY)
    off = TimeOffFactory(doctor=cast.doctor_dora, starts_at=NOW, ends_at=NOW + dt.timedelta(days=1))
    names = ["save_rules", "add_exception", "take_time_off"]
    wanted = {url(name, here.public_id): [LOGIN, 403, 422, 404, 403, 403, 403, 403] for name in names}
    wanted[url("save_hours", here.public_id)] = [LOGIN, 403, 302, 404, 403, 403, 403, 403]
    wanted[url("remove_exception", here.public_id, day.public_id)] = [
        LOGIN,
        403,
        302,
        404,
        403,
        403,
        403,
        403,
    ]
    wanted[url("remove_time_off", off.public_id)] = [LOGIN, 403, 302, 404, 403, 403, 403, 403]
    for address, codes in wanted.items():
        people = [None if role == "anonymous" else getattr(cast, role) for role in ROLES]
        assert [as_person(person).post(address).status_code for person in people] == codes, address


def test_ids_of_others_do_not_exist(cast, as_person):  # noqa: F811
    theirs = cast.deb_at_lakeside
    day = ScheduleExceptionFactory(affiliation=theirs, day=MONDAY)
    client = as_person(cast.dora)
    assert client.get(url("calendar"), {"at": "lakeside"}).status_code == 404
    assert client.post(url("save_hours", theirs.public_id)).status_code == 404
    assert client.post(url("remove_exception", cast.dora_at_city.public_id, day.public_id)).status_code == 404
    assert as_person(cast.ada).get(url("end_affiliation", "city", theirs.public_id)).status_code == 404


def test_a_suspended_doctor_has_no_calendar_there(cast, as_person):  # noqa: F811
    with in_hospital(cast.city):
        cast.dora_at_city.membership.status = "suspended"
        cast.dora_at_city.membership.save()
    client = as_person(cast.dora)
    assert "No calendar yet" in client.get(url("calendar")).content.decode()
    assert client.post(url("save_hours", cast.dora_at_city.public_id)).status_code == 404


@pytest.mark.parametrize("number", [1, 3])
def test_queries_of_the_calendar(cast, as_person, django_assert_num_queries, number):  # noqa: F811
    for index in range(number):
        elsewhere = works_at(cast.doctor_dora)
        for affiliation in (elsewhere, cast.dora_at_city):
            WeeklyHoursFactory(affiliation=affiliation, weekday=index)
        day = MONDAY + dt.timedelta(days=index)
        ScheduleExceptionFactory(affiliation=cast.dora_at_city, day=day)
        TimeOffFactory(doctor=cast.doctor_dora, starts_at=NOW, ends_at=NOW + dt.timedelta(days=1))
        visit(cast.dora_at_city, dhaka(day, 20))
    client = as_person(cast.dora)
    for address, queries in (
        (url("calendar") + "?at=city", 10),
        (url("calendar_free", cast.dora_at_city.public_id), 9),
    ):
        client.get(address)
        with django_assert_num_queries(queries, info=address):
            client.get(address)


def test_hours_are_saved_and_shown(cast, as_person):  # noqa: F811
    client, here = as_person(cast.dora), cast.dora_at_city
    visit(here, dhaka(MONDAY, 20))
    sent = {
        "d0_0_from": "09:00",
        "d0_0_until": "12:00",
        "d0_1_from": "17:00",
        "d0_1_until": "19:30",
        "d2_0_from": "",
    }
    page = client.post(url("save_hours", here.public_id), sent, follow=True).content.decode()
    assert "Your hours are saved." in page
    assert "1 booked visit lies outside of these hours. It stays booked." in page
    assert 'value="17:00"' in page
    assert "d0_2_from" in page
    assert [(row.weekday, row.starts, row.ends) for row in rows(WeeklyHours)] == [
        (0, dt.time(9), dt.time(12)),
        (0, dt.time(17), dt.time(19, 30)),
    ]


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"d0_0_from": "09:00"}, "Write both times, or leave both empty."),
        ({"d0_0_until": "09:00"}, "Write both times, or leave both empty."),
        ({"d0_0_from": "12:00", "d0_0_until": "09:00"}, "This is not later than the beginning."),
        ({"d0_0_from": "nine", "d0_0_until": "12:00"}, "This is no time."),
        ({"d0_0_from": "09:02", "d0_0_until": "12:00"}, "steps of five minutes"),
        (
            {"d0_0_from": "09:00", "d0_0_until": "12:00", "d0_1_from": "11:00", "d0_1_until": "13:00"},
            "This overlaps with other hours of the day.",
        ),
    ],
)
def test_hours_that_can_not_be_are_kept_on_the_page(cast, as_person, sent, message):  # noqa: F811
    page = as_person(cast.dora).post(
        url("save_hours", cast.dora_at_city.public_id), {**sent, "d5_4_from": "20:00"}
    )
    assert page.status_code == 422
    assert message in page.content.decode()
    assert f'value="{next(iter(sent.values()))}"' in page.content.decode()
    assert 'name="d5_4_from" value="20:00"' in page.content.decode()
    assert rows(WeeklyHours) == []


def test_overlaps_with_another_hospital_are_said(cast, as_person):  # noqa: F811
    WeeklyHoursFactory(affiliation=cast.dora_at_city)
    WeeklyHoursFactory(affiliation=works_at(cast.doctor_dora, cast.lakeside))
    page = as_person(cast.dora).get(url("calendar"), {"at": "city"}).content.decode()
    assert "9:00 am – 12:00 pm, Lakeside Clinic, Monday" in page
    assert "That is allowed" in page


def test_a_day_is_added_listed_and_taken_back(cast, as_person):  # noqa: F811
    client, here = as_person(cast.dora), cast.dora_at_city
    page = client.post(
        url("add_exception", here.public_id), {"day": "2026-11-23", "what": "closed"}, follow=True
    )
    assert "Monday 23 November" in page.content.decode()
    again = client.post(url("add_exception", here.public_id), {"day": "2026-11-23", "what": "closed"})
    assert again.status_code == 422
    assert "in the list already" in again.content.decode()
    only = rows(ScheduleException)[0]
    client.post(url("remove_exception", here.public_id, only.public_id))
    assert rows(ScheduleException) == []
    assert client.get(url("add_exception", here.public_id)).status_code == 302


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"day": "31/11/2026", "what": "closed"}, "This date does not exist"),
        ({"day": "2026-11-23", "what": "open", "starts": "09:00"}, "Write the time."),
        (
            {"day": "2026-11-23", "what": "open", "starts": "10:00", "ends": "09:00"},
            "not later than the beginning",
        ),
        ({"day": "2026-11-20", "what": "closed"}, "This day is over"),
    ],
)
def test_a_day_that_can_not_be(cast, as_person, sent, message):  # noqa: F811
    page = as_person(cast.dora).post(url("add_exception", cast.dora_at_city.public_id), sent)
    assert page.status_code == 422
    assert message in page.content.decode()


def test_a_day_with_visits_lists_them(cast, as_person):  # noqa: F811
    booked = visit(cast.dora_at_city, dhaka(MONDAY, 10))
    page = as_person(cast.dora).post(
        url("add_exception", cast.dora_at_city.public_id), {"day": "2026-11-23", "what": "closed"}
    )
    assert page.status_code == 422
    assert booked.patient.name in page.content.decode()
    assert url("doctor_visit", booked.public_id) in page.content.decode()


def test_time_off_is_in_the_hospitals_zone(cast, as_person):  # noqa: F811
    client, here = as_person(cast.dora), cast.dora_at_city
    sent = {"first_day": "2026-11-23", "last_day": "2026-11-24"}
    page = client.post(url("take_time_off", here.public_id), sent, follow=True).content.decode()
    assert "Your time off is saved" in page
    only = rows(TimeOff)[0]
    assert (only.starts_at, only.ends_at) == (dhaka(MONDAY, 0), dhaka(MONDAY + dt.timedelta(days=2), 0))
    back = client.post(url("remove_time_off", only.public_id), {"at": "city"})
    assert back.url == url("calendar") + "?at=city"
    assert rows(TimeOff) == []


def test_time_off_is_taken_back_also_with_an_address_that_is_too_long(cast, as_person):  # noqa: F811
    off = TimeOff.objects.create(
        doctor=cast.doctor_dora,
        starts_at=dhaka(MONDAY, 0),
        ends_at=dhaka(MONDAY + dt.timedelta(days=1), 0),
    )
    answer = as_person(cast.dora).post(url("remove_time_off", off.public_id), {"at": "y" * 5_000})
    assert (answer.status_code, answer["Location"]) == (302, f"{url('calendar')}?at={'y' * 40}")
    assert not TimeOff.objects.filter(pk=off.pk).exists()


def test_time_off_lists_visits_of_all_hospitals_and_names_only_ones_own_patients(cast, as_person):  # noqa: F811
    elsewhere = works_at(cast.doctor_dora, cast.lakeside)
    own, hidden = visit(cast.dora_at_city, dhaka(MONDAY, 10)), visit(elsewhere, dhaka(MONDAY, 15))
    with in_hospital(cast.lakeside):
        elsewhere.membership.status = "suspended"
        elsewhere.membership.save()
    sent = {"first_day": "2026-11-23", "first_time": "09:00", "last_day": "2026-11-23", "last_time": "18:00"}
    page = as_person(cast.dora).post(url("take_time_off", cast.dora_at_city.public_id), sent)
    text = page.content.decode()
    assert page.status_code == 422
    assert "2 visits are booked in this time" in text
    assert own.patient.name in text
    assert "Monday 23 November, 3:00 pm, Lakeside Clinic" in text
    assert f"{hidden.patient.name}<" not in text
    assert rows(TimeOff) == []


def test_time_off_that_can_not_be(cast, as_person):  # noqa: F811
    sent = {"first_day": "2026-11-24", "last_day": "2026-11-23"}
    page = as_person(cast.dora).post(url("take_time_off", cast.dora_at_city.public_id), sent)
    assert page.status_code == 422
    assert "Time off ends later than it begins." in page.content.decode()


RULES = {
    "fee": "950",
    "slot_minutes": "25",
    "lead_minutes": "120",
    "daily_cap": "",
    "room": "3B",
    "takes_bookings": "on",
}


def test_rules_are_changed_by_the_doctor_and_by_the_admin(cast, as_person):  # noqa: F811
    here = cast.dora_at_city
    assert as_person(cast.dora).post(url("save_rules", here.public_id), RULES).status_code == 302
    stored = rows(Affiliation)[0]
    assert (stored.fee, stored.slot_minutes, stored.daily_cap, stored.room) == (Decimal(950), 25, None, "3B")
    page = as_person(cast.ada).post(
        url("doctor_rules", "city", here.public_id), {**RULES, "fee": "1000"}, follow=True
    )
    assert "৳1,000.00" in page.content.decode()
    bad = as_person(cast.ada).post(
        url("doctor_rules", "city", here.public_id), {**RULES, "slot_minutes": "7"}
    )
    assert bad.status_code == 422
    assert 'value="7"' in bad.content.decode()


def test_free_times_are_counted(cast, as_person):  # noqa: F811
    WeeklyHoursFactory(affiliation=cast.dora_at_city, ends=dt.time(10))
    address = url("calendar_free", cast.dora_at_city.public_id)
    page = as_person(cast.dora).get(address).content.decode()
    assert "<b>6</b> free times in the next 14 days" in page
    assert "<!doctype html>" in page
    part = as_person(cast.dora).get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<b>6</b> free times" in part
    assert "<!doctype html>" not in part


def test_leaving_asks_first_lists_visits_and_then_ends(cast, as_person):  # noqa: F811
    booked = visit(cast.dora_at_city, dhaka(MONDAY, 10))
    for person, address, target in (
        (
            cast.dora,
            url("leave_hospital", cast.dora_at_city.public_id),
            url("doctor_visit", booked.public_id),
        ),
        (
            cast.ada,
            url("end_affiliation", "city", cast.dora_at_city.public_id),
            url("desk_visit", "city", booked.public_id),
        ),
    ):
        client = as_person(person)
        assert client.get(address).status_code == 200
        refused = client.post(address)
        assert refused.status_code == 409
        assert target in refused.content.decode()
    with in_hospital(cast.city):
        Appointment.objects.update(status="cancelled", cancelled_by="hospital")
    page = as_person(cast.ada).post(address, follow=True).content.decode()
    assert "does not work at City General Hospital any more" in page
    assert as_person(cast.ada).get(address).status_code == 404
    assert (
        as_person(cast.ada).get(url("doctor_rules", "city", cast.dora_at_city.public_id)).status_code == 404
    )


def test_suspending_a_doctor_says_what_is_booked(cast, as_person):  # noqa: F811
    visit(cast.dora_at_city, dhaka(MONDAY, 10))
    page = as_person(cast.ada).get(
        reverse("hospitals:suspend", args=["city", cast.dora_at_city.membership.public_id])
    )
    assert "1 visit is booked with this doctor." in page.content.decode()


def test_the_list_of_doctors_says_when_each_is_next_free(cast, as_person):  # noqa: F811
    with in_hospital(cast.city):
        NextFree.objects.create(
            hospital=cast.city, affiliation=cast.dora_at_city, starts_at=dhaka(MONDAY, 10), computed_at=NOW
        )
    page = as_person(cast.ada).get(reverse("doctors:staff_doctors", args=["city"])).content.decode()
    assert "Mon 23 Nov, 10:00 am" in page
