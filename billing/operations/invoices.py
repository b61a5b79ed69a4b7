"""Invoices: drafted when something is charged, numbered when they are issued, corrected by credit notes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import Actor
from core.background import after_commit
from core.errors import Conflict
from core.locks import LockKey, Rank, lock_rows
from core.money import round_money
from hospitals.models import Hospital
from ledger.operations import About, record
from patients.models import Patient

from .. import purposes
from ..models import Invoice, InvoiceLine, NumberSeries, Payment
from ..queries import NOTHING
from .refunds import owe_back


@dataclass(frozen=True)
class Charge:
    """Something to charge: its purpose and the public id of the record."""

    purpose: str
    reference: str
    quantity: int = 1


def about(invoice: Invoice) -> About:
    """Return whom and where a ledger entry about this invoice concerns."""
    return About(patient_id=invoice.patient.public_id, hospital_id=invoice.hospital_id)


@transaction.atomic
def draft_invoice(hospital: Hospital, patient: Patient, *, charges: Iterable[Charge], by: Actor) -> Invoice:
    """Draft an invoice; price and tax are copied from each charge's purpose now. Amounts in the hospital's currency."""
    invoice = Invoice.objects.create(
        hospital=hospital, patient=patient, currency=hospital.currency, total=NOTHING
    )
    lines = []
    for charge in charges:
        described = purposes.get(charge.purpose).describe(charge.reference)
        amount = round_money((described.unit_price + described.tax) * charge.quantity)
        lines.append(
            InvoiceLine(
                hospital=hospital,
                invoice=invoice,
                purpose=charge.purpose,
                reference=charge.reference,
                title=described.title,
                quantity=charge.quantity,
                unit_price=described.unit_price,
                tax=described.tax,
                amount=amount,
            )
        )
    InvoiceLine.objects.bulk_create(lines)
    invoice.total = sum((line.amount for line in lines), NOTHING)
    invoice.save(update_fields=["total"])
    return invoice


@transaction.atomic
def issue_invoice(invoice: Invoice, *, by: Actor) -> Invoice:
    """Issue a draft that is to be paid at the desk: its lines count as done, and it gets its number.

    Locks the hospital's counter, which comes last: one invoice in one transaction, and nothing is locked after it.
    """
    invoice = lock_invoice(invoice)
    invoice.lines.filter(status=InvoiceLine.Status.OPEN).update(status=InvoiceLine.Status.FULFILLED)
    number_invoice(invoice, Invoice.Status.ISSUED if invoice.total > 0 else Invoice.Status.PAID, by=by)
    return invoice


@transaction.atomic
def void_draft(invoice: Invoice, *, by: Actor) -> None:
    """Give up a draft: what its lines keep is released. A draft was never shown, so this is not recorded."""
    _void(lock_bill(invoice))


def _void(invoice: Invoice) -> None:
    invoice.move_to(Invoice.Status.VOID)
    invoice.save(update_fields=["status"])
    open_lines = list(invoice.lines.filter(status=InvoiceLine.Status.OPEN))
    # Closed before their rooms are told: a room may give its line up in its turn.
    invoice.lines.filter(status=InvoiceLine.Status.OPEN).update(status=InvoiceLine.Status.RELEASED)
    for line in open_lines:
        purposes.get(line.purpose).release(line.reference)


@transaction.atomic
def credit_line(purpose: str, reference: str, *, share: Decimal, reason: str, by: Actor) -> Decimal:
    """Give up a charged line and return what goes back to the payer; at most one invoice's in one transaction.

    A draft loses the line, and is voided with its last one. Of an unpaid invoice the whole line is credited. Of a paid one
    `share` (0 to 1) of the line is credited and refunded. Side effects: what the line keeps is released, credit note,
    refunds, ledger. The credit note's number locks the hospital's counter, which comes last (core.locks): whoever cancels
    many things commits after each, and locks nothing more after this call.
    """
    line = (
        InvoiceLine.objects.filter(purpose=purpose, reference=reference)
        .select_related("invoice")
        .latest("pk")
    )
    if line.invoice.status == Invoice.Status.DRAFT:
        lock_rows(purposes.lock_keys_of([line]))
    invoice = lock_invoice(line.invoice)
    line.refresh_from_db()
    if invoice.status == Invoice.Status.DRAFT:
        _take_off(invoice, line, by=by)
        return NOTHING
    if line.status != InvoiceLine.Status.FULFILLED or invoice.status == Invoice.Status.CREDITED:
        return NOTHING
    paid = invoice.status == Invoice.Status.PAID
    amount = round_money(line.amount * share) if paid else line.amount
    line.status = InvoiceLine.Status.RELEASED
    line.save(update_fields=["status"])
    if amount == 0:
        return NOTHING
    returned = _refund_from_payments(invoice, amount, reason, by=by) if paid else NOTHING
    _credit(invoice, amount, reason, by=by)
    return returned


def _take_off(invoice: Invoice, line: InvoiceLine, *, by: Actor) -> None:
    if line.status != InvoiceLine.Status.OPEN:
        return
    left = invoice.lines.filter(status=InvoiceLine.Status.OPEN).exclude(pk=line.pk)
    if not left:
        _void(invoice)
        return
    line.status = InvoiceLine.Status.REMOVED
    line.save(update_fields=["status"])
    invoice.total = sum((other.amount for other in left), NOTHING)
    invoice.save(update_fields=["total"])
    purposes.get(line.purpose).release(line.reference)


def _refund_from_payments(invoice: Invoice, amount: Decimal, reason: str, *, by: Actor) -> Decimal:
    left = amount
    for payment in Payment.objects.filter(invoice=invoice).order_by("pk"):
        part = min(left, payment.applied)
        if part > 0:
            owe_back(payment, amount=part, reason=reason, by=by)
            left -= part
    return amount - left


def _credit(invoice: Invoice, amount: Decimal, reason: str, *, by: Actor) -> None:
    note = Invoice.objects.create(
        hospital_id=invoice.hospital_id,
        patient=invoice.patient,
        kind=Invoice.Kind.CREDIT_NOTE,
        corrects=invoice,
        currency=invoice.currency,
        total=amount,
    )
    InvoiceLine.objects.create(
        hospital_id=invoice.hospital_id,
        invoice=note,
        purpose="billing.credit",
        reference=invoice.public_id,
        title=reason[:200],
        unit_price=amount,
        amount=amount,
        status=InvoiceLine.Status.FULFILLED,
    )
    invoice.credited += amount
    if invoice.credited == invoice.total:
        invoice.move_to(Invoice.Status.CREDITED)
    invoice.save(update_fields=["credited", "status"])
    number_invoice(note, Invoice.Status.PAID, by=by)
    after_commit("billing.render_invoice", invoice_id=invoice.pk)


def lock_bill(invoice: Invoice, *more: LockKey) -> Invoice:
    """Lock an invoice with all that its lines need, and `more`, in the house's order, and read it again.

    Raises Conflict when a line came or went between reading and locking: its rows would not be locked.
    """
    lines = list(invoice.lines.all())
    lock_rows([*purposes.lock_keys_of(lines), LockKey(Rank.MONEY, Invoice, invoice.pk), *more])
    if [line.pk for line in lines] != list(invoice.lines.values_list("pk", flat=True)):
        raise Conflict(_("This bill has just changed. Please look at it again."))
    return Invoice.objects.select_related("patient__user", "hospital").get(pk=invoice.pk)


def lock_invoice(invoice: Invoice) -> Invoice:
    """Lock the invoice's row and read it again."""
    lock_rows([LockKey(Rank.MONEY, Invoice, invoice.pk)])
    return Invoice.objects.select_related("patient", "hospital").get(pk=invoice.pk)


def number_invoice(invoice: Invoice, status: str, *, by: Actor) -> None:
    """Give the draft the next number of its hospital and kind, move it to `status`, record it and have its PDF made.

    The counter is the last lock of a transaction, so this is done once in it: another invoice would be locked too late.
    """
    NumberSeries.objects.get_or_create(hospital_id=invoice.hospital_id, kind=invoice.kind)
    series = NumberSeries.objects.select_for_update(no_key=True, of=("self",)).get(
        hospital_id=invoice.hospital_id, kind=invoice.kind
    )
    series.last += 1
    series.save(update_fields=["last"])
    invoice.move_to(status)
    invoice.number = series.last
    invoice.issued_at = timezone.now()
    invoice.save(update_fields=["status", "number", "issued_at", "total"])
    record(
        "billing.invoice_issued",
        invoice.public_id,
        by=by,
        about=about(invoice),
        body={
            "currency": invoice.currency,
            "kind": invoice.kind,
            "number": invoice.label,
            "total": str(invoice.total),
        },
    )
    after_commit("billing.render_invoice", invoice_id=invoice.pk)
