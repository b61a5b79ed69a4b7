"""Plain news for rooms above; whoever listens only calls `after_commit`."""

from __future__ import annotations

from django.dispatch import Signal

# A hospital was closed; sent with `hospital_id`, inside the transaction that closes it.
hospital_closed = Signal()
