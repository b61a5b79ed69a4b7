"""What goes when all visits to a doctor, or of a hospital, are cancelled: which ones, and how much money."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone

from billing.models import Attempt, Invoice, InvoiceLine
from core.tenancy import everywhere
from doctors.models import Affiliation
from hospitals.models import Hospital

from ..models import PURPOSE, Appointment, Hold

NOTHING = Decimal("0.00")
LEFT_OVER_AFTER = dt.timedelta(minutes=2)  # until then the worker has a decision for itself


@dataclass(frozen=True)
class GoingBack:
    """Money that goes back when visits are cancelled: by itself what was paid online, by hand what was paid at the desk."""

    online: Decimal = NOTHING
    desk: Decimal = NOTHING

    @property
    def total(self) -> Decimal:
        """All of it."""
        return self.online + self.desk


@dataclass(frozen=True)
class Ahead:
    """Visits that would be cancelled, the times that are just being paid, and those that are being cancelled already."""

    booked: list[str]
    held: list[str]
    leaving: int

    @property
    def references(self) -> list[str]:
        """The public ids of what would be cancelled."""
        return [*self.booked, *self.held]

    @property
    def seen(self) -> str:
        """A short mark of exactly these visits, to notice when the list has changed since somebody read it."""
        return hashlib.sha256(" ".join(sorted(self.references)).encode()).hexdigest()[:16]


def visits_to_cancel(rows: QuerySet[Appointment]) -> QuerySet[Appointment]:
    """Return those of the visits that can still be cancelled, the times that are just being paid among them."""
    now = timezone.now()
    held = Q(status=Appointment.Status.PROPOSED, hold__status=Hold.Status.LIVE, hold__expires_at__gt=now)
    return rows.filter(held | Q(status__in=Appointment.AHEAD), starts_at__gt=now).order_by("starts_at", "pk")


def visits_ahead(affiliation: Affiliation) -> Ahead:
    """Return the coming visits to a doctor at a hospital by public id; one query."""
    rows = visits_to_cancel(Appointment.objects.filter(affiliation=affiliation))
    booked, held, leaving = [], [], 0
    for reference, status, since in rows.values_list("public_id", "status", "cancelling_since"):
        if since:
            leaving += 1
        elif status == Appointment.Status.PROPOSED:
            held.append(reference)
        else:
            booked.append(reference)
    return Ahead(booked, held, leaving)


def listed_visits(references: list[str]) -> QuerySet[Appointment]:
    """Return the visits with these public ids in order, with what a list shows."""
    rows: QuerySet[Appointment] = Appointment.objects.filter(public_id__in=references)
    return rows.select_related("hospital", "patient").order_by("starts_at", "pk")


def money_going_back(visits: QuerySet[Appointment]) -> GoingBack:
    """Return what was paid for these visits; one query."""
    lines = InvoiceLine.objects.filter(
        purpose=PURPOSE,
        status=InvoiceLine.Status.FULFILLED,
        reference__in=visits.order_by().values("public_id"),
        invoice__status=Invoice.Status.PAID,
        # The payment that paid it: one that came twice has gone back already.
        invoice__payments__refund_total__lt=F("invoice__payments__amount"),
    )
    by_method = lines.order_by().values_list("invoice__payments__attempt__method").annotate(Sum("amount"))
    sums = dict(by_method)
    online = sums.pop(Attempt.Method.ONLINE, NOTHING)
    return GoingBack(online, sum(sums.values(), NOTHING))


def booked_ahead(affiliation_ids: list[int]) -> dict[int, int]:
    """Return how many visits to each affiliation are still to come, by primary key; those without are left out."""
    rows = Appointment.objects.filter(
        affiliation__in=affiliation_ids, status__in=Appointment.AHEAD, starts_at__gt=timezone.now()
    )
    return dict(rows.order_by().values_list("affiliation_id").annotate(Count("pk")))


def visits_left_in_closed_hospitals(*, limit: int) -> list[Appointment]:
    """Return coming visits of closed hospitals, in all of them: a booking may have run beside the closing."""
    closed = list(Hospital.objects.filter(is_active=False).values_list("pk", flat=True))
    if not closed:
        return []
    # By hospital and day, as the index is: over all visits it would read the whole history.
    since = timezone.now().date() - dt.timedelta(days=2)
    with everywhere():
        rows = Appointment.objects.filter(hospital__in=closed, day__gte=since)
        return list(visits_to_cancel(rows)[:limit])


def visits_left_to_cancel(*, limit: int) -> list[Appointment]:
    """Return the visits of all hospitals that somebody decided to cancel and that the worker left over, the first first."""
    with everywhere():
        left = Appointment.objects.filter(cancelling_since__lte=timezone.now() - LEFT_OVER_AFTER)
        return list(left.order_by("cancelling_since", "pk")[:limit])
