"""A second factor per role: which roles a hospital asks for one, and who has one yet."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import BackupCodeDevice, EmailCodeDevice
from core.tenancy import in_hospital
from hospitals import operations
from hospitals.models import Membership, Role
from hospitals.queries import second_factor_counts
from ledger.models import EntrySecret
from ledger.operations import body_of

from .factories import MembershipFactory

SECURITY = reverse("hospitals:security", args=["city"])
STAFF_PAGES = {
    "ada": reverse("hospitals:staff", args=["city"]),
    "rita": reverse("dashboards:hospital", args=["city"]),
}


@pytest.mark.parametrize(
    ("roles", "asked"),
    [
        ([], set()),
        (["admin"], {"ada"}),
        (["receptionist"], {"rita"}),
        (["doctor"], set()),
        (["admin", "receptionist", "doctor"], {"ada", "rita"}),
    ],
)
def test_each_role_is_asked_from_the_next_page_on(roles, asked, cast, as_person):
    as_person(cast.ada).post(SECURITY, {"roles": roles})
    found = set()
    for name, address in STAFF_PAGES.items():
        answer = as_person(getattr(cast, name)).get(address)
        if answer.status_code == 302:
            assert answer["Location"].startswith("/accounts/second-factor/?next=%2Fh%2Fcity%2F")
            found.add(name)
        else:
            assert answer.status_code == 200
    assert found == asked


def test_any_of_the_persons_roles_counts_and_only_at_the_hospital_that_asks(cast, as_person):
    MembershipFactory(hospital=cast.city, user=cast.rita, role=Role.DOCTOR)
    MembershipFactory(hospital=cast.lakeside, user=cast.rita)
    operations.require_second_factor(cast.city, roles=["doctor"], by=cast.ada)
    rita = as_person(cast.rita)
    assert rita.get(reverse("dashboards:hospital", args=["city"])).status_code == 302
    assert rita.get(reverse("dashboards:hospital", args=["lakeside"])).status_code == 200


def test_the_change_is_recorded_in_the_order_of_the_roles(cast, as_person):
    client = as_person(cast.ada)
    answer = client.post(SECURITY, {"roles": ["receptionist", "admin"]})
    assert answer["Location"] == SECURITY
    cast.city.refresh_from_db()
    assert cast.city.second_factor_roles == ["admin", "receptionist"]
    operations.require_second_factor(cast.city, roles=["receptionist", "admin"], by=cast.ada)
    [secret] = EntrySecret.objects.filter(kind="hospitals.second_factor_changed")
    assert body_of(secret)["body"] == {"second_factor_roles": {"from": "", "to": "admin, receptionist"}}


@pytest.mark.parametrize("roles", [["patient"], ["admin", ""], ["x"]])
def test_what_is_no_role_is_refused(roles, cast, as_person):
    assert as_person(cast.ada).post(SECURITY, {"roles": roles}).status_code == 422
    cast.city.refresh_from_db()
    assert cast.city.second_factor_roles == []


def test_the_page_says_for_each_role_who_has_one_yet(cast, as_person, django_assert_num_queries):
    more = [MembershipFactory(hospital=cast.city).user for _ in range(2)]
    MembershipFactory(hospital=cast.city, status=Membership.Status.SUSPENDED)
    EmailCodeDevice.objects.create(user=more[0], name="mail")
    EmailCodeDevice.objects.create(user=more[1], name="mail", confirmed=False)
    BackupCodeDevice.objects.create(user=cast.ada, name="backup")
    with in_hospital(cast.city), django_assert_num_queries(1):
        assert second_factor_counts(cast.city) == {"admin": (0, 1), "receptionist": (1, 3)}
    page = " ".join(as_person(cast.ada).get(SECURITY).content.decode().split())
    assert "Receptionist: 1 of 3 has one" in page
    assert "Hospital admin: 0 of 1 have one" in page
    assert page.count('name="roles"') == len(Role)


def test_an_admin_without_one_is_told_before_saving(cast, as_person):
    assert "You have none yet" in as_person(cast.ada).get(SECURITY).content.decode()
    EmailCodeDevice.objects.create(user=cast.ada, name="mail")
    assert "You have none yet" not in as_person(cast.ada).get(SECURITY).content.decode()
