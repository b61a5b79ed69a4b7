"""Who gets which answer on every address of the room."""

from __future__ import annotations

import pytest
from django.urls import reverse

from hospitals import urls
from hospitals.models import Department, Hospital, Invitation, Membership

from .factories import DepartmentFactory, InvitationFactory, MembershipFactory, ServiceFactory

PEOPLE = ("ada", "rita", "mallory", "paul", "root", None)
LOG_IN = 302

# name: method, and the status for ada (admin), rita (receptionist), mallory (admin elsewhere), paul (no role), root
# (platform admin) and nobody. A GET-only page has no second row.
MATRIX = {
    "list": [("get", 200, 200, 200, 200, 200, 200)],
    "platform_list": [("get", 403, 403, 403, 403, 200, LOG_IN)],
    "create": [("get", 403, 403, 403, 403, 200, LOG_IN), ("post", 403, 403, 403, 403, 422, LOG_IN)],
    "platform_detail": [("get", 403, 403, 403, 403, 200, LOG_IN)],
    "platform_edit": [("get", 403, 403, 403, 403, 200, LOG_IN), ("post", 403, 403, 403, 403, 422, LOG_IN)],
    "deactivate": [("get", 403, 403, 403, 403, 200, LOG_IN), ("post", 403, 403, 403, 403, 422, LOG_IN)],
    "reactivate": [("get", 403, 403, 403, 403, 405, LOG_IN), ("post", 403, 403, 403, 403, 409, LOG_IN)],
    "platform_invite": [("get", 403, 403, 403, 403, 200, LOG_IN), ("post", 403, 403, 403, 403, 422, LOG_IN)],
    "platform_resend": [("post", 403, 403, 403, 403, 404, LOG_IN)],
    "platform_withdraw": [("post", 403, 403, 403, 403, 404, LOG_IN)],
    "profile": [("get", 200, 403, 404, 404, 404, LOG_IN), ("post", 422, 403, 404, 404, 404, LOG_IN)],
    "logo_settings": [("get", 200, 403, 404, 404, 404, LOG_IN), ("post", 422, 403, 404, 404, 404, LOG_IN)],
    "remove_logo": [("post", 302, 403, 404, 404, 404, LOG_IN)],
    "rules": [("get", 200, 403, 404, 404, 404, LOG_IN), ("post", 422, 403, 404, 404, 404, LOG_IN)],
    "security": [("get", 200, 403, 404, 404, 404, LOG_IN), ("post", 302, 403, 404, 404, 404, LOG_IN)],
    "departments": [("get", 200, 403, 404, 404, 404, LOG_IN)],
    "add_department": [("get", 200, 403, 404, 404, 404, LOG_IN), ("post", 422, 403, 404, 404, 404, LOG_IN)],
    "department": [("get", 200, 403, 404, 404, 404, LOG_IN)],
    "edit_department": [("get", 200, 403, 404, 404, 404, LOG_IN), ("post", 422, 403, 404, 404, 404, LOG_IN)],
    "remove_department": [
        ("get", 200, 403, 404, 404, 404, LOG_IN),
        ("post", 302, 403, 404, 404, 404, LOG_IN),
    ],
    "add_service": [("get", 200, 403, 404, 404, 404, LOG_IN), ("post", 422, 403, 404, 404, 404, LOG_IN)],
    "edit_service": [("get", 200, 403, 404, 404, 404, LOG_IN), ("post", 422, 403, 404, 404, 404, LOG_IN)],
    "remove_service": [("get", 200, 403, 404, 404, 404, LOG_IN), ("post", 302, 403, 404, 404, 404, LOG_IN)],
    "staff": [("get", 200, 403, 404, 404, 404, LOG_IN)],
    "invite": [("get", 200, 403, 404, 404, 404, LOG_IN), ("post", 422, 403, 404, 404, 404, LOG_IN)],
    "invitations": [("get", 200, 403, 404, 404, 404, LOG_IN)],
    "resend_invitation": [("post", 302, 403, 404, 404, 404, LOG_IN)],
    "withdraw_invitation": [("post", 302, 403, 404, 404, 404, LOG_IN)],
    "member": [("get", 200, 403, 404, 404, 404, LOG_IN)],
    "change_role": [("get", 200, 403, 404, 404, 404, LOG_IN), ("post", 422, 403, 404, 404, 404, LOG_IN)],
    "suspend": [("get", 200, 403, 404, 404, 404, LOG_IN), ("post", 302, 403, 404, 404, 404, LOG_IN)],
    "reactivate_staff": [("post", 409, 403, 404, 404, 404, LOG_IN)],
    "remove_staff": [("get", 200, 403, 404, 404, 404, LOG_IN), ("post", 302, 403, 404, 404, 404, LOG_IN)],
}
ELSEWHERE = {"logo", "accept_invitation"}  # open to anyone; test_public and test_joining hold their answers


