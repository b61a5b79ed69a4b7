"""Invoices as PDF."""

from __future__ import annotations

from core.documents import find_document, store_document
from core.pdf import render_pdf
from core.tenancy import everywhere

from .models import Invoice

KIND = "billing.invoice"


def render_invoice(invoice_id: int) -> None:
    """Make and store the PDF of an issued invoice unless it is there."""
    with everywhere():
        rows = Invoice.objects.select_related("hospital", "patient", "corrects").prefetch_related("lines")
        invoice = rows.get(pk=invoice_id)
        if find_document(KIND, invoice.public_id, 1):
            return
        registration = invoice.patient.registrations.filter(hospital=invoice.hospital).first()
        context = {
            "invoice": invoice,
            "lines": list(invoice.lines.all()),
            "hospital": invoice.hospital,
            "patient": invoice.patient,
            "registration": registration,
        }
        pdf = render_pdf("pdf/billing/invoice.html", context)
    store_document(KIND, invoice.public_id, 1, hospital_id=invoice.hospital_id, pdf=pdf)
