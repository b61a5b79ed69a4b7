"""Booking under a race on SQLite: each free time has one winner, and nobody else gets anything but "was just taken"."""

from __future__ import annotations

import pytest
import time_machine

from appointments.tests import factories
from billing.gateways.fake import STORE_ID, FakeGateway

from . import booking

pytestmark = [pytest.mark.soak, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def gateway(settings):
    settings.PAYMENT_GATEWAY = "billing.gateways.fake.FakeGateway"
    settings.SSLCOMMERZ_STORE_ID = STORE_ID
    return FakeGateway.fresh()


@pytest.fixture
def standing_clock():
    with time_machine.travel(factories.NOW, tick=False):
        yield


@pytest.mark.usefixtures("standing_clock")
@pytest.mark.parametrize(
    "check_race",
    [booking.check_one_slot, booking.check_one_hold, booking.check_two_hospitals, booking.check_two_doctors],
)
def test_race_in_threads(check_race):
    check_race()


def test_race_of_processes_over_http(live_server):
    booking.check_over_http(live_server.url)
