"""Who sees whom when: decided in memory before anything is written, so that no two visits of a person overlap."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from appointments.models import Appointment
from appointments.queries import refund_share
from billing.models import Invoice, Payment
from core.money import round_money
from doctors.models import Affiliation
from patients.models import Patient

from .size import COMING_DAYS, PAST_DAYS
from .world import Place, World

Status = Appointment.Status
NOTHING = Decimal("0.00")
TRIES = 500
ACCEPTED: dict[str, float] = {
    Status.PENDING: 0,
    Status.CANCELLED: 0.6,
}  # share that somebody accepted; of all others everybody was
TODAY = 12  # visits of the measured doctor on the present day, whatever the size: a day page does not grow with the years


class DoesNotFit(Exception):
    """There are too few doctors or patients for so many visits."""


@dataclass(eq=False)
class Plan:
    """One visit. `ended_at` is when it was done, cancelled or missed; `accepted_at` None means nobody accepted it.

    The fee was paid online when the visit was booked, or at the desk when the patient came.
    """

    place: Place
    work: Affiliation
    patient: Patient
    starts_at: dt.datetime
    day: dt.date
    status: str
    booked_at: dt.datetime
    online: bool
    accepted_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    by_patient: bool = True  # who cancelled it
    paid: bool = False
    credited: Decimal = NOTHING
    row: Appointment = field(init=False)
    invoice: Invoice = field(init=False)
    payment: Payment | None = None

    @property
    def ends_at(self) -> dt.datetime:
        return self.starts_at + dt.timedelta(minutes=self.work.slot_minutes)


class Planner:
    """Finds free times. A visit never crosses an hour and a person has at most one an hour, so none overlap."""

    def __init__(self, world: World) -> None:
        self.world, self.random = world, world.random
        self.today = world.main.hospital.local(world.now).date()
        self._of_doctor: set[tuple[int, dt.datetime]] = set()
        self._of_patient: set[tuple[int, dt.datetime]] = set()

    def plans(self) -> Iterator[tuple[Place, list[Plan]]]:
        """Yield each hospital's visits in the order they were booked."""
        size, world = self.world.size, self.world
        counts: dict[Place, int] = {}
        usable = [place for place in world.share(size.appointments) if place.works and place.patients]
        for place in usable:
            counts[place] = counts.get(place, 0) + 1
        counts[world.main] = counts.get(world.main, 0) + size.appointments - len(usable)
        for place, count in counts.items():
            plans = self._measured() if place is world.main else []
            while len(plans) < count:
                work = self.random.choice(place.works)
                plans.append(self._plan(place, work, None))
            yield place, sorted(plans, key=lambda plan: plan.booked_at)

    def _measured(self) -> list[Plan]:
        size, main = self.world.size, self.world.main
        of_doctor = [self._plan(main, main.works[0], None, today=n < TODAY) for n in range(size.of_doctor)]
        of_patient = [
            self._plan(main, self.random.choice(main.works), self.world.patient)
            for _ in range(size.of_patient)
        ]
        return of_doctor + of_patient

    def _plan(self, place: Place, work: Affiliation, patient: Patient | None, *, today: bool = False) -> Plan:
        for _ in range(TRIES):
            day = self.today if today else self.today + dt.timedelta(days=self._offset())
            starts_at = self._start(work, day)
            who = patient or self.random.choice(place.patients)
            if starts_at is None or not self._take(work, who, starts_at):
                continue
            return self._decide(place, work, who, starts_at, day)
        raise DoesNotFit(f"{place.hospital.name} has too few doctors or patients for so many visits.")

    def _offset(self) -> int:
        past = self.random.random() < 0.72
        return -self.random.randint(1, PAST_DAYS) if past else self.random.randint(0, COMING_DAYS)

    def _start(self, work: Affiliation, day: dt.date) -> dt.datetime | None:
        week = self.world.hours[work.pk]
        open_hours = [
            hour
            for weekday, opens, closes in week
            if weekday == day.weekday()
            for hour in range(opens, closes)
        ]
        if not open_hours:
            return None
        minute = self.random.randrange(60 // work.slot_minutes) * work.slot_minutes
        local = dt.datetime.combine(day, dt.time(self.random.choice(open_hours), minute), work.hospital.tz)
        return local.astimezone(dt.UTC)

    def _take(self, work: Affiliation, patient: Patient, starts_at: dt.datetime) -> bool:
        of_doctor = (work.doctor_id, starts_at)
        of_patient = (patient.pk, starts_at.replace(minute=0))
        if of_doctor in self._of_doctor or of_patient in self._of_patient:
            return False
        self._of_doctor.add(of_doctor)
        self._of_patient.add(of_patient)
        return True

    def _decide(
        self, place: Place, work: Affiliation, patient: Patient, starts_at: dt.datetime, day: dt.date
    ) -> Plan:
        random, now = self.random, self.world.now
        before = dt.timedelta(minutes=random.randint(200, 10 * 24 * 60))
        booked_at = starts_at - before if starts_at < now else min(now - before / 4, starts_at - before / 4)
        online = patient.user_id is not None and random.random() < 0.5
        plan = Plan(place, work, patient, starts_at, day, self._status(place, starts_at), booked_at, online)
        _set_times(plan, random, now)
        plan.by_patient = random.random() < 0.7
        plan.paid = online or (plan.status == Status.FULFILLED and random.random() < 0.94)
        plan.credited = _credit(plan)
        return plan

    def _status(self, place: Place, starts_at: dt.datetime) -> str:
        number = self.random.random()
        if starts_at < self.world.now - dt.timedelta(hours=1):
            return Status.FULFILLED if number < 0.8 else Status.NOSHOW if number < 0.87 else Status.CANCELLED
        if number < 0.1:
            return Status.CANCELLED
        return Status.PENDING if number < 0.32 and not place.hospital.accepts_at_once else Status.BOOKED


def _credit(plan: Plan) -> Decimal:
    if plan.status != Status.CANCELLED:
        return NOTHING
    share = (
        refund_share(plan.place.hospital, plan.starts_at, at=plan.ended_at) if plan.by_patient else Decimal(1)
    )
    return round_money(plan.work.fee * share) if plan.paid else plan.work.fee


def _set_times(plan: Plan, random: Random, now: dt.datetime) -> None:
    latest = min(plan.starts_at, now)
    span = latest - plan.booked_at
    if plan.place.hospital.accepts_at_once:
        plan.accepted_at = plan.booked_at
    elif random.random() < ACCEPTED.get(plan.status, 1):
        plan.accepted_at = plan.booked_at + span * random.uniform(0.05, 0.3)
    if plan.status == Status.CANCELLED:
        plan.ended_at = plan.booked_at + span * random.uniform(0.4, 0.9)
    elif plan.status in {Status.FULFILLED, Status.NOSHOW}:
        plan.ended_at = plan.ends_at
