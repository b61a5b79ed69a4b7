"""Races: one free time has one winner, whoever is how fast, on SQLite and on PostgreSQL.

`THREADS` and `ROUNDS` are small here; a soak calls the same functions with more.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from appointments import operations
from appointments.models import Appointment, Cell
from appointments.operations import SlotTaken
from billing.gateways.fake import STORE_ID, FakeGateway
from billing.models import Payment, Refund
from billing.operations import verify_payment
from core.invariants import breaks_of, invariant_names
from core.tenancy import everywhere, in_hospital
from hospitals.tests.factories import HospitalFactory

from . import factories as f

pytestmark = [pytest.mark.engines, pytest.mark.django_db(transaction=True)]

THREADS, ROUNDS = 8, 2
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def gateway(settings, clock):
    settings.PAYMENT_GATEWAY = "billing.gateways.fake.FakeGateway"
    settings.SSLCOMMERZ_STORE_ID = STORE_ID
    return FakeGateway.fresh()


def race(acts: list[Callable[[], object]]) -> list[str]:
    """Start all acts at the same moment, each with its own connection; return how each ended."""
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        try:
            barrier.wait(timeout=60)
            act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        futures = [pool.submit(run, act) for act in acts]
    return [_ended(future.exception()) for future in futures]


def _ended(error: BaseException | None) -> str:
    if error is None:
        return "won"
    return "taken" if isinstance(error, SlotTaken) else f"{type(error).__name__}: {error}"


def all_is_well() -> None:
    assert [broken for name in invariant_names() for broken in breaks_of(name)] == []


def check_race_for_one_slot(threads: int, rounds: int, *, pay: str = "later") -> None:
    """Let so many people book the same time, again and again: one gets it, the others are told it was taken."""
    affiliation = f.working()
    people = [f.registered(f.PatientFactory(), affiliation.hospital) for _ in range(threads)]
    for number in range(rounds):
        start = f.FOUR + number % 40 * DAY + number // 40 * f.LENGTH
        outcomes = race(
            [lambda person=person, at=start: f.book(affiliation, person, at, pay=pay) for person in people]
        )
        assert Counter(outcomes) == {"won": 1, "taken": threads - 1}
        if pay == "online":
            with in_hospital(affiliation.hospital):
                held, side = Appointment.objects.latest("pk"), Appointment.Side.PATIENT
                operations.release_hold(held, side=side, by=people[0].user)
    with everywhere():
        assert Appointment.objects.filter(affiliation=affiliation).count() == rounds
    all_is_well()


def check_race_of_overlaps(threads: int, rounds: int) -> None:
    """Let people book overlapping times of one doctor in two hospitals; those that stand never overlap."""
    doctor = f.DoctorFactory()
    at_one = f.working(doctor, slot_minutes=20)
    at_other = f.working(doctor, slot_minutes=30)
    people = [f.registered(f.PatientFactory(), at_one.hospital, at_other.hospital) for _ in range(threads)]
    for number in range(rounds):
        base = f.FOUR + number * DAY
        choices = [(at_one, base + f.LENGTH), (at_other, base), (at_other, base + dt.timedelta(minutes=30))]
        acts = [
            lambda person=person, choice=choices[place % 3]: f.book(choice[0], person, choice[1], pay="later")
            for place, person in enumerate(people)
        ]
        outcomes = Counter(race(acts))
        # 4:20 to 4:40 stands alone, or 4:00 and 4:30 stand together.
        assert outcomes in ({"won": 1, "taken": threads - 1}, {"won": 2, "taken": threads - 2})
    all_is_well()


def check_race_of_one_patient(threads: int, rounds: int) -> None:
    """Let one patient book the same time with several doctors: one visit stands."""
    places = [f.working() for _ in range(threads)]
    patient = f.registered(f.PatientFactory(), *(place.hospital for place in places))
    for number in range(rounds):
        start = f.FOUR + number * DAY
        outcomes = race(
            [lambda place=place, at=start: f.book(place, patient, at, pay="later") for place in places]
        )
        assert Counter(outcomes) == {"won": 1, "taken": threads - 1}
    all_is_well()


def test_one_slot_has_one_winner():
    check_race_for_one_slot(THREADS, ROUNDS)


def test_one_slot_is_held_for_one():
    check_race_for_one_slot(THREADS, ROUNDS, pay="online")


def test_overlapping_slots_of_one_doctor_in_two_hospitals():
    check_race_of_overlaps(THREADS, ROUNDS)


def test_one_patient_with_several_doctors():
    check_race_of_one_patient(THREADS, ROUNDS)


def test_moves_and_bookings_race_for_one_slot():
    affiliation = f.working()
    people = [f.registered(f.PatientFactory(), affiliation.hospital) for _ in range(4)]
    visits = [
        f.booked(affiliation, person, f.FOUR + place * f.LENGTH) for place, person in enumerate(people[:2])
    ]
    wanted = f.FOUR + DAY

    def move(visit: Appointment) -> None:
        with in_hospital(visit.hospital_id):
            operations.reschedule_appointment(
                visit, starts_at=wanted, side=Appointment.Side.HOSPITAL, by=visit.booked_by
            )

    acts = [lambda visit=visit: move(visit) for visit in visits]
    acts += [lambda person=person: f.book(affiliation, person, wanted) for person in people[2:]]
    assert Counter(race(acts)) == {"won": 1, "taken": 3}
    all_is_well()


def test_crossed_lapsed_holds_never_wait_for_each_other(clock):
    places = [f.working(), f.working()]
    people = [f.registered(f.PatientFactory(), *(place.hospital for place in places)) for _ in range(2)]
    for number in range(20):
        clock.move_to(f.NOW + number * dt.timedelta(hours=2))
        start = f.FOUR + (2 + number) * DAY
        for place, person in zip(places, reversed(people), strict=True):
            f.book(place, person, start, pay="online")
        clock.shift(dt.timedelta(minutes=30))
        acts = [
            lambda pair=pair, at=start: f.book(*pair, at, pay="later")
            for pair in zip(places, people, strict=True)
        ]
        assert set(race(acts)) <= {"won", "taken"}
    all_is_well()


def test_a_payment_and_somebody_who_books_the_lapsed_time(clock):
    affiliation = f.working()
    payer, other = (f.registered(f.PatientFactory(), affiliation.hospital) for _ in range(2))
    for number in range(4):
        clock.move_to(f.NOW + number * dt.timedelta(hours=2))
        start = f.FOUR + number * DAY
        held = f.book(affiliation, payer, start, pay="online")
        attempt = f.start_online(held)
        FakeGateway.from_settings().set_payment(attempt.tran_id)
        clock.shift(dt.timedelta(minutes=30))
        tran_id = attempt.tran_id
        paid, booked = race(
            [lambda tran_id=tran_id: verify_payment(tran_id), lambda at=start: f.book(affiliation, other, at)]
        )
        assert paid == "won" and booked in {"won", "taken"}
        with everywhere():
            payment = Payment.objects.get(attempt=attempt)
            refunded = Refund.objects.filter(payment=payment).exists()
        assert refunded == (booked == "won")
        assert (f.again(held).status == Appointment.Status.PENDING) == (booked == "taken")
    all_is_well()


def test_payments_told_twice_while_holds_are_tidied_make_one_visit(clock):
    affiliation = f.working()
    payer = f.registered(f.PatientFactory(), affiliation.hospital)
    held = f.book(affiliation, payer, pay="online")
    attempt = f.start_online(held)
    FakeGateway.from_settings().set_payment(attempt.tran_id)
    clock.shift(dt.timedelta(minutes=30))
    tell, tidy = (lambda: verify_payment(attempt.tran_id)), operations.flip_lapsed_holds
    assert race([tell, tidy, tell, tidy, tell]) == ["won"] * 5
    with everywhere():
        assert (Payment.objects.count(), Refund.objects.count()) == (1, 0)
        assert Cell.objects.filter(lapses_at__isnull=True).count() == 4
    assert f.again(held).status == Appointment.Status.PENDING
    all_is_well()


def test_next_free_times_are_right_after_a_race():
    hospital = HospitalFactory()
    affiliation = f.working(hospital=hospital)
    people = [f.registered(f.PatientFactory(), hospital) for _ in range(4)]
    first = f.next_free(affiliation).starts_at
    starts = [first + place * f.LENGTH for place in range(4)]

    def book_and_compute(person, start) -> None:
        f.book(affiliation, person, start)
        operations.refresh_next_free(affiliation.pk)

    pairs = zip(people, starts, strict=True)
    assert race([lambda pair=pair: book_and_compute(*pair) for pair in pairs]) == ["won"] * 4
    assert f.next_free(affiliation).starts_at == first + 4 * f.LENGTH
