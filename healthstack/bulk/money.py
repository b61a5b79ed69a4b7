"""Writes the money of visits: invoices with their lines, attempts and payments, credit notes and refunds."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

from appointments.models import PURPOSE, Appointment
from billing.models import Attempt, Invoice, InvoiceLine, NumberSeries, Payment, Refund
from core.actors import GATEWAY
from core.formats import moment

from .plans import Plan
from .rows import insert
from .visits import about, booker
from .world import World

FAILED_FIRST = 0.05
PAY = dt.timedelta(minutes=4)
Status, Method, Kind = Appointment.Status, Attempt.Method, Invoice.Kind


@dataclass
class Books:
    """A hospital's numbers so far."""

    last: Counter[str] = field(default_factory=Counter)

    def next(self, kind: Invoice.Kind) -> int:
        """Return the next number of that kind."""
        self.last[kind.value] += 1
        return self.last[kind.value]

    def series(self, hospital_id: int) -> list[NumberSeries]:
        """Return the rows that keep the last numbers."""
        return [
            NumberSeries(hospital_id=hospital_id, kind=kind, last=last) for kind, last in self.last.items()
        ]


def write_money(world: World, plans: list[Plan], books: Books) -> None:
    """Write what was charged for the visits, what was paid, and what went back."""
    for plan in plans:
        plan.invoice = _invoice(world, plan, books)
    insert([plan.invoice for plan in plans])
    lines = [_line(plan) for plan in plans]
    attempts = insert([attempt for plan in plans for attempt in _attempts(world, plan)])
    by_invoice = {plan.invoice.pk: plan for plan in plans}
    paid = [one for one in attempts if one.status == Attempt.Status.PAID]
    payments = [_payment(world, by_invoice[one.invoice_id], one) for one in paid]
    credited = [plan for plan in plans if plan.invoice.credited > 0]
    for plan in credited:
        if plan.payment:
            plan.payment.refund_total = plan.invoice.credited
    insert(payments)
    insert([_refund(world, plan) for plan in credited if plan.payment])
    notes = insert([_credit_note(world, plan, books) for plan in credited])
    lines += [_credit_line(note, plan) for note, plan in zip(notes, credited, strict=True)]
    insert(lines)


def _invoice(world: World, plan: Plan, books: Books) -> Invoice:
    status = Invoice.Status.PAID if plan.paid else Invoice.Status.ISSUED
    if plan.credited == plan.work.fee:
        status = Invoice.Status.CREDITED
    at = plan.booked_at + (PAY if plan.online else dt.timedelta())
    invoice = Invoice(
        public_id=world.id(),
        hospital=plan.place.hospital,
        patient=plan.patient,
        status=status,
        number=books.next(Kind.INVOICE),
        currency=plan.place.hospital.currency,
        total=plan.work.fee,
        credited=plan.credited,
        issued_at=at,
        created_at=at,
    )
    _record_issue(world, plan, invoice, at)
    return invoice


def _record_issue(world: World, plan: Plan, invoice: Invoice, at: dt.datetime) -> None:
    body = {
        "currency": invoice.currency, "kind": str(invoice.kind), "number": invoice.label, "total": str(invoice.total),
    }  # fmt: skip
    by = GATEWAY if plan.online else booker(plan)
    world.record("billing.invoice_issued", invoice.public_id, by=by, at=at, about=about(plan), body=body)


def _line(plan: Plan) -> InvoiceLine:
    cancelled = plan.status == Status.CANCELLED
    return InvoiceLine(
        hospital_id=plan.place.hospital.pk,
        invoice_id=plan.invoice.pk,
        purpose=PURPOSE,
        reference=plan.row.public_id,
        title=f"Visit with {plan.work.doctor.name}, {moment(plan.starts_at, plan.place.hospital.tz)}"[:200],
        unit_price=plan.work.fee,
        amount=plan.work.fee,
        status=InvoiceLine.Status.RELEASED if cancelled else InvoiceLine.Status.FULFILLED,
    )


