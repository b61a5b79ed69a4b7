"""What happened to the cast: visits, notes, prescriptions and money, through the rooms' operations."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.utils import timezone

from appointments.models import Appointment, Pay
from appointments.operations import accept_appointment, book_appointment, cancel_appointment
from billing.models import Attempt, Invoice, Payment, Refund
from billing.operations import take_desk_payment
from patients.operations import PatientDetails, register_walk_in
from records.operations import (
    LineText,
    NoteText,
    cancel_prescription,
    draft_prescription,
    finish_visit,
    sign_prescription,
    start_visit,
    write_note,
)
from tests.canaries import DESK, DOCTOR, HOME, NOW, OWN, PATIENT, STAFF, WALK_IN, Cast


class _Clock:
    """Gives each visit of the story its own time: today's from 14:00 in Dhaka on, later ones at 10:00."""

    def __init__(self) -> None:
        self.taken: dict[int, int] = {}

    def next(self, days: int) -> dt.datetime:
        number = self.taken[days] = self.taken.get(days, -1) + 1
        first = NOW + (dt.timedelta(hours=2) if days == 0 else dt.timedelta(days=days, hours=-2))
        return first + dt.timedelta(minutes=20 * number)


def care(cast: Cast, variant: str, rows: int) -> None:
    clock = _Clock()
    for _number in range(rows):
        _seen(cast, variant, clock)
        _keep_visit(cast, "visit", variant, _book(cast, variant, clock.next(2), accepted=True))
        _keep_visit(cast, "visit.pending", variant, _book(cast, variant, clock.next(3)))
        _cancelled(cast, variant, clock)
    _open(cast, variant, clock)
    held = _book(cast, variant, clock.next(5), pay=Pay.ONLINE)
    cast.keep("visit.held", variant, held)
    cast.canary(held.public_id, PATIENT[variant], what=f"the id of what {PATIENT[variant]} holds")
    cast.keep("bill.held", variant, Invoice.objects.get(lines__reference=held.public_id))
    _money_to_check(cast, variant)


def _ids(cast: Cast, variant: str, *rows: Any) -> None:
    desk = [PATIENT[variant], *STAFF[HOME[variant]], DOCTOR[variant]]
    for row in rows:
        what = f"the id of {PATIENT[variant]}'s {type(row).__name__.lower()}"
        cast.canary(row.public_id, *desk, what=what)


def _keep_visit(cast: Cast, kind: str, variant: str, visit: Appointment) -> Appointment:
    invoice = Invoice.objects.get(lines__reference=visit.public_id, kind=Invoice.Kind.INVOICE)
    cast.keep(kind, variant, visit)
    cast.keep(kind.replace("visit", "bill"), variant, invoice)
    _ids(cast, variant, visit, invoice)
    return visit


def _book(
    cast: Cast, variant: str, starts_at: dt.datetime, *, accepted: bool = False, pay: Pay = Pay.DESK
) -> Appointment:
    login, doctor = PATIENT[variant], DOCTOR[variant]
    reason = f"Zq{login}reason"
    cast.canary(reason, login, doctor)
    # What the desk books is accepted at once, and does not count among what the patient still has to pay.
    return book_appointment(
        cast.affiliations[doctor],
        patient=cast.patients[login],
        starts_at=starts_at,
        pay=Pay.LATER if accepted else pay,
        reason=reason,
        by=cast.people[DESK[HOME[variant]] if accepted else login],
    )


def _note(cast: Cast, variant: str) -> NoteText:
    login, doctor = PATIENT[variant], DOCTOR[variant]
    both = {name: cast.canary(f"Zq{login}{name}", login, doctor) for name in ("diagnosis", "plan")}
    own = {name: cast.canary(f"Zq{login}{name}", doctor) for name in ("complaint", "findings")}
    return NoteText(**both, **own)


def _line(cast: Cast, variant: str, word: str, *seen_by: str) -> LineText:
    text = cast.canary(f"Zq{PATIENT[variant]}{word}", *seen_by)
    return LineText(cast.medicine.public_id, Decimal(1), "1+0+1", days=5, indication=text, instructions=text)


def _seen(cast: Cast, variant: str, clock: _Clock) -> None:
    login, doctor = PATIENT[variant], DOCTOR[variant]
    by = cast.people[doctor]
    appointment = _keep_visit(cast, "visit.seen", variant, _book(cast, variant, clock.next(0), accepted=True))
    visit = cast.keep("note", variant, start_visit(appointment, by=by))
    cast.canary(visit.public_id, login, doctor, what=f"the id of {login}'s visit notes")
    write_note(visit, note=_note(cast, variant), seen=0, by=by)
    for kind in ("prescription.cancelled", "prescription"):
        line = _line(cast, variant, "instruction", login, doctor)
        advice = cast.canary(f"Zq{login}advice", login, doctor)
        draft = draft_prescription(visit, lines=[line], advice=advice, by=by)
        signed = cast.keep(kind, variant, sign_prescription(draft, by=by))
        cast.canary(signed.public_id, login, doctor, what=f"the id of {login}'s prescription")
        if kind == "prescription.cancelled":
            cancel_prescription(signed, reason=cast.canary(f"Zq{login}cancelsrx", login, doctor), by=by)
        cast.canary(signed.verify_code, login, doctor, what=f"the code of {login}'s prescription")
    finish_visit(visit, by=by)
    invoice = Invoice.objects.get(lines__reference=appointment.public_id)
    payment = take_desk_payment(invoice, method="cash", by=cast.people[DESK[HOME[variant]]])
    cast.keep("payment", variant, payment)
    _ids(cast, variant, payment)


