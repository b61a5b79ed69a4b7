"""Money under orders of events that a machine thinks of: none is lost, none is made, to the poisha."""

from __future__ import annotations

import pytest
from django.test import override_settings
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from billing.gateways.fake import STORE_ID
from billing.tests.conftest import make_cast
from billing.tests.money_machine import MoneyMachine

from . import is_full, record_result, soak_count, soak_seed

pytestmark = [pytest.mark.soak, pytest.mark.slow, pytest.mark.django_db, pytest.mark.timeout(0)]
STEPS = 20


def test_money_is_conserved_in_every_order_of_events():
    traces = soak_count("traces", small=30, full=2000)
    limits = settings(
        max_examples=traces,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        derandomize=not is_full(),
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    machine = seed(soak_seed())(MoneyMachine) if is_full() else MoneyMachine
    fake = "billing.gateways.fake.FakeGateway"
    with override_settings(PAYMENT_GATEWAY=fake, SSLCOMMERZ_STORE_ID=STORE_ID):
        MoneyMachine.cast = make_cast()
        run_state_machine_as_test(machine, settings=limits)
    record_result("traces", traces)
    record_result("steps in a trace, at most", STEPS)
