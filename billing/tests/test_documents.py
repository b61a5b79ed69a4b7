"""Letters and mails about money."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pypdfium2
import pytest
import time_machine
from django.core import mail
from django_tasks_db.models import DBTaskResult

from billing import documents, operations
from core.actors import SEED
from core.documents import StoredDocument
from core.tenancy import in_hospital
from notifications.models import Message, Notice
from notifications.operations import deliver

from .factories import (
    WalkInFactory,
    draft,
    issued,
    owed_at_desk,
    paid_at_desk,
    paid_online,
    register,
    unclear_refund,
)

NOW = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


def text_of(document):
    with document.file.open("rb") as file:
        pdf = pypdfium2.PdfDocument(file.read())
    return " ".join(" ".join(page.get_textpage().get_text_range() for page in pdf).split())


def letter(invoice):
    documents.render_invoice(invoice.pk)
    return text_of(StoredDocument.objects.filter(reference=invoice.public_id).latest("version"))


def versions(invoice):
    rows = StoredDocument.objects.filter(kind="billing.invoice", reference=invoice.public_id)
    return sorted(rows.values_list("version", flat=True))


def payment_of(invoice):
    with in_hospital(invoice.hospital):
        return invoice.payments.get()


def credit(invoice, share):
    with in_hospital(invoice.hospital):
        line = invoice.lines.get()
        operations.credit_line(line.purpose, line.reference, share=share, reason="Visit cancelled", by=SEED)


def test_invoice_names_who_what_and_how_it_was_paid(cast, gateway):
    cast.city.name_bn = "সিটি জেনারেল হাসপাতাল"
    cast.city.save()
    invoice = draft(cast.city, cast.payer, "1000.00", tax=Decimal("75.00"))
    paid_online(invoice)
    text = letter(invoice)
    expected = (
        "City General Hospital|12 Green Road, Dhaka|INV-000001|Paul|P-000001|Thing thing-1|৳1,000.00|৳75.00"
    )
    for part in f"{expected}|৳1,075.00|VISA 432149XXXXXX0667|Left to pay ৳0.00|Page 1 of 1".split("|"):
        assert part in text


def test_invoice_to_pay_says_how(cast):
    text = letter(issued(cast.city, cast.payer))
    assert "To pay" in text
    assert "Left to pay ৳1,200.00" in text
    assert "/me/bills/" in text


def test_invoice_gets_a_new_version_with_each_payment_and_credit(cast, gateway):
    invoice = issued(cast.city, cast.payer)
    letter(invoice)
    paid_at_desk(invoice)
    letter(invoice)
    credit(invoice, Decimal("0.5"))
    text = letter(invoice)
    assert versions(invoice) == [1, 2, 4]
    assert "Credit note CN-000001" in text
    assert "−৳600.00" in text
    documents.render_invoice(invoice.pk)
    assert versions(invoice) == [1, 2, 4]


def test_invoice_adds_up_from_lines_to_what_is_left(cast, gateway):
    with time_machine.travel(NOW, tick=False) as clock:
        invoice = issued(cast.city, cast.payer, "1000.00", "200.00")
        clock.shift(dt.timedelta(hours=1))
        paid_at_desk(invoice)
        clock.shift(dt.timedelta(hours=1))
        with in_hospital(cast.city):
            line = invoice.lines.first()
            operations.credit_line(
                line.purpose, line.reference, share=Decimal("0.5"), reason="Visit cancelled", by=SEED
            )
        text = letter(invoice)
    in_order = (
        "Partly paid back",
        "Date 21 November 2026",
        "Due Nothing is due",
        "For Quantity Price Tax Amount",
        "Thing thing-1 (cancelled) 1 ৳1,000.00 ৳0.00 ৳1,000.00",
        "Without tax ৳1,200.00",
        "Tax ৳0.00",
        "Total ৳1,200.00",
        "21 Nov 2026, 4:00 pm Paid, Cash at the desk",
        "−৳1,200.00",
        "21 Nov 2026, 5:00 pm",
        "Left to pay ৳0.00",
    )
    places = [text.find(part) for part in in_order]
    assert -1 not in places, (in_order[places.index(-1)], text)
    assert places == sorted(places)
    assert "21 Nov 2026, 5:00 pm Credit note CN-000001 −৳500.00" in text
    assert "21 Nov 2026, 5:00 pm On its way back: Visit cancelled ৳500.00" in text


def test_invoice_says_tax_and_quantity(cast, gateway):
    invoice = draft(cast.city, cast.payer, "1000.00", tax=Decimal("75.00"))
    paid_online(invoice)
    text = letter(invoice)
    for part in (
        "1 ৳1,000.00 ৳75.00 ৳1,075.00",
        "Without tax ৳1,000.00",
        "Tax ৳75.00",
        "Total ৳1,075.00",
        f"receipt {payment_of(invoice).public_id}",
    ):
        assert part in text


def test_invoice_counts_only_what_was_booked(cast, gateway):
    invoice = draft(cast.city, cast.payer, "1000.00", "200.00")
    paid_online(invoice, taken="thing-2")
    text = letter(invoice)
    for part in (
        "Thing thing-2 (not booked, not charged) 1 ৳200.00 – –",
        "Total ৳1,000.00",
        "−৳1,200.00",
        "On its way back: Somebody else has it now. ৳200.00",
        "Left to pay ৳0.00",
    ):
        assert part in text, (part, text)


def test_invoice_gets_a_new_version_when_a_refund_is_paid_back(cast, gateway, run_tasks):
    refund = owed_at_desk(cast.city, cast.payer)
    invoice = refund.payment.invoice
    text = letter(invoice)
    assert ("On its way back: Cancelled" in text, "Invoice Goes back" in text) == (True, True)
    with in_hospital(cast.city):
        operations.pay_refund_at_desk(refund, by=cast.rita)
    run_tasks()
    with in_hospital(cast.city):
        document = documents.invoice_document(invoice)
    assert "Paid back: Cancelled ৳1,200.00" in text_of(document)
    assert "Invoice Paid back" in text_of(document)


def test_invoice_cancelled_before_it_was_paid_says_so(cast, gateway):
    invoice = issued(cast.city, cast.payer)
    credit(invoice, Decimal(1))
    text = letter(invoice)
    assert ("Invoice Cancelled" in text, "Left to pay ৳0.00" in text, "Credited" in text) == (
        True,
        True,
        False,
    )


def test_invoice_to_pay_names_when_it_is_due_and_the_payers_address(cast, gateway):
    cast.payer.address, cast.payer.city = "7 Lake Road", "Dhaka"
    cast.payer.save()
    text = letter(issued(cast.city, cast.payer))
    assert ("Due On receipt" in text, "Address 7 Lake Road, Dhaka" in text) == (True, True)


def test_credit_note_names_what_it_corrects(cast, gateway):
    invoice = issued(cast.city, cast.payer)
    credit(invoice, Decimal(1))
    with in_hospital(cast.city):
        text = letter(invoice.credit_notes.get())
    for part in (
        "Credit note",
        "CN-000001",
        "corrects INV-000001",
        "Visit cancelled",
        "Taken off INV-000001 −৳1,200.00",
    ):
        assert part in text


def test_receipt_names_the_payment_and_stays_as_it_is(cast, gateway):
    invoice = issued(cast.city, cast.payer)
    paid_at_desk(invoice)
    payment = payment_of(invoice)
    for _ in range(2):
        documents.render_receipt(payment.pk)
    document = StoredDocument.objects.get(kind="billing.receipt")
    for part in (payment.public_id, "INV-000001", "Cash at the desk", "Received with this payment ৳1,200.00"):
        assert part in text_of(document)


def test_receipt_tells_time_in_twelve_hours_and_the_payments_number(cast, gateway):
    with time_machine.travel(NOW, tick=False):
        invoice = draft(cast.city, cast.payer)
        attempt = paid_online(invoice)
    documents.render_receipt(payment_of(invoice).pk)
    text = text_of(StoredDocument.objects.get(kind="billing.receipt"))
    assert ("21 November 2026, 3:00 pm" in text, attempt.tran_id in text) == (True, True)


def test_receipt_of_money_that_goes_back_says_so(cast, gateway):
    invoice = draft(cast.city, cast.payer)
    paid_online(invoice, taken="thing-1")
    documents.render_receipt(payment_of(invoice).pk)
    text = text_of(StoredDocument.objects.get(kind="billing.receipt"))
    assert "৳1,200.00 of this goes back to you." in text
    assert "Draft" not in text


def test_letters_are_made_by_the_worker_and_then_served(cast, as_person, gateway, run_tasks):
    invoice = draft(cast.city, cast.payer)
    paid_online(invoice)
    run_tasks()
    payment = payment_of(invoice)
    for person, addresses in (
        (cast.paul, (f"/me/bills/{invoice.public_id}/pdf/", f"/me/bills/{payment.public_id}/receipt/")),
        (
            cast.rita,
            (f"/h/city/bills/{invoice.public_id}/pdf/", f"/h/city/bills/{payment.public_id}/receipt/"),
        ),
    ):
        for address in addresses:
            answer = as_person(person).get(address)
            assert (answer.status_code, answer["Content-Type"], answer.content[:5]) == (
                200,
                "application/pdf",
                b"%PDF-",
            )
            assert answer["Cache-Control"] == "private, no-store"


def test_letter_that_is_not_there_is_asked_for_once_a_minute(cast, as_person):
    invoice = issued(cast.city, cast.payer)
    DBTaskResult.objects.all().delete()
    browser = as_person(cast.paul)
    for _ in range(3):
        answer = browser.get(f"/me/bills/{invoice.public_id}/pdf/")
        assert (answer.status_code, "Your PDF is being made" in answer.text) == (202, True)
        assert (
            browser.get(f"/me/bills/{invoice.public_id}/pdf/", headers={"HX-Request": "true"}).status_code
            == 204
        )
    names = [row.args_kwargs["args"][0] for row in DBTaskResult.objects.all()]
    assert names == ["billing.render_invoice"]
    documents.render_invoice(invoice.pk)
    answer = browser.get(f"/me/bills/{invoice.public_id}/pdf/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (200, f"/me/bills/{invoice.public_id}/pdf/")


# mails


def mail_about(kind):
    deliver(Message.objects.get(kind=kind).pk)
    return mail.outbox[-1]


def test_paid_mail_names_amount_and_bill_and_nothing_else(cast, gateway):
    invoice = draft(cast.city, cast.payer)
    paid_online(invoice)
    sent = mail_about("billing.paid")
    assert sent.subject == "City General Hospital has your payment of ৳1,200.00"
    for text in (sent.body, sent.alternatives[0][0]):
        assert ("INV-000001" in text, f"/me/bills/{invoice.public_id}/" in text, "Thing" in text) == (
            True,
            True,
            False,
        )
    assert (
        Notice.objects.get(kind="billing.paid").title == "City General Hospital has your payment of ৳1,200.00"
    )


def test_paid_mail_to_somebody_without_a_log_in_has_no_link(cast, gateway):
    patient = register(cast.city, WalkInFactory(email="walk-in@demo.test"))
    paid_at_desk(issued(cast.city, patient))
    sent = mail_about("billing.paid")
    assert sent.to == ["walk-in@demo.test"]
    assert ("/me/bills/" in sent.body, "The desk prints the receipt" in sent.body) == (False, True)


def test_nobody_is_told_without_an_address(cast, gateway):
    paid_at_desk(issued(cast.city, register(cast.city, WalkInFactory())))
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (owed_at_desk, "You get it at the hospital’s desk."),
        (unclear_refund, "It goes back the way you paid."),
    ],
)
def test_refund_due_mail_says_how_it_comes_back(cast, gateway, make, text):
    make(cast.city, cast.payer)
    sent = mail_about("billing.refund_due")
    assert sent.subject == "You get ৳1,200.00 back from City General Hospital"
    assert text in sent.body


def test_refund_that_is_done_is_told_once(cast, gateway):
    refund = owed_at_desk(cast.city, cast.payer)
    with in_hospital(cast.city):
        operations.pay_refund_at_desk(refund, by=cast.rita)
    sent = mail_about("billing.refunded")
    assert sent.subject == "City General Hospital has paid ৳1,200.00 back to you"
    deliver(Message.objects.get(kind="billing.refund_due").pk)
    assert Message.objects.get(kind="billing.refund_due").status == Message.Status.DROPPED
