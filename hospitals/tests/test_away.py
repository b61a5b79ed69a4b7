"""Who can't work in a hospital any more is told, by mail and on the first page: it is closed, or the access is suspended."""

from __future__ import annotations

import pytest
from django.core import mail
from django.urls import reverse

from core.tenancy import in_hospital
from hospitals import operations
from hospitals.models import Hospital, Membership, Role
from notifications.models import Message, Notice
from notifications.operations import deliver

from .factories import MembershipFactory

START, AWAY = reverse("dashboards:start"), reverse("dashboards:away")


def text_of(answer):
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def delivered():
    for message in Message.objects.order_by("pk"):
        deliver(message.pk)
    return mail.outbox


def told(kind):
    rows = Message.objects.filter(kind=f"hospitals.{kind}").order_by("user__name")
    notices = Notice.objects.filter(kind=f"hospitals.{kind}").order_by("user__name")
    assert [row.user for row in rows] == [row.user for row in notices]
    return [row.user.name for row in rows]


def test_closing_tells_each_active_person_once_and_opening_again_too(cast):
    MembershipFactory(hospital=cast.city, user=cast.ada, role=Role.DOCTOR)
    MembershipFactory(hospital=cast.city, user=cast.paul, status=Membership.Status.SUSPENDED)
    operations.deactivate_hospital(cast.city, reason="Moved", by=cast.root)
    assert told("closed") == ["Ada Hoque", "Rita Saha"]
    operations.reactivate_hospital(cast.city, by=cast.root)
    assert told("reopened") == ["Ada Hoque", "Rita Saha"]
    assert set(Notice.objects.values_list("title", flat=True)) == {
        "City General Hospital is closed",
        "City General Hospital is open again",
    }


@pytest.mark.parametrize(
    ("kind", "subject", "words"),
    [
        ("closed", "City General Hospital is closed", "Nothing is deleted."),
        ("reopened", "City General Hospital is open again", "Visits that were cancelled stay cancelled."),
        ("suspended", "Your access at City General Hospital is suspended", "Ask its admin"),
    ],
)
def test_the_mails_say_what_it_means(kind, subject, words, cast):
    if kind == "reopened":
        Hospital.objects.filter(pk=cast.city.pk).update(is_active=False)
    if kind == "closed":
        operations.deactivate_hospital(cast.city, reason="Moved", by=cast.root)
    elif kind == "reopened":
        operations.reactivate_hospital(cast.city, by=cast.root)
    else:
        with in_hospital(cast.city):
            operations.suspend_membership(cast.members.rita, by=cast.ada)
    [letter] = [one for one in delivered() if one.to == ["rita@demo.test"]]
    assert letter.subject == subject
    assert words in letter.body


def test_a_mail_about_a_closing_that_was_taken_back_is_dropped(cast):
    operations.deactivate_hospital(cast.city, reason="Moved", by=cast.root)
    operations.reactivate_hospital(cast.city, by=cast.root)
    assert {letter.subject for letter in delivered()} == {"City General Hospital is open again"}


def test_start_and_the_bookmark_of_a_closed_hospital_say_so(cast, as_person):
    operations.deactivate_hospital(cast.lakeside, reason="Moved", by=cast.root)
    client = as_person(cast.mallory)
    assert client.get(START)["Location"] == AWAY
    page = text_of(client.get(reverse("dashboards:hospital", args=["lakeside"]), follow=True))
    assert "Lakeside Clinic is closed." in page
    assert reverse("patients:become") in page
    assert "Go on to your other work" not in page


def test_somebody_suspended_reads_whom_to_ask(cast, as_person):
    Hospital.objects.filter(pk=cast.city.pk).update(phone="+880255010000")
    with in_hospital(cast.city):
        operations.suspend_membership(cast.members.rita, by=cast.ada)
    page = text_of(as_person(cast.rita).get(START, follow=True))
    assert "Your access at City General Hospital is suspended." in page
    assert "Ask its admin" in page
    assert 'href="tel:+880255010000"' in page


def test_whoever_has_another_role_or_hospital_goes_on_there(cast, as_person):
    MembershipFactory(hospital=cast.lakeside, user=cast.ada)
    MembershipFactory(hospital=cast.lakeside, user=cast.mallory, status=Membership.Status.SUSPENDED)
    operations.deactivate_hospital(cast.city, reason="Moved", by=cast.root)
    ada = as_person(cast.ada)
    assert ada.get(START)["Location"] == reverse("dashboards:hospital", args=["lakeside"])
    assert "Go on to your other work" in text_of(ada.get(AWAY))
    assert as_person(cast.mallory).get(AWAY)["Location"] == START


@pytest.mark.parametrize("name", ["root", "paul"])
def test_whoever_lost_nothing_is_led_to_the_first_page(name, cast, as_person):
    assert as_person(getattr(cast, name)).get(AWAY)["Location"] == START