@pytest.fixture
def addresses(cast):
    """Return the address of a route for the rows of one hospital."""
    department = DepartmentFactory(hospital=cast.city)
    rows = {
        "department": department,
        "service": ServiceFactory(department=department),
        "staff": MembershipFactory(hospital=cast.city),
        "invitation": InvitationFactory(hospital=cast.city),
    }

    def address(name, *, of=rows, slug="city"):
        if name in {"list", "platform_list", "create"}:
            return reverse(f"hospitals:{name}")
        if name in {"platform_resend", "platform_withdraw"}:
            return reverse(f"hospitals:{name}", args=[cast.city.public_id, of["invitation"].public_id])
        if name.startswith("platform_") or name in {"deactivate", "reactivate"}:
            return reverse(f"hospitals:{name}", args=[cast.city.public_id])
        kind = _kind(name)
        return reverse(f"hospitals:{name}", args=[slug, of[kind].public_id] if kind else [slug])

    address.rows = rows
    return address


def _kind(name):
    if name in {"department", "edit_department", "remove_department", "add_service"}:
        return "department"
    if name in {"edit_service", "remove_service"}:
        return "service"
    if name in {"resend_invitation", "withdraw_invitation"}:
        return "invitation"
    return (
        "staff" if name in {"member", "change_role", "suspend", "reactivate_staff", "remove_staff"} else None
    )


def test_every_address_is_in_the_matrix():
    assert {pattern.name for pattern in urls.urlpatterns} == set(MATRIX) | ELSEWHERE


@pytest.mark.parametrize("name", MATRIX)
def test_answers_by_person(name, cast, addresses, as_person):
    for method, *expected in MATRIX[name]:
        # Those who may not go first: what the admin does would change the row.
        for person, status in reversed(list(zip(PEOPLE, expected, strict=True))):
            client = as_person(getattr(cast, person) if person else None)
            answer = getattr(client, method)(addresses(name))
            assert (person, method, answer.status_code) == (person, method, status)
            if person is None and status == LOG_IN:
                assert answer["Location"].startswith("/accounts/log-in/?next=/")


@pytest.mark.parametrize("name", [name for name in MATRIX if _kind(name)])
def test_ids_of_another_hospital_answer_like_ids_that_do_not_exist(name, cast, addresses, as_person):
    mallory = as_person(cast.mallory)
    foreign = addresses(name, slug="lakeside")
    missing = foreign.replace(addresses.rows[_kind(name)].public_id, "0" * 16)
    for method in {method for method, *_ in MATRIX[name]}:
        answers = [getattr(mallory, method)(address) for address in (foreign, missing)]
        assert [answer.status_code for answer in answers] == [404, 404]


@pytest.mark.parametrize("name", ["departments", "staff", "invitations", "profile"])
def test_suspended_and_removed_people_lose_access_at_once(name, cast, addresses, as_person):
    client = as_person(cast.ada)
    assert client.get(addresses(name)).status_code == 200
    Membership.of_person(cast.ada).update(status=Membership.Status.SUSPENDED)
    assert client.get(addresses(name))["Location"].startswith("/start/away/?next=")
    Membership.of_person(cast.ada).update(status=Membership.Status.REMOVED)
    assert client.get(addresses(name)).status_code == 404


def test_nobody_works_in_a_closed_hospital(cast, addresses, as_person):
    Hospital.objects.filter(pk=cast.city.pk).update(is_active=False)
    assert as_person(cast.ada).get(addresses("staff"))["Location"].startswith("/start/away/?next=")
    assert as_person(cast.mallory).get(addresses("staff")).status_code == 404


@pytest.mark.parametrize("name", ["deactivate", "security", "remove_staff"])
def test_risky_acts_ask_who_it_is_first(name, cast, addresses, as_person):
    person = cast.root if name == "deactivate" else cast.ada
    client = as_person(person, confirmed=False)
    for method in ("get", "post"):
        answer = getattr(client, method)(addresses(name), {"reason": "closing", "roles": "admin"})
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/step-up/?next=")
    cast.city.refresh_from_db()
    assert (cast.city.is_active, cast.city.second_factor_roles) == (True, [])
    assert Membership.of_person(addresses.rows["staff"].user).get().status == Membership.Status.ACTIVE


@pytest.mark.parametrize("model", [Department, Invitation, Membership])
def test_rows_need_a_scope(model, cast):
    with pytest.raises(Exception, match="scope"):
        model.objects.exists()
