"""Addresses of billing: the gateway's, the payer's, the cash desk's."""

from __future__ import annotations

from django.urls import path

from .views import bills, desk, gateway

app_name = "billing"

_bill = "me/bills/<str:public_id>/"
_desk = "h/<slug:slug>/"
_desk_bill = f"{_desk}bills/<str:public_id>/"

urlpatterns = [
    path("pay/ipn/", gateway.ipn, name="ipn"),
    path("pay/return/<slug:way>/", gateway.gateway_return, name="gateway_return"),
    path("pay/result/<str:token>/", gateway.result, name="result"),
    path("me/bills/", bills.invoices, name="invoices"),
    path(_bill, bills.invoice, name="invoice"),
    path(f"{_bill}pay/", bills.pay, name="pay"),
    path(f"{_bill}pdf/", bills.invoice_pdf, name="invoice_pdf"),
    path(f"{_bill}receipt/", bills.receipt_pdf, name="receipt_pdf"),
    path(f"{_desk}desk/", desk.desk, name="desk"),
    path(f"{_desk}desk/refunds/", desk.refunds, name="refunds"),
    path(f"{_desk}desk/checks/", desk.checks, name="checks"),
    path(_desk_bill, desk.desk_invoice, name="desk_invoice"),
    path(f"{_desk_bill}pay/", desk.desk_pay, name="desk_pay"),
    path(f"{_desk_bill}pdf/", desk.desk_invoice_pdf, name="desk_invoice_pdf"),
    path(f"{_desk_bill}receipt/", desk.desk_receipt_pdf, name="desk_receipt_pdf"),
    path(f"{_desk}refunds/<str:public_id>/pay/", desk.pay_refund, name="pay_refund"),
    path(f"{_desk}refunds/<str:public_id>/resolve/", desk.resolve_refund, name="resolve_refund"),
    path(f"{_desk}payments/<str:public_id>/resolve/", desk.resolve_attempt, name="resolve_attempt"),
]
