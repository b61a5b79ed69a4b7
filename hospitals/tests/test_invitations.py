"""Inviting: who can be invited, the mail, sending again, withdrawing."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from core.errors import Conflict, DomainError, IllegalTransition, Throttled
from core.tenancy import in_hospital
from hospitals import operations, queries
from hospitals.models import Invitation, Membership, Role
from hospitals.operations import invitations as invitation_operations
from notifications.models import Message
from notifications.operations import deliver

from .factories import InvitationFactory, MembershipFactory

Status = Invitation.Status
NEW = {"name": "Rubel Das", "email": "Rubel@Demo.test", "role": "receptionist"}


@pytest.fixture
def scope(cast):
    with in_hospital(cast.city):
        yield cast.city


@pytest.fixture
def sent(settings):
    """Deliver what is in the outbox and return the mails."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    def deliver_all():
        for message in Message.objects.filter(status=Message.Status.QUEUED):
            deliver(message.pk)
        return mail.outbox

    return deliver_all


def test_invite_sends_a_link_for_a_week(cast, as_person, sent):
    answer = as_person(cast.ada).post(reverse("hospitals:invite", args=["city"]), NEW)
    assert answer["Location"] == reverse("hospitals:invitations", args=["city"])
    with in_hospital(cast.city):
        invitation = Invitation.objects.get()
    assert (invitation.email, invitation.role, invitation.status) == (
        "rubel@demo.test",
        "receptionist",
        "open",
    )
    (message,) = sent()
    assert message.to == ["rubel@demo.test"]
    assert message.subject == "City General Hospital invites you to its staff"
    assert "Ada Hoque invites you to work at City General Hospital as receptionist." in message.body
    link = next(line for line in message.body.splitlines() if "/invitations/" in line)
    assert as_person().get("/invitations/" + link.partition("/invitations/")[2]).status_code == 200


def test_the_outbox_keeps_no_link(cast, as_person):
    as_person(cast.ada).post(reverse("hospitals:invite", args=["city"]), NEW)
    message = Message.objects.get()
    with in_hospital(cast.city):
        invitation = Invitation.objects.get()
    assert message.reference == f"{cast.city.public_id}:{invitation.public_id}"
    assert (message.kind, message.hospital_id) == ("hospitals.invited", cast.city.pk)


@pytest.mark.parametrize("state", ["withdrawn", "expired", "closed"])
def test_a_mail_that_is_no_longer_true_is_dropped(state, scope, cast, sent):
    invitation = operations.invite_staff(scope, **NEW, by=cast.ada)
    if state == "withdrawn":
        operations.withdraw_invitation(invitation, by=cast.ada)
    elif state == "expired":
        Invitation.objects.update(expires_at=timezone.now())
    else:
        operations.deactivate_hospital(scope, reason="x", by=cast.root)
    assert [letter for letter in sent() if letter.to == [NEW["email"]]] == []
    assert Message.objects.get(kind="hospitals.invited").status == Message.Status.DROPPED


@pytest.mark.parametrize("hostile", ["Eve\nBcc: all@demo.test", "<script>alert(1)</script>"])
def test_hostile_names_do_no_harm_in_the_mail(hostile, scope, cast, sent):
    scope.name = hostile[:100]
    scope.save()
    operations.invite_staff(scope, **{**NEW, "name": hostile}, by=cast.ada)
    (message,) = sent()
    assert message.recipients() == ["rubel@demo.test"]
    assert "<script>" not in message.alternatives[0][0]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"name": ""}, "name"),
        ({"role": "doctor"}, "role"),
        ({"role": ""}, "role"),
    ],
)
def test_invite_refuses_bad_input_and_keeps_what_was_typed(change, field, cast, as_person):
    answer = as_person(cast.ada).post(reverse("hospitals:invite", args=["city"]), {**NEW, **change})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert (NEW | change)["email"] in answer.content.decode()


def test_who_has_the_role_is_not_invited_to_it(scope, cast):
    with pytest.raises(Conflict, match="works here as receptionist already") as caught:
        operations.invite_staff(
            scope, email="RITA@demo.test", name="Rita", role=Role.RECEPTIONIST, by=cast.ada
        )
    assert caught.value.field == "email"
    operations.suspend_membership(cast.members.rita, by=cast.ada)
    with pytest.raises(Conflict, match="suspended for now"):
        operations.invite_staff(
            scope, email="rita@demo.test", name="Rita", role=Role.RECEPTIONIST, by=cast.ada
        )
    operations.invite_staff(scope, email="rita@demo.test", name="Rita", role=Role.ADMIN, by=cast.ada)


def test_nobody_is_invited_to_a_role_of_another_room(scope, cast):
    with pytest.raises(DomainError, match="Nobody is invited to this role here"):
        operations.invite_staff(scope, email="d@demo.test", name="D", role=Role.DOCTOR, by=cast.ada)


