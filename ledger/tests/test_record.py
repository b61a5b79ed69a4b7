"""record(): one entry in the caller's transaction, that nobody can change afterwards."""

from __future__ import annotations

import datetime as dt
import hashlib
import io

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from accounts.tests.factories import UserFactory
from core.actors import System
from core.invariants import breaks_of
from ledger import kinds
from ledger.models import Entry, EntrySecret
from ledger.operations import About, body_of, leaf_hash, record, record_read
from ledger.queries import entries_of_record, reads_of_patient

pytestmark = [pytest.mark.django_db, pytest.mark.engines]
DESK = System("desk")
KIND = "patients.walk_in_registered"


def test_record_writes_entry_and_secret():
    entry_id = record(KIND, "abc", by=DESK, about=About("pat1", 7), body={"number": "P-1"}, reason="new")

    entry, secret = Entry.objects.get(), EntrySecret.objects.get()
    body = body_of(secret)
    assert entry.id == secret.entry_id == entry_id == body["id"]
    assert (entry.kind, entry.reference) == (KIND, "abc")
    assert {key: body[key] for key in ("actor", "hospital", "patient", "reason", "body")} == {
        "actor": "system:desk",
        "hospital": "7",
        "patient": "pat1",
        "reason": "new",
        "body": {"number": "P-1"},
    }
    assert len(secret.salt) == 32
    commitment = hashlib.sha256(
        b"healthstack-entry-v1\x00" + bytes(secret.salt) + bytes(secret.body)
    ).digest()
    assert bytes(entry.leaf_hash) == hashlib.sha256(b"\x00" + commitment).digest()


def test_record_with_unknown_kind_is_refused():
    with pytest.raises(LookupError, match="No ledger kind is called no.such"):
        record("no.such", "abc", by=DESK)
    assert Entry.objects.count() == 0


def test_record_of_versioned_kind_needs_its_version():
    with pytest.raises(ValueError, match="has no version"):
        record(KIND, "abc", by=DESK, version=object())


def test_register_half_a_versioned_kind_is_refused():
    with pytest.raises(ValueError, match="needs load_versions and canonical"):
        kinds.register(kinds.Kind("test.half", "Half", canonical=lambda row: {}))
    assert "test.half" not in kinds.names()


def test_register_kind_twice_is_refused():
    with pytest.raises(ValueError, match=f"Two ledger kinds are called {KIND}"):
        kinds.event(KIND, "Again")


def test_two_entries_with_the_same_body_have_different_leaves():
    record(KIND, "abc", by=DESK, body={"n": "1"})
    record(KIND, "abc", by=DESK, body={"n": "1"})
    first, second = Entry.objects.values_list("leaf_hash", flat=True)
    assert bytes(first) != bytes(second)


@pytest.mark.parametrize("statement", ["UPDATE ledger_entry SET reference = 'x'", "DELETE FROM ledger_entry"])
def test_entry_refuses_change_in_the_database(statement):
    record(KIND, "abc", by=DESK)
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert Entry.objects.get().reference == "abc"


def test_leaf_refuses_change_in_the_database():
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO ledger_leaf (\"index\", entry_id) VALUES (0, 'a')")
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM ledger_leaf")


def test_altered_secret_is_named_by_the_invariant():
    name = "ledger: every body still gives the leaf hash it was recorded with"
    entry_id = record(KIND, "abc", by=DESK, body={"fee": "100.00"})
    assert breaks_of(name) == []
    secret = EntrySecret.objects.get()
    EntrySecret.objects.update(body=bytes(secret.body).replace(b"100.00", b"900.00"))
    assert breaks_of(name) == [f"Entry {entry_id} ({KIND} abc) was altered."]
    with pytest.raises(CommandError, match=r"^1 break\. Nothing was changed"):
        call_command("check_invariants", stdout=io.StringIO())


def test_erased_secret_leaves_the_log_whole():
    record(KIND, "abc", by=DESK)
    EntrySecret.objects.all().delete()
    assert Entry.objects.count() == 1
    assert breaks_of("ledger: every body still gives the leaf hash it was recorded with") == []


def test_leaf_hash_depends_on_salt_and_body():
    assert leaf_hash(b"a" * 32, b"{}") != leaf_hash(b"b" * 32, b"{}")
    assert leaf_hash(b"a" * 32, b"{}") != leaf_hash(b"a" * 32, b"[]")


def test_read_is_recorded_once_a_reader_hospital_part_and_day():
    doctor, other = UserFactory(), UserFactory()
    with time_machine.travel(dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC), tick=False):
        for reader, part in ((doctor, "chart"), (doctor, "chart"), (doctor, "notes:v1"), (other, "chart")):
            record_read("pat1", part, by=reader, hospital_id=3)
        record_read("pat1", "chart", by=doctor, hospital_id=4)
    with time_machine.travel(dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC), tick=False):
        record_read("pat1", "chart", by=doctor, hospital_id=3)

    seen = [
        (row.actor_id, row.hospital_id, row.read_part, row.read_day.isoformat())
        for row in reads_of_patient("pat1").order_by("at", "entry_id")
    ]
    assert sorted(seen) == sorted(
        [
            (doctor.public_id, 3, "chart", "2026-11-21"),
            (doctor.public_id, 4, "chart", "2026-11-21"),
            (doctor.public_id, 3, "notes:v1", "2026-11-21"),
            (other.public_id, 3, "chart", "2026-11-21"),
            (doctor.public_id, 3, "chart", "2026-11-22"),
        ]
    )
    assert Entry.objects.count() == 5


def test_second_read_of_a_day_costs_one_query(django_assert_num_queries):
    reader = UserFactory()
    record_read("pat1", "chart", by=reader, hospital_id=3)
    with django_assert_num_queries(1):
        record_read("pat1", "chart", by=reader, hospital_id=3)


def test_entries_of_record_come_newest_first():
    record(KIND, "abc", by=DESK, reason="first")
    record(KIND, "abc", by=DESK, reason="second")
    record(KIND, "xyz", by=DESK)
    assert [body_of(row)["reason"] for row in entries_of_record(KIND, "abc")] == ["second", "first"]
