"""The cash desk below /h/<slug>/: bills to pay, money to hand back, payments to look at."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.http import errors_to, form_page, page_of, permit, posted, require_form
from core.money import format_money

from .. import documents, operations, queries
from ..forms import DeskPayForm, PayForm, ResolveAttemptForm, ResolveRefundForm
from ..models import Attempt, Invoice, Payment, Refund
from .letters import invoice_filename, letter_response, receipt_filename


@require_safe
@permit("billing.view_cash_desk")
def desk(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what is to pay and, before anything is looked for, what is to hand back or look at."""
    text, shows_all = _text(request), request.GET.get("show") == "all"
    page = page_of(request, queries.desk_invoices(request.hospital, text=text, only_open=not shows_all))
    context = {
        "page_obj": page,
        "rows": [(invoice, queries.standing_of(invoice)) for invoice in page],
        "q": text,
        "shows_all": shows_all,
    }
    if not text and not shows_all and page.number == 1:
        context |= queries.first_refunds(request.hospital)
        context["checks"] = queries.first_attempts(request.hospital)
    return render(request, "billing/desk.html", context)


@require_safe
@permit("billing.view_cash_desk")
def refunds(request: HttpRequest, slug: str) -> HttpResponse:
    """List the refunds of one kind that need a person, the oldest first."""
    text, show = _text(request), request.GET.get("show", "")
    wait = queries.Wait(show) if show in list(queries.Wait) else queries.Wait.HAND_OVER
    page = page_of(request, queries.refunds_for_people(request.hospital, wait=wait, text=text))
    return render(request, "billing/refunds.html", {"page_obj": page, "q": text, "wait": wait.value})


@require_safe
@permit("billing.view_cash_desk")
def checks(request: HttpRequest, slug: str) -> HttpResponse:
    """List the payments that need a person, the oldest first."""
    text = _text(request)
    page = page_of(request, queries.attempts_for_people(request.hospital, text=text))
    return render(request, "billing/checks.html", {"page_obj": page, "q": text})


def _text(request: HttpRequest) -> str:
    return request.GET.get("q", "").strip()[:100]


@require_safe
@permit("billing.view_invoice", Invoice)
def desk_invoice(request: HttpRequest, invoice: Invoice, slug: str) -> HttpResponse:
    """Show a bill to the desk."""
    return render(
        request, "billing/desk_invoice.html", {"invoice": invoice, "bill": queries.bill_of(invoice)}
    )


@require_form
@permit("billing.take_payment", Invoice)
def desk_pay(request: HttpRequest, invoice: Invoice, slug: str) -> HttpResponse:
    """Take the whole amount in cash or by card; the page names it first."""
    bill = queries.bill_of(invoice)
    form = DeskPayForm(posted(request), owed=bill.owed)
    if request.method == "POST" and form.is_valid():
        method, expected = form.cleaned_data["method"], form.cleaned_data["amount"]
        with errors_to(form):
            payment = operations.take_desk_payment(invoice, method=method, expected=expected, by=request.user)
            amount = format_money(payment.amount, payment.currency)
            messages.success(
                request, _("%(amount)s received. The receipt is ready in a moment.") % {"amount": amount}
            )
            return redirect("billing:desk_invoice", slug, invoice.public_id)
    return form_page(request, "billing/desk_pay.html", form, {"invoice": invoice, "bill": bill})


@require_safe
@permit("billing.view_invoice", Invoice)
def desk_invoice_pdf(request: HttpRequest, invoice: Invoice, slug: str) -> HttpResponse:
    """Return a bill's letter to the desk."""
    if invoice.number is None:
        raise Http404
    back = reverse("billing:desk_invoice", args=[slug, invoice.public_id])
    document = documents.invoice_document(invoice)
    return letter_response(request, document, filename=invoice_filename(invoice.label), back=back)


@require_safe
@permit("billing.view_receipt", Payment)
def desk_receipt_pdf(request: HttpRequest, payment: Payment, slug: str) -> HttpResponse:
    """Return a payment's receipt to the desk."""
    back = reverse("billing:desk_invoice", args=[slug, payment.invoice.public_id])
    document = documents.receipt_document(payment)
    return letter_response(request, document, filename=receipt_filename(payment.public_id), back=back)


@require_form
@permit("billing.pay_refund", Refund)
def pay_refund(request: HttpRequest, refund: Refund, slug: str) -> HttpResponse:
    """Hand money back at the desk; the page names the person and the amount first."""
    form = PayForm(posted(request))
    if request.method == "POST" and form.is_valid():
        with errors_to(form):
            operations.pay_refund_at_desk(refund, by=request.user)
            told = {"amount": format_money(refund.amount, refund.currency), "name": _payer(refund)}
            messages.success(request, _("%(amount)s handed back to %(name)s.") % told)
            return redirect("billing:desk", slug)
    return form_page(request, "billing/pay_refund.html", form, {"refund": refund, "payer": _payer(refund)})


@require_form
@permit("billing.resolve_refund", Refund)
def resolve_refund(request: HttpRequest, refund: Refund, slug: str) -> HttpResponse:
    """Close an unclear refund, or have it sent again, after a look at the gateway's own pages."""
    form = ResolveRefundForm(posted(request))
    if request.method == "POST" and form.is_valid():
        with errors_to(form):
            operations.resolve_refund(refund, was_paid=form.is_yes, by=request.user)
            done = _("The refund is closed.") if form.is_yes else _("The refund is sent again.")
            messages.success(request, done)
            return redirect("billing:desk", slug)
    return form_page(
        request, "billing/resolve_refund.html", form, {"refund": refund, "payer": _payer(refund)}
    )


@require_form
@permit("billing.resolve_attempt", Attempt)
def resolve_attempt(request: HttpRequest, attempt: Attempt, slug: str) -> HttpResponse:
    """Accept a payment that the gateway calls risky, or send it back; or close one that was taken twice."""
    if attempt.surplus_open and attempt.status != Attempt.Status.REVIEW:
        return _close_surplus(request, attempt)
    form = ResolveAttemptForm(posted(request))
    if request.method == "POST" and form.is_valid():
        with errors_to(form):
            operations.resolve_attempt(attempt, accepted=form.is_yes, by=request.user)
            done = _("The payment is accepted.") if form.is_yes else _("The payment goes back to the payer.")
            messages.success(request, done)
            return redirect("billing:desk", slug)
    payer = attempt.invoice.patient.name
    return form_page(request, "billing/resolve_attempt.html", form, {"attempt": attempt, "payer": payer})


def _close_surplus(request: HttpRequest, attempt: Attempt) -> HttpResponse:
    form = PayForm(posted(request))
    if request.method == "POST" and form.is_valid():
        with errors_to(form):
            operations.close_surplus(attempt, by=request.user)
            messages.success(request, _("The payment is closed."))
            return redirect("billing:desk", request.hospital.slug)
    context = {"attempt": attempt, "payer": attempt.invoice.patient.name}
    return form_page(request, "billing/close_surplus.html", form, context)


def _payer(refund: Refund) -> str:
    return refund.payment.invoice.patient.name
