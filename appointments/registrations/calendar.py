"""What the calendar adds to the pages of rooms below: next free times, and what is lost when a doctor goes."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import ngettext

from doctors.extras import register_next_free
from doctors.models import Affiliation
from hospitals.losses import register_loss
from hospitals.models import Membership, Role

from ..queries.calendar import coming_visits, next_free_times

register_next_free(next_free_times)


def _lost_with_doctor(membership: Membership) -> Iterable[str]:
    if membership.role != Role.DOCTOR:
        return
    for affiliation in Affiliation.objects.filter(membership=membership):
        count = coming_visits(affiliation).count()
        if count:
            yield ngettext(
                "%(count)s visit is booked with this doctor. Move or cancel it first.",
                "%(count)s visits are booked with this doctor. Move or cancel them first.",
                count,
            ) % {"count": count}


register_loss(Membership, _lost_with_doctor)
