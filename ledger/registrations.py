"""The ledger's own kinds and invariants."""

from __future__ import annotations

from collections.abc import Iterator

from core.invariants import invariant

from . import kinds
from .models import Entry, EntrySecret
from .operations import leaf_hash

kinds.event("ledger.read", "Opened")


@invariant("ledger: every body still gives the leaf hash it was recorded with")
def bodies_match_leaves() -> Iterator[str]:
    """Yield one sentence for each entry whose secret was altered or lacks its entry."""
    leaves = dict(Entry.objects.values_list("id", "leaf_hash"))
    for secret in EntrySecret.objects.iterator(chunk_size=2000):
        leaf = leaves.get(secret.entry_id)
        if leaf is None:
            yield f"Secret {secret.entry_id} has no entry."
        elif bytes(leaf) != leaf_hash(bytes(secret.salt), bytes(secret.body)):
            yield f"Entry {secret.entry_id} ({secret.kind} {secret.reference}) was altered."


@invariant("ledger: every entry is of a kind that a room registered")
def kinds_are_known() -> Iterator[str]:
    """Yield one sentence for each unknown kind."""
    for name in Entry.objects.values_list("kind", flat=True).distinct():
        if name not in kinds.names():
            yield f"Entries of the unknown kind {name}."
