"""What the tests of appointments share: a clock that stands, the fake gateway, the cast, clients."""

from __future__ import annotations

import re

import pytest
import time_machine
from django.test import Client

from billing.gateways.fake import STORE_ID, FakeGateway

from . import factories


@pytest.fixture
def clock():
    """Saturday 21 November 2026, noon in Dhaka; `clock.move_to(...)` and `clock.shift(...)` move it."""
    with time_machine.travel(factories.NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def world(db, clock, settings):
    """The cast at two hospitals, and a gateway that does as told."""
    settings.PAYMENT_GATEWAY = "billing.gateways.fake.FakeGateway"
    settings.SSLCOMMERZ_STORE_ID = STORE_ID
    FakeGateway.fresh()
    return factories.cast()


@pytest.fixture
def client_of():
    """Return a client that is logged in; nobody gives an anonymous one."""

    def log_in(user=None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user, backend="accounts.backends.EmailBackend")
        return client

    return log_in


@pytest.fixture
def counted(django_assert_num_queries):
    """Return a function that gets a page and says how many queries that took."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count(client: Client, url: str) -> int:
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            response = client.get(url)
        assert response.status_code == 200, response.content[:500]
        return len(
            [query for query in queries if not re.match(r"(?i)(savepoint|release|begin)", query["sql"])]
        )

    return count
