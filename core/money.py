"""Money: Decimal with its currency, one rounding function, and how people write and read amounts."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Final

from django.utils.translation import gettext as _

CENT: Final = Decimal("0.01")
LARGEST: Final = Decimal("9999999999.99")
SIGNS: Final = {"BDT": "৳", "USD": "$"}
WRITTEN: Final = re.compile(r"(?P<whole>\d+|\d{1,3}(?:,\d{2,3})*,\d{3})(?P<rest>\.\d{1,2})?")


def _exact(amount: Decimal) -> Decimal:
    """Return the amount. TypeError for anything but a Decimal, ValueError for NaN and infinity."""
    if not isinstance(amount, Decimal):
        raise TypeError(f"Money is a Decimal, not {type(amount).__name__}.")
    if not amount.is_finite():
        raise ValueError("Money is a finite number.")
    return amount


def round_money(amount: Decimal) -> Decimal:
    """Round half up, away from zero, to 0.01. The one rounding function; refuses floats with TypeError."""
    exact = _exact(amount)
    with localcontext() as context:
        context.prec = 60
        return exact.quantize(CENT, rounding=ROUND_HALF_UP)


def format_money(amount: Decimal, currency: str, short: bool = False) -> str:
    """Return ৳1,200.00, or in running text (short) ৳1,200 when there are no cents."""
    rounded = round_money(amount)
    digits = f"{abs(rounded):,.2f}"
    if short:
        digits = digits.removesuffix(".00")
    minus = "−" if rounded < 0 else ""
    sign = SIGNS.get(currency)
    return f"{minus}{sign}{digits}" if sign else f"{currency} {minus}{digits}"


def parse_money(text: str) -> Decimal:
    """Read an amount that a person wrote: 1200, 1,200.50, ৳1,200, ১২০০. ValueError says how to write it."""
    if not isinstance(text, str):
        raise TypeError(f"An amount is read from text, not {type(text).__name__}.")
    bare = text.strip()
    for sign in SIGNS.values():
        bare = bare.removeprefix(sign)
    found = WRITTEN.fullmatch(bare.strip())
    if not found:
        raise ValueError(_("Write the amount in digits, like 1200 or 1,200.50."))
    amount = Decimal(found["whole"].replace(",", "") + (found["rest"] or "")).quantize(CENT)
    if amount > LARGEST:
        raise ValueError(_("This amount is too large. Write at most ten digits before the point."))
    return amount
