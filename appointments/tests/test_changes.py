"""What becomes of a visit: every transition, what goes back to the payer, moves, and the doctor's right to the chart."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from appointments import operations
from appointments.models import Appointment, Cell, Change, Hold
from appointments.operations import SlotTaken
from billing.gateways.fake import FakeGateway
from billing.models import Invoice, Payment, Refund
from billing.tasks import send_refund
from core.errors import DomainError, IllegalTransition
from core.invariants import breaks_of, invariant_names
from core.tenancy import everywhere, in_hospital
from notifications.models import Message, Notice
from patients.models import CareRelation

from . import factories as f

Status, Side = Appointment.Status, Appointment.Side
HOURS = dt.timedelta(hours=1)


def all_is_well() -> None:
    assert [broken for name in invariant_names() for broken in breaks_of(name)] == []


def cancel(visit, side=Side.PATIENT, reason="Ill"):
    with in_hospital(visit.hospital_id):
        return operations.cancel_appointment(visit, side=side, reason=reason, by=visit.patient.user)


def move(visit, start, *, side=Side.PATIENT):
    with in_hospital(visit.hospital_id):
        operations.reschedule_appointment(visit, starts_at=start, side=side, by=visit.patient.user)
    return f.again(visit)


def chart_ends(visit):
    with everywhere():
        return CareRelation.objects.get(reference=visit.public_id).ends_at


def test_the_table_of_states():
    assert {
        Status.PROPOSED: {Status.PENDING, Status.BOOKED, Status.CANCELLED},
        Status.PENDING: {Status.BOOKED, Status.CANCELLED},
        Status.BOOKED: {Status.PENDING, Status.ARRIVED, Status.NOSHOW, Status.CANCELLED},
        Status.ARRIVED: {Status.BOOKED, Status.FULFILLED},
    } == Appointment.TRANSITIONS
    assert set(Appointment.LIVE) == {Status.PENDING, Status.BOOKED, Status.ARRIVED}


@pytest.mark.parametrize("before", Status.values)
@pytest.mark.parametrize("after", Status.values)
def test_only_the_tables_transitions_are_legal(before, after):
    visit = Appointment(status=before)
    if after in Appointment.TRANSITIONS.get(before, frozenset()):
        visit.move_to(after)
        assert visit.status == after
    else:
        with pytest.raises(IllegalTransition):
            visit.move_to(after)


@pytest.mark.parametrize("before", Hold.Status.values)
@pytest.mark.parametrize("after", Hold.Status.values)
def test_only_the_tables_transitions_of_holds_are_legal(before, after):
    assert Hold(status=before).may_move_to(after) == ((before, after) in {
        ("live", "used"), ("live", "expired"), ("live", "released"),
        ("expired", "live"), ("expired", "used"), ("expired", "released"),
    })  # fmt: skip


def test_accept_books_opens_the_chart_and_tells(world):
    visit = f.book(world.at_city, world.paul)
    with in_hospital(world.city):
        operations.accept_appointment(visit, by=world.users.dora)
    assert f.again(visit).status == Status.BOOKED
    assert chart_ends(visit) == f.FOUR + f.LENGTH + dt.timedelta(days=30)
    assert (
        Message.objects.filter(kind="appointments.accepted", email="paul@demo.test", version=1).count() == 1
    )
    all_is_well()


@pytest.mark.parametrize("act", [operations.accept_appointment, operations.decline_appointment])
def test_what_does_not_wait_is_neither_accepted_nor_declined(world, act):
    reason = {"reason": "No"} if act is operations.decline_appointment else {}
    held = f.book(world.at_city, world.paul, pay="online")
    made = f.booked(world.at_city, world.pia, f.FOUR + f.LENGTH)
    for visit in (held, made):
        with pytest.raises(DomainError, match="not waiting for an answer"), in_hospital(world.city):
            act(visit, by=world.users.dora, **reason)


def test_decline_gives_all_money_back_and_the_time_free(world):
    visit = f.book(world.at_city, world.paul, pay="online")
    f.pay_online(visit)
    with in_hospital(world.city):
        operations.decline_appointment(visit, reason="On leave", by=world.users.dora)
    visit = f.again(visit)
    assert (visit.status, visit.cancelled_by, visit.cancel_reason, visit.returned) == (
        Status.CANCELLED, Side.HOSPITAL, "On leave", Decimal("1200.00"),
    )  # fmt: skip
    with everywhere():
        assert Refund.objects.get().amount == Decimal("1200.00")
        assert Invoice.objects.get(kind="credit_note").total == Decimal("1200.00")
    assert f.invoice_of(visit).status == Invoice.Status.CREDITED
    assert f.book(world.at_city, world.pia)
    all_is_well()


@pytest.mark.parametrize(
    ("ahead", "side", "back"),
    [
        (24 * HOURS, Side.PATIENT, "1200.00"),
        (24 * HOURS - dt.timedelta(seconds=1), Side.PATIENT, "600.00"),
        (4 * HOURS, Side.PATIENT, "600.00"),
        (4 * HOURS - dt.timedelta(seconds=1), Side.PATIENT, "0.00"),
        (dt.timedelta(minutes=1), Side.PATIENT, "0.00"),
        (dt.timedelta(minutes=1), Side.HOSPITAL, "1200.00"),
    ],
)
def test_cancel_gives_back_what_the_hospitals_rules_say(world, clock, ahead, side, back):
    visit = f.paid(world.at_city, world.paul)
    clock.move_to(f.FOUR - ahead)
    assert cancel(visit, side) == Decimal(back)
    assert f.again(visit).returned == Decimal(back)
    with everywhere():
        payment = Payment.objects.get()
        refunded = sum(refund.amount for refund in Refund.objects.all())
    assert (payment.refund_total, refunded, payment.applied) == (
        Decimal(back), Decimal(back), Decimal("1200.00") - Decimal(back),
    )  # fmt: skip
    all_is_well()


def test_half_of_an_odd_fee_is_rounded_half_up(world, clock):
    with everywhere():
        world.at_city.fee = Decimal("999.99")
        world.at_city.save()
    visit = f.paid(world.at_city, world.paul)
    clock.move_to(f.FOUR - 5 * HOURS)
    assert cancel(visit) == Decimal("500.00")


def test_cancel_of_a_visit_that_was_not_paid_credits_the_bill_and_returns_nothing(world):
    visit = f.book(world.at_city, world.paul)
    assert cancel(visit) == Decimal("0.00")
    assert f.invoice_of(visit).status == Invoice.Status.CREDITED
    with everywhere():
        assert not Refund.objects.exists()
    all_is_well()


def test_cancel_of_a_visit_paid_at_the_desk_owes_the_money_at_the_desk(world):
    visit = f.booked(world.at_city, world.paul)
    f.pay_at_desk(visit)
    assert cancel(visit) == Decimal("1200.00")
    with everywhere():
        assert Refund.objects.get().status == Refund.Status.DUE


def test_an_online_refund_is_sent_through_the_gateway(world):
    visit = f.book(world.at_city, world.paul, pay="online")
    f.pay_online(visit)
    cancel(visit)
    with everywhere():
        refund = Refund.objects.get()
    send_refund(refund.pk)
    assert FakeGateway.from_settings().refund_amounts == {refund.public_id: Decimal("1200.00")}


def test_cancel_closes_the_chart_and_frees_the_time_for_both(world):
    visit = f.booked(world.at_city, world.paul)
    cancel(visit)
    assert chart_ends(visit) == f.NOW
    assert not Cell.objects.exists()
    assert f.book(world.debs, world.paul)
    assert f.book(world.at_lakeside, world.pia)


def test_cancel_is_refused_twice_and_to_the_patient_once_the_time_has_come(world, clock):
    visit = f.booked(world.at_city, world.paul)
    other = f.book(world.at_city, world.pia, f.FOUR + f.LENGTH)
    cancel(other)
    with pytest.raises(IllegalTransition):
        cancel(other)
    clock.move_to(f.FOUR)
    with pytest.raises(DomainError, match="can't be cancelled any more"):
        cancel(visit)
    assert f.again(visit).status == Status.BOOKED


def test_the_hospital_cancels_also_a_visit_whose_time_has_come_and_all_goes_back(world, clock):
    visit = f.book(world.at_city, world.paul, pay="online")
    f.pay_online(visit)
    with in_hospital(world.city):
        operations.accept_appointment(visit, by=world.users.dora)
    clock.move_to(f.FOUR + 3 * HOURS)
    assert cancel(f.again(visit), Side.HOSPITAL, reason="The doctor fell ill") == Decimal("1200.00")
    visit = f.again(visit)
    assert (visit.status, visit.cancelled_by, visit.returned) == (
        Status.CANCELLED, Side.HOSPITAL, Decimal("1200.00"),
    )  # fmt: skip
    assert chart_ends(visit) == f.FOUR + 3 * HOURS
    assert Message.objects.filter(kind="appointments.cancelled", email="paul@demo.test").count() == 1
    all_is_well()


@pytest.mark.parametrize("status", [Status.FULFILLED, Status.NOSHOW])
def test_what_is_over_is_not_cancelled_by_the_hospital(world, clock, status):
    visit = f.booked(world.at_city, world.paul)
    clock.move_to(f.FOUR)
    with in_hospital(world.city):
        if status == Status.NOSHOW:
            operations.mark_no_show(visit, by=world.users.dora)
        else:
            operations.begin_visit(visit, by=world.users.dora)
            operations.fulfil_appointment(visit, by=world.users.dora)
    with pytest.raises(IllegalTransition):
        cancel(f.again(visit), Side.HOSPITAL)


def test_a_visit_that_waits_is_declined_also_when_its_time_has_come(world, clock):
    visit = f.book(world.at_city, world.paul, pay="online")
    f.pay_online(visit)
    clock.move_to(f.FOUR + HOURS)
    with in_hospital(world.city):
        operations.decline_appointment(visit, reason="Nobody was there", by=world.users.rita)
    assert f.again(visit).returned == Decimal("1200.00")
    all_is_well()


def test_cancel_of_a_held_time_is_refused(world):
    visit = f.book(world.at_city, world.paul, pay="online")
    with pytest.raises(DomainError, match="Give it back instead"):
        cancel(visit)


def test_move_keeps_payment_history_and_the_old_time_becomes_free(world):
    visit = f.booked(world.at_city, world.paul, pay="desk")
    tomorrow = f.FOUR + dt.timedelta(days=1)
    moved = move(visit, tomorrow)
    assert (moved.starts_at, moved.day, moved.version) == (tomorrow, dt.date(2026, 11, 24), 2)
    with everywhere():
        changes = list(Change.objects.order_by("pk").values_list("act", "starts_at", "moved_from", "version"))
    assert changes == [
        ("booked", f.FOUR, None, 1), ("accepted", f.FOUR, None, 1), ("moved", tomorrow, f.FOUR, 2),
    ]  # fmt: skip
    assert f.invoice_of(visit).status == Invoice.Status.ISSUED
    assert f.book(world.at_city, world.pia).starts_at == f.FOUR
    all_is_well()


def test_a_patients_move_waits_for_the_hospital_again_where_it_accepts(world):
    visit = move(f.booked(world.at_city, world.paul), f.FOUR + f.LENGTH)
    assert visit.status == Status.PENDING
    assert (
        Notice.objects.filter(user=world.users.dora, title__startswith="Waiting for your answer").count() == 2
    )


def test_a_staff_move_stays_booked(world):
    visit = move(f.booked(world.at_city, world.paul), f.FOUR + f.LENGTH, side=Side.HOSPITAL)
    assert visit.status == Status.BOOKED


def test_a_patients_move_stays_booked_where_bookings_need_no_acceptance(world):
    world.city.accepts_at_once = True
    world.city.save()
    assert move(f.book(world.at_city, world.paul), f.FOUR + f.LENGTH).status == Status.BOOKED


def test_move_may_overlap_the_visits_own_old_time(world):
    visit = f.booked(world.at_city, world.paul)
    with everywhere():
        world.at_city.slot_minutes = 15
        world.at_city.save()
    moved = move(visit, f.FOUR + dt.timedelta(minutes=15))
    assert (moved.starts_at, moved.ends_at) == (
        f.FOUR + dt.timedelta(minutes=15), f.FOUR + dt.timedelta(minutes=30),
    )  # fmt: skip
    assert moved.cells.count() == 3
    all_is_well()


def test_move_gives_the_serial_number_of_the_new_time(world):
    first, second = f.book(world.at_city, world.paul), f.book(world.at_city, world.pia, f.FOUR + f.LENGTH)
    tomorrow = f.FOUR + dt.timedelta(days=1)
    f.book(world.at_city, f.PatientFactory(), tomorrow)
    assert (first.serial, second.serial) == (1, 2)
    assert move(second, f.FOUR + 3 * f.LENGTH).serial == 4
    assert move(second, tomorrow + f.LENGTH).serial == 2
    assert move(first, tomorrow + 2 * f.LENGTH).serial == 3
    all_is_well()


def test_move_within_a_full_day_is_possible(world):
    with everywhere():
        world.at_city.daily_cap = 1
        world.at_city.save()
    visit = f.book(world.at_city, world.paul)
    assert move(visit, f.FOUR + f.LENGTH).starts_at == f.FOUR + f.LENGTH


def test_move_to_a_taken_time_changes_nothing(world):
    visit = f.booked(world.at_city, world.paul)
    f.book(world.at_city, world.pia, f.FOUR + f.LENGTH)
    f.book(world.debs, world.paul, f.FOUR + 2 * f.LENGTH)
    for start in (f.FOUR, f.FOUR + f.LENGTH, f.FOUR + 2 * f.LENGTH, f.FOUR + dt.timedelta(hours=5)):
        with pytest.raises(SlotTaken):
            move(visit, start)
    unchanged = f.again(visit)
    assert (unchanged.starts_at, unchanged.version, unchanged.status) == (f.FOUR, 1, Status.BOOKED)
    all_is_well()


def test_too_late_to_move_for_the_patient_but_not_for_the_hospital(world, clock):
    visit = f.booked(world.at_city, world.paul)
    tomorrow = f.FOUR + dt.timedelta(days=1)
    clock.move_to(f.FOUR - 4 * HOURS + dt.timedelta(seconds=1))
    with pytest.raises(DomainError, match="too late to move this visit yourself"):
        move(visit, tomorrow)
    assert move(visit, tomorrow, side=Side.HOSPITAL).starts_at == tomorrow


def test_what_is_over_or_cancelled_is_not_moved(world, clock):
    visit, other = f.booked(world.at_city, world.paul), f.book(world.at_city, world.pia, f.FOUR + f.LENGTH)
    cancel(other)
    clock.move_to(f.FOUR)
    for gone in (visit, other):
        with pytest.raises(DomainError, match="can't be moved any more"):
            move(gone, f.FOUR + dt.timedelta(days=1), side=Side.HOSPITAL)


def test_no_show_only_after_the_start_and_nothing_goes_back(world, clock):
    visit = f.booked(world.at_city, world.paul)
    f.pay_at_desk(visit)
    with in_hospital(world.city):
        with pytest.raises(DomainError, match="has not begun yet"):
            operations.mark_no_show(visit, by=world.users.rita)
        clock.move_to(f.FOUR)
        operations.mark_no_show(visit, by=world.users.rita)
    assert f.again(visit).status == Status.NOSHOW
    assert chart_ends(visit) == f.FOUR
    with everywhere():
        assert not Refund.objects.exists()
    all_is_well()


def test_the_checker_sees_what_is_broken(world):
    visit, other = f.booked(world.at_city, world.paul), f.book(world.at_city, world.pia, f.FOUR + f.LENGTH)
    with everywhere():
        visit.cells.filter(starts_at=f.FOUR).delete()
        starts_at = f.FOUR + dt.timedelta(minutes=5)
        Appointment.objects.filter(pk=other.pk).update(
            starts_at=starts_at, ends_at=starts_at + f.LENGTH, day=dt.date(2026, 1, 1)
        )
        invoice = f.invoice_of(other)
        invoice.lines.update(status="open")
    found = [
        broken for name in invariant_names() if name.startswith("appointments") for broken in breaks_of(name)
    ]
    assert f"Visits {visit.public_id} and {other.public_id} of doctor_id {world.dora.pk} overlap." in found
    assert f"Visit {visit.public_id} lacks 1 of its 4 cells; not its own: 0." in found
    assert f"Visit {other.public_id} lacks 3 of its 4 cells; not its own: 3." in found
    assert f"Visit {other.public_id} has no fulfilled invoice line." in found
    assert f"Visit {other.public_id} is kept under 2026-01-01." in found