def _attempts(world: World, plan: Plan) -> list[Attempt]:
    """Return the tries to pay: one in twenty failed first, one unpaid bill in a hundred waits for a person."""
    random, issued = world.random, plan.invoice.status == Invoice.Status.ISSUED
    found = []
    if plan.online and random.random() < FAILED_FIRST:
        found.append(_attempt(world, plan, Method.ONLINE, Attempt.Status.FAILED))
    if plan.online:
        found.append(_attempt(world, plan, Method.ONLINE, Attempt.Status.PAID))
    elif issued and random.random() < 0.01:
        found.append(_attempt(world, plan, Method.ONLINE, Attempt.Status.REVIEW))
    elif plan.invoice.status == Invoice.Status.PAID:
        found.append(
            _attempt(
                world, plan, random.choice((Method.CASH, Method.CASH, Method.TERMINAL)), Attempt.Status.PAID
            )
        )
    return found


def _attempt(world: World, plan: Plan, method: str, status: str) -> Attempt:
    online = method == Method.ONLINE
    captured = online and status != Attempt.Status.FAILED
    return Attempt(
        public_id=world.id(),
        hospital_id=plan.place.hospital.pk,
        invoice_id=plan.invoice.pk,
        method=method,
        status=status,
        amount=plan.invoice.total,
        currency=plan.invoice.currency,
        val_id=world.id() if captured else None,
        bank_tran_id=world.id() if captured else "",
        card_brand="VISA" if captured else "",
        card_masked="432149XXXXXX0667" if captured else "",
        made_by=booker(plan) if online else plan.place.desk,
        created_at=plan.booked_at if online else plan.starts_at,
    )


def _payment(world: World, plan: Plan, attempt: Attempt) -> Payment:
    online = attempt.method == Method.ONLINE
    at = plan.booked_at + PAY if online else plan.starts_at
    payment = Payment(
        public_id=world.id(),
        hospital=plan.place.hospital,
        attempt=attempt,
        invoice=plan.invoice,
        amount=attempt.amount,
        currency=attempt.currency,
        captured_at=at,
    )
    plan.payment = payment
    body = {"amount": str(payment.amount), "currency": payment.currency, "method": str(attempt.method)}
    by = GATEWAY if online else plan.place.desk
    world.record("billing.payment_captured", payment.public_id, by=by, at=at, about=about(plan), body=body)
    return payment


def _reason(plan: Plan) -> str:
    return f"Visit on {moment(plan.starts_at, plan.place.hospital.tz)} cancelled"


def _refund(world: World, plan: Plan) -> Refund:
    payment, done = plan.payment, world.random.random() < 0.95
    if payment is None:
        raise ValueError("Only what was paid goes back.")
    refund = Refund(
        public_id=world.id(),
        hospital=plan.place.hospital,
        payment=payment,
        amount=plan.invoice.credited,
        currency=payment.currency,
        reason=_reason(plan),
        status=Refund.Status.DONE if done else Refund.Status.UNCLEAR,
        gateway_reference=world.id(),
        attempts=1,
        done_at=plan.ended_at if done else None,
        created_at=plan.ended_at or plan.booked_at,
    )
    body = {
        "amount": str(refund.amount),
        "currency": refund.currency,
        "payment": payment.public_id,
        "reason": refund.reason,
    }
    world.record(
        "billing.refund_owed",
        refund.public_id,
        by=booker(plan),
        at=plan.ended_at,
        about=about(plan),
        body=body,
    )
    outcome = "billing.refund_done" if done else "billing.refund_unclear"
    world.record(outcome, refund.public_id, by=GATEWAY, at=plan.ended_at, about=about(plan))
    return refund


def _credit_note(world: World, plan: Plan, books: Books) -> Invoice:
    note = Invoice(
        public_id=world.id(),
        hospital=plan.place.hospital,
        patient=plan.patient,
        kind=Kind.CREDIT_NOTE,
        corrects=plan.invoice,
        status=Invoice.Status.PAID,
        number=books.next(Kind.CREDIT_NOTE),
        currency=plan.invoice.currency,
        total=plan.invoice.credited,
        issued_at=plan.ended_at,
        created_at=plan.ended_at or plan.booked_at,
    )
    _record_issue(world, plan, note, plan.ended_at or plan.booked_at)
    return note


def _credit_line(note: Invoice, plan: Plan) -> InvoiceLine:
    return InvoiceLine(
        hospital=plan.place.hospital,
        invoice=note,
        purpose="billing.credit",
        reference=plan.invoice.public_id,
        title=_reason(plan),
        unit_price=note.total,
        amount=note.total,
        status=InvoiceLine.Status.FULFILLED,
    )
