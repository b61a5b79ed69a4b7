"""The demonstration: made through operations, repeatable, refused in production; the drawn data model is current."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import CommandError, call_command

from accounts.models import User
from appointments.models import Appointment
from appointments.queries import free_by_day
from core.invariants import breaks_of, invariant_names
from core.tenancy import everywhere
from doctors.models import Affiliation, Application
from healthstack.management.commands.draw_entities import PAGE, draw
from hospitals.models import Hospital
from ledger.models import Entry, EntrySecret
from records.models import Prescription

pytestmark = pytest.mark.django_db
DHAKA = ZoneInfo("Asia/Dhaka")


@pytest.fixture
def seeded() -> None:
    with time_machine.travel(dt.datetime(2026, 11, 22, 12, 0, tzinfo=DHAKA), tick=False):
        call_command("seed_demo", verbosity=0)


def counts() -> dict[str, int]:
    with everywhere():
        models = (User, Hospital, Affiliation, Application, Appointment, Prescription, Entry)
        return {model.__name__: model.objects.count() for model in models}


@pytest.mark.parametrize(
    ("clock", "seen"),
    [
        ((24, 0, 30), (23, 23, 20)),
        ((25, 9, 19), (24, 23, 20)),
        ((25, 9, 20), (25, 9, 0)),
        ((25, 23, 58), (25, 23, 20)),
        # A Friday: in the morning Dora is in Chattogram.
        ((27, 11, 0), (26, 23, 20)),
        ((27, 16, 25), (27, 16, 0)),
    ],
)
def test_the_visit_that_is_over_lies_in_the_doctors_hours_and_in_the_past(clock, seen):
    now = dt.datetime(2026, 11, *clock, tzinfo=DHAKA)
    with time_machine.travel(now, tick=False):
        call_command("seed_demo", verbosity=0)
        with everywhere():
            visit = Appointment.objects.get(status=Appointment.Status.FULFILLED)
            prescription = Prescription.objects.get()
            read = EntrySecret.objects.filter(patient_id=visit.patient.public_id, kind="ledger.read")
    assert visit.starts_at == dt.datetime(2026, 11, *seen, tzinfo=DHAKA)
    assert visit.ends_at <= now
    assert prescription.signed_at == visit.starts_at
    dora = User.objects.get(email="dora@demo.test").actor_id
    parts = [(dora, "chart"), (dora, "visit")]
    assert list(read.order_by("read_part").values_list("actor_id", "read_part")) == parts


@pytest.mark.parametrize("hour", [0, 22])
def test_seed_demo_twice_is_the_same_as_once(hour):
    with time_machine.travel(dt.datetime(2026, 11, 25, hour, 30, tzinfo=DHAKA)):
        call_command("seed_demo", verbosity=0)
        first = counts()
        call_command("seed_demo", verbosity=0)
    assert counts() == first
    assert first["Hospital"] == 2
    assert first["Prescription"] == 1
    assert {name: breaks_of(name) for name in invariant_names()} == {name: [] for name in invariant_names()}


@pytest.mark.parametrize("day", range(23, 30))
@pytest.mark.parametrize("clock", [(0, 5), (11, 0), (23, 15)])
def test_a_visit_with_dora_can_be_booked_for_today_at_nearly_any_hour(seeded, day, clock):
    now = dt.datetime(2026, 11, day, *clock, tzinfo=DHAKA)
    with time_machine.travel(now, tick=False), everywhere():
        city = Affiliation.objects.get(doctor__user__email="dora@demo.test", hospital__slug="city")
        assert free_by_day(city, days=1)[now.date()]


def test_dora_is_never_free_in_two_towns_at_the_same_time(seeded):
    with time_machine.travel(dt.datetime(2026, 11, 23, 0, 5, tzinfo=DHAKA), tick=False), everywhere():
        works = Affiliation.objects.filter(doctor__user__email="dora@demo.test").select_related("hospital")
        free = {
            work.hospital.slug: {start for starts in free_by_day(work, days=7).values() for start in starts}
            for work in works
        }
    assert free["city"] and free["lakeside"]
    assert free["city"] & free["lakeside"] == set()
    assert {start.astimezone(DHAKA).date() for start in free["lakeside"]} == {dt.date(2026, 11, 27)}
    late = max(start.astimezone(DHAKA).hour for start in free["lakeside"])
    friday = [start for start in free["city"] if start.astimezone(DHAKA).weekday() == 4]
    assert late + 3 <= min(start.astimezone(DHAKA).hour for start in friday)


def test_everybody_of_the_demo_can_log_in(client):
    call_command("seed_demo", verbosity=0)
    for login in ("root", "ada", "mallory", "dora", "deb", "rita", "paul", "pia"):
        assert client.login(username=f"{login}@demo.test", password="Demo-pass-2026!"), login


def test_seed_demo_is_refused_in_production(settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="known passwords"):
        call_command("seed_demo")
    assert User.objects.count() == 0


def test_drawn_data_model_is_current():
    assert PAGE.read_text(encoding="utf-8") == draw()
