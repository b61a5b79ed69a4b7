"""The gaps of the scope library, closed: what core.tenancy refuses, and which questions start outside of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Count, Sum

from appointments.models import Appointment, NextFree
from billing.models import Invoice, Payment
from core.tenancy import (
    DirectoryOwned,
    HospitalOwned,
    ScopeError,
    everywhere,
    in_hospital,
    in_hospitals,
    public_directory,
)
from doctors.models import Affiliation, WeeklyHours
from hospitals.models import Department, Hospital, Membership, Role
from patients.models import CareRelation, Patient
from tests.canaries import NOW

pytestmark = pytest.mark.django_db
OWNED = sorted(
    (model for model in apps.get_models() if issubclass(model, HospitalOwned)),
    key=lambda model: model._meta.label,
)
DIRECTORY = {"hospitals.Department", "hospitals.Service", "doctors.Affiliation", "doctors.WeeklyHours",
             "doctors.ScheduleException", "appointments.NextFree"}  # fmt: skip
PRIVATE = [model for model in OWNED if not issubclass(model, DirectoryOwned)]
# Models that no hospital owns and that point at owned rows, or from which owned rows can be joined. Why each is safe.
UNOWNED_WITH_OWNED_RELATIONS = {
    "hospitals.Hospital": "the tenant itself; its reverse names are switched off (related_name='+')",
    "patients.Patient": "fetched through for_hospital, for_doctor or the log-in; owned rows hang on it by reverse names",
    "doctors.Doctor": "public; owned rows hang on it by reverse names",
    "accounts.User": "fetched as oneself; memberships are read through Membership.of_person",
    "appointments.Cell": "five minutes of a doctor or patient in any hospital; read for free times only, no row is shown",
    "formulary.Medicine": "platform-wide; its reverse name is switched off",
}


@pytest.mark.parametrize("nothing", [None, "own", 1.0])
def test_a_scope_of_nothing_is_refused(nothing):
    for enter in (in_hospital, lambda value: in_hospitals([value])):
        with pytest.raises(TypeError), enter(nothing):
            pass


def test_an_unsaved_hospital_is_no_scope():
    with pytest.raises(TypeError), in_hospital(Hospital(slug="new")):
        pass


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model._meta.label)
def test_without_a_scope_nothing_answers(model):
    row = model(hospital_id=1)
    for ask in (
        lambda: list(model.objects.all()),
        lambda: model.objects.exists(),
        lambda: model.objects.count(),
        lambda: model.objects.first(),
        lambda: model.objects.filter(pk=1).exists(),
        lambda: model.objects.get(pk=1),
        lambda: model.objects.aggregate(Count("pk")),
        lambda: model.objects.create(hospital_id=1),
        lambda: model.objects.bulk_create([row]),
        lambda: model.objects.bulk_update([row], ["hospital"]),
        lambda: model.objects.in_bulk([1]),
        lambda: model.objects.update(hospital_id=1),
        lambda: model.objects.values_list("pk").first(),
        row.save,
        row.delete,
    ):
        with pytest.raises(ScopeError):
            ask()


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model._meta.label)
def test_a_scope_shows_its_own_rows_only(shared_cast, model):
    seen = {}
    for slug, hospital in shared_cast.hospitals.items():
        with in_hospital(hospital):
            seen[slug] = set(model.objects.values_list("pk", "hospital_id"))
        assert {hospital_id for _, hospital_id in seen[slug]} <= {hospital.pk}
        assert seen[slug], "the cast has a row of each model in each hospital"
    with in_hospitals(shared_cast.hospitals.values()):
        assert set(model.objects.values_list("pk", "hospital_id")) == seen["own"] | seen["other"]
    with in_hospitals([]):
        assert not model.objects.exists()


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model._meta.label)
def test_a_foreign_row_is_not_written(shared_cast, model):
    own, other = shared_cast.hospitals["own"], shared_cast.hospitals["other"]
    with in_hospital(other):
        foreign = model.objects.first()
    with in_hospital(own):
        assert model.objects.filter(pk=foreign.pk).update(hospital=own) == 0
        for write in (foreign.save, foreign.delete, lambda: model.objects.bulk_create([foreign])):
            with pytest.raises(ScopeError):
                write()
    with in_hospital(other):
        assert model.objects.get(pk=foreign.pk).hospital_id == other.pk


def test_a_row_does_not_move_to_another_hospital(shared_cast):
    own, other = shared_cast.hospitals["own"], shared_cast.hospitals["other"]
    with in_hospital(own):
        department = Department.objects.first()
        department.hospital = other
        with pytest.raises(ScopeError):
            department.save()


def test_the_directory_holds_what_anyone_may_read():
    assert {model._meta.label for model in OWNED if issubclass(model, DirectoryOwned)} == DIRECTORY


@pytest.mark.parametrize("model", PRIVATE, ids=lambda model: model._meta.label)
def test_the_public_directory_shows_nothing_private(shared_cast, model):
    with public_directory():
        assert not model.objects.exists()


def test_the_public_directory_reads_all_hospitals_and_writes_none(shared_cast):
    with public_directory():
        assert set(Department.objects.values_list("hospital__slug", flat=True)) == {"own", "other"}
        for model in (Department, Affiliation, WeeklyHours, NextFree):
            assert model.objects.exists() or model is NextFree
        department = Department.objects.first()
        for write in (
            department.save,
            department.delete,
            lambda: Department.objects.bulk_create([department]),
        ):
            with pytest.raises(ScopeError):
                write()


def test_a_scope_ends_with_its_block_also_after_an_error(shared_cast):
    with pytest.raises(ZeroDivisionError), in_hospital(shared_cast.hospitals["own"]):
        raise ZeroDivisionError
    with pytest.raises(ScopeError):
        Invoice.objects.exists()
    with in_hospital(shared_cast.hospitals["own"]):
        with in_hospital(shared_cast.hospitals["other"]):
            assert set(Invoice.objects.values_list("hospital__slug", flat=True)) == {"other"}
        assert set(Invoice.objects.values_list("hospital__slug", flat=True)) == {"own"}


def test_reverse_relations_of_people_are_scoped_too(shared_cast):
    """`patient.appointments` and the like use the owned model's own manager."""
    doctor, patient = shared_cast.doctors["dora"], shared_cast.patients["paul"]
    related = [patient.appointments, patient.registrations, patient.care_relations, patient.visits, patient.prescriptions,
               patient.timeline, doctor.affiliations, doctor.applications]  # fmt: skip
    for manager in related:
        with pytest.raises(ScopeError):
            manager.exists()
        with in_hospital(shared_cast.hospitals["other"]):
            assert set(manager.values_list("hospital__slug", flat=True)) <= {"other"}


