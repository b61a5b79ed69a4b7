"""Counts and orders that may be a minute old, kept in each process: nothing hangs on them, and who acts is asked anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.core.cache import caches

SECONDS = 60
_Value = TypeVar("_Value")


def remembered(name: str, compute: Callable[[], _Value]) -> _Value:
    """Return what `compute` gave under that name within the last minute, or ask it now."""
    value: Any = caches["memory"].get_or_set(name, compute, SECONDS)
    return cast("_Value", value)
