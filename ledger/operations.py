"""record(): the one way into the trail."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import rfc8785
from django.db import connection, transaction
from django.utils import timezone

from core.actors import Actor

from . import kinds
from .models import Entry, EntrySecret

LEAF_PREFIX = b"healthstack-entry-v1\x00"
Canonical = Callable[[dict[str, Any]], bytes]


@dataclass(frozen=True)
class About:
    """Whom and where an entry concerns: the patient's public id and the hospital's primary key, each if there is one."""

    patient_id: str = ""
    hospital_id: int | None = None


NOBODY = About()


def leaf_hash(salt: bytes, body: bytes) -> bytes:
    """Return the RFC 9162 leaf hash of the salted commitment to the canonical entry."""
    commitment = hashlib.sha256(LEAF_PREFIX + salt + body).digest()
    return hashlib.sha256(b"\x00" + commitment).digest()


def record(
    kind: str,
    reference: str,
    *,
    by: Actor,
    about: About = NOBODY,
    version: Any = None,
    body: dict[str, Any] | None = None,
    reason: str = "",
) -> str:
    """Append one entry inside the caller's transaction and return its id.

    `version` is the frozen row of a versioned kind (its `number` and canonical hash go into the entry); `body` holds
    the JSON values of an event. Raises LookupError for a kind that no room registered, RuntimeError outside a transaction.
    """
    kinds.get(kind)
    if not connection.in_atomic_block:
        raise RuntimeError("record() stands inside the operation's transaction.")
    happened = Happened(
        kind, reference, by, timezone.now(), about=about, version=version, body=body, reason=reason
    )
    return _append(_draft(happened))


@dataclass(frozen=True)
class Happened:
    """What record() takes, and when it happened (UTC)."""

    kind: str
    reference: str
    by: Actor
    at: dt.datetime
    about: About = NOBODY
    version: Any = None
    body: dict[str, Any] | None = None
    reason: str = ""


def values_of(
    happened: Happened, *, canonical: Canonical = rfc8785.dumps
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the values of the rows that record() would append, for whoever inserts many at once: seeds and imports.

    `canonical` writes JSON as RFC 8785 does. Raises LookupError for a kind that no room registered.
    """
    return _values(_draft(happened, canonical), canonical)


def _draft(happened: Happened, canonical: Canonical = rfc8785.dumps) -> _Draft:
    registered, about, version = kinds.get(happened.kind), happened.about, happened.version
    if registered.is_versioned != (version is not None):
        raise ValueError(f"{happened.kind} {'needs' if registered.is_versioned else 'has no'} version.")
    entry: dict[str, Any] = {
        "actor": happened.by.actor_id,
        "at": happened.at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        "hospital": "" if about.hospital_id is None else str(about.hospital_id),
        "kind": happened.kind,
        "patient": about.patient_id,
        "reason": happened.reason,
        "reference": happened.reference,
    }
    if registered.canonical and version is not None:
        entry["version"] = version.number
        entry["body_hash"] = hashlib.sha256(canonical(registered.canonical(version))).hexdigest()
    else:
        entry["body"] = happened.body or {}
    return _Draft(happened.kind, happened.reference, happened.by.actor_id, about, happened.at, entry)


@dataclass(frozen=True)
class _Draft:
    kind: str
    reference: str
    actor_id: str
    about: About
    at: dt.datetime
    entry: dict[str, Any]
    read: dict[str, Any] = field(default_factory=dict)


def _values(draft: _Draft, canonical: Canonical) -> tuple[dict[str, Any], dict[str, Any]]:
    entry_id, salt = secrets.token_hex(16), secrets.token_bytes(32)
    body = canonical({"id": entry_id, **draft.entry})
    same = {"kind": draft.kind, "reference": draft.reference}
    entry = {"id": entry_id, "leaf_hash": leaf_hash(salt, body), **same}
    secret = {
        "entry_id": entry_id,
        "salt": salt,
        "body": body,
        "actor_id": draft.actor_id,
        "patient_id": draft.about.patient_id,
        "hospital_id": draft.about.hospital_id,
        "at": draft.at,
        **same,
        **draft.read,
    }
    return entry, secret


def _rows(draft: _Draft) -> tuple[Entry, EntrySecret]:
    entry, secret = _values(draft, rfc8785.dumps)
    return Entry(**entry), EntrySecret(**secret)


def _append(draft: _Draft) -> str:
    entry, secret = _rows(draft)
    Entry.objects.bulk_create([entry])
    EntrySecret.objects.bulk_create([secret])
    return entry.id


def record_read(patient_id: str, part: str, *, by: Actor, hospital_id: int, purpose: str = "care") -> None:
    """Record that somebody read a part of a patient's record: once a reader, patient, hospital, part, purpose and day.

    For a document the part names its id and version. Costs one query when today's entry exists, at most four otherwise.
    """
    now = timezone.now()
    same = {
        "actor_id": by.actor_id,
        "patient_id": patient_id,
        "hospital_id": hospital_id,
        "read_part": part,
        "read_purpose": purpose,
        "read_day": now.astimezone(dt.UTC).date(),
    }
    if EntrySecret.objects.filter(**same).exists():
        return
    about = About(patient_id=patient_id, hospital_id=hospital_id)
    entry = {
        "actor": by.actor_id,
        "at": now.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        "body": {"part": part, "purpose": purpose},
        "hospital": str(hospital_id),
        "kind": "ledger.read",
        "patient": patient_id,
        "reason": "",
        "reference": patient_id,
    }
    read = {name: same[name] for name in ("read_part", "read_purpose", "read_day")}
    row, secret = _rows(_Draft("ledger.read", patient_id, by.actor_id, about, now, entry, read))
    with transaction.atomic():
        # The secret first: of two readers' tabs racing, the second finds the unique row and adds no entry.
        if _insert_unless_there(secret):
            Entry.objects.bulk_create([row])


def _insert_unless_there(secret: EntrySecret) -> bool:
    EntrySecret.objects.bulk_create([secret], ignore_conflicts=True)
    return EntrySecret.objects.filter(entry_id=secret.entry_id).exists()


def body_of(secret: EntrySecret) -> dict[str, Any]:
    """Return the canonical entry as JSON values."""
    parsed: dict[str, Any] = json.loads(bytes(secret.body))
    return parsed
