"""A licence as a hospital has checked it: copied when it approves, fallen when the doctor changes it, checked again."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.core import mail
from django.urls import reverse
from django_tasks_db.models import DBTaskResult

from accounts.tests.world import run_worker
from core.errors import Conflict, DomainError
from core.tenancy import everywhere, in_hospital, public_directory
from doctors.models import Affiliation, Doctor
from doctors.operations import DoctorDetails, change_profile, confirm_licence
from hospitals.models import Membership, Role
from hospitals.tests.factories import MembershipFactory
from ledger.models import EntrySecret
from ledger.operations import body_of
from notifications.models import Message, Notice

from .factories import ApplicationFactory, DoctorFactory, works_at

pytestmark = pytest.mark.django_db
OLD, NEW = dt.date(2035, 6, 30), dt.date(2040, 6, 30)
ROLES = ["anonymous", "paul", "dora", "deb", "rita", "ada", "mallory", "root"]


def write(doctor, **changes):
    """Let the doctor save the profile with these changes."""
    doctor = Doctor.objects.get(pk=doctor.pk)
    details = {name: getattr(doctor, name) for name in DoctorDetails.__dataclass_fields__ if name != "email"}
    return change_profile(doctor, details=DoctorDetails(**{**details, **changes}), by=doctor.user)


def confirm(affiliation, number="A-99", expires_at=OLD, by=None):
    with in_hospital(affiliation.hospital_id):
        return confirm_licence(affiliation, seen=f"{number} until {expires_at}", by=by)


def again(affiliation):
    with everywhere():
        return Affiliation.objects.select_related("doctor").get(pk=affiliation.pk)


def is_bookable(affiliation):
    with public_directory():
        return Affiliation.objects.bookable().filter(pk=affiliation.pk).exists()


def public_page(as_person, doctor):
    return as_person().get(reverse("appointments:doctor", args=[doctor.public_id])).content.decode()


def mails():
    run_worker()
    return sorted((message.to[0], message.subject) for message in mail.outbox)


def test_approving_checks_the_licence(cast, as_person):
    application = ApplicationFactory(hospital=cast.city, doctor=cast.doctor_deb)
    client, page = (
        as_person(cast.ada),
        reverse("doctors:application", args=["city", application.public_id]),
    )
    assert 'name="seen" value="A-7 until 2035-06-30"' in client.get(page).content.decode()
    sent = {"fee": "500", "slot_minutes": "20", "seen": "A-7 until 2035-06-30"}
    assert (
        client.post(reverse("doctors:approve", args=["city", application.public_id]), sent).status_code == 302
    )
    with in_hospital(cast.city):
        made = Affiliation.objects.get(doctor=cast.doctor_deb)
    assert (made.checked_licence_number, made.checked_licence_expires) == ("A-7", OLD)


def test_approving_a_licence_that_was_changed_meanwhile_is_refused(cast, as_person):
    application = ApplicationFactory(hospital=cast.city, doctor=cast.doctor_deb)
    write(cast.doctor_deb, licence_number="A-8")
    sent = {"fee": "500", "slot_minutes": "20", "seen": "A-7 until 2035-06-30"}
    address = reverse("doctors:approve", args=["city", application.public_id])
    answer = as_person(cast.ada).post(address, sent)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "The licence was changed meanwhile." in page
    assert 'name="seen" value="A-8 until 2035-06-30"' in page
    with in_hospital(cast.city):
        assert not Affiliation.objects.filter(doctor=cast.doctor_deb).exists()


@pytest.mark.parametrize(
    "changes",
    [{"licence_number": "A-99"}, {"licence_expires": NEW}, {"licence_expires": dt.date(2030, 1, 1)}],
)
def test_a_changed_licence_loses_its_mark_and_every_hospitals_admins_are_told(cast, as_person, changes):
    works_at(cast.doctor_dora, cast.lakeside)
    shown = "Licence A-51920 checked by City General Hospital"
    assert shown in public_page(as_person, cast.doctor_dora)
    write(cast.doctor_dora, **changes)
    page = public_page(as_person, cast.doctor_dora)
    assert "checked by" not in page
    assert f"Licence {changes.get('licence_number', 'A-51920')}" in page
    words = "Dr Dora Sen has changed the licence"
    assert mails() == [("ada@demo.test", words), ("mallory@demo.test", words)]
    notices = Notice.objects.order_by("user__email").values_list("user__email", "title", "url")
    address = reverse("doctors:staff_doctor", args=["city", cast.dora_at_city.public_id])
    assert notices[0] == ("ada@demo.test", "Dr Dora Sen has changed the licence. Please check it", address)
    assert len(notices) == 2


def test_who_only_suspended_the_doctor_is_told_and_who_has_ended_the_work_is_not(cast):
    left = works_at(cast.doctor_dora, cast.lakeside)
    with everywhere():
        Membership.objects.filter(pk=cast.dora_at_city.membership_id).update(status="suspended")
        Membership.objects.filter(pk=left.membership_id).update(status="removed")
    MembershipFactory(hospital=cast.city, user=cast.paul, role=Role.ADMIN, status="suspended")
    write(cast.doctor_dora, licence_number="A-99")
    assert [to for to, _subject in mails()] == ["ada@demo.test"]


def test_another_change_of_the_profile_tells_nobody(cast):
    write(cast.doctor_dora, about="Hearts.")
    assert mails() == []


def test_a_mail_is_dropped_when_the_doctor_writes_the_checked_licence_again(cast, as_person):
    write(cast.doctor_dora, licence_number="A-99")
    write(cast.doctor_dora, licence_number="A-51920")
    assert mails() == []
    assert [message.status for message in Message.objects.all()] == ["dropped"]
    assert "checked by City General Hospital" in public_page(as_person, cast.doctor_dora)


def test_a_later_date_that_nobody_checked_does_not_count_for_booking(cast):
    write(cast.doctor_dora, licence_expires=NEW)
    assert again(cast.dora_at_city).licensed_until == OLD
    assert is_bookable(cast.dora_at_city)
    with time_machine.travel(dt.datetime(2035, 7, 1, 6, tzinfo=dt.UTC), tick=False):
        assert not is_bookable(cast.dora_at_city)
        confirm(cast.dora_at_city, "A-51920", NEW, by=cast.ada)
        assert is_bookable(cast.dora_at_city)


def test_an_earlier_date_counts_at_once(cast):
    write(cast.doctor_dora, licence_expires=dt.date(2030, 1, 1))
    assert again(cast.dora_at_city).licensed_until == dt.date(2030, 1, 1)
    with time_machine.travel(dt.datetime(2030, 1, 2, 6, tzinfo=dt.UTC), tick=False):
        assert not is_bookable(cast.dora_at_city)


@pytest.mark.parametrize(
    ("at", "valid"),
    [
        (dt.datetime(2035, 6, 30, 17, 59, tzinfo=dt.UTC), True),  # 23:59 in Dhaka
        (dt.datetime(2035, 6, 30, 18, 0, tzinfo=dt.UTC), False),  # the next day there, not yet in UTC
    ],
)
def test_a_licence_ends_with_its_last_day_by_the_platforms_clock(cast, at, valid):
    with time_machine.travel(at, tick=False):
        here = again(cast.dora_at_city)
        assert [is_bookable(here), here.is_licensed, here.doctor.is_licensed] == [valid] * 3


def test_who_was_never_checked_is_not_bookable(cast):
    with everywhere():
        Affiliation.objects.update(checked_licence_number="", checked_licence_expires=None)
    assert not is_bookable(cast.dora_at_city)
    assert again(cast.dora_at_city).is_licensed is False
    confirm(cast.dora_at_city, "A-51920", OLD, by=cast.ada)
    assert is_bookable(cast.dora_at_city)


def test_confirming_brings_the_mark_back_here_and_writes_who_did(cast, as_person):
    elsewhere = works_at(cast.doctor_dora, cast.lakeside)
    write(cast.doctor_dora, licence_number="A-99")
    DBTaskResult.objects.all().delete()
    confirm(cast.dora_at_city, by=cast.ada)
    assert "Licence A-99 checked by City General Hospital" in public_page(as_person, cast.doctor_dora)
    assert not again(elsewhere).is_licence_checked
    entries = EntrySecret.objects.filter(kind="doctors.licence_checked")
    assert [body_of(entry)["body"] for entry in entries] == [
        {
            "doctor": cast.doctor_dora.public_id,
            "from": "A-51920 until 2035-06-30",
            "to": "A-99 until 2035-06-30",
        }
    ]
    tasks = [row.args_kwargs["args"][0] for row in DBTaskResult.objects.all()]
    assert tasks == ["appointments.refresh_doctor"]
    confirm(cast.dora_at_city, by=cast.ada)
    assert entries.count() == 1


def test_confirming_what_was_changed_meanwhile_is_a_conflict(cast):
    write(cast.doctor_dora, licence_number="A-99")
    write(cast.doctor_dora, licence_number="A-100")
    with pytest.raises(Conflict, match="The licence was changed meanwhile"):
        confirm(cast.dora_at_city, by=cast.ada)
    with pytest.raises(Conflict):
        confirm(cast.dora_at_city, "A-100", NEW, by=cast.ada)
    assert again(cast.dora_at_city).checked_licence_number == "A-51920"


def test_confirming_an_expired_licence_or_for_who_left_is_refused(cast):
    Doctor.objects.filter(pk=cast.doctor_dora.pk).update(licence_expires=dt.date(2026, 1, 1))
    with pytest.raises(DomainError, match="expired"):
        confirm(cast.dora_at_city, "A-51920", dt.date(2026, 1, 1), by=cast.ada)
    with everywhere():
        Membership.objects.filter(pk=cast.dora_at_city.membership_id).update(status="removed")
    with pytest.raises(DomainError, match="does not work here"):
        confirm(cast.dora_at_city, "A-51920", OLD, by=cast.ada)


def test_confirming_on_the_page_by_role(cast, as_person):
    write(cast.doctor_dora, licence_number="A-99")
    address = reverse("doctors:confirm_licence", args=["city", cast.dora_at_city.public_id])
    people = [None if role == "anonymous" else getattr(cast, role) for role in ROLES]
    codes = [as_person(person).post(address).status_code for person in people]
    assert codes == [302, 404, 403, 404, 403, 422, 404, 404]
    assert as_person(cast.ada).get(address).status_code == 405
    theirs = reverse("doctors:confirm_licence", args=["city", cast.deb_at_lakeside.public_id])
    assert as_person(cast.ada).post(theirs).status_code == 404


def test_the_doctors_page_shows_both_licences_and_the_button(cast, as_person):
    client = as_person(cast.ada)
    page = reverse("doctors:staff_doctor", args=["city", cast.dora_at_city.public_id])
    assert "I have checked it" not in client.get(page).content.decode()
    write(cast.doctor_dora, licence_number="A-99", licence_expires=NEW)
    shown = client.get(page).content.decode()
    for words in (
        "The licence was changed",
        "A-99",
        "30 June 2040",
        "A-51920",
        "30 June 2035",
        "I have checked it",
    ):
        assert words in shown, words
    address = reverse("doctors:confirm_licence", args=["city", cast.dora_at_city.public_id])
    stale = client.post(address, {"seen": "A-99 until 2039-06-30"})
    assert stale.status_code == 422
    assert "The licence was changed meanwhile." in stale.content.decode()
    assert 'name="seen" value="A-99 until 2040-06-30"' in stale.content.decode()
    done = client.post(address, {"seen": "A-99 until 2040-06-30"})
    assert done["Location"] == page
    assert "I have checked it" not in client.get(page).content.decode()


def test_the_lists_of_the_admin_say_what_is_to_check(cast, as_person):
    client = as_person(cast.ada)
    pages = [reverse("dashboards:hospital", args=["city"]), reverse("doctors:staff_doctors", args=["city"])]
    for page in pages:
        assert "Changed, please check" not in client.get(page).content.decode()
    write(cast.doctor_dora, licence_number="A-99")
    works_at(DoctorFactory(licence_expires=dt.date.fromisoformat("2035-01-01")), cast.city)
    for page in pages:
        shown = client.get(page).content.decode()
        assert shown.count("Changed, please check") == 1
        assert reverse("doctors:staff_doctor", args=["city", cast.dora_at_city.public_id]) in shown


def test_the_doctor_reads_who_has_to_check(cast, as_person):
    client = as_person(cast.dora)
    sent = {
        "name": "Dr Dora Sen", "name_bn": "", "gender": "female", "phone": "01711 000214",
        "speciality": cast.doctor_dora.speciality.slug, "qualifications": "MBBS, MD", "years": "12", "city": "Dhaka",
        "languages": "Bangla", "licence_number": "A-99", "licence_expires": "2035-06-30", "about": "Hearts.",
    }  # fmt: skip
    page = client.post(reverse("doctors:profile"), sent, follow=True).content.decode()
    assert "Your hospitals are asked to check the changed licence." in page
    assert "Waits to be checked by City General Hospital." in page
    page = client.get(reverse("doctors:workplaces")).content.decode()
    assert "Your changed licence waits to be checked here." in page


def test_sign_up_says_that_patients_read_the_number(as_person):
    page = as_person().get(reverse("doctors:sign_up")).content.decode()
    assert "years, languages, licence number and what you write about yourself" in page
    assert "Patients read the number on your profile" in page
