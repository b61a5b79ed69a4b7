"""What the calendar adds to the pages of rooms below: next free times, and what is lost when a doctor goes."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.money import format_money
from doctors.extras import register_coming_visits, register_next_free
from doctors.models import Affiliation
from hospitals.losses import register_loss
from hospitals.models import Hospital, Membership, Role

from ..models import Appointment
from ..queries import booked_ahead, money_going_back, next_free_times, visits_to_cancel

register_next_free(next_free_times)
register_coming_visits(booked_ahead)


def _lost_with_doctor(membership: Membership) -> Iterable[str]:
    if membership.role != Role.DOCTOR:
        return
    ids = list(Affiliation.objects.filter(membership=membership).values_list("pk", flat=True))
    count = sum(booked_ahead(ids).values())
    if count:
        yield ngettext(
            "%(count)s visit is booked with this doctor. It stays booked until somebody cancels it.",
            "%(count)s visits are booked with this doctor. They stay booked until somebody cancels them.",
            count,
        ) % {"count": count}


def _lost_with_hospital(hospital: Hospital) -> Iterable[str]:
    rows = visits_to_cancel(Appointment.objects.filter(hospital=hospital))
    is_held = Q(status=Appointment.Status.PROPOSED)
    counts = rows.aggregate(booked=Count("pk", filter=~is_held), held=Count("pk", filter=is_held))
    count, held = counts["booked"], counts["held"]
    if count:
        yield ngettext(
            "%(count)s booked visit is cancelled, and the patient is told.",
            "%(count)s booked visits are cancelled, and all patients are told.",
            count,
        ) % {"count": count}
    back = money_going_back(rows.exclude(is_held))
    if back.online:
        amount = format_money(back.online, hospital.currency)
        yield _("%(amount)s that was paid online goes back by itself.") % {"amount": amount}
    if back.desk:
        amount = format_money(back.desk, hospital.currency)
        yield _("%(amount)s that was paid at the desk must be handed back by the hospital.") % {
            "amount": amount
        }
    if held:
        yield ngettext(
            "%(count)s time is just being paid. A payment that still comes goes back.",
            "%(count)s times are just being paid. Payments that still come go back.",
            held,
        ) % {"count": held}


register_loss(Membership, _lost_with_doctor)
register_loss(Hospital, _lost_with_hospital)
