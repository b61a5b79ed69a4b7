"""book_appointment: what it writes, what it refuses, and holds until they are paid or lapse."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django_tasks_db.models import DBTaskResult

from appointments import operations
from appointments.models import Appointment, Cell, Change, Hold
from appointments.operations import SlotTaken
from appointments.queries import is_bookable
from billing.gateways.base import Outcome
from billing.gateways.fake import FakeGateway
from billing.models import Invoice, InvoiceLine, Payment, Refund
from core.errors import Conflict, DomainError, IllegalTransition
from core.invariants import breaks_of, invariant_names
from core.tenancy import everywhere, in_hospital
from hospitals.models import Hospital
from ledger.models import EntrySecret
from notifications.models import Message, Notice
from patients.models import CareRelation, Registration

from . import factories as f

Status, Side = Appointment.Status, Appointment.Side


def all_is_well() -> None:
    assert [broken for name in invariant_names() for broken in breaks_of(name)] == []


def test_book_at_the_desk_makes_a_visit_at_once(world):
    visit = f.again(f.book(world.at_city, world.paul, reason="Chest pain"))
    assert (visit.status, visit.serial, visit.fee, visit.version) == (
        Status.PENDING,
        1,
        Decimal("1200.00"),
        1,
    )
    assert (visit.starts_at, visit.ends_at, visit.day) == (f.FOUR, f.FOUR + f.LENGTH, f.MONDAY)
    assert (visit.doctor, visit.patient, visit.hospital) == (world.dora, world.paul, world.city)
    assert visit.booked_by == world.users.paul
    with everywhere():
        assert list(visit.cells.order_by("starts_at").values_list("starts_at", "lapses_at")) == [
            (f.FOUR + dt.timedelta(minutes=5 * step), None) for step in range(4)
        ]
        assert not Hold.objects.exists()
        assert Change.objects.values_list("act", "by_name", "version").get() == ("booked", "Paul Rahman", 1)
    invoice = f.invoice_of(visit)
    assert (invoice.status, invoice.label, invoice.total) == (
        Invoice.Status.ISSUED,
        "INV-000001",
        Decimal("1200.00"),
    )
    all_is_well()


def test_book_where_bookings_need_no_acceptance_is_booked_and_opens_the_chart(world):
    world.city.accepts_at_once = True
    world.city.save()
    visit = f.again(f.book(world.at_city, world.paul))
    assert visit.status == Status.BOOKED
    with everywhere():
        relation = CareRelation.objects.get(reference=visit.public_id)
    assert (relation.person, relation.ends_at) == (
        world.users.dora,
        f.FOUR + f.LENGTH + dt.timedelta(days=30),
    )


@pytest.mark.parametrize("accepts_at_once", [True, False])
def test_what_the_desk_books_is_booked_at_once_whatever_the_hospital_asks_of_patients(world, accepts_at_once):
    world.city.accepts_at_once = accepts_at_once
    world.city.save()
    visit = f.again(f.book(world.at_city, world.paul, pay="later", by=world.users.rita))
    assert (visit.status, visit.booked_by, visit.serial) == (Status.BOOKED, world.users.rita, 1)
    with everywhere():
        assert CareRelation.objects.get(reference=visit.public_id).person == world.users.dora
    assert list(Notice.objects.order_by("pk").values_list("title", flat=True)) == [
        "Booked: Monday 23 November, 4:00 pm with Dr Dora Sen",
        "New visit: Monday 23 November, 4:00 pm, City General Hospital",
    ]
    all_is_well()


def test_book_registers_the_patient_at_the_hospital(world):
    stranger = f.PatientFactory()
    f.book(world.at_city, stranger)
    with in_hospital(world.city):
        assert Registration.objects.filter(patient=stranger).count() == 1


def test_book_records_tells_and_asks_for_new_next_free_times(world):
    f.book(world.at_city, world.paul)
    entry = EntrySecret.objects.get(kind="appointments.booked")
    assert (entry.actor_id, entry.patient_id, entry.hospital_id) == (
        world.users.paul.public_id, world.paul.public_id, world.city.pk,
    )  # fmt: skip
    assert list(Message.objects.values_list("kind", "email")) == [("appointments.booked", "paul@demo.test")]
    assert list(Notice.objects.order_by("pk").values_list("user__name", "title")) == [
        ("Paul Rahman", "You asked for Monday 23 November, 4:00 pm with Dr Dora Sen"),
        ("Dr Dora Sen", "Waiting for your answer: Monday 23 November, 4:00 pm, City General Hospital"),
    ]
    tasks = [row.args_kwargs["args"] for row in DBTaskResult.objects.all()]
    assert ["appointments.refresh_doctor", {"doctor_id": world.dora.pk}] in tasks


def test_nothing_is_left_when_a_booking_is_refused(world):
    f.book(world.at_city, world.paul)
    before = (
        Message.objects.count(),
        EntrySecret.objects.count(),
        DBTaskResult.objects.count(),
        Cell.objects.count(),
    )
    with pytest.raises(SlotTaken, match=r"4:00 pm was just taken\. Please choose another time\."):
        f.book(world.at_city, world.pia)
    after = (
        Message.objects.count(),
        EntrySecret.objects.count(),
        DBTaskResult.objects.count(),
        Cell.objects.count(),
    )
    assert after == before


@pytest.mark.parametrize(
    "start",
    [
        f.FOUR + dt.timedelta(minutes=10),  # between two starts
        f.FOUR - dt.timedelta(hours=1),  # before the hours
        f.FOUR + dt.timedelta(hours=2),  # after them
        f.NOW,  # now
        f.NOW - dt.timedelta(days=1, hours=-4),  # over
        f.FOUR + dt.timedelta(days=70),  # too far ahead
        f.FOUR + dt.timedelta(seconds=1),
    ],
)
def test_book_refuses_what_is_no_free_start(world, start):
    with pytest.raises(SlotTaken):
        f.book(world.at_city, world.paul, start)


def test_book_refuses_a_start_inside_the_lead_time(world, clock):
    clock.move_to(f.FOUR - dt.timedelta(minutes=59))
    with pytest.raises(SlotTaken):
        f.book(world.at_city, world.paul)
    clock.move_to(f.FOUR - dt.timedelta(minutes=60))
    assert f.book(world.at_city, world.paul).status == Status.PENDING


@pytest.mark.parametrize("change", ["no bookings", "suspended", "licence", "closed", "gone"])
def test_book_refuses_a_doctor_who_can_not_be_booked(world, change):
    place = world.at_city
    with everywhere():
        if change == "no bookings":
            place.takes_bookings = False
            place.save()
        elif change == "suspended":
            place.membership.status = "suspended"
            place.membership.save()
        elif change == "licence":
            world.dora.licence_expires = dt.date(2026, 11, 20)
            world.dora.save()
        elif change == "closed":
            f.close_day(place, f.MONDAY)
        else:
            world.city.is_active = False
            world.city.save()
    with pytest.raises(SlotTaken):
        f.book(place, world.paul)


def test_book_refuses_a_full_day(world):
    with everywhere():
        world.at_city.daily_cap = 1
        world.at_city.save()
    f.book(world.at_city, world.paul)
    with pytest.raises(SlotTaken):
        f.book(world.at_city, world.pia, f.FOUR + f.LENGTH)
    assert f.book(world.at_city, world.pia, f.FOUR + dt.timedelta(days=1)).serial == 1


def test_book_refuses_a_way_of_paying_that_the_hospital_does_not_take(world):
    world.city.pays_online = False
    world.city.save()
    with pytest.raises(
        DomainError, match="City General Hospital does not take this way of paying"
    ) as refused:
        f.book(world.at_city, world.paul, pay="online")
    assert refused.value.field == "pay"


def test_a_doctor_has_one_time_in_all_hospitals(world):
    f.book(world.at_city, world.paul)
    with pytest.raises(SlotTaken):
        f.book(world.at_lakeside, world.pia)
    assert f.book(world.at_lakeside, world.pia, f.FOUR + f.LENGTH).serial == 2


def test_overlapping_times_of_different_lengths_are_refused(world):
    with everywhere():
        world.at_lakeside.slot_minutes = 30
        world.at_lakeside.save()
    f.book(world.at_city, world.paul, f.FOUR + f.LENGTH)  # 4:20 to 4:40
    for minutes in (0, 30):
        with pytest.raises(SlotTaken):
            f.book(world.at_lakeside, world.pia, f.FOUR + dt.timedelta(minutes=minutes))
    assert f.book(world.at_lakeside, world.pia, f.FOUR + dt.timedelta(minutes=60))


def test_a_patient_has_one_visit_at_a_time(world):
    f.book(world.at_city, world.paul)
    with pytest.raises(SlotTaken, match=r"There is another visit at 4:00 pm already\."):
        f.book(world.debs, world.paul)


def test_book_online_keeps_the_time_for_fifteen_minutes_and_nothing_more(world):
    visit = f.again(f.book(world.at_city, world.paul, pay="online"))
    until = f.NOW + dt.timedelta(minutes=15)
    assert (visit.status, visit.serial, visit.hold.status, visit.hold.expires_at) == (
        Status.PROPOSED,
        None,
        "live",
        until,
    )
    assert set(visit.cells.values_list("lapses_at", flat=True)) == {until}
    assert f.invoice_of(visit).status == Invoice.Status.DRAFT
    assert not Message.objects.exists()
    with pytest.raises(SlotTaken):
        f.book(world.at_city, world.pia)
    all_is_well()


def test_the_third_time_that_would_be_kept_is_refused(world, clock):
    for days in (0, 1):
        f.book(world.at_city, world.paul, f.FOUR + dt.timedelta(days=days), pay="online")
    with pytest.raises(DomainError, match="Two times are already kept for you"):
        f.book(world.at_city, world.paul, f.FOUR + dt.timedelta(days=2), pay="online")
    clock.shift(dt.timedelta(minutes=15))
    assert f.book(world.at_city, world.paul, f.FOUR + dt.timedelta(days=2), pay="online")


def test_a_free_visit_needs_no_payment(world):
    with everywhere():
        world.at_city.fee = 0
        world.at_city.save()
    visit = f.again(f.book(world.at_city, world.paul, pay="online"))
    assert visit.status == Status.PENDING
    assert f.invoice_of(visit).status == Invoice.Status.PAID
    all_is_well()


def test_a_lapsed_hold_keeps_nothing_whatever_its_state_says(world, clock):
    held = f.book(world.at_city, world.paul, pay="online")
    clock.move_to(f.NOW + dt.timedelta(minutes=15) - dt.timedelta(seconds=1))
    with pytest.raises(SlotTaken):
        f.book(world.at_city, world.pia)
    clock.move_to(f.NOW + dt.timedelta(minutes=15))
    assert f.again(held).hold.status == Hold.Status.LIVE  # nothing has tidied up yet
    assert f.book(world.at_city, world.pia).status == Status.PENDING
    assert f.again(held).hold.status == Hold.Status.EXPIRED
    all_is_well()


def test_flip_lapsed_holds_frees_the_time_for_search(world, clock):
    held = f.book(world.at_city, world.paul, pay="online")
    assert operations.flip_lapsed_holds() == 0
    clock.shift(dt.timedelta(minutes=16))
    assert operations.flip_lapsed_holds() == 1
    assert operations.flip_lapsed_holds() == 0
    assert f.again(held).hold.status == Hold.Status.EXPIRED
    assert not Cell.objects.exists()


def test_starting_a_payment_extends_the_hold_once(world, clock):
    visit = f.book(world.at_city, world.paul, pay="online")
    clock.shift(dt.timedelta(minutes=5))
    f.start_online(visit)
    extended = f.NOW + dt.timedelta(minutes=25)
    assert f.again(visit).hold.expires_at == extended
    f.start_online(visit)
    assert f.again(visit).hold.expires_at == extended
    assert set(visit.cells.values_list("lapses_at", flat=True)) == {extended}


def test_a_payment_makes_the_visit(world):
    visit = f.book(world.at_city, world.paul, pay="online")
    f.pay_online(visit)
    visit = f.again(visit)
    assert (visit.status, visit.serial, visit.hold.status) == (Status.PENDING, 1, Hold.Status.USED)
    assert set(visit.cells.values_list("lapses_at", flat=True)) == {None}
    assert f.invoice_of(visit).status == Invoice.Status.PAID
    with everywhere():
        assert Change.objects.values_list("act", "by_name").get() == ("booked", "")
    assert sorted(Message.objects.values_list("kind", flat=True)) == ["appointments.booked", "billing.paid"]
    all_is_well()


def test_a_failed_payment_leaves_the_time_kept(world):
    visit = f.book(world.at_city, world.paul, pay="online")
    attempt = f.start_online(visit)
    FakeGateway.from_settings().set_payment(attempt.tran_id, Outcome.FAILED)
    f.verify_payment(attempt.tran_id)
    assert (f.again(visit).status, f.again(visit).hold.status) == (Status.PROPOSED, Hold.Status.LIVE)
    f.pay_online(visit)
    assert f.again(visit).status == Status.PENDING


def test_a_late_payment_gets_the_time_if_nobody_took_it(world, clock):
    visit = f.book(world.at_city, world.paul, pay="online")
    attempt = f.start_online(visit)
    clock.shift(dt.timedelta(hours=3))
    operations.flip_lapsed_holds()
    f.pay_online(visit, attempt)
    visit = f.again(visit)
    assert (visit.status, visit.hold.status, visit.cells.count()) == (Status.PENDING, Hold.Status.USED, 4)
    all_is_well()


@pytest.mark.parametrize("why", ["taken", "own", "past", "day off", "cap", "left"])
def test_a_late_payment_for_a_time_that_is_gone_goes_back(world, clock, why):
    if why == "cap":
        with everywhere():
            world.at_city.daily_cap = 1
            world.at_city.save()
    visit = f.book(world.at_city, world.paul, pay="online")
    attempt = f.start_online(visit)
    clock.shift(dt.timedelta(hours=1))
    if why == "taken":
        f.book(world.at_city, world.pia)
    elif why == "own":
        f.book(world.debs, world.paul)
    elif why == "past":
        clock.move_to(f.FOUR)
    elif why == "day off":
        f.close_day(world.at_city, f.MONDAY)
    elif why == "cap":
        f.book(world.at_city, world.pia, f.FOUR + f.LENGTH)
    else:
        with everywhere():
            world.at_city.membership.status = "removed"
            world.at_city.membership.save()
    f.pay_online(visit, attempt)
    assert f.again(visit).status == Status.PROPOSED
    with everywhere():
        refund = Refund.objects.get(payment__attempt=attempt)
        assert refund.amount == Payment.objects.get().amount == Decimal("1200.00")
        assert InvoiceLine.objects.get(reference=visit.public_id).status == InvoiceLine.Status.REFUND_DUE
    assert f.invoice_of(visit).status == Invoice.Status.VOID
    all_is_well()


def test_paying_again_after_the_hold_lapsed_takes_the_time_again(world, clock):
    visit = f.book(world.at_city, world.paul, pay="online")
    clock.shift(dt.timedelta(hours=1))
    operations.flip_lapsed_holds()
    DBTaskResult.objects.all().delete()
    f.start_online(visit)
    tasks = [row.args_kwargs["args"] for row in DBTaskResult.objects.all()]
    assert ["appointments.refresh_doctor", {"doctor_id": world.dora.pk}] in tasks
    hold = f.again(visit).hold
    assert (hold.status, hold.expires_at) == (Hold.Status.LIVE, f.NOW + dt.timedelta(minutes=70))
    with pytest.raises(SlotTaken):
        f.book(world.at_city, world.pia)
    f.pay_online(visit)
    assert f.again(visit).status == Status.PENDING
    all_is_well()


def test_a_lapsed_time_is_not_taken_again_while_two_others_are_kept(world, clock):
    lapsed = f.book(world.at_city, world.paul, pay="online")
    clock.shift(dt.timedelta(hours=1))
    for number in (1, 2):
        f.book(world.at_city, world.paul, f.FOUR + number * f.LENGTH, pay="online")
    with pytest.raises(DomainError, match="Two times are already kept for you"):
        f.start_online(lapsed)
    assert (f.again(lapsed).hold.is_live, lapsed.cells.count()) == (False, 0)
    clock.shift(dt.timedelta(hours=1))
    f.start_online(lapsed)
    assert f.again(lapsed).hold.is_live


def test_paying_for_a_time_that_somebody_took_is_refused_before_any_money_moves(world, clock):
    visit = f.book(world.at_city, world.paul, pay="online")
    clock.shift(dt.timedelta(hours=1))
    f.book(world.at_city, world.pia)
    with pytest.raises(SlotTaken):
        f.start_online(visit)
    assert FakeGateway.from_settings().sessions == {}


def test_release_gives_the_time_back_and_refunds_a_payment_that_still_comes(world):
    visit = f.book(world.at_city, world.paul, pay="online")
    attempt = f.start_online(visit)
    with in_hospital(world.city):
        operations.release_hold(visit, side=Side.PATIENT, by=world.users.paul)
    visit = f.again(visit)
    assert (visit.status, visit.cancelled_by, visit.hold.status) == (
        Status.CANCELLED,
        "patient",
        Hold.Status.RELEASED,
    )
    assert not Cell.objects.exists()
    f.pay_online(visit, attempt)
    with everywhere():
        assert Refund.objects.get().amount == Decimal("1200.00")
    with pytest.raises(Conflict), in_hospital(world.city):
        operations.reserve_visit(visit.public_id)
    all_is_well()


def test_release_of_a_booked_visit_is_refused(world):
    visit = f.book(world.at_city, world.paul, pay="online")
    f.pay_online(visit)
    with pytest.raises(IllegalTransition), in_hospital(world.city):
        operations.release_hold(visit, side=Side.PATIENT, by=world.users.paul)


def test_an_abandoned_payment_releases_only_what_is_still_held(world):
    held = f.book(world.at_city, world.paul, pay="online")
    made = f.book(world.at_city, world.pia, f.FOUR + f.LENGTH)
    with in_hospital(world.city):
        operations.release_visit(held.public_id)
        operations.release_visit(held.public_id)
        operations.release_visit(made.public_id)
    assert (f.again(held).status, f.again(held).cancelled_by) == (Status.CANCELLED, "system")
    assert f.again(made).status == Status.PENDING


def test_next_free_times_follow_bookings_and_lapses(world, clock):
    at_lakeside = f.next_free(world.at_lakeside)
    assert at_lakeside.starts_at == dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC)
    f.book(world.at_city, world.paul, at_lakeside.starts_at, pay="online")
    operations.refresh_doctor(world.dora.pk)
    assert f.next_free(world.at_lakeside).starts_at == at_lakeside.starts_at + f.LENGTH
    assert f.next_free(world.at_city).stale_at == f.NOW + dt.timedelta(minutes=15)
    clock.shift(dt.timedelta(minutes=15))
    assert operations.refresh_stale() == 2
    assert f.next_free(world.at_lakeside).starts_at == at_lakeside.starts_at


def test_an_affiliation_without_next_free_times_gets_them_by_the_clock(world):
    new = f.AffiliationFactory(hospital=world.city)
    assert operations.refresh_stale() == 1
    assert (f.next_free(new).starts_at, f.next_free(new).first_starts) == (None, [])
    assert operations.refresh_stale() == 0


def test_every_next_free_start_can_be_booked(world):
    for start in [dt.datetime.fromisoformat(text) for text in f.next_free(world.at_city).first_starts]:
        with in_hospital(world.city):
            assert is_bookable(world.at_city, start)
        f.book(world.at_city, f.PatientFactory(), start)
    all_is_well()


def test_one_broken_calendar_does_not_stop_the_clock_for_the_others(world):
    broken, whole = f.AffiliationFactory(), f.AffiliationFactory(hospital=world.city)
    Hospital.objects.filter(pk=broken.hospital_id).update(zone="Nowhere/Land")
    assert operations.refresh_stale() == 1
    assert f.next_free(whole).first_starts == []
