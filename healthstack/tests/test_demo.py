"""The demonstration: made through operations, repeatable, refused in production; the drawn data model is current."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import CommandError, call_command

from accounts.models import User
from appointments.models import Appointment
from core.invariants import breaks_of, invariant_names
from core.tenancy import everywhere
from doctors.models import Affiliation, Application
from healthstack.management.commands.draw_entities import PAGE, draw
from hospitals.models import Hospital
from ledger.models import Entry
from records.models import Prescription

pytestmark = pytest.mark.django_db


def counts() -> dict[str, int]:
    with everywhere():
        models = (User, Hospital, Affiliation, Application, Appointment, Prescription, Entry)
        return {model.__name__: model.objects.count() for model in models}


@pytest.mark.parametrize("hour", [0, 22])
def test_seed_demo_twice_is_the_same_as_once(hour):
    with time_machine.travel(dt.datetime(2026, 11, 25, hour, 30, tzinfo=ZoneInfo("Asia/Dhaka"))):
        call_command("seed_demo", verbosity=0)
        first = counts()
        call_command("seed_demo", verbosity=0)
    assert counts() == first
    assert first["Hospital"] == 2
    assert first["Prescription"] == 1
    assert {name: breaks_of(name) for name in invariant_names()} == {name: [] for name in invariant_names()}


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
