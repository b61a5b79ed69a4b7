"""Something to pay for, as simple as it gets: things that are kept for a while, sold, or gone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone

from billing import purposes
from billing.purposes import Applied, Described, Purpose, RefundDue
from core.errors import Conflict
from core.throttle import count_try

PURPOSE = "tests.thing"
HOLD = dt.timedelta(minutes=15)
EXTENSION = dt.timedelta(minutes=10)


@dataclass
class Thing:
    """One thing: free, kept until a moment, sold, taken by somebody else, or given back."""

    price: Decimal
    tax: Decimal = Decimal("0.00")
    kept_until: dt.datetime | None = None
    extended: bool = False
    state: str = "kept"  # kept, sold, taken, cancelled
    on_fulfil: str = ""  # refuse: a DomainError after a write
    on_release: Callable[[], object] | None = None
    released: int = 0

    def is_kept(self):
        return self.kept_until is not None and self.kept_until > timezone.now()


class Shop:
    """All things by their reference; `reset()` before each test."""

    def __init__(self):
        self.things: dict[str, Thing] = {}

    def reset(self):
        self.things.clear()

    def add(self, price="1200.00", **values):
        reference = f"thing-{len(self.things) + 1}"
        values.setdefault("kept_until", timezone.now() + HOLD)
        self.things[reference] = Thing(Decimal(price), **values)
        return reference

    def describe(self, reference):
        thing = self.things[reference]
        return Described(f"Thing {reference}", thing.price, thing.tax)

    def reserve(self, reference):
        thing = self.things[reference]
        if thing.state != "kept":
            raise Conflict("This was just taken.")
        if not thing.extended or not thing.is_kept():
            base = thing.kept_until if thing.is_kept() else timezone.now()
            thing.kept_until, thing.extended = base + EXTENSION, True

    def fulfil(self, reference, by):
        thing = self.things[reference]
        if thing.on_fulfil == "refuse":
            count_try("tests.trace", reference, limit=1, seconds=60)
            raise Conflict("Half of it was there, then somebody was faster.")
        if thing.state == "sold":
            return Applied()
        if thing.state == "taken":
            return RefundDue("Somebody else has it now.")
        if thing.state == "cancelled":
            return RefundDue("It was cancelled before the payment came.")
        thing.state = "sold"
        return Applied()

    def release(self, reference):
        thing = self.things[reference]
        thing.released += 1
        thing.state = "cancelled"
        if thing.on_release:
            thing.on_release()

    def url(self, reference):
        return f"/things/{reference}/"


shop = Shop()

if PURPOSE not in purposes.names():
    purposes.register(
        Purpose(
            PURPOSE,
            describe=shop.describe,
            lock_keys=lambda reference: [],
            reserve=shop.reserve,
            fulfil=shop.fulfil,
            release=shop.release,
            url=shop.url,
        )
    )
