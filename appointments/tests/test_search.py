"""Finding a doctor: words with slips, filters, order, and free times that can be booked."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from appointments.operations import refresh_doctor
from appointments.queries import Wanted, free_starts, search_doctors
from core.tenancy import everywhere
from doctors.models import Affiliation

from . import factories as f

SEARCH = "/doctors/"


@pytest.fixture
def city(world):
    """The cast, and a skin doctor and a second heart doctor in Dhaka."""
    skin = f.SpecialityFactory(
        slug="dermatology",
        name="Dermatology",
        lay_name="Skin",
        practitioner="Dermatologist",
        search_words="rash, acne",
    )
    world.farhana = f.working(f.DoctorFactory(name="Dr Farhana Karim", speciality=skin), hospital=world.city)
    world.anis = f.working(
        f.DoctorFactory(name="Dr Anisur Rahman"), hospital=world.city, fee=Decimal("500.00")
    )
    return world


def profile(doctor) -> str:
    return reverse("appointments:doctor", args=[doctor.public_id])


def link_to(affiliation) -> str:
    return reverse("appointments:book", args=[affiliation.public_id])


def names(**wanted) -> list[str]:
    return [row.doctor.name for row in search_doctors(Wanted(**wanted)).rows]


DORA, DEB, FARHANA, ANIS = "Dr Dora Sen", "Dr Deb Roy", "Dr Farhana Karim", "Dr Anisur Rahman"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("dora", {DORA}),
        ("Dr. Dora Sen", {DORA}),
        ("anisur rahmna", {ANIS}),
        ("Farhanna Karim", {FARHANA}),
        ("heart", {DORA, DEB, ANIS}),
        ("cardiolgist", {DORA, DEB, ANIS}),
        ("chest pain", {DORA, DEB, ANIS}),
        ("acne", {FARHANA}),
        ("dermatolgy", {FARHANA}),
        ("cardiologist chattogram", {DORA, DEB}),
        ("heart dora", {DORA}),
        ("skin dora", set()),
        ("lakeside", {DORA, DEB}),
        ("dhanmondi", {DORA, FARHANA, ANIS}),
        ("xyzzy", set()),
        ("%_'\"; drop", set()),
    ],
)
def test_text_finds_names_fields_and_places(city, text, found):
    assert set(names(text=text)) == found


def test_filters_narrow_and_combine(city):
    assert names(city="chattogram") == [DEB, DORA]
    assert set(names(city="Dhanmondi")) == {DORA, FARHANA, ANIS}
    assert names(speciality="dermatology") == [FARHANA]
    assert names(hospital="lakeside", max_fee=Decimal(800)) == [DEB]
    assert names(speciality="dermatology", city="Chattogram") == []


def test_the_counts_say_what_a_filter_would_leave(city):
    found = search_doctors(Wanted())
    assert found.total == 5
    assert [(row.slug, count) for row, count in found.specialities] == [("cardiology", 4), ("dermatology", 1)]
    assert found.cities == [("Dhaka", 3), ("Chattogram", 2)]
    narrowed = search_doctors(Wanted(city="dhaka", speciality="cardiology"))
    assert narrowed.total == len(narrowed.rows) == 2
    assert [(row.slug, count) for row, count in narrowed.specialities] == [
        ("cardiology", 2),
        ("dermatology", 1),
    ]
    assert narrowed.cities == [("Chattogram", 2), ("Dhaka", 2)]
    assert search_doctors(Wanted(city="Dhanmondi", speciality="cardiology")).total == 2


def test_the_soonest_free_come_first_and_who_has_no_time_last(city):
    f.give_hours(city.anis, opens=dt.time(14), closes=dt.time(15))
    f.give_hours(city.debs, opens=dt.time(20), closes=dt.time(20, 10))  # too short for a visit
    assert names() == [ANIS, DORA, DORA, FARHANA, DEB]
    assert names(sort="fee") == [ANIS, DEB, DORA, DORA, FARHANA]


@pytest.mark.parametrize("change", ["no bookings", "suspended", "licence", "closed"])
def test_who_can_not_be_booked_is_not_found(city, change):
    with everywhere():
        if change == "no bookings":
            city.farhana.takes_bookings = False
            city.farhana.save()
        elif change == "suspended":
            city.farhana.membership.status = "suspended"
            city.farhana.membership.save()
        elif change == "licence":
            city.farhana.doctor.licence_expires = dt.date(2026, 11, 20)
            city.farhana.doctor.save()
        else:
            city.city.is_active = False
            city.city.save()
    assert names(text="farhana") == []


def test_free_starts_are_checked_against_what_is_taken_now(city):
    rows = list(search_doctors(Wanted(text="dora")).rows)
    before = free_starts(rows)
    taken = before[city.at_city.pk][0]
    f.book(city.at_lakeside, city.paul, taken)  # next free times are computed later, by the worker
    after = free_starts(search_doctors(Wanted(text="dora")).rows)
    assert after[city.at_city.pk] == before[city.at_city.pk][1:]
    assert after[city.at_lakeside.pk] == before[city.at_lakeside.pk][1:]


def test_free_starts_inside_the_lead_time_are_left_out(city, clock):
    start = f.next_free(city.at_city).starts_at
    clock.move_to(start - dt.timedelta(minutes=59))
    (row,) = search_doctors(Wanted(text="dora", city="Dhaka")).rows
    assert free_starts([row])[row.pk][0] == start + f.LENGTH


def test_free_starts_of_a_full_day_are_left_out(city):
    with everywhere():
        city.anis.daily_cap = 1
        city.anis.save()
    f.book(city.anis, city.paul, f.next_free(city.anis).starts_at)
    (row,) = search_doctors(Wanted(text="anisur")).rows
    assert free_starts([row])[row.pk] == []
    refresh_doctor(city.anis.doctor_id)
    (row,) = search_doctors(Wanted(text="anisur")).rows
    assert free_starts([row])[row.pk][0].date() == dt.date(2026, 11, 22)


def test_every_start_on_the_page_can_be_booked(city, client_of):
    page = client_of().get(SEARCH)
    shown = [
        (card["affiliation"], start)
        for card in page.context["cards"]
        for _, starts in card["days"]
        for start in starts
    ]
    assert len(shown) == 15
    taken: set[tuple[int, dt.datetime]] = set()
    for affiliation, start in shown:
        assert (
            f"{reverse('appointments:book', args=[affiliation.public_id])}?start={start:%Y-%m-%dT%H:%MZ}"
            in page.content.decode()
        )
        if (affiliation.doctor_id, start) not in taken:
            assert f.book(affiliation, f.PatientFactory(), start).starts_at == start
            taken.add((affiliation.doctor_id, start))


def test_an_order_that_is_a_minute_old_shows_nobody_who_left(city, client_of, settings):
    local = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "test-search"}
    settings.CACHES = {**settings.CACHES, "memory": local}
    client = client_of()
    assert link_to(city.anis) in client.get(SEARCH).content.decode()

    with everywhere():
        Affiliation.objects.filter(pk=city.anis.pk).update(takes_bookings=False)
    page = client.get(SEARCH).content.decode()
    assert (link_to(city.anis) in page, link_to(city.farhana) in page) == (False, True)


def test_the_page_keeps_what_was_asked_and_pages_through(city, client_of):
    for number in range(12):
        f.working(f.DoctorFactory(name=f"Dr Zia {number:02}"), hospital=city.city)
    first = client_of().get(SEARCH, {"city": "Dhaka"})
    assert (len(first.context["cards"]), first.context["page_obj"].paginator.count) == (10, 15)
    second = client_of().get(SEARCH, {"city": "Dhaka", "page": 2})
    assert len(second.context["cards"]) == 5
    assert "?city=Dhaka&amp;page=1" in second.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        {"max_fee": "much"},
        {"sort": "?"},
        {"page": "x"},
        {"speciality": "a b"},
        {"q": "x" * 500},
    ],
)
def test_what_can_not_be_read_is_left_out(city, client_of, query):
    assert client_of().get(SEARCH, query).status_code == 200


def test_nothing_found_says_what_to_do(city, client_of):
    page = client_of().get(SEARCH, {"q": "xyzzy"})
    assert "No doctor fits" in page.content.decode()


def test_search_takes_the_same_few_queries_however_many_doctors(city, counted, client_of):
    client = client_of(city.users.paul)
    few = (
        counted(client, SEARCH),
        counted(client, f"{SEARCH}?q=heart+dora"),
        counted(client, f"{SEARCH}?city=Dhaka"),
    )
    for number in range(20):
        f.working(f.DoctorFactory(name=f"Dr Dora {number:02}"), hospital=city.city)
    many = (
        counted(client, SEARCH),
        counted(client, f"{SEARCH}?q=heart+dora"),
        counted(client, f"{SEARCH}?city=Dhaka"),
    )
    assert few == many == (8, 10, 8)


def test_profile_shows_two_weeks_and_one_days_times(city, client_of):
    page = client_of().get(profile(city.dora), {"at": "lakeside", "day": "2026-11-23"})
    choice = page.context["choice"]
    assert [day.free for day in choice.days] == [6] * 14
    assert choice.chosen == f.MONDAY
    assert [(part, len(starts)) for part, starts in choice.parts] == [("Afternoon", 3), ("Evening", 3)]
    assert (
        f"{reverse('appointments:book', args=[city.at_lakeside.public_id])}?start=2026-11-23T10:00Z"
        in page.content.decode()
    )


def test_profile_opens_on_the_first_day_with_a_free_time(city, client_of):
    for number in range(3):
        f.close_day(city.at_city, dt.date(2026, 11, 21 + number))
    page = client_of().get(profile(city.dora))
    assert page.context["choice"].chosen == dt.date(2026, 11, 24)
    assert [day.free for day in page.context["choice"].days[:4]] == [0, 0, 0, 6]


@pytest.mark.parametrize(
    ("day", "first"), [("2026-12-20", 19), ("2020-01-01", 21), ("2030-01-01", 21), ("31 November", 21)]
)
def test_profile_moves_on_in_steps_of_two_weeks_and_not_too_far(city, client_of, day, first):
    page = client_of().get(profile(city.dora), {"day": day})
    assert page.context["choice"].days[0].date.day == first


def test_profile_of_nobody_and_of_who_works_nowhere_is_not_found(city, client_of):
    client = client_of()
    assert client.get(reverse("appointments:doctor", args=["nobody"])).status_code == 404
    assert client.get(reverse("appointments:doctor", args=[f.DoctorFactory().public_id])).status_code == 404


def test_profile_of_a_doctor_without_bookings_says_so(city, client_of):
    with everywhere():
        city.farhana.takes_bookings = False
        city.farhana.save()
    page = client_of().get(reverse("appointments:doctor", args=[city.farhana.doctor.public_id]))
    assert "takes no bookings here at the moment" in page.content.decode()


def test_profile_takes_the_same_few_queries(city, counted, client_of):
    url = profile(city.dora)
    few = counted(client_of(city.users.paul), url)
    for number in range(3):
        f.book(city.at_city, f.PatientFactory(), f.FOUR + number * f.LENGTH)
        f.working(city.dora)
    assert few == counted(client_of(city.users.paul), url) == 7


def test_a_stranger_sees_no_visit_on_public_pages(city, client_of):
    f.book(city.at_city, city.paul, reason="CANARY")
    for url in (SEARCH, profile(city.dora)):
        text = client_of(city.users.mallory).get(url).content.decode()
        assert "CANARY" not in text and "Paul Rahman" not in text
