"""Invoices, credit notes and receipts as PDF: made by the worker, once a version."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse

from core.background import after_commit
from core.documents import StoredDocument, find_document, store_document
from core.pdf import Letterhead, render_pdf
from core.tenancy import everywhere
from core.throttle import count_try
from hospitals.models import Hospital

from .models import Invoice, Payment
from .queries import bill_of, document_version

INVOICE, RECEIPT = "billing.invoice", "billing.receipt"
RECEIPT_VERSION = 1  # a receipt never changes: what goes back later has its own letters
AGAIN_AFTER = 60  # seconds


def _letterhead(hospital: Hospital) -> Letterhead:
    place = ", ".join(part for part in (hospital.address, hospital.area, hospital.city) if part)
    return Letterhead(hospital.name, hospital.name_bn, place, str(hospital.phone or ""))


def _context(invoice: Invoice) -> dict[str, Any]:
    hospital, patient = invoice.hospital, invoice.patient
    return {
        "letterhead": _letterhead(hospital),
        "hospital": hospital,
        "patient": patient,
        "registration": patient.registrations.filter(hospital=hospital).first(),
        "bill": bill_of(invoice),
        "invoice": invoice,
        "bill_url": settings.PUBLIC_URL + reverse("billing:invoices"),
    }


def render_invoice(invoice_id: int) -> None:
    """Make and store the PDF of an issued invoice or credit note as it stands now, unless it is there."""
    with everywhere():
        rows = Invoice.objects.select_related("hospital", "patient", "corrects")
        invoice = rows.get(pk=invoice_id)
        version = document_version(invoice)
        if invoice.number is None or find_document(INVOICE, invoice.public_id, version):
            return
        pdf = render_pdf("pdf/billing/invoice.html", _context(invoice))
    store_document(INVOICE, invoice.public_id, version, hospital_id=invoice.hospital_id, pdf=pdf)


def render_receipt(payment_id: int) -> None:
    """Make and store the PDF of a payment's receipt, unless it is there."""
    with everywhere():
        rows = Payment.objects.select_related(
            "attempt", "invoice__hospital", "invoice__patient", "invoice__corrects"
        )
        payment = rows.get(pk=payment_id)
        if find_document(RECEIPT, payment.public_id, RECEIPT_VERSION):
            return
        context = {**_context(payment.invoice), "payment": payment}
        pdf = render_pdf("pdf/billing/receipt.html", context)
    store_document(RECEIPT, payment.public_id, RECEIPT_VERSION, hospital_id=payment.hospital_id, pdf=pdf)


def invoice_document(invoice: Invoice) -> StoredDocument | None:
    """Return the invoice's letter as it stands now; while there is none, have it made (at most once a minute)."""
    version = document_version(invoice)
    found = find_document(INVOICE, invoice.public_id, version)
    if found is None and _may_ask(f"{invoice.public_id}:{version}"):
        after_commit("billing.render_invoice", invoice_id=invoice.pk)
    return found


def receipt_document(payment: Payment) -> StoredDocument | None:
    """Return the payment's receipt; while there is none, have it made (at most once a minute)."""
    found = find_document(RECEIPT, payment.public_id, RECEIPT_VERSION)
    if found is None and _may_ask(payment.public_id):
        after_commit("billing.render_receipt", payment_id=payment.pk)
    return found


def _may_ask(subject: str) -> bool:
    return count_try("billing.letter", subject, limit=1, seconds=AGAIN_AFTER)
