"""What every page owes: at most ten queries, and as many with three rows as with one."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from tests.tenancy.matrix import ROLES, expected, targets_of
from tests.tenancy.routes import ROUTES

pytestmark = pytest.mark.django_db
BUDGET = 10
LEDGER = 4  # a read's own entry, apart
PAGES = sorted(name for name, route in ROUTES.items() if "GET" in route.methods and route.get in {200, 202})
LISTS = sorted(name for name, route in ROUTES.items() if route.is_list)
BOOKKEEPING = re.compile(r"^(SAVEPOINT|RELEASE|ROLLBACK|BEGIN|COMMIT)")


def rightful(cast, name):
    """Return who opens the page, and which record: the first of the cast who gets what the table says."""
    for target in targets_of(cast, ROUTES[name]):
        for role in ("paul", "dora", "ada", "root", *ROLES):
            if expected(name, role, target, "GET") == ROUTES[name].get:
                return role, target
    raise AssertionError(f"Nobody may open {name}.")


def measure(checker, name):
    """Return a page's statements when it is opened again, but for the ledger's, and the ledger's of the first time."""
    role, target = rightful(checker.cast, name)
    url, captured = checker.url(name, target), []
    from tests.tenancy.checker import undone

    with undone():
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries:
                response = checker.client(role).get(url)
            assert response.status_code == ROUTES[name].get, name
            captured.append([row["sql"] for row in queries if not BOOKKEEPING.match(row["sql"])])
    first, second = captured
    return [sql for sql in second if '"ledger_' not in sql], [sql for sql in first if '"ledger_' in sql]


@pytest.fixture(scope="module")
def measured(django_db_setup, django_db_blocker):
    """Every page's statements with one row of each thing, and with three."""
    from tests.cast import make_cast
    from tests.tenancy.checker import Checker, standing_clock, undone

    found = {}
    settings = override_settings(PAYMENT_GATEWAY="billing.gateways.fake.FakeGateway")
    with django_db_blocker.unblock(), standing_clock(), settings:
        for rows in (1, 3):
            with undone():
                checker = Checker(make_cast(rows=rows))
                found[rows] = {name: measure(checker, name) for name in PAGES if rows == 3 or name in LISTS}
    return found


@pytest.mark.parametrize("name", PAGES)
def test_a_page_stays_within_ten_queries(measured, name):
    statements, ledger = measured[3][name]
    assert len(statements) <= BUDGET, "\n".join(sql[:200] for sql in statements)
    assert len(ledger) <= LEDGER, "\n".join(sql[:200] for sql in ledger)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_asks_as_often_with_three_rows_as_with_one(measured, name):
    one, three = measured[1][name][0], measured[3][name][0]
    assert len(one) == len(three), "\n".join(sql[:200] for sql in three)
