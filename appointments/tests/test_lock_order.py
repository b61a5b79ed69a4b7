"""The invoice counter is one row of a whole hospital, so it is locked last: nobody waits for the rest of a booking."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments import operations
from appointments.models import Appointment
from core.tenancy import in_hospital

from . import factories as f

# What numbering an invoice itself writes: the invoice, its entry in the trail, and the task that prints it.
OF_BILLING = re.compile(r'"(billing|ledger|django_tasks)_')
WRITES = re.compile(r"^(INSERT INTO|UPDATE|DELETE FROM)")


def written_after_the_counter(act: Callable[[], object]) -> list[str]:
    """Return what the act wrote beside billing once it held the counter."""
    with CaptureQueriesContext(connection) as queries:
        act()
    statements = [row["sql"] for row in queries]
    held = max(i for i, sql in enumerate(statements) if sql.startswith('UPDATE "billing_numberseries"'))
    later = [sql for sql in statements[held + 1 :] if WRITES.match(sql)]
    return [sql.split(" = ")[0] for sql in later if not OF_BILLING.search(sql)]


def test_book_numbers_the_bill_last(world):
    assert written_after_the_counter(lambda: f.book(world.at_city, world.paul)) == []


@pytest.mark.parametrize("act", ["cancel", "decline"])
def test_cancel_and_decline_number_the_credit_note_last(world, act):
    visit = f.book(world.at_city, world.paul, pay="online")
    f.pay_online(visit)

    def end() -> None:
        with in_hospital(world.city):
            if act == "decline":
                operations.decline_appointment(visit, reason="Ill", by=world.users.dora)
            else:
                side = Appointment.Side.HOSPITAL
                operations.cancel_appointment(visit, side=side, reason="Ill", by=world.users.dora)

    # The row is locked long before; how much goes back is known only now.
    assert written_after_the_counter(end) == ['UPDATE "appointments_appointment" SET "returned"']
