"""The payer's own bills below /me/bills/."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from core.http import errors_to, form_page, page_of, permit, posted, require_form

from .. import documents, operations, purposes, queries
from ..forms import PayForm
from ..models import Invoice, Payment
from .letters import invoice_filename, letter_response, receipt_filename


@require_safe
@permit("billing.view_own_invoices")
def invoices(request: HttpRequest) -> HttpResponse:
    """List the person's bills, newest first, or those that fit what was typed."""
    text = request.GET.get("q", "").strip()[:100]
    page = page_of(request, queries.invoices_of(request.patient, text=text))
    rows = [(invoice, queries.standing_of(invoice)) for invoice in page]
    return render(request, "billing/invoices.html", {"page_obj": page, "rows": rows, "q": text})


@require_safe
@permit("billing.view_invoice", Invoice)
def invoice(request: HttpRequest, invoice: Invoice) -> HttpResponse:
    """Show a bill with what was paid and what goes back."""
    return render(request, "billing/invoice.html", {"invoice": invoice, "bill": queries.bill_of(invoice)})


@require_form
@permit("billing.pay_invoice", Invoice)
def pay(request: HttpRequest, invoice: Invoice) -> HttpResponse:
    """Show what is to pay and where; POST opens the gateway's page."""
    form = PayForm(posted(request))
    if request.method == "POST" and form.is_valid():
        with errors_to(form):
            return HttpResponseRedirect(operations.start_payment(invoice, by=request.user))
    bill = queries.bill_of(invoice)
    lines = [line for line in bill.lines if line.purpose in purposes.names()]
    seen_at = purposes.get(lines[0].purpose).url(lines[0].reference) if lines else reverse("billing:invoices")
    return form_page(
        request, "billing/pay.html", form, {"invoice": invoice, "bill": bill, "seen_at": seen_at}
    )


@require_safe
@permit("billing.view_invoice", Invoice)
def invoice_pdf(request: HttpRequest, invoice: Invoice) -> HttpResponse:
    """Return the bill's letter."""
    if invoice.number is None:
        raise Http404
    document = documents.invoice_document(invoice)
    back = reverse("billing:invoice", args=[invoice.public_id])
    return letter_response(request, document, filename=invoice_filename(invoice.label), back=back)


@require_safe
@permit("billing.view_receipt", Payment)
def receipt_pdf(request: HttpRequest, payment: Payment) -> HttpResponse:
    """Return a payment's receipt."""
    document = documents.receipt_document(payment)
    back = reverse("billing:invoice", args=[payment.invoice.public_id])
    return letter_response(request, document, filename=receipt_filename(payment.public_id), back=back)
