"""What an invitation's link opens: accepting with a log-in, with another one, as somebody new, and too late."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
import time_machine
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from core.actors import VISITOR
from core.errors import DomainError
from core.tenancy import in_hospital
from hospitals import operations
from hospitals.models import Invitation, Membership
from hospitals.operations.invitations import invitation_token

from .factories import InvitationFactory, PersonFactory

PASSWORD = "copper-lantern-42"
JOIN = {"name": "Rubel Das", "phone": "01711 000 214", "password": PASSWORD}


def link_to(invitation):
    return reverse("hospitals:accept_invitation", args=[invitation_token(invitation)])


@pytest.fixture
def invitation(cast):
    return InvitationFactory(
        hospital=cast.city, email="rubel@demo.test", name="Rubel Das", invited_by=cast.ada
    )


def state_of(invitation):
    with in_hospital(invitation.hospital):
        return Invitation.objects.get(pk=invitation.pk).status


def test_a_person_with_that_address_accepts_once_or_twice(cast, invitation, as_person):
    rubel = PersonFactory(email="rubel@demo.test")
    client, link = as_person(rubel), link_to(invitation)
    page = client.get(link).content.decode()
    assert "City General Hospital invites you" in page
    assert "To work there as receptionist. Invited by Ada Hoque." in page
    assert Membership.of_person(rubel).count() == 0
    for _ in range(2):
        assert client.post(link)["Location"] == reverse("dashboards:start")
    assert [(row.hospital, row.role, row.status) for row in Membership.of_person(rubel)] == [
        (cast.city, "receptionist", "active")
    ]
    assert state_of(invitation) == "accepted"


def test_a_link_that_was_used_does_not_bring_a_removed_person_back(cast, invitation, as_person):
    rubel = PersonFactory(email="rubel@demo.test")
    client, link = as_person(rubel), link_to(invitation)
    client.post(link)
    with in_hospital(cast.city):
        operations.remove_membership(Membership.of_person(rubel).get(), by=cast.ada)
    assert client.post(link).status_code == 409
    assert [row.status for row in Membership.of_person(rubel)] == ["removed"]


def test_somebody_with_another_log_in_is_told_and_joins_nothing(cast, invitation, as_person):
    client, link = as_person(cast.paul), link_to(invitation)
    page = client.get(link).content.decode()
    assert "The invitation is for rubel@demo.test. You are logged in as paul@demo.test." in page
    assert client.post(link).status_code == 403
    assert Membership.of_person(cast.paul).count() == 0
    with in_hospital(cast.city), pytest.raises(DomainError, match=r"for rubel@demo\.test"):
        operations.accept_invitation(invitation, by=cast.paul)


def test_who_has_a_log_in_is_sent_to_it_and_back(cast, invitation, as_person):
    PersonFactory(email="rubel@demo.test")
    link = link_to(invitation)
    answer = as_person().get(link)
    assert answer.context["login"].startswith(f"{reverse('accounts:login')}?next=%2Finvitations%2F")
    assert as_person().post(link, JOIN).status_code == 409
    assert state_of(invitation) == "open"


def test_somebody_new_sets_name_and_password_and_works_there(cast, invitation, as_person, client):
    link = link_to(invitation)
    assert 'value="Rubel Das"' in as_person().get(link).content.decode()
    assert as_person().post(link, JOIN)["Location"] == reverse("accounts:login")
    rubel = User.objects.get(email="rubel@demo.test")
    assert (rubel.name, str(rubel.phone), rubel.check_password(PASSWORD)) == (
        "Rubel Das",
        "+880 1711-000214",
        True,
    )
    assert rubel.email_verified_at is not None
    assert client.login(email="rubel@demo.test", password=PASSWORD)
    assert [row.role for row in Membership.of_person(rubel)] == ["receptionist"]
    assert state_of(invitation) == "accepted"


def test_an_address_that_somebody_typed_but_never_confirmed_goes_to_who_holds_the_link(invitation, as_person):
    PersonFactory(email="rubel@demo.test", name="Thief", email_verified_at=None)
    as_person().post(link_to(invitation), JOIN)
    rubel = User.objects.get(email="rubel@demo.test")
    assert (rubel.name, rubel.check_password(PASSWORD)) == ("Rubel Das", True)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"password": "short"}, "password"),
        ({"password": "1234567890"}, "password"),
        ({"password": "rubel@demo.test"}, "password"),
        ({"name": ""}, "name"),
        ({"phone": "12"}, "phone"),
    ],
)
def test_bad_input_of_somebody_new_keeps_the_name_but_not_the_password(change, field, invitation, as_person):
    typed = JOIN | change
    answer = as_person().post(link_to(invitation), typed)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    page = answer.content.decode()
    assert f'value="{typed["phone"]}"' in page
    assert f'value="{typed["password"]}"' not in page
    assert not User.objects.filter(email="rubel@demo.test").exists()


def test_after_a_week_the_link_says_so(invitation, as_person):
    link = link_to(invitation)
    with time_machine.travel(timezone.now() + dt.timedelta(days=7, minutes=1), tick=False):
        for client in (as_person(), as_person(PersonFactory(email="rubel@demo.test"))):
            for answer in (client.get(link), client.post(link, JOIN)):
                assert answer.status_code == 410
                assert "This invitation can’t be used any more" in answer.content.decode()
    assert state_of(invitation) == "open"


def test_a_withdrawn_invitation_says_so(cast, invitation, as_person):
    with in_hospital(cast.city):
        operations.withdraw_invitation(invitation, by=cast.ada)
    answer = as_person().post(link_to(invitation), JOIN)
    assert answer.status_code == 410
    assert "Ask City General Hospital to send it again." in answer.content.decode()


@pytest.mark.parametrize("broken", ["x", "a:b:c", "%3Cscript%3E"])
def test_a_forged_link_opens_nothing(broken, invitation, as_person):
    assert as_person().get(f"/invitations/{broken}/").status_code == 410
    assert as_person().get(link_to(invitation)[:-3] + "xx/").status_code == 410


def test_a_closed_hospital_takes_nobody(cast, invitation, as_person):
    operations.deactivate_hospital(cast.city, reason="x", by=cast.root)
    assert as_person().get(link_to(invitation)).status_code == 410


def test_the_page_is_kept_by_no_cache(invitation, as_person):
    assert "no-store" in as_person().get(link_to(invitation))["Cache-Control"]


@pytest.mark.engines
@pytest.mark.django_db(transaction=True)
def test_two_tabs_that_join_at_once_make_one_person():
    invitation = InvitationFactory(email="rubel@demo.test")
    barrier, answers = threading.Barrier(2, timeout=10), []

    def join():
        try:
            barrier.wait()
            with in_hospital(invitation.hospital):
                operations.accept_invitation_as_new_person(
                    invitation, name="Rubel", phone="", password=PASSWORD, by=VISITOR
                )
            answers.append("joined")
        except DomainError as error:
            answers.append(error.message)
        finally:
            connection.close()

    threads = [threading.Thread(target=join) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(answers) == ["There is a log-in for rubel@demo.test already. Log in to accept.", "joined"]
    assert Membership.of_person(User.objects.get(email="rubel@demo.test")).count() == 1
