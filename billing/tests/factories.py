"""Patients, bills and payments for tests, made the way the portal makes them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import factory

from billing import operations
from billing.gateways.fake import FakeGateway
from billing.models import Attempt
from billing.operations import Charge
from core.actors import SEED
from core.tenancy import in_hospital
from hospitals.tests.factories import PersonFactory
from patients.models import Patient
from patients.operations import ensure_registration

from .shop import PURPOSE, shop

STORE_ID = "fake-store"


class PayerFactory(factory.django.DjangoModelFactory):
    """A patient with a log-in."""

    class Meta:
        model = Patient

    user = factory.SubFactory(PersonFactory)
    name = factory.SelfAttribute("user.name")
    email = factory.SelfAttribute("user.email")
    birth_date = dt.date(1988, 5, 3)


class WalkInFactory(factory.django.DjangoModelFactory):
    """A patient without a log-in or an address."""

    class Meta:
        model = Patient

    name = factory.Sequence(lambda number: f"Walk-in {number}")
    birth_date = dt.date(1970, 1, 1)


def register(hospital, patient):
    """Register the patient there, so that the patient's own area covers the hospital."""
    with in_hospital(hospital):
        ensure_registration(hospital, patient, by=SEED)
    return patient


def draft(hospital, patient, *prices, **thing):
    """Draft a bill of one thing for each price (one of 1200.00 unless given)."""
    references = [shop.add(price, **thing) for price in prices or ("1200.00",)]
    with in_hospital(hospital):
        charges = [Charge(PURPOSE, reference) for reference in references]
        return operations.draft_invoice(hospital, patient, charges=charges, by=SEED)


def issued(hospital, patient, *prices):
    """Issue a bill to be paid at the desk."""
    invoice = draft(hospital, patient, *prices)
    with in_hospital(hospital):
        return operations.issue_invoice(invoice, by=SEED)


def started(invoice, by=SEED):
    """Begin an online payment and return its attempt."""
    with in_hospital(invoice.hospital):
        operations.start_payment(invoice, by=by)
        return Attempt.objects.filter(invoice=invoice).latest("pk")


def paid_online(invoice, *, taken="", **answer):
    """Pay online and have the portal ask; meanwhile `taken` went to somebody else; `answer` bends what the gateway says."""
    attempt = started(invoice)
    if taken:
        shop.things[taken].state = "taken"
    FakeGateway.from_settings().set_payment(attempt.tran_id, **answer)
    return operations.verify_payment(attempt.tran_id)


def paid_at_desk(invoice, by=SEED, method=Attempt.Method.CASH):
    """Take the money at the desk."""
    with in_hospital(invoice.hospital):
        return operations.take_desk_payment(invoice, method=method, by=by)


def in_review(invoice):
    """Pay online with a card that the gateway calls risky."""
    return paid_online(invoice, risk_level=1)


def owed_at_desk(hospital, patient, price="1200.00"):
    """Pay a bill in cash and credit it: its refund waits at the desk."""
    invoice = issued(hospital, patient, price)
    paid_at_desk(invoice)
    with in_hospital(hospital):
        line = invoice.lines.get()
        operations.credit_line(line.purpose, line.reference, share=Decimal(1), reason="Cancelled", by=SEED)
        return invoice.payments.get().refunds.get()


def unclear_refund(hospital, patient):
    """Pay online, credit it, and lose the gateway's answer to the refund."""
    invoice = draft(hospital, patient)
    paid_online(invoice)
    with in_hospital(hospital):
        line = invoice.lines.get()
        operations.credit_line(line.purpose, line.reference, share=Decimal(1), reason="Cancelled", by=SEED)
        refund = invoice.payments.get().refunds.get()
    FakeGateway.from_settings().be_unavailable()
    operations.send_refund(refund.pk)
    refund.refresh_from_db()
    return refund