def _cancelled(cast: Cast, variant: str, clock: _Clock) -> None:
    login, desk = PATIENT[variant], cast.people[DESK[HOME[variant]]]
    visit = _keep_visit(cast, "visit.cancelled", variant, _book(cast, variant, clock.next(4), accepted=True))
    invoice = Invoice.objects.get(lines__reference=visit.public_id)
    payment = take_desk_payment(invoice, method="cash", by=desk)
    why = cast.canary(f"Zq{login}cancels", login, *STAFF[HOME[variant]], DOCTOR[variant])
    cancel_appointment(visit, side=Appointment.Side.HOSPITAL, reason=why, by=desk)
    refund = cast.keep("refund", variant, Refund.objects.get(payment=payment))
    note = cast.keep("bill.credit", variant, Invoice.objects.get(corrects=invoice))
    _ids(cast, variant, payment, refund, note)


def _open(cast: Cast, variant: str, clock: _Clock) -> None:
    doctor = DOCTOR[variant]
    by = cast.people[doctor]
    appointment = _keep_visit(cast, "visit.open", variant, _book(cast, variant, clock.next(0), accepted=True))
    visit = start_visit(appointment, by=by)
    line = _line(cast, variant, "draftline", doctor)
    advice = cast.canary(f"Zq{PATIENT[variant]}draftadvice", doctor)
    draft = cast.keep(
        "prescription.draft", variant, draft_prescription(visit, lines=[line], advice=advice, by=by)
    )
    cast.canary(draft.public_id, doctor, what="the id of a draft")
    cast.canary(draft.verify_code, doctor, what="the code of a draft")


def walk_in(cast: Cast) -> None:
    """Wanda has no log-in: nobody at all, and certainly nobody who is not logged in, is "herself"."""
    seen_by = [*STAFF["own"], "dora"]
    details = PatientDetails(name=cast.canary("Zqwandaname", *seen_by), birth_date=dt.date(1950, 1, 1))
    by = cast.people["dora"]
    patient = cast.keep(
        "patient", WALK_IN, register_walk_in(cast.hospitals["own"], details=details, by=cast.people["rita"])
    )
    cast.keep("walk_in", OWN, patient)
    starts_at = NOW + dt.timedelta(hours=8)
    visit = book_appointment(
        cast.affiliations["dora"], patient=patient, starts_at=starts_at, pay=Pay.DESK, by=cast.people["rita"]
    )
    accept_appointment(visit, by=by)
    visit.refresh_from_db()
    cast.keep("visit", WALK_IN, visit)
    cast.keep("bill", WALK_IN, Invoice.objects.get(lines__reference=visit.public_id))
    note = cast.keep("note", WALK_IN, start_visit(visit, by=by))
    line = LineText(cast.medicine.public_id, Decimal(1), "1+0+1", days=5)
    advice = cast.canary("Zqwandaadvice", "dora")
    draft = draft_prescription(note, lines=[line], advice=advice, by=by)
    cast.keep("prescription", WALK_IN, sign_prescription(draft, by=by))


def _money_to_check(cast: Cast, variant: str) -> None:
    """A payment in review and an unclear refund: what only a gateway's odd answer makes."""
    hospital = cast.hospitals[HOME[variant]]
    bill = cast.row("bill", variant)
    common = {"hospital": hospital, "currency": "BDT"}
    attempt = Attempt.objects.create(
        invoice=bill, method=Attempt.Method.ONLINE, status=Attempt.Status.REVIEW, amount=bill.total, **common
    )
    cast.keep("attempt", variant, attempt)
    paid = Attempt.objects.create(
        invoice=cast.row("bill.seen", variant),
        method=Attempt.Method.ONLINE,
        status=Attempt.Status.PAID,
        amount=Decimal(50),
        **common,
    )
    payment = Payment.objects.create(
        attempt=paid,
        invoice=paid.invoice,
        amount=Decimal(50),
        refund_total=Decimal(50),
        captured_at=timezone.now(),
        **common,
    )
    refund = Refund.objects.create(
        payment=payment, amount=Decimal(50), reason="Paid twice", status=Refund.Status.UNCLEAR, **common
    )
    cast.keep("refund.unclear", variant, refund)
    _ids(cast, variant, attempt, payment, refund)
