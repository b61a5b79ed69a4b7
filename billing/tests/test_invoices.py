"""Drafts, numbers and credit notes."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from billing import operations
from billing.models import Attempt, Invoice, NumberSeries, Payment, Refund
from billing.queries import bill_of
from core.actors import SEED
from core.errors import Conflict, IllegalTransition
from core.invariants import breaks_of, invariant_names
from core.tenancy import in_hospital

from .conftest import make_cast
from .factories import draft, issued, paid_at_desk, paid_online, started
from .shop import PURPOSE, shop

Status = Invoice.Status
ALLOWED = {
    ("draft", "issued"),
    ("draft", "paid"),
    ("draft", "void"),
    ("issued", "paid"),
    ("issued", "credited"),
    ("paid", "credited"),
}


def credit(invoice, share=Decimal(1)):
    with in_hospital(invoice.hospital):
        line = invoice.lines.order_by("pk").first()
        returned = operations.credit_line(PURPOSE, line.reference, share=share, reason="Cancelled", by=SEED)
        invoice.refresh_from_db()
    return returned


def notes_of(invoice):
    with in_hospital(invoice.hospital):
        return [(note.label, note.total) for note in invoice.credit_notes.order_by("pk")]


@pytest.mark.parametrize("before", Status.values)
@pytest.mark.parametrize("after", Status.values)
def test_every_move_of_an_invoice(before, after):
    row = Invoice(status=before)
    if (before, after) in ALLOWED:
        row.move_to(after)
        assert row.status == after
    else:
        with pytest.raises(IllegalTransition):
            row.move_to(after)


def test_draft_copies_price_and_tax(cast):
    invoice = draft(cast.city, cast.payer, "100.00", tax=Decimal("7.505"))
    shop.things["thing-1"].price = Decimal("999.00")
    with in_hospital(cast.city):
        line = invoice.lines.get()
    assert (line.unit_price, line.amount, invoice.total) == (
        Decimal("100.00"),
        Decimal("107.51"),
        Decimal("107.51"),
    )
    assert (invoice.number, invoice.label) == (None, "Draft")


def test_issue_gives_the_next_number_of_the_hospital(cast):
    labels = [issued(cast.city, cast.payer).label for _ in range(3)]
    assert labels == ["INV-000001", "INV-000002", "INV-000003"]
    assert issued(cast.lakeside, cast.payer).label == "INV-000001"


def test_issue_of_a_free_bill_is_paid_at_once(cast):
    assert issued(cast.city, cast.payer, "0.00").status == Status.PAID


def test_issue_twice_is_refused(cast):
    invoice = issued(cast.city, cast.payer)
    with in_hospital(cast.city), pytest.raises(IllegalTransition):
        operations.issue_invoice(invoice, by=SEED)


def test_number_of_a_failed_transaction_is_given_again(cast):
    issued(cast.city, cast.payer)
    invoice = draft(cast.city, cast.payer)
    with pytest.raises(RuntimeError), transaction.atomic(), in_hospital(cast.city):
        operations.issue_invoice(invoice, by=SEED)
        raise RuntimeError
    assert issued(cast.city, cast.payer).label == "INV-000002"


def test_credit_of_a_draft_voids_it(cast):
    invoice = draft(cast.city, cast.payer)
    assert credit(invoice) == 0
    assert (invoice.status, invoice.number, notes_of(invoice)) == (Status.VOID, None, [])
    assert credit(invoice) == 0


def test_credit_of_one_line_of_a_draft_leaves_the_other_to_be_paid(cast, gateway):
    invoice = draft(cast.city, cast.payer, "700.00", "500.00")
    assert credit(invoice) == 0
    assert (invoice.status, invoice.total) == (Status.DRAFT, Decimal("500.00"))
    assert [thing.released for thing in shop.things.values()] == [1, 0]
    assert credit(invoice) == 0
    attempt = paid_online(invoice)
    invoice.refresh_from_db()
    assert (attempt.amount, invoice.status, invoice.total) == (Decimal("500.00"), Status.PAID, attempt.amount)
    assert [thing.state for thing in shop.things.values()] == ["cancelled", "sold"]
    with in_hospital(cast.city):
        assert [line.title for line in bill_of(invoice).lines] == ["Thing thing-2"]
    assert {name: breaks_of(name) for name in INVARIANTS} == {name: [] for name in INVARIANTS}


def test_credit_of_one_line_of_a_draft_while_it_is_paid_sends_the_difference_back(cast, gateway):
    invoice = draft(cast.city, cast.payer, "700.00", "500.00")
    attempt = started(invoice)
    credit(invoice)
    gateway.set_payment(attempt.tran_id)
    operations.verify_payment(attempt.tran_id)
    with in_hospital(cast.city):
        payment = Payment.objects.get()
    assert (payment.amount, payment.applied) == (Decimal("1200.00"), Decimal("500.00"))


def test_draft_is_voided_with_its_last_line(cast):
    invoice = draft(cast.city, cast.payer, "700.00", "500.00")
    with in_hospital(cast.city):
        for line in invoice.lines.all():
            operations.credit_line(PURPOSE, line.reference, share=Decimal(1), reason="Cancelled", by=SEED)
        invoice.refresh_from_db()
        lines = list(invoice.lines.values_list("status", flat=True))
    assert (invoice.status, lines) == (Status.VOID, ["removed", "released"])
    assert [thing.released for thing in shop.things.values()] == [1, 1]
    assert {name: breaks_of(name) for name in INVARIANTS} == {name: [] for name in INVARIANTS}


def test_void_of_a_draft_releases_what_its_lines_keep(cast):
    invoice = draft(cast.city, cast.payer, "700.00", "500.00")
    with in_hospital(cast.city):
        operations.void_draft(invoice, by=SEED)
        lines = list(invoice.lines.values_list("status", flat=True))
    assert lines == ["released", "released"]
    assert [(thing.state, thing.released) for thing in shop.things.values()] == [("cancelled", 1)] * 2


def test_room_that_gives_its_line_up_when_it_is_released_is_not_asked_again(cast):
    invoice = draft(cast.city, cast.payer, "700.00", "500.00")
    for thing in shop.things.values():
        thing.on_release = lambda: credit(invoice)
    with in_hospital(cast.city):
        operations.void_draft(invoice, by=SEED)
    assert [thing.released for thing in shop.things.values()] == [1, 1]


def test_credit_of_an_issued_bill_takes_the_whole_line_off(cast):
    invoice = issued(cast.city, cast.payer)
    assert credit(invoice, share=Decimal("0.5")) == 0
    assert (invoice.status, invoice.credited) == (Status.CREDITED, Decimal("1200.00"))
    assert notes_of(invoice) == [("CN-000001", Decimal("1200.00"))]


@pytest.mark.parametrize(
    ("share", "returned", "status"),
    [
        (Decimal(1), Decimal("1201.01"), "credited"),
        (Decimal("0.5"), Decimal("600.51"), "paid"),
        (Decimal(0), Decimal("0.00"), "paid"),
    ],
)
def test_credit_of_a_paid_bill_gives_its_share_back(cast, gateway, share, returned, status):
    invoice = draft(cast.city, cast.payer, "1201.01")
    paid_online(invoice)
    assert credit(invoice, share) == returned
    assert (invoice.status, invoice.credited) == (status, returned)
    with in_hospital(cast.city):
        payment = Payment.objects.get()
        assert sum((refund.amount for refund in Refund.objects.all()), Decimal("0.00")) == returned
    assert payment.applied == Decimal("1201.01") - returned
    assert credit(invoice, share) == 0


def test_credit_of_one_line_before_paying_leaves_the_other(cast):
    invoice = issued(cast.city, cast.payer, "700.00", "500.00")
    credit(invoice)
    payment = paid_at_desk(invoice)
    invoice.refresh_from_db()
    assert (payment.amount, invoice.status) == (Decimal("500.00"), Status.PAID)
    assert notes_of(invoice) == [("CN-000001", Decimal("700.00"))]


def test_credit_while_a_payment_runs_sends_the_difference_back(cast, gateway):
    invoice = issued(cast.city, cast.payer, "700.00", "500.00")
    with in_hospital(cast.city):
        operations.start_payment(invoice, by=cast.paul)
        attempt = Attempt.objects.get()
    credit(invoice)
    gateway.set_payment(attempt.tran_id)
    operations.verify_payment(attempt.tran_id)
    with in_hospital(cast.city):
        payment = Payment.objects.get()
    assert (payment.amount, payment.applied) == (Decimal("1200.00"), Decimal("500.00"))


def test_credit_note_is_never_paid(cast):
    invoice = issued(cast.city, cast.payer)
    credit(invoice)
    with in_hospital(cast.city):
        note = invoice.credit_notes.get()
        with pytest.raises(Conflict):
            operations.take_desk_payment(note, method="cash", by=cast.rita)
        with pytest.raises(Conflict):
            operations.start_payment(note, by=cast.paul)


def test_database_refuses_a_number_on_a_draft_and_a_credit_above_the_total(cast):
    invoice = draft(cast.city, cast.payer)
    for change in ({"number": 7}, {"credited": Decimal("1200.01")}, {"total": Decimal("-1.00")}):
        with in_hospital(cast.city), pytest.raises(IntegrityError), transaction.atomic():
            Invoice.objects.filter(pk=invoice.pk).update(**change)


@pytest.mark.engines
@pytest.mark.django_db(transaction=True)
def test_numbers_have_no_gaps_when_threads_race(gateway):
    cast = make_cast()
    drafts = [draft(cast.city, cast.payer) for _ in range(8)]
    barrier, failed = threading.Barrier(8), []

    def issue(number):
        try:
            barrier.wait(10)
            with in_hospital(cast.city), transaction.atomic():
                operations.issue_invoice(drafts[number], by=SEED)
                if number % 4 == 3:
                    raise RuntimeError
        except RuntimeError:
            failed.append(number)
        finally:
            connection.close()

    threads = [threading.Thread(target=issue, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with in_hospital(cast.city):
        numbers = sorted(Invoice.objects.numbered().values_list("number", flat=True))
    assert (numbers, sorted(failed)) == ([1, 2, 3, 4, 5, 6], [3, 7])
    assert NumberSeries.objects.get(kind="invoice").last == 6


@pytest.mark.engines
@pytest.mark.django_db(transaction=True)
def test_one_bill_is_paid_once_when_desk_clerks_race(gateway):
    cast = make_cast()
    invoice = issued(cast.city, cast.payer)
    barrier, refused = threading.Barrier(4), []

    def take():
        try:
            barrier.wait(10)
            paid_at_desk(invoice)
        except Conflict:
            refused.append(1)
        finally:
            connection.close()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with in_hospital(cast.city):
        assert Payment.objects.count() == 1
    assert len(refused) == 3


INVARIANTS = [name for name in invariant_names() if name.startswith("billing:")]


def test_invariants_hold_after_all_that_can_happen(cast, gateway):
    paid = draft(cast.city, cast.payer)
    paid_online(paid)
    credit(paid, Decimal("0.5"))
    credit(issued(cast.city, cast.payer))
    paid_at_desk(issued(cast.lakeside, cast.payer, "10.00", "20.00"))
    assert {name: breaks_of(name) for name in INVARIANTS} == {name: [] for name in INVARIANTS}
    assert len(INVARIANTS) == 7


@pytest.mark.parametrize(
    ("model", "change", "breaks"),
    [
        (
            Payment,
            {"refund_total": Decimal("1.00")},
            {"each payment is what was applied and what goes", "what was applied to an invoice"},
        ),
        (Attempt, {"status": "expired"}, {"every paid attempt"}),
        (Invoice, {"status": "issued"}, {"what was applied to an invoice"}),
        (NumberSeries, {"last": 5}, {"invoice numbers have no gaps"}),
        (Invoice, {"number": 3}, {"invoice numbers have no gaps"}),
        (Invoice, {"credited": Decimal("1.00")}, {"what was credited", "what was applied to an invoice"}),
        (Invoice, {"total": Decimal("1300.00")}, {"what was applied to an invoice", "lines add up"}),
    ],
)
def test_invariants_find_what_is_wrong(cast, gateway, model, change, breaks):
    paid_online(draft(cast.city, cast.payer))
    with in_hospital(cast.city):
        model.objects.update(**change)
    broken = {name for name in INVARIANTS if breaks_of(name)}
    assert broken == {name for name in INVARIANTS if any(part in name for part in breaks)}