def test_models_that_could_be_joined_from_outside_are_listed():
    """Joins and aggregates that start at an unowned model are not scoped: each such model is known, with its reason."""
    found = set()
    for model in apps.get_models():
        if issubclass(model, HospitalOwned):
            continue
        relations: list[Any] = [relation for relation in model._meta.related_objects if not relation.hidden]
        relations += [field for field in model._meta.fields if field.is_relation]
        if any(issubclass(relation.related_model, HospitalOwned) for relation in relations):
            found.add(model._meta.label)
    unknown = found - UNOWNED_WITH_OWNED_RELATIONS.keys()
    assert not unknown, (
        f"Say in UNOWNED_WITH_OWNED_RELATIONS why a join from {unknown} shows no other hospital's rows."
    )


def test_a_join_from_an_unowned_model_is_not_scoped_and_the_owned_side_is(shared_cast):
    """The gap itself, so that whoever meets it knows: start at the owned model."""
    with in_hospital(shared_cast.hospitals["own"]):
        from_people = Patient.objects.aggregate(visits=Count("appointments"))["visits"]
        from_visits = Appointment.objects.aggregate(visits=Count("pk"))["visits"]
    assert from_people > from_visits > 0
    with in_hospital(shared_cast.hospitals["own"]):
        assert Payment.objects.aggregate(total=Sum("amount"))["total"] < _all_payments()
        here = Patient.objects.for_hospital(shared_cast.hospitals["own"])
        assert not here.filter(pk=shared_cast.patients["omar"].pk).exists()


def _all_payments():
    with everywhere():
        return Payment.objects.aggregate(total=Sum("amount"))["total"]


def test_care_ends_with_the_work_at_the_hospital(shared_cast):
    from .checker import undone

    dora, paul = shared_cast.people["dora"], shared_cast.patients["paul"]
    assert Patient.objects.cared_for_by(dora).filter(pk=paul.pk).exists()
    with undone():
        with in_hospital(shared_cast.hospitals["own"]):
            Membership.objects.filter(user=dora).update(status=Membership.Status.SUSPENDED)
        assert not Patient.objects.cared_for_by(dora).exists()
    with undone():
        with in_hospital(shared_cast.hospitals["own"]):
            begun, minute = NOW - dt.timedelta(days=20), dt.timedelta(minutes=1)
            CareRelation.objects.filter(person=dora, patient=paul).update(
                starts_at=begun, ends_at=NOW - minute
            )
        assert not Patient.objects.cared_for_by(dora).filter(pk=paul.pk).exists()


def test_memberships_of_a_person_are_read_for_that_person_only(shared_cast):
    dora = shared_cast.people["dora"]
    assert {row.user_id for row in Membership.of_person(dora)} == {dora.pk}
    assert set(Membership.of_person(dora).values_list("role", flat=True)) == {Role.DOCTOR}


def test_no_row_points_at_a_row_of_another_hospital(shared_cast):
    """Rows that hang on a private row are in its hospital: no line, note or change points across."""
    with everywhere():
        for model in OWNED:
            parents = [field.name for field in model._meta.fields if _is_owned(field)]
            for row in model.objects.select_related(*parents):
                homes = {getattr(row, name).hospital_id for name in parents if getattr(row, name) is not None}
                assert homes <= {row.hospital_id}, (
                    f"{model._meta.label} {row.pk} points at another hospital's row"
                )


def _is_owned(field):
    return field.is_relation and issubclass(field.related_model, HospitalOwned)