def test_an_open_invitation_is_not_doubled_and_an_expired_one_is_renewed(scope, cast):
    first = operations.invite_staff(scope, **NEW, by=cast.ada)
    with pytest.raises(Conflict, match="has not answered yet"):
        operations.invite_staff(scope, **NEW, by=cast.ada)
    Invitation.objects.update(expires_at=timezone.now() - dt.timedelta(days=1))
    again = operations.invite_staff(scope, **{**NEW, "name": "Rubel D."}, by=cast.ada)
    assert (again.pk, again.name, again.is_expired) == (first.pk, "Rubel D.", False)


def test_resend_gives_an_expired_invitation_another_week(cast, as_person, sent):
    invitation = InvitationFactory(hospital=cast.city, expires_at=timezone.now() - dt.timedelta(days=1))
    page = reverse("hospitals:invitations", args=["city"])
    ada = as_person(cast.ada)
    assert "Expired" in ada.get(page).content.decode()
    ada.post(reverse("hospitals:resend_invitation", args=["city", invitation.public_id]))
    with in_hospital(cast.city):
        invitation.refresh_from_db()
        assert list(queries.open_invitations(cast.city)) == [invitation]
    assert "Expired" not in ada.get(page).content.decode()
    assert [message.to for message in sent()] == [[invitation.email]]


@pytest.mark.parametrize("before", Status.values)
@pytest.mark.parametrize("after", Status.values)
def test_each_move_between_states(before, after, scope, cast):
    invitation = InvitationFactory(hospital=scope, status=before, email=cast.paul.email)
    allowed = before == Status.OPEN and after in {Status.ACCEPTED, Status.WITHDRAWN}
    assert invitation.may_move_to(after) == allowed
    if after == Status.OPEN:
        return
    act = operations.withdraw_invitation if after == Status.WITHDRAWN else operations.accept_invitation
    if allowed:
        act(invitation, by=cast.paul)
        invitation.refresh_from_db()
        assert invitation.status == after
        return
    with pytest.raises(DomainError):
        act(invitation, by=cast.paul)


@pytest.mark.parametrize("state", [Status.ACCEPTED, Status.WITHDRAWN])
def test_an_answered_invitation_is_not_sent_again(state, scope, cast):
    invitation = InvitationFactory(hospital=scope, status=state)
    with pytest.raises(DomainError, match="not waiting for an answer"):
        operations.resend_invitation(invitation, by=cast.ada)
    with pytest.raises(IllegalTransition):
        operations.withdraw_invitation(invitation, by=cast.ada)


def test_a_hospital_sends_at_most_sixty_an_hour(scope, cast):
    invitation = InvitationFactory(hospital=scope)
    for _ in range(invitation_operations.MAILS_AN_HOUR):
        operations.resend_invitation(invitation, by=cast.ada)
    with pytest.raises(Throttled):
        operations.resend_invitation(invitation, by=cast.ada)
    with in_hospital(cast.lakeside):
        operations.resend_invitation(InvitationFactory(hospital=cast.lakeside), by=cast.mallory)


def test_the_platform_invites_sends_again_and_withdraws_an_admin(cast, as_person, sent):
    root, hospital = as_person(cast.root), cast.city.public_id
    root.post(
        reverse("hospitals:platform_invite", args=[hospital]), {"name": "Gita", "email": "gita@demo.test"}
    )
    with in_hospital(cast.city):
        invitation = Invitation.objects.get()
    assert invitation.role == "admin"
    detail = root.get(reverse("hospitals:platform_detail", args=[hospital])).content.decode()
    assert "gita@demo.test" in detail
    root.post(reverse("hospitals:platform_resend", args=[hospital, invitation.public_id]))
    assert len(sent()) == 2
    root.post(reverse("hospitals:platform_withdraw", args=[hospital, invitation.public_id]))
    with in_hospital(cast.city):
        invitation.refresh_from_db()
    assert invitation.status == Status.WITHDRAWN


def test_removed_people_can_be_invited_again(scope, cast):
    operations.remove_membership(cast.members.rita, by=cast.ada)
    invitation = operations.invite_staff(
        scope, email="rita@demo.test", name="Rita", role=Role.RECEPTIONIST, by=cast.ada
    )
    membership = operations.accept_invitation(invitation, by=cast.rita)
    assert (membership.status, membership.pk != cast.members.rita.pk) == (Membership.Status.ACTIVE, True)


def test_role_that_was_given_meanwhile_is_not_sent_again(scope, cast):
    invitation = InvitationFactory(hospital=scope, email=cast.paul.email)
    MembershipFactory(hospital=scope, user=cast.paul)
    with pytest.raises(Conflict):
        operations.resend_invitation(invitation, by=cast.ada)
