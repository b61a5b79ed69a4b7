"""What waits for each role on its first page."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from appointments.tests import factories as f
from billing.gateways.fake import FakeGateway
from billing.models import Invoice
from core.background import periodic_commands
from core.models import PeriodicRun
from core.tenancy import in_hospital
from dashboards.queries import (
    clock_jobs,
    desk_counts,
    doctor_overview,
    hospital_figures,
    patient_overview,
    platform_overview,
)
from dashboards.words import JOB_WORDS
from notifications.models import Message
from records.operations import cancel_prescription
from records.tests.factories import signed

PATIENT, DOCTOR, PLATFORM = (reverse(f"dashboards:{name}") for name in ("patient", "doctor", "platform"))
CITY = reverse("dashboards:hospital", args=["city"])
SIX_HOURS = dt.timedelta(hours=6)


def page(client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


@pytest.mark.parametrize(
    ("who", "first_page"),
    [("root", PLATFORM), ("ada", CITY), ("rita", CITY), ("dora", DOCTOR), ("paul", PATIENT)],
)
def test_log_in_leads_to_the_first_page_of_what_one_does(world, client_of, who, first_page):
    answer = client_of(getattr(world.users, who)).get(reverse("dashboards:start"))
    assert answer["Location"] == first_page


def test_a_patient_sees_held_times_coming_visits_and_bills(world, client_of):
    second = f.booked(world.at_city, world.paul, f.FOUR + f.LENGTH)
    first = f.booked(world.at_city, world.paul)
    held = f.book(world.debs, world.paul, f.FOUR + 2 * f.LENGTH, pay="online")
    f.booked(world.debs, world.pia)

    with in_hospital(world.city):
        overview = patient_overview(world.paul)
    assert (overview["next_visit"], overview["coming"]) == (first, [second])
    assert [bill.patient for bill in overview["bills"]] == [world.paul, world.paul]
    html = page(client_of(world.users.paul), PATIENT)
    for visit in (first, second, held):
        assert reverse("appointments:visit", args=[visit.public_id]) in html


def test_a_patient_without_anything_is_led_to_the_search(world, client_of):
    html = page(client_of(world.users.pia), PATIENT)
    assert "No visits planned" in html
    assert reverse("appointments:search") in html


def test_a_patient_sees_the_prescriptions_that_count_and_others_only_without_one(world, client_of, clock):
    visits = [f.booked(world.at_city, world.paul, f.FOUR + number * f.LENGTH) for number in range(2)]
    clock.move_to(f.FOUR)
    older, newer = (signed(visit) for visit in visits)

    def shown():
        with in_hospital(world.city):
            return patient_overview(world.paul)["prescriptions"]

    assert shown() == [newer, older]
    for prescription, left in ((newer, [older]), (older, [newer, older])):
        with in_hospital(world.city):
            cancel_prescription(prescription, reason="Rash", by=world.users.dora)
        assert shown() == left


def test_a_doctor_sees_whom_to_answer_and_whom_to_see_next(world, client_of, clock):
    clock.move_to(f.FOUR - SIX_HOURS)
    waiting = f.book(world.at_city, world.paul)
    coming = f.booked(world.at_lakeside, world.pia, f.FOUR + f.LENGTH)
    tomorrow = f.booked(world.at_city, world.pia, f.FOUR + dt.timedelta(days=2))

    with in_hospital(world.city):
        assert doctor_overview(world.dora)["waiting_count"] == 1
    html = page(client_of(world.users.dora), DOCTOR)
    shown = [
        reverse("appointments:doctor_visit", args=[visit.public_id]) in html
        for visit in (waiting, coming, tomorrow)
    ]
    assert shown == [True, True, False]


def test_a_hospital_counts_its_own_day(world, clock):
    clock.move_to(f.FOUR - SIX_HOURS)
    f.book(world.at_city, world.paul)
    f.booked(world.at_city, world.pia, f.FOUR + f.LENGTH)
    f.booked(world.at_lakeside, world.pia, f.FOUR + 3 * f.LENGTH)

    with in_hospital(world.city):
        assert hospital_figures(world.city) == {"waiting": 1, "booked": 1, "done": 0, "noshow": 0}


def test_the_desk_is_told_what_money_and_mail_needs_a_person(world, client_of):
    visit = f.booked(world.at_city, world.paul)
    f.pay_at_desk(visit)
    f.booked(world.at_city, world.pia, f.FOUR + f.LENGTH)
    risky = f.book(world.at_city, world.pia, f.FOUR + 2 * f.LENGTH, pay="online")
    attempt = f.start_online(risky)
    FakeGateway.from_settings().set_payment(attempt.tran_id, risk_level="1")
    f.verify_payment(attempt.tran_id)
    with in_hospital(world.city):
        f.operations.cancel_appointment(
            visit, side="hospital", reason="The doctor is ill.", by=world.users.rita
        )
        Message.objects.filter(hospital_id=world.city.pk, user=world.users.pia).update(status="failed")
        failed = Message.objects.filter(hospital_id=world.city.pk, status="failed").count()
        assert Invoice.objects.to_pay().count() == 1
        assert desk_counts(world.city) == {"to_pay": 1, "money_to_check": 2, "failed_mails": failed}

    html = page(client_of(world.users.rita), CITY)
    assert "2 refunds or payments need a person" in html
    assert reverse("billing:desk", args=["city"]) in html


def test_only_admins_see_applications(world, client_of):
    assert "Doctor applications" in page(client_of(world.users.ada), CITY)
    assert "Doctor applications" not in page(client_of(world.users.rita), CITY)


def test_the_platform_sees_counts_and_no_names(world, client_of):
    f.booked(world.at_city, world.paul)
    assert platform_overview()["hospitals"] == {"open": 2, "closed": 0}
    html = page(client_of(world.users.root), PLATFORM)
    assert "Paul Rahman" not in html
    assert "Dr Dora Sen" not in html


@pytest.fixture
def runs(db):
    now = timezone.now()
    for name in ("accounts.prune", "billing.check_refunds", "appointments.refresh_stale", "core.gone_job"):
        PeriodicRun.objects.create(name=name, last_run=now - dt.timedelta(seconds=10))
    return now


def test_the_platform_reads_in_one_line_that_all_jobs_ran_well(world, client_of, runs):
    html = page(client_of(world.users.root), PLATFORM)
    assert "All 3 jobs ran well, last at" in html
    assert "accounts.prune" not in html


def test_the_platform_reads_which_jobs_failed_or_are_late_in_peoples_words(world, client_of, runs):
    PeriodicRun.objects.filter(name="billing.check_refunds").update(last_error="RuntimeError: no answer")
    # Every 15 seconds, and two minutes of patience.
    PeriodicRun.objects.filter(name="appointments.refresh_stale").update(
        last_run=runs - dt.timedelta(seconds=151)
    )
    jobs = clock_jobs()
    found = [(job["run"].name, str(job["words"])) for job in jobs["troubled"]]
    assert found == [
        ("appointments.refresh_stale", "Working out doctors’ next free times"),
        ("billing.check_refunds", "Asking the payment company about refunds"),
    ]
    html = page(client_of(world.users.root), PLATFORM)
    assert "2 of 3 jobs need a look." in html
    assert "RuntimeError: no answer" in html


def test_before_the_scheduler_has_run_the_platform_reads_that(world, client_of):
    assert "The scheduler has not run yet." in page(client_of(world.users.root), PLATFORM)


def test_every_job_of_the_scheduler_has_words():
    ours = {command.name for command in periodic_commands() if not command.name.startswith("tests.")}
    assert ours == set(JOB_WORDS)


@pytest.mark.parametrize("who", ["ada", "rita"])
def test_the_desk_books_and_registers_from_its_first_page(world, client_of, who):
    html = page(client_of(getattr(world.users, who)), CITY)
    for name in ("appointments:desk_search", "patients:register", "appointments:day"):
        assert f'href="{reverse(name, args=["city"])}"' in html
    assert html.count("btn-primary") == 1


def test_home_shows_who_is_free_next_and_leads_to_booking(world, client_of):
    html = page(client_of(), reverse("dashboards:home"))
    for affiliation in (world.at_city, world.at_lakeside, world.debs):
        assert reverse("appointments:book", args=[affiliation.public_id]) in html
    assert reverse("appointments:search") in html


@pytest.mark.parametrize(
    ("path", "login"),
    [
        ("/doctors/?q=heart", "/accounts/log-in/?next=%2Fdoctors%2F%3Fq%3Dheart"),
        ("/hospitals/", "/accounts/log-in/?next=%2Fhospitals%2F"),
        ("/", "/accounts/log-in/"),
    ],
)
def test_log_in_leads_back_to_what_a_visitor_looked_at(world, client_of, path, login):
    assert f'href="{login}"' in page(client_of(), path)
