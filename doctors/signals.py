"""Plain news for rooms above; whoever listens only calls `after_commit`."""

from __future__ import annotations

from django.dispatch import Signal

# A doctor's licence, or what a hospital has checked of it, is another one now; sent with `doctor_id`.
licence_changed = Signal()
