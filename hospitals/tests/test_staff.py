"""Who works in a hospital: roles, suspension, removal, and the last admin."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.urls import reverse

from core.actors import SEED
from core.errors import Conflict, DomainError, IllegalTransition
from core.tenancy import in_hospital
from hospitals import operations
from hospitals.losses import register_loss
from hospitals.models import Membership, Role
from hospitals.rules import roles_in, workplaces_of, workplaces_read_once
from ledger.models import EntrySecret

from .factories import HospitalFactory, MembershipFactory, PersonFactory

Status = Membership.Status
ACTS = {
    Status.ACTIVE: operations.reactivate_membership,
    Status.SUSPENDED: operations.suspend_membership,
    Status.REMOVED: operations.remove_membership,
}


@pytest.fixture
def scope(cast):
    with in_hospital(cast.city):
        yield cast.city


def test_every_pair_of_states_is_named_in_the_table():
    assert {
        Status.ACTIVE: {Status.SUSPENDED, Status.REMOVED},
        Status.SUSPENDED: {Status.ACTIVE, Status.REMOVED},
    } == Membership.TRANSITIONS


@pytest.mark.parametrize("before", Status.values)
@pytest.mark.parametrize("after", Status.values)
def test_each_move_between_states(before, after, scope, cast):
    membership = MembershipFactory(hospital=scope, status=before)
    if after in Membership.TRANSITIONS.get(before, ()):
        ACTS[after](membership, by=cast.ada)
        membership.refresh_from_db()
        assert membership.status == after
        assert bool(membership.ended_at) == (after == Status.REMOVED)
        assert EntrySecret.objects.filter(reference=membership.public_id).count() == 1
        return
    with pytest.raises(IllegalTransition):
        ACTS[after](membership, by=cast.ada)
    membership.refresh_from_db()
    assert membership.status == before


@pytest.mark.parametrize("act", [operations.suspend_membership, operations.remove_membership])
def test_the_last_admin_stays(act, scope, cast):
    with pytest.raises(DomainError, match="last admin"):
        act(cast.members.ada, by=cast.ada)
    with pytest.raises(DomainError, match="last admin"):
        operations.change_role(cast.members.ada, role=Role.RECEPTIONIST, by=cast.ada)
    second = MembershipFactory(hospital=scope, role=Role.ADMIN)
    act(cast.members.ada, by=second.user)
    with pytest.raises(DomainError, match="last admin"):
        act(second, by=second.user)


@pytest.mark.parametrize("state", [{"status": Status.SUSPENDED}, {"user__is_active": False}])
def test_who_can_not_act_does_not_count_as_an_admin(state, scope, cast):
    MembershipFactory(hospital=scope, role=Role.ADMIN, **state)
    MembershipFactory(hospital=cast.lakeside, role=Role.ADMIN)
    with pytest.raises(DomainError, match="last admin"):
        operations.remove_membership(cast.members.ada, by=cast.ada)


@pytest.mark.engines
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["suspend_membership", "remove_membership", "change_role"])
def test_two_admins_who_end_each_other_leave_one(act):
    hospital = HospitalFactory()
    admins = [MembershipFactory(hospital=hospital, role=Role.ADMIN) for _ in range(2)]
    barrier, refused = threading.Barrier(2, timeout=10), []

    def end(membership, by):
        try:
            barrier.wait()
            with in_hospital(hospital):
                inputs = {"role": Role.RECEPTIONIST} if act == "change_role" else {}
                getattr(operations, act)(membership, **inputs, by=by)
        except DomainError as error:
            refused.append(error.message)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=end, args=(one, other.user)) for one, other in (admins, reversed(admins))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert refused == ["This is the hospital's last admin. Make somebody else an admin first."]
    with in_hospital(hospital):
        assert Membership.objects.filter(role=Role.ADMIN, status=Status.ACTIVE).count() == 1


def test_change_role_counts_on_the_next_page(cast, as_person):
    rita, page = as_person(cast.rita), reverse("hospitals:staff", args=["city"])
    assert rita.get(page).status_code == 403
    address = reverse("hospitals:change_role", args=["city", cast.members.rita.public_id])
    assert as_person(cast.ada).post(address, {"role": "admin"})["Location"] == page
    assert rita.get(page).status_code == 200


@pytest.mark.parametrize(
    ("role", "now"), [("doctor", "receptionist"), ("admin", "doctor"), ("nurse", "receptionist")]
)
def test_change_role_leaves_roles_of_other_rooms_alone(role, now, scope, cast):
    membership = MembershipFactory(hospital=scope, role=now)
    with pytest.raises(DomainError, match="can't be given or taken here"):
        operations.change_role(membership, role=role, by=cast.ada)


def test_change_role_to_one_that_is_held_is_said_on_the_page(cast, as_person):
    MembershipFactory(hospital=cast.city, user=cast.rita, role=Role.ADMIN)
    address = reverse("hospitals:change_role", args=["city", cast.members.rita.public_id])
    answer = as_person(cast.ada).post(address, {"role": "admin"})
    assert answer.status_code == 422
    assert answer.context["form"].errors == {
        "role": ["This person has that role already. Remove this one instead."]
    }


def test_change_role_of_a_removed_person_is_refused(scope, cast):
    membership = MembershipFactory(hospital=scope, status=Status.REMOVED)
    with pytest.raises(DomainError, match="does not work here any more"):
        operations.change_role(membership, role=Role.ADMIN, by=cast.ada)


def test_remove_asks_first_and_names_what_is_lost(cast, as_person):
    register_loss(Membership, lambda membership: [f"{membership.user.name} has 3 visits today."])
    address = reverse("hospitals:remove_staff", args=["city", cast.members.rita.public_id])
    asked = as_person(cast.ada).get(address).content.decode()
    assert "Remove Rita Saha from the staff?" in asked
    assert "Rita Saha has 3 visits today." in asked
    assert Membership.of_person(cast.rita).get().status == Status.ACTIVE


def test_an_admin_who_leaves_goes_home(cast, as_person):
    MembershipFactory(hospital=cast.city, role=Role.ADMIN)
    address = reverse("hospitals:remove_staff", args=["city", cast.members.ada.public_id])
    assert "This is you." in as_person(cast.ada).get(address).content.decode()
    assert as_person(cast.ada).post(address)["Location"] == reverse("dashboards:start")


def test_the_last_admin_reads_why_on_the_page(cast, as_person):
    address = reverse("hospitals:suspend", args=["city", cast.members.ada.public_id])
    answer = as_person(cast.ada).post(address)
    assert answer.status_code == 409
    assert "Make somebody else an admin first." in answer.content.decode()


def test_add_membership_twice_gives_one(scope, cast):
    first = operations.add_membership(scope, user=cast.paul, role=Role.DOCTOR, by=SEED)
    second = operations.add_membership(scope, user=cast.paul, role=Role.DOCTOR, by=SEED)
    assert first == second
    assert EntrySecret.objects.filter(kind="hospitals.membership_added").count() == 1


def test_add_membership_after_removal_gives_a_new_one_and_not_while_suspended(scope, cast):
    gone = operations.remove_membership(cast.members.rita, by=cast.ada)
    new = operations.add_membership(scope, user=cast.rita, role=Role.RECEPTIONIST, by=cast.ada)
    assert new.pk != gone.pk
    operations.suspend_membership(new, by=cast.ada)
    with pytest.raises(DomainError, match="suspended"):
        operations.add_membership(scope, user=cast.rita, role=Role.RECEPTIONIST, by=cast.ada)


def test_one_person_has_several_hospitals_and_roles(cast, django_assert_num_queries):
    MembershipFactory(hospital=cast.city, user=cast.ada, role=Role.RECEPTIONIST)
    MembershipFactory(hospital=cast.lakeside, user=cast.ada, role=Role.DOCTOR)
    MembershipFactory(hospital=HospitalFactory(is_active=False), user=cast.ada)
    MembershipFactory(user=cast.ada, status=Status.SUSPENDED)
    with workplaces_read_once(), django_assert_num_queries(1):
        places = [(place.slug, place.roles) for place in workplaces_of(cast.ada)]
        assert roles_in(cast.ada, cast.lakeside.pk) == {"doctor"}
    assert places == [("city", {"admin", "receptionist"}), ("lakeside", {"doctor"})]


def test_lost_access_counts_at_once_for_a_user_object_that_lives_on(cast, scope):
    assert roles_in(cast.rita, cast.city.pk) == {"receptionist"}
    operations.suspend_membership(cast.members.rita, by=cast.ada)
    assert roles_in(cast.rita, cast.city.pk) == frozenset()


def test_one_person_of_the_staff_is_shown_with_what_can_be_done(cast, as_person):
    doctor = MembershipFactory(hospital=cast.city, user=cast.rita, role=Role.DOCTOR)
    ada = as_person(cast.ada)
    page = ada.get(reverse("hospitals:member", args=["city", cast.members.rita.public_id])).content.decode()
    assert "rita@demo.test" in page
    assert "<dd>Doctor</dd>" in page
    assert reverse("hospitals:change_role", args=["city", cast.members.rita.public_id]) in page
    page = ada.get(reverse("hospitals:member", args=["city", doctor.public_id])).content.decode()
    assert reverse("hospitals:change_role", args=["city", doctor.public_id]) not in page


def test_staff_list_searches_and_filters(cast, as_person):
    MembershipFactory(hospital=cast.city, user=PersonFactory(name="Zara Noor"), status=Status.SUSPENDED)
    ada, address = as_person(cast.ada), reverse("hospitals:staff", args=["city"])

    def names(**query):
        return [row.user.name for row in ada.get(address, query).context["page_obj"]]

    assert names() == ["Ada Hoque", "Rita Saha"]
    assert names(q="rita") == ["Rita Saha"]
    assert names(role="admin") == ["Ada Hoque"]
    assert names(status="suspended") == ["Zara Noor"]
    assert names(q="nobody") == []
    assert names(status="nonsense", role="nonsense", page="99") == ["Ada Hoque", "Rita Saha"]


def test_the_database_holds_one_membership_a_role(scope, cast):
    with pytest.raises(Conflict):
        MembershipFactory(hospital=scope, user=cast.rita, role=Role.ADMIN)
        operations.change_role(cast.members.rita, role=Role.ADMIN, by=cast.ada)


def test_a_doctor_is_not_removed_here_but_led_to_the_doctors_page(cast, as_person):
    with in_hospital(cast.city):
        membership = MembershipFactory(hospital=cast.city, role=Role.DOCTOR)
        with pytest.raises(DomainError, match="A doctor leaves on the page of doctors"):
            operations.remove_membership(membership, by=cast.ada)
        membership.refresh_from_db()
        assert membership.status == Status.ACTIVE
        assert operations.suspend_membership(membership, by=cast.ada).status == Status.SUSPENDED
    page = as_person(cast.ada).get(reverse("hospitals:member", args=["city", membership.public_id]))
    text = page.content.decode()
    assert reverse("hospitals:remove_staff", args=["city", membership.public_id]) not in text
    assert reverse("doctors:staff_doctors", args=["city"]) in text
