"""record() stands inside the operation's transaction."""

from __future__ import annotations

import pytest
from django.db import transaction

from core.actors import System
from ledger.models import Entry
from ledger.operations import record

pytestmark = pytest.mark.django_db(transaction=True)


def test_record_outside_a_transaction_is_refused():
    with pytest.raises(RuntimeError, match="inside the operation's transaction"):
        record("patients.registered", "abc", by=System("desk"))
    assert Entry.objects.count() == 0


def test_record_is_undone_with_its_operation():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record("patients.registered", "abc", by=System("desk"))
        raise ZeroDivisionError
    assert Entry.objects.count() == 0
