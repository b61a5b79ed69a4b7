"""The fill for measurements: what it makes, that it holds together, and when it refuses."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import sqlite3
import subprocess
import sys
from collections import Counter

import pytest
import rfc8785
from django.conf import settings
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory
from appointments.models import Appointment, Cell, Change, NextFree
from appointments.operations.next_free import refresh_next_free
from billing.models import Attempt, Invoice, Payment, Refund
from core.invariants import invariant_names
from core.search import search_ids
from core.tenancy import everywhere, in_hospital
from doctors.models import Affiliation, Application, Doctor, WeeklyHours
from formulary.models import Medicine
from healthstack.demo.cast import PASSWORD
from hospitals.models import Hospital, Membership, Role
from ledger import kinds
from ledger.models import Entry, EntrySecret
from ledger.operations import body_of
from notifications.models import Notice
from patients.models import CareRelation, Patient, Registration, search_kind
from records.models import Prescription, PrescriptionLine, Visit, VisitNote
from records.operations.lines import line_texts, problems_of
from records.queries import letterhead_of

SMALL = {"hospitals": 3, "doctors": 12, "patients": 20, "appointments": 60, "medicines": 310}


def seed_bulk(**changed: int) -> str:
    out = io.StringIO()
    call_command("seed_bulk", **{**SMALL, **changed}, stdout=out)
    return out.getvalue()


@pytest.fixture
def filled(db):
    printed = seed_bulk()
    with everywhere():
        yield printed


@pytest.mark.engines
def test_it_makes_exactly_as_many_as_asked_for(filled):
    assert Hospital.objects.count() == 3
    assert Doctor.objects.count() == 12
    assert Patient.objects.count() == 20
    assert Appointment.objects.count() == 60
    assert Medicine.objects.count() == 310
    # An admin and a receptionist for each hospital, the platform's admin, the doctors, every second patient.
    assert User.objects.count() == 3 * 2 + 1 + 12 + 10
    assert re.search(r"\b60 appointments\b", filled)


@pytest.mark.engines
def test_every_invariant_holds(filled):
    assert f"All {len(invariant_names())} invariants hold." in filled
    assert "BREAK" not in filled


def test_more_than_two_hundred_entries_stand_in_the_ledger_with_their_secrets(filled):
    assert Entry.objects.count() == EntrySecret.objects.count() > 200
    assert f"{Entry.objects.count():,} ledger entries" in filled


def test_the_measured_hospital_has_a_fifth_of_everything(filled):
    main = Hospital.objects.get(slug="bulk-main")
    assert Appointment.objects.filter(hospital=main).count() == 12
    assert Registration.objects.filter(hospital=main).count() == 4
    assert Affiliation.objects.filter(hospital=main).count() == 2


def test_one_hospital_alone_has_everything(db):
    seed_bulk(hospitals=1)
    with everywhere():
        assert Appointment.objects.filter(hospital__slug="bulk-main").count() == 60
        assert Affiliation.objects.count() == 12


def test_the_logins_for_measuring_have_rows_of_their_own(filled, client):
    doctor = Doctor.objects.get(user__email="bulk-doctor@demo.test")
    patient = Patient.objects.get(user__email="bulk-patient@demo.test")
    assert Appointment.objects.filter(doctor=doctor).count() >= 4
    assert Appointment.objects.filter(patient=patient).count() >= 4
    assert Membership.objects.filter(user__email="bulk-admin@demo.test", role=Role.ADMIN).count() == 1
    assert User.objects.get(email="bulk-root@demo.test").is_platform_admin
    answer = client.post(
        reverse("accounts:login"), {"email": "bulk-doctor@demo.test", "password": PASSWORD}, follow=True
    )
    assert answer.redirect_chain[-1][0] == reverse("dashboards:doctor")


def test_hospital_numbers_have_no_gaps(filled):
    numbers = sorted(Registration.objects.filter(hospital__slug="bulk-main").values_list("number", flat=True))
    assert numbers == ["BM-000001", "BM-000002", "BM-000003", "BM-000004"]


def test_visits_of_the_past_are_over_and_coming_ones_wait(filled):
    now, status = timezone.now(), Appointment.Status
    over = {status.FULFILLED, status.NOSHOW, status.CANCELLED}
    past = Appointment.objects.filter(day__lt=now.date()).values_list("status", flat=True)
    coming = Appointment.objects.filter(starts_at__gt=now).values_list("status", flat=True)
    assert past and set(past) <= over
    assert coming and set(coming) <= {status.PENDING, status.BOOKED, status.CANCELLED}
    assert set(Appointment.objects.filter(status=status.FULFILLED, visit__isnull=True)) == set()


def test_a_visits_history_begins_with_its_booking(filled):
    for visit in Appointment.objects.prefetch_related("changes"):
        assert [change.act for change in visit.changes.all()][0] == Change.Act.BOOKED


def test_visits_lie_in_the_doctors_hours(filled):
    hours = Counter(WeeklyHours.objects.values_list("affiliation", "weekday"))
    for visit in Appointment.objects.all():
        assert hours[visit.affiliation_id, visit.day.weekday()] > 0


def test_a_doctor_may_open_the_charts_of_accepted_visits(filled):
    opened = set(CareRelation.objects.values_list("reference", flat=True))
    done = Appointment.objects.filter(status__in=["booked", "fulfilled", "noshow"]).values_list(
        "public_id", flat=True
    )
    assert set(done) <= opened


def test_a_letterhead_is_what_signing_would_have_written(filled):
    prescriptions = list(Prescription.objects.with_people())
    assert prescriptions
    assert [one.letterhead for one in prescriptions] == [letterhead_of(one) for one in prescriptions]


def test_every_line_could_have_been_prescribed(filled):
    lines = list(PrescriptionLine.objects.select_related("medicine"))
    assert lines
    found = [problems_of(text, line.medicine) for text, line in zip(line_texts(lines), lines, strict=True)]
    assert [one for one in found if one] == []


def test_next_free_times_are_those_that_the_worker_computes(filled):
    kept = ("starts_at", "first_starts", "free_count")
    stored = {row.pk: row for row in NextFree.objects.all()}
    assert len(stored) == Affiliation.objects.count()
    before = {pk: [getattr(row, name) for name in kept] for pk, row in stored.items()}
    for row in stored.values():
        refresh_next_free(row.affiliation_id)
    after = {row.pk: [getattr(row, name) for name in kept] for row in NextFree.objects.all()}
    assert after == before


def test_doctors_patients_hospitals_and_medicines_are_found(filled):
    doctor = Doctor.objects.last()
    hospital, medicine = Hospital.objects.get(slug="bulk-main"), Medicine.objects.get(code="BULK-000000")
    patient = Registration.objects.filter(hospital=hospital).last().patient
    for kind, row, text in (
        ("doctors.doctor", doctor, doctor.name),
        (search_kind(hospital.pk), patient, patient.name),
        ("hospitals.hospital", hospital, "Bulk Main"),
        ("formulary.medicine", medicine, medicine.brand),
    ):
        assert row.pk in [pk for pk, _ in search_ids(kind, text)]


def test_the_same_seed_gives_the_same_people_and_another_one_others(db):
    from django.db import transaction

    def names(seed: int) -> list[tuple[str, str]]:
        with transaction.atomic():
            seed_bulk(seed=seed)
            found = list(Patient.objects.order_by("pk").values_list("name", "public_id"))
            transaction.set_rollback(True)
        return found

    first = names(7)
    assert names(7) == first
    assert names(8) != first


def test_a_second_fill_is_refused_with_a_sentence(filled):
    with pytest.raises(
        CommandError, match=r"This database was filled before, so nothing was changed\. Name an empty one"
    ):
        seed_bulk()
    assert Hospital.objects.count() == 3


def test_a_database_with_other_data_is_refused_and_says_which(db):
    UserFactory.create_batch(2)
    with pytest.raises(
        CommandError, match=r"This database holds other data \(2 users\), so nothing was changed\."
    ):
        seed_bulk()
    assert Hospital.objects.count() == 0


def test_a_database_that_somebody_else_uses_is_refused_with_a_sentence(tmp_path):
    file = tmp_path / "db.sqlite3"
    environment = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "healthstack.settings", "ENV_FILE": os.devnull,
        "VAR_DIR": str(tmp_path), "DATABASE_URL": f"sqlite:///{file}",
    }  # fmt: skip
    run = [sys.executable, "manage.py"]
    subprocess.run([*run, "migrate", "-v0"], cwd=settings.BASE_DIR, env=environment, check=True)
    with contextlib.closing(sqlite3.connect(file)) as portal:
        portal.execute("SELECT count(*) FROM hospitals_hospital").fetchall()
        done = subprocess.run(
            [*run, "seed_bulk"],
            cwd=settings.BASE_DIR,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert portal.execute("SELECT count(*) FROM hospitals_hospital").fetchall() == [(0,)]
    assert done.returncode == 1
    assert "If HealthStack runs on it, stop that with Ctrl-C first." in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("doctors", [1, 2, 4])
def test_few_people_are_no_obstacle(db, doctors):
    printed = seed_bulk(hospitals=3, doctors=doctors, patients=5, appointments=10, medicines=30)
    assert re.search(r"\b10 appointments\b", printed)
    assert "The shipped medicines are always loaded, so there are more than were asked for." in printed
    assert "invariants hold." in printed


def test_the_trail_is_written_as_rfc_8785_writes_it(filled):
    for secret in EntrySecret.objects.all():
        assert bytes(secret.body) == rfc8785.dumps(body_of(secret))
    for row in Prescription.objects.all():
        entry = EntrySecret.objects.get(kind="records.prescription", reference=row.public_id)
        frozen = rfc8785.dumps(kinds.get("records.prescription").canonical(row))
        assert body_of(entry)["body_hash"] == hashlib.sha256(frozen).hexdigest()


def test_too_many_visits_for_so_few_doctors_are_refused_with_a_sentence(db):
    with pytest.raises(
        CommandError, match=r"has too few doctors or patients for so many visits\. Ask for fewer visits"
    ):
        seed_bulk(hospitals=1, doctors=1, patients=1, appointments=5_000)
    assert not Hospital.objects.exists() and not Medicine.objects.exists()


@pytest.mark.parametrize("nothing", ["hospitals", "doctors", "patients"])
def test_a_fill_of_nobody_is_refused(db, nothing):
    with pytest.raises(CommandError, match="at least one"):
        seed_bulk(**{nothing: 0})


def test_production_is_refused(db, settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="This is production"):
        seed_bulk()
    assert Hospital.objects.count() == 0


def test_people_are_found_by_what_waits_for_them(filled):
    assert Notice.objects.filter(user__email="bulk-doctor@demo.test").exists()
    assert (
        Application.objects.filter(status=Application.Status.APPROVED).count() == Affiliation.objects.count()
    )


def test_money_stands_in_every_state(db):
    seed_bulk(doctors=30, patients=60, appointments=400)
    with everywhere():
        assert set(Invoice.objects.values_list("status", flat=True)) == {"issued", "paid", "credited"}
        assert Payment.objects.filter(refund_total__gt=0).count() == Refund.objects.count() > 0
        assert {Attempt.Method.ONLINE, Attempt.Method.CASH} <= set(
            Attempt.objects.values_list("method", flat=True)
        )
        assert VisitNote.objects.filter(number=2).exists()
        assert Cell.objects.filter(appointment__status=Appointment.Status.CANCELLED).count() == 0
        assert Visit.objects.filter(finished_at__isnull=True).count() == 0


def test_nothing_leaks_into_a_hospitals_scope(filled):
    main, other = Hospital.objects.get(slug="bulk-main"), Hospital.objects.get(slug="bulk-1")
    with in_hospital(other):
        assert set(Invoice.objects.values_list("hospital", flat=True)) <= {other.pk}
        assert not Appointment.objects.filter(hospital=main).exists()
