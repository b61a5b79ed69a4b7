"""What tests turn: how the simulator misbehaves, for every payment or for one tran_id. Forgotten at restart."""

from __future__ import annotations

import re
import threading
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

CALLS = ("session", "validation", "query", "refund", "refund_status")
GARBAGE = ("", "html", "list", "nan", "double", "huge")
REFUNDS = ("processing_then_done", "processing_then_failed", "done", "failed", "unknown")
LIMITS: dict[str, float] = {
    "delay_ms": 60_000,
    "hang_s": 120,
    "times": 1_000,
    "ipn_delay_ms": 60_000,
    "risk_level": 1,
    "late_success_s": 3_600,
    "refund_polls": 100,
}
CHOICES = {"garbage": GARBAGE, "refund": REFUNDS}
MAX_TEXT, MAX_SCOPES = 100, 2_000


class BadKnob(ValueError):
    """There is no such knob, or it can't be turned that far."""


@dataclass(frozen=True, slots=True)
class Knobs:
    """All knobs at rest; the faults (delay to garbage) hit the calls in `only`, at most `times` calls (0: all)."""

    delay_ms: float = 0
    http_500: bool = False
    half_answer: bool = False
    hang_s: float = 0
    garbage: str = ""
    after_effect: bool = False  # http_500 and hang_s: the work is done first, only the answer is lost
    only: str = ""  # names of calls, separated by commas; empty means all
    times: float = 0
    drop_ipn: bool = False
    duplicate_ipn: bool = False
    reorder: bool = False  # the IPN comes a second after the browser's return
    ipn_delay_ms: float = 0
    bad_signature: bool = False
    wrong_amount: str = ""
    wrong_currency: str = ""
    wrong_store_id: str = ""
    foreign_val_id: str = ""
    risk_level: float = 0
    late_success_s: float = 0
    invalid_transaction: bool = False
    hide: bool = False  # the query finds nothing
    refuse_session: str = ""
    refund: str = "processing_then_done"
    refund_polls: float = 1  # how often a refund's status says processing


KINDS: dict[str, Any] = {field.name: type(field.default) for field in fields(Knobs)}


class Panel:
    """The knobs of all scopes; safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scopes: dict[str, dict[str, Any]] = {}
        self._hits: dict[str, int] = {}

    def turn(self, tran_id: str, values: dict[str, Any], *, reset: bool) -> dict[str, Any]:
        """Set knobs of one tran_id, or of all payments for an empty one; raises BadKnob; returns what now holds."""
        checked = {name: _checked(name, value) for name, value in values.items()}
        with self._lock:
            if reset and not tran_id:
                self._scopes.clear()
            elif reset:
                self._scopes.pop(tran_id, None)
            if len(self._scopes) >= MAX_SCOPES and tran_id not in self._scopes:
                raise BadKnob("Too many payments have knobs of their own; reset them.")
            self._scopes.setdefault(tran_id, {}).update(checked)
            self._hits.pop(tran_id, None)
        return asdict(self.of(tran_id))

    def of(self, tran_id: str) -> Knobs:
        """The knobs that hold for one payment: the general ones, overruled by its own."""
        with self._lock:
            return Knobs(**{**self._scopes.get("", {}), **self._scopes.get(tran_id, {})})

    def faults(self, tran_id: str, call: str) -> Knobs:
        """The knobs for one call; without their faults when these are spent or meant for other calls."""
        knobs = self.of(tran_id)
        faulty = knobs.delay_ms or knobs.hang_s or knobs.http_500 or knobs.half_answer or knobs.garbage
        if not faulty or (knobs.only and call not in knobs.only.split(",")):
            return _calm(knobs)
        with self._lock:
            scope = tran_id if tran_id in self._scopes else ""
            self._hits[scope] = self._hits.get(scope, 0) + 1
            spent = knobs.times and self._hits[scope] > knobs.times
        return _calm(knobs) if spent else knobs


def _calm(knobs: Knobs) -> Knobs:
    return replace(knobs, delay_ms=0, hang_s=0, http_500=False, half_answer=False, garbage="")


def _checked(name: str, value: Any) -> Any:
    kind = KINDS.get(name)
    if kind is None:
        raise BadKnob(f"There is no knob {name[:40]!r}.")
    if kind is bool:
        right = isinstance(value, bool)
    elif kind is str:
        right = isinstance(value, str) and len(value) <= MAX_TEXT and value in CHOICES.get(name, (value,))
    else:
        right = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LIMITS[name]
    if name == "only" and right:
        right = not value or set(value.split(",")) <= set(CALLS)
    if name == "wrong_amount" and right:
        right = re.fullmatch(r"|\d{1,10}\.\d\d", value) is not None
    if not right:
        raise BadKnob(f"The knob {name} can't be set to that.")
    return value
