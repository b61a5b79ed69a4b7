"""A hospital's rules of booking and paying as patients read them: pure functions of the rules."""

from __future__ import annotations

from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


class BookingRules(Protocol):
    """What the sentences need to know: a Hospital, or rules that are not saved yet."""

    accepts_at_once: bool
    pays_online: bool
    pays_at_desk: bool
    hold_minutes: int
    full_refund_hours: int
    half_refund_hours: int


def _hours(count: int) -> str:
    return ngettext("%(count)s hour", "%(count)s hours", count) % {"count": count}


def acceptance_sentence(rules: BookingRules) -> str:
    """Say whether a booking stands at once."""
    if rules.accepts_at_once:
        return _("Your visit is booked at once.")
    return _("The doctor confirms your visit. We tell you as soon as that happens.")


def payment_sentence(rules: BookingRules) -> str:
    """Say how one pays, and how long the time is kept meanwhile."""
    if not rules.pays_online:
        return _("You pay at the hospital's desk.")
    kept = ngettext(
        "While you pay, your time is kept for %(count)s minute.",
        "While you pay, your time is kept for %(count)s minutes.",
        rules.hold_minutes,
    ) % {"count": rules.hold_minutes}
    way = _("You pay online or at the hospital's desk.") if rules.pays_at_desk else _("You pay online.")
    return f"{way} {kept}"


def refund_sentence(rules: BookingRules) -> str:
    """Say what comes back when a visit is cancelled, and until when."""
    full, half = rules.full_refund_hours, rules.half_refund_hours
    if full == 0:
        return _("If you cancel before the visit starts, you get everything back.")
    everything = _("If you cancel %(hours)s or more before the visit, you get everything back.") % {
        "hours": _hours(full)
    }
    if half == full:
        return everything + " " + _("After that, nothing comes back.")
    if half == 0:
        return everything + " " + _("Later, until the visit starts, half comes back.")
    later = _("Up to %(hours)s before it, half comes back. After that, nothing.") % {"hours": _hours(half)}
    return f"{everything} {later}"


def booking_sentences(rules: BookingRules) -> list[str]:
    """Return all that a patient reads before booking."""
    return [acceptance_sentence(rules), payment_sentence(rules), refund_sentence(rules)]
