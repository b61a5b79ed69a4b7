"""What a cancellation gives back: by the rules that were shown when the visit was booked."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from django.utils import timezone

from billing.models import Invoice
from core.money import round_money

from ..models import Appointment
from .changes import invoice_of, waits_for_first_answer

Step = tuple[dt.datetime | None, Decimal]


class CancelRules(Protocol):
    """How many hours before a visit all or half of the fee comes back: a hospital's now, or a visit's as it was booked."""

    full_refund_hours: int
    half_refund_hours: int


def refund_share(rules: CancelRules, starts_at: dt.datetime, *, at: dt.datetime | None = None) -> Decimal:
    """Return which share of the fee comes back when the patient cancels then: 1, 0.5 or 0."""
    ahead = starts_at - (at or timezone.now())
    if ahead >= dt.timedelta(hours=rules.full_refund_hours):
        return Decimal(1)
    if ahead >= dt.timedelta(hours=rules.half_refund_hours):
        return Decimal("0.5")
    return Decimal(0)


def own_share(appointment: Appointment) -> Decimal:
    """Return which share of the fee comes back when the patient cancels now.

    All of it while the hospital's move stands, once the hospital has decided to cancel, or while it has not answered at
    all; but a patient's own move does not bring back what was lost by then.
    """
    if _is_the_hospitals_doing(appointment):
        return Decimal(1)
    share = refund_share(appointment, appointment.starts_at)
    if waits_for_first_answer(appointment):
        share = Decimal(1)
    return _capped(share, appointment)


def _is_the_hospitals_doing(appointment: Appointment) -> bool:
    return appointment.moved_by_hospital or appointment.cancelling_since is not None


def _capped(share: Decimal, appointment: Appointment) -> Decimal:
    cap = appointment.refund_share_cap
    return share if cap is None else min(share, cap)


@dataclass(frozen=True)
class OwnRefund:
    """What was paid for a visit, and what of it comes back when the patient cancels now."""

    paid: Decimal
    back: Decimal


def refund_if_cancelled(appointment: Appointment) -> OwnRefund:
    """Return what the patient who cancels now gets back; one query."""
    invoice = invoice_of(appointment)
    is_paid = invoice is not None and invoice.status == Invoice.Status.PAID
    paid = appointment.fee if is_paid else Decimal(0)
    return OwnRefund(paid, round_money(paid * own_share(appointment)))


def refund_steps(
    rules: CancelRules, starts_at: dt.datetime, fee: Decimal, *, cap: Decimal | None = None
) -> list[Step]:
    """Return what comes back when the patient cancels: until when, and how much; the last one (None) is for later.

    Deadlines that have passed are left out; `cap` is the largest share that can still come back.
    """
    deadlines = {
        starts_at - dt.timedelta(hours=rules.half_refund_hours): Decimal("0.5"),
        starts_at - dt.timedelta(hours=rules.full_refund_hours): Decimal(1),
    }
    now = timezone.now()
    capped = {
        min(share, cap if cap is not None else share): until for until, share in sorted(deadlines.items())
    }
    steps = sorted((until, share) for share, until in capped.items() if until > now)
    return [*((until, round_money(fee * share)) for until, share in steps), (None, Decimal(0))]


def own_refund_steps(appointment: Appointment) -> list[Step]:
    """Return what comes back when the patient cancels this visit, as `refund_steps` does."""
    if _is_the_hospitals_doing(appointment):
        return [(appointment.starts_at, appointment.fee), (None, Decimal(0))]
    if waits_for_first_answer(appointment):
        back = round_money(appointment.fee * _capped(Decimal(1), appointment))
        return [(appointment.starts_at, back), (None, Decimal(0))]
    cap = appointment.refund_share_cap
    return refund_steps(appointment, appointment.starts_at, appointment.fee, cap=cap)
