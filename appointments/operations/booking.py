"""Booking a visit: where a free time becomes somebody's."""

from __future__ import annotations

import datetime as dt
from itertools import count

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.operations import Charge, draft_invoice, issue_invoice
from core.actors import Actor, person_of
from core.errors import DomainError
from core.locks import lock_rows
from core.tenancy import everywhere, in_hospital
from doctors.models import Affiliation
from notifications.operations import notify
from patients.models import CareRelation, Patient
from patients.operations import ensure_registration, open_care_relation

from ..models import PURPOSE, Appointment, Change, Hold, Pay
from ..queries import is_bookable, place_of, unpaid_own_bookings
from .cells import drop_lapsed_cells, slot_taken, take_cells, visit_locks, write_change

MAX_LIVE_HOLDS = 2
MAX_UNPAID = 5  # coming visits that somebody booked to pay at the desk
CHART_STAYS_OPEN = dt.timedelta(days=30)  # after a visit that nobody begins


@transaction.atomic
def book_appointment(
    affiliation: Affiliation,
    *,
    patient: Patient,
    starts_at: dt.datetime,
    pay: Pay,
    by: Actor,
    reason: str = "",
) -> Appointment:
    """Book a free time for a patient, paid `online` (kept for some minutes until it is) or at the `desk` (booked at once).

    The desk's own booking is `later`, however the hospital's patients pay: the bill waits, and the hospital, which books
    it itself, accepts it at once. A patient's own one waits where the hospital wants to accept.
    `starts_at` is UTC. Raises SlotTaken when the time is not free any more, DomainError when the hospital does not allow it.
    Side effects: registration at the hospital, draft or issued invoice, ledger, mail with a calendar entry when booked.
    """
    lock_rows(visit_locks(affiliation.doctor_id, patient.pk))
    drop_lapsed_cells(affiliation.doctor_id, patient.pk)
    hospital = affiliation.hospital
    with in_hospital(hospital):
        bookable = Affiliation.objects.bookable().select_related("hospital", "doctor")
        affiliation = bookable.filter(pk=affiliation.pk).first()
        if affiliation is None or not is_bookable(affiliation, starts_at):
            raise slot_taken(starts_at, hospital.tz)
        _refuse_way_of_paying(affiliation, patient, pay)
        appointment = _insert(affiliation, patient, starts_at, reason, by=by)
        _keep_or_confirm(appointment, pay, by=by)
    return appointment


def _insert(
    affiliation: Affiliation, patient: Patient, starts_at: dt.datetime, reason: str, *, by: Actor
) -> Appointment:
    appointment: Appointment = Appointment.objects.create(
        hospital=affiliation.hospital,
        patient=patient,
        doctor=affiliation.doctor,
        affiliation=affiliation,
        starts_at=starts_at,
        ends_at=starts_at + dt.timedelta(minutes=affiliation.slot_minutes),
        day=affiliation.hospital.local(starts_at).date(),
        fee=affiliation.fee,
        full_refund_hours=affiliation.hospital.full_refund_hours,
        half_refund_hours=affiliation.hospital.half_refund_hours,
        reason=reason,
        booked_by=person_of(by),
    )
    return appointment


def _refuse_way_of_paying(affiliation: Affiliation, patient: Patient, pay: Pay) -> None:
    hospital = affiliation.hospital
    allowed = {Pay.ONLINE: hospital.pays_online, Pay.DESK: hospital.pays_at_desk, Pay.LATER: True}
    if not allowed.get(pay):
        raise DomainError(
            _("%(hospital)s does not take this way of paying.") % {"hospital": hospital.name}, field="pay"
        )
    if pay == Pay.ONLINE:
        refuse_another_hold(patient)
    elif pay == Pay.DESK and affiliation.fee > 0 and unpaid_own_bookings(patient) >= MAX_UNPAID:
        raise DomainError(
            _("Five visits wait for your payment. Pay for one, or cancel one, then book this one.")
        )


