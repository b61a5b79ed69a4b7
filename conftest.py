"""What every test run needs besides tests/services.py."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(scope="session", autouse=True)
def ledger_may_be_emptied(django_db_setup: None) -> Any:
    """Let tests with real transactions empty their tables afterwards: the ledger's triggers would refuse even that."""
    from django.db import connection
    from django.test import TransactionTestCase

    from ledger import triggers

    flush = TransactionTestCase._fixture_teardown

    def flush_without_triggers(case: Any) -> None:
        triggers.remove(connection)
        try:
            flush(case)
        finally:
            triggers.install(connection)

    TransactionTestCase._fixture_teardown = flush_without_triggers
    yield
    TransactionTestCase._fixture_teardown = flush
