"""A visit as something that can be paid for."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext as _

from billing import purposes
from billing.purposes import Described
from core.formats import moment
from core.locks import LockKey

from .. import operations
from ..models import PURPOSE, Appointment
from ..operations import visit_locks


def describe(reference: str) -> Described:
    """Return the line's title and the fee as it was when the time was chosen."""
    visit = Appointment.objects.select_related("doctor", "hospital").get(public_id=reference)
    words = {"doctor": visit.doctor.name, "time": moment(visit.starts_at, visit.hospital.tz)}
    return Described(title=_("Visit with %(doctor)s, %(time)s") % words, unit_price=visit.fee)


def lock_keys(reference: str) -> Iterable[LockKey]:
    """Return the doctor's, the patient's and the visit's rows."""
    keys = Appointment.objects.values_list("doctor_id", "patient_id", "pk").get(public_id=reference)
    return visit_locks(*keys)


def url(reference: str) -> str:
    """Return the visit's page."""
    return reverse("appointments:visit", args=[reference])


purposes.register(
    purposes.Purpose(
        PURPOSE,
        describe=describe,
        lock_keys=lock_keys,
        reserve=operations.reserve_visit,
        fulfil=operations.fulfil_visit,
        release=operations.release_visit,
        url=url,
    )
)