def refuse_another_hold(patient: Patient) -> None:
    """Raise DomainError when so many times are kept for the patient already; the patient is locked."""
    with everywhere():
        live = Hold.objects.filter(
            appointment__patient=patient, status=Hold.Status.LIVE, expires_at__gt=timezone.now()
        ).count()
    if live >= MAX_LIVE_HOLDS:
        raise DomainError(
            _("Two times are already kept for you. Pay for one, or give one back, then book this one.")
        )


def _keep_or_confirm(appointment: Appointment, pay: Pay, *, by: Actor) -> None:
    hospital = appointment.hospital
    ensure_registration(hospital, appointment.patient, by=by)
    is_kept = pay == Pay.ONLINE and appointment.fee > 0
    expires_at = timezone.now() + dt.timedelta(minutes=hospital.hold_minutes) if is_kept else None
    take_cells(appointment, lapses_at=expires_at)
    invoice = draft_invoice(
        hospital, appointment.patient, charges=[Charge(PURPOSE, appointment.public_id)], by=by
    )
    if expires_at is None:
        confirm(appointment, at_once=hospital.accepts_at_once or pay == Pay.LATER, by=by)
        issue_invoice(invoice, by=by)  # last: its number locks the hospital's counter
    else:
        Hold.objects.create(hospital=hospital, appointment=appointment, expires_at=expires_at)


def confirm(appointment: Appointment, *, at_once: bool, by: Actor) -> None:
    """Make a kept time a visit: booked, or not `at_once`, waiting for the hospital; doctor, patient and visit are locked.

    Gives its serial number, opens the doctor's care relation, tells both.
    """
    appointment.move_to(Appointment.Status.BOOKED if at_once else Appointment.Status.PENDING)
    appointment.serial = serial_of(appointment)
    appointment.save(update_fields=["status", "serial"])
    appointment.cells.update(lapses_at=None)
    write_change(appointment, Change.Act.BOOKED, by=by)
    if at_once:
        open_chart(appointment, by=by)
    tell(appointment, "booked")
    tell_doctor(appointment, by=by)


def serial_of(appointment: Appointment) -> int:
    """Return the serial number of a visit: its place in the doctor's day there; the doctor's row is locked.

    Where another visit has that number, since the hours or the length of a visit have changed, the next one that is free.
    """
    same_day = Appointment.objects.filter(affiliation=appointment.affiliation_id, day=appointment.day)
    others = same_day.exclude(pk=appointment.pk).exclude(status=Appointment.Status.CANCELLED)
    taken = set(others.values_list("serial", flat=True))
    return next(number for number in count(place_of(appointment)) if number not in taken)


def open_chart(appointment: Appointment, *, by: Actor, until: dt.datetime | None = None) -> None:
    """Let the visit's doctor open the patient's chart, else until some weeks after a visit that nobody begins."""
    open_care_relation(
        appointment.hospital,
        appointment.patient,
        person=appointment.doctor.user,
        reason=CareRelation.Reason.APPOINTMENT,
        reference=appointment.public_id,
        ends_at=until or max(appointment.ends_at + CHART_STAYS_OPEN, timezone.now()),
        by=by,
    )


def tell(appointment: Appointment, what: str) -> None:
    """Tell the patient; bound to the visit's version, so that news of an old time is never sent."""
    notify(
        appointment.patient.recipient,
        f"appointments.{what}",
        appointment.public_id,
        version=appointment.version,
        hospital_id=appointment.hospital_id,
    )


def tell_doctor(appointment: Appointment, what: str = "new_visit", *, by: Actor) -> None:
    """Put on the doctor's bell what somebody else did: a visit that is new, at a new time, or cancelled."""
    if person_of(by) == appointment.doctor.user:
        return
    notify(
        appointment.doctor.user,
        f"appointments.{what}",
        appointment.public_id,
        version=appointment.version,
        hospital_id=appointment.hospital_id,
    )
