"""Cancelling all coming visits: of a doctor at a hospital by somebody there, and of a hospital that closes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.urls import reverse
from django_tasks_db.models import DBTaskResult

from appointments import operations, tasks
from appointments.models import Appointment, Hold
from appointments.operations import closing
from appointments.queries import Ahead, visits_ahead
from billing.models import Payment, Refund
from core.background import run_named
from core.errors import Conflict, DomainError
from core.invariants import breaks_of, invariant_names
from core.tenancy import everywhere, in_hospital
from doctors.models import Affiliation
from hospitals.models import Hospital, Membership
from hospitals.operations import deactivate_hospital, reactivate_hospital
from notifications.models import Message, Notice

from . import factories as f

Status, Side = Appointment.Status, Appointment.Side
DAY = dt.timedelta(days=1)


def all_is_well() -> None:
    assert [broken for name in invariant_names() for broken in breaks_of(name)] == []


def run_tasks(*names: str, most: int = 10) -> list[str]:
    """Run the queued tasks of these names, as the worker does, and return what ran."""
    ran: list[str] = []
    while len(ran) < most and (
        row := next(
            (row for row in DBTaskResult.objects.ready() if row.args_kwargs["args"][0] in names), None
        )
    ):
        name, ids = row.args_kwargs["args"]
        row.delete()
        run_named.call(name, ids)
        ran.append(name)
    return ran


def close(world) -> None:
    deactivate_hospital(world.city, reason="Moved", by=world.users.root)


def suspend(affiliation) -> None:
    with everywhere():
        Membership.objects.filter(pk=affiliation.membership_id).update(status=Membership.Status.SUSPENDED)


def ahead(affiliation):
    with in_hospital(affiliation.hospital_id):
        return visits_ahead(affiliation)


def cancel_all(affiliation, by, *, seen=None) -> None:
    """Decide it; the worker has not come yet."""
    with in_hospital(affiliation.hospital_id):
        mark = visits_ahead(affiliation).seen if seen is None else seen
        operations.cancel_visits(affiliation, reason="Dr Sen is ill", seen=mark, by=by)


def work() -> list[str]:
    return run_tasks("appointments.cancel_decided_visits")


def told(visit) -> list[str]:
    return [
        row.email for row in Message.objects.filter(kind="appointments.cancelled", reference=visit.public_id)
    ]


@pytest.fixture
def paid(world) -> SimpleNamespace:
    """Visits at City General: one paid online, one at the desk, one not paid, one just being paid; and one at Lakeside."""
    online = f.book(world.at_city, world.paul, pay="online")
    f.pay_online(online)
    desk = f.booked(world.at_city, world.pia, f.FOUR + f.LENGTH)
    f.pay_at_desk(desk)
    unpaid = f.booked(world.at_city, world.paul, f.FOUR + DAY)
    held = f.book(world.at_city, world.pia, f.FOUR + 2 * DAY, pay="online")
    attempt = f.start_online(held)
    elsewhere = f.booked(world.at_lakeside, world.pia, f.FOUR + 3 * DAY)
    return SimpleNamespace(
        online=online, desk=desk, unpaid=unpaid, held=held, attempt=attempt, elsewhere=elsewhere
    )


def statuses(paid) -> list[str]:
    return [
        f.again(visit).status for visit in (paid.online, paid.desk, paid.unpaid, paid.held, paid.elsewhere)
    ]


# A hospital that closes


def test_the_page_that_closes_a_hospital_names_visits_and_money(world, paid, client_of):
    client = client_of(world.users.root)
    session = client.session
    session["confirmed_at"] = int(f.NOW.timestamp())
    session.save()
    page = client.get(reverse("hospitals:deactivate", args=[world.city.public_id])).content.decode()
    for words in (
        "3 booked visits are cancelled, and all patients are told.",
        "৳1,200.00 that was paid online goes back by itself.",
        "৳1,200.00 that was paid at the desk must be handed back by the hospital.",
        "1 time is just being paid. A payment that still comes goes back.",
        "what is cancelled stays cancelled",
    ):
        assert words in page, words


def test_closing_cancels_every_coming_visit_with_all_money_back(world, paid):
    close(world)
    assert statuses(paid) == ["pending", "booked", "booked", "proposed", "booked"]
    assert run_tasks("appointments.cancel_visits_of_hospital") == ["appointments.cancel_visits_of_hospital"]
    assert statuses(paid) == ["cancelled", "cancelled", "cancelled", "cancelled", "booked"]
    visit = f.again(paid.online)
    assert (visit.cancelled_by, visit.cancel_reason, visit.returned) == (
        Side.HOSPITAL, "The hospital has closed.", Decimal("1200.00"),
    )  # fmt: skip
    assert f.again(paid.held).hold.status == Hold.Status.RELEASED
    with everywhere():
        refunds = Refund.objects.values_list("amount", "payment__attempt__method").order_by("pk")
        assert list(refunds) == [(Decimal("1200.00"), "online"), (Decimal("1200.00"), "cash")]
    assert [told(visit) for visit in (paid.online, paid.desk, paid.unpaid)] == [
        ["paul@demo.test"], ["pia@demo.test"], ["paul@demo.test"],
    ]  # fmt: skip
    all_is_well()


def test_a_payment_that_comes_after_the_closing_goes_back(world, paid, client_of):
    close(world)
    run_tasks("appointments.cancel_visits_of_hospital")
    address = page_of("visit", paid.held.public_id)
    page = client_of(world.users.pia).get(address).content.decode()
    assert "City General Hospital took this time back before it was booked." in page
    assert "The hospital has closed." in page and "/me/bills/" not in page.split("<main")[1]
    f.pay_online(paid.held, paid.attempt)
    page = client_of(world.users.pia).get(address).content.decode()
    assert "Your payment came after that. You get all of it back" in page
    assert f'href="/me/bills/{f.invoice_of(paid.held).public_id}/"' in page
    assert f.again(paid.held).status == Status.CANCELLED
    with everywhere():
        payment = Payment.objects.get(attempt=paid.attempt)
        assert payment.refund_total == payment.amount == Decimal("1200.00")
    all_is_well()


def test_closing_twice_at_once_or_again_after_a_crash_changes_nothing_more(world, paid):
    close(world)
    for _ in range(3):
        tasks.cancel_visits_of_hospital(world.city.pk)
    with everywhere():
        assert Refund.objects.count() == 2
    assert len(told(paid.online)) == 1


def test_visits_that_began_or_are_over_stay(world, paid, clock):
    clock.move_to(f.FOUR + dt.timedelta(minutes=5))
    with in_hospital(world.city):
        operations.begin_visit(paid.desk, by=world.users.dora)
    close(world)
    run_tasks("appointments.cancel_visits_of_hospital")
    assert statuses(paid) == ["pending", "arrived", "cancelled", "proposed", "booked"]


def test_a_hospital_that_opens_again_before_the_worker_came_keeps_its_visits(world, paid):
    close(world)
    reactivate_hospital(Hospital.objects.get(pk=world.city.pk), by=world.users.root)
    run_tasks("appointments.cancel_visits_of_hospital")
    assert statuses(paid) == ["pending", "booked", "booked", "proposed", "booked"]


def test_a_hospital_that_opens_again_with_many_visits_gives_the_worker_nothing_more_to_do(world):
    rows = [
        Appointment(
            hospital=world.city, patient=world.paul, doctor=world.dora, affiliation=world.at_city, serial=number,
            starts_at=f.FOUR + number * DAY, ends_at=f.FOUR + number * DAY + f.LENGTH, day=f.MONDAY + number * DAY,
            status=Status.BOOKED, fee=Decimal(0), full_refund_hours=24, half_refund_hours=4,
        )
        for number in range(closing.BATCH + 1)
    ]  # fmt: skip
    with everywhere():
        Appointment.objects.bulk_create(rows)
    close(world)
    reactivate_hospital(Hospital.objects.get(pk=world.city.pk), by=world.users.root)
    assert run_tasks("appointments.cancel_visits_of_hospital", most=2) == [
        "appointments.cancel_visits_of_hospital"
    ]


def test_the_clock_cancels_what_was_booked_beside_the_closing(world, paid):
    Hospital.objects.filter(pk=world.city.pk).update(is_active=False)
    assert tasks.finish_cancellations() == 4
    assert statuses(paid) == ["cancelled", "cancelled", "cancelled", "cancelled", "booked"]
    assert tasks.finish_cancellations() == 0


def test_one_visit_that_can_not_be_cancelled_does_not_keep_the_others(world, paid):
    with everywhere():
        Hold.objects.filter(appointment=paid.held).update(status=Hold.Status.USED)
    close(world)
    tasks.cancel_visits_of_hospital(world.city.pk)
    assert statuses(paid)[:3] == ["cancelled", "cancelled", "cancelled"]


# All visits with one doctor


def test_all_visits_with_a_doctor_are_cancelled_by_the_worker(world, paid):
    cancel_all(world.at_city, world.users.ada)
    assert statuses(paid) == ["pending", "booked", "booked", "proposed", "booked"]
    assert (ahead(world.at_city).leaving, ahead(world.at_city).references) == (4, [])
    with pytest.raises(DomainError, match="no visits to cancel"):
        cancel_all(world.at_city, world.users.ada)
    assert work() == ["appointments.cancel_decided_visits"]
    assert statuses(paid) == ["cancelled", "cancelled", "cancelled", "cancelled", "booked"]
    assert ahead(world.at_city).leaving == 0
    visit = f.again(paid.desk)
    assert (visit.cancelled_by, visit.cancel_reason, visit.returned, visit.cancelling_since) == (
        Side.HOSPITAL, "Dr Sen is ill", Decimal("1200.00"), None,
    )  # fmt: skip
    assert (f.again(paid.held).cancelled_by, f.again(paid.held).cancel_reason) == (
        Side.HOSPITAL, "Dr Sen is ill",
    )  # fmt: skip
    bells = Notice.objects.filter(kind="appointments.visit_cancelled").order_by("reference")
    assert {row.user.name for row in bells} == {"Dr Dora Sen"}
    assert sorted(row.reference for row in bells) == sorted(
        row.public_id for row in (paid.online, paid.desk, paid.unpaid)
    )
    with everywhere():
        assert visit.changes.last().by_name == "Ada Hoque"
    assert told(paid.online) == ["paul@demo.test"]
    all_is_well()


def test_a_list_that_changed_meanwhile_is_shown_again(world, paid):
    seen = ahead(world.at_city).seen
    f.booked(world.at_city, world.pia, f.FOUR + 4 * DAY)
    with pytest.raises(Conflict, match="have changed meanwhile"):
        cancel_all(world.at_city, world.users.ada, seen=seen)
    assert statuses(paid) == ["pending", "booked", "booked", "proposed", "booked"]


def test_what_a_killed_process_left_over_is_cancelled_by_the_clock(world, paid, clock):
    cancel_all(world.at_city, world.users.ada)
    assert tasks.finish_cancellations() == 0  # the worker comes first
    clock.shift(dt.timedelta(minutes=2))
    assert tasks.finish_cancellations() == 4
    assert statuses(paid) == ["cancelled", "cancelled", "cancelled", "cancelled", "booked"]
    assert f.again(paid.online).cancel_reason == "Dr Sen is ill"
    work()
    assert len(told(paid.online)) == 1
    all_is_well()


def mark(visit) -> tuple:
    visit = f.again(visit)
    return visit.status, visit.cancelling_since, visit.cancelled_by, visit.cancel_reason


@pytest.mark.parametrize("undone", [False, True])
def test_a_visit_that_began_before_the_worker_came_takes_place(world, clock, undone):
    visit = f.booked(world.at_city, world.paul)
    cancel_all(world.at_city, world.users.ada)
    clock.move_to(f.FOUR - dt.timedelta(minutes=10))
    with in_hospital(world.city):
        begun = operations.begin_visit(visit, by=world.users.dora)
        assert (begun.status, begun.cancelling_since) == (Status.ARRIVED, None)
        if undone:
            assert operations.undo_begin(begun, by=world.users.dora).status == Status.BOOKED
        else:
            assert operations.fulfil_appointment(begun, by=world.users.dora).status == Status.FULFILLED
    work()
    assert tasks.finish_cancellations() == 0
    assert mark(visit) == (Status.BOOKED if undone else Status.FULFILLED, None, "", "")


def test_a_visit_whose_time_came_before_the_worker_is_cancelled_all_the_same(world, clock):
    visit = f.booked(world.at_city, world.paul)
    f.pay_at_desk(visit)
    cancel_all(world.at_city, world.users.ada)
    clock.move_to(f.FOUR + dt.timedelta(minutes=1))
    assert tasks.finish_cancellations() == 1
    assert mark(visit) == (Status.CANCELLED, None, Side.HOSPITAL, "Dr Sen is ill")
    assert f.again(visit).returned == Decimal("1200.00")


def test_who_cancels_just_before_the_worker_comes_gets_all_back(world, clock, client_of):
    visit = f.booked(world.at_city, world.paul)
    f.pay_at_desk(visit)
    cancel_all(world.at_city, world.users.ada)
    clock.move_to(f.FOUR - dt.timedelta(hours=1))
    shown = client_of(world.users.paul).get(page_of("visit", visit.public_id))
    assert shown.context["steps"] == [(f.FOUR, Decimal("1200.00")), (None, Decimal(0))]
    with in_hospital(world.city):
        returned = operations.cancel_appointment(visit, side=Side.PATIENT, reason="", by=world.users.paul)
    assert returned == Decimal("1200.00")
    assert (work(), tasks.finish_cancellations()) == (["appointments.cancel_decided_visits"], 0)
    assert mark(visit) == (Status.CANCELLED, None, Side.PATIENT, "")


def test_marks_do_not_depend_on_the_order():
    assert Ahead(["a", "b"], [], 0).seen == Ahead(["b"], ["a"], 0).seen != Ahead(["a"], [], 0).seen


# Pages


def page_of(name, *args):
    return reverse(f"appointments:{name}", args=args)


def test_the_pages_by_role(world, paid, client_of):
    here = world.at_city.public_id
    people = (None, "paul", "dora", "deb", "rita", "ada", "mallory", "root")
    clients = [client_of(getattr(world.users, name) if name else None) for name in people]
    wanted = {
        page_of("cancel_visits", "city", here): [302, 404, 403, 404, 403, 200, 404, 404],
        page_of("cancel_own_visits", here): [302, 403, 200, 404, 403, 403, 403, 403],
    }
    for address, codes in wanted.items():
        assert [client.get(address).status_code for client in clients] == codes, address
        posted = [422 if code == 200 else code for code in codes]
        assert [client.post(address).status_code for client in clients] == posted, address
    theirs = page_of("cancel_visits", "city", world.debs.public_id)
    assert client_of(world.users.ada).get(theirs).status_code == 404
    assert statuses(paid) == ["pending", "booked", "booked", "proposed", "booked"]


def test_the_page_names_visits_and_money_and_cancels(world, paid, client_of):
    client, address = client_of(world.users.ada), page_of("cancel_visits", "city", world.at_city.public_id)
    page = client.get(address).content.decode()
    for words in (
        "Cancel all 3 coming visits with Dr Dora Sen?", "One more time is just being paid", "৳2,400.00 goes back.",
        "৳1,200.00 was paid online and goes back by itself; ৳1,200.00 was paid at the desk and has to be handed back",
        "Paul Rahman", "Pia Sarkar", page_of("desk_visit", "city", paid.desk.public_id), "Cancel 3 visits",
    ):  # fmt: skip
        assert words in page, words
    seen = ahead(world.at_city).seen
    assert f'name="seen" value="{seen}"' in page
    kept = client.post(address, {"reason": "Dr Sen is ill", "seen": "something"})
    assert kept.status_code == 422
    assert "have changed meanwhile" in kept.content.decode()
    assert "Dr Sen is ill</textarea>" in kept.content.decode()
    assert client.post(address, {"reason": "", "seen": seen}).status_code == 422
    done = client.post(address, {"reason": "Dr Sen is ill", "seen": seen}, follow=True)
    assert done.redirect_chain == [(address, 302)]
    page = done.content.decode()
    assert "4 visits are being cancelled now" in page and "Cancel 3 visits" not in page
    assert reverse("doctors:staff_doctor", args=["city", world.at_city.public_id]) in page
    work()
    assert statuses(paid) == ["cancelled", "cancelled", "cancelled", "cancelled", "booked"]
    assert "No visits to cancel" in client.get(address).content.decode()


def many(world, count: int) -> None:
    starts = [f.FOUR + day * DAY + slot * f.LENGTH for day in range(10) for slot in range(6)]
    for start in starts[:count]:
        f.booked(world.at_city, world.paul, start, pay="later")


def test_the_page_lists_twenty_at_a_time(world, client_of):
    many(world, 21)
    client, address = client_of(world.users.ada), page_of("cancel_visits", "city", world.at_city.public_id)
    pages = [client.get(address, {"page": number}) for number in (1, 2)]
    assert [len(page.context["visits"]) for page in pages] == [20, 1]
    assert all("Cancel all 21 coming visits" in page.content.decode() for page in pages)
    assert pages[1].context["visits"][0].starts_at == f.FOUR + 3 * DAY + 2 * f.LENGTH


def test_a_doctor_cancels_them_and_then_leaves(world, paid, client_of):
    client = client_of(world.users.dora)
    leave = page_of("leave_hospital", world.at_city.public_id)
    address = page_of("cancel_own_visits", world.at_city.public_id)
    refused = client.post(leave)
    assert refused.status_code == 409
    assert address in refused.content.decode()
    sent = {"reason": "I leave", "seen": ahead(world.at_city).seen}
    page = client.post(address, sent, follow=True).content.decode()
    assert "4 visits are being cancelled now" in page and leave in page
    work()
    assert client.post(leave).status_code == 302


def test_where_ending_the_work_is_refused_the_page_is_offered(world, paid, client_of):
    client = client_of(world.users.ada)
    refused = client.post(page_of("end_affiliation", "city", world.at_city.public_id))
    assert page_of("cancel_visits", "city", world.at_city.public_id) in refused.content.decode()


def test_suspending_is_possible_at_once_and_says_what_stays_booked(world, paid, client_of):
    client, here = client_of(world.users.ada), world.at_city
    cancel = page_of("cancel_visits", "city", here.public_id)
    with everywhere():
        membership = Affiliation.objects.get(pk=here.pk).membership
    doctors_page = reverse("doctors:staff_doctor", args=["city", here.public_id])
    dashboard = reverse("dashboards:hospital", args=["city"])
    assert cancel not in client.get(doctors_page).content.decode() + client.get(dashboard).content.decode()
    ask = reverse("hospitals:suspend", args=["city", membership.public_id])
    words = "3 visits are booked with this doctor. They stay booked until somebody cancels them."
    assert words in client.get(ask).content.decode()
    done = client.post(ask, follow=True)
    assert client_of(world.users.dora).get(page_of("calendar") + "?at=city").status_code == 404
    assert words in done.content.decode()
    assert cancel in done.content.decode()
    shown = client.get(doctors_page).content.decode()
    assert "3 visits are booked with this suspended doctor." in shown
    assert cancel in shown
    shown = client.get(dashboard).content.decode()
    assert "3 visits are booked with Dr Dora Sen, who is suspended" in shown
    assert cancel in shown
    client.post(cancel, {"reason": "Suspended", "seen": ahead(here).seen})
    work()
    assert statuses(paid) == ["cancelled", "cancelled", "cancelled", "cancelled", "booked"]
    assert cancel not in client.get(doctors_page).content.decode() + client.get(dashboard).content.decode()


def test_the_dashboard_says_nothing_about_another_hospitals_suspended_doctor(world, paid, client_of):
    suspend(world.at_lakeside)
    page = client_of(world.users.ada).get(reverse("dashboards:hospital", args=["city"])).content.decode()
    assert "who is suspended" not in page


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_the_page(world, client_of, counted, count):
    many(world, count)
    suspend(world.at_city)
    client = client_of(world.users.ada)
    assert counted(client, page_of("cancel_visits", "city", world.at_city.public_id)) == 10
    assert counted(client, reverse("doctors:staff_doctor", args=["city", world.at_city.public_id])) == 10
    assert counted(client, reverse("dashboards:hospital", args=["city"])) == 10
