"""The cast for tests that cross rooms: made once a module, and undone with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings


@pytest.fixture(scope="module")
def shared_cast(django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
    """Both hospitals with everybody, at a standing clock; whatever a test writes it undoes itself."""
    from tests.cast import make_cast
    from tests.tenancy.checker import standing_clock, undone

    with django_db_blocker.unblock(), standing_clock(), undone():
        yield make_cast()


@pytest.fixture(scope="module")
def checker(shared_cast: Any) -> Iterator[Any]:
    """Everybody's browser, and the questions to each answer; payments go to the fake gateway."""
    from tests.tenancy.checker import Checker

    with override_settings(PAYMENT_GATEWAY="billing.gateways.fake.FakeGateway"):
        yield Checker(shared_cast)
