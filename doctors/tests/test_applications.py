from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core import mail
from django.urls import reverse

from accounts.tests.world import run_worker
from core.errors import Conflict, DomainError, IllegalTransition
from core.tenancy import everywhere, in_hospital
from core.uploads import read_document
from doctors.models import Affiliation, Application, Certificate
from doctors.operations import (
    add_certificate,
    apply_to_hospital,
    approve_application,
    end_affiliation,
    move_to_department,
    reject_application,
    remove_certificate,
    withdraw_application,
)
from hospitals.models import Membership, Role
from hospitals.tests.factories import DepartmentFactory, HospitalFactory
from ledger.models import EntrySecret
from notifications.models import Notice

from .factories import PDF, ApplicationFactory, CertificateFactory, DoctorFactory, pdf_upload, works_at

pytestmark = pytest.mark.django_db
Status = Application.Status


def approve(application, by, **changes):
    values = {"department": None, "fee": Decimal("800"), "slot_minutes": 20, **changes}
    with in_hospital(application.hospital_id):
        return approve_application(application, **values, by=by)


def reject(application, by, reason="Please send your licence."):
    with in_hospital(application.hospital_id):
        reject_application(application, reason=reason, by=by)


def kinds_about(hospital):
    return list(
        EntrySecret.objects.filter(hospital_id=hospital.pk).order_by("at").values_list("kind", flat=True)
    )


def mails():
    run_worker()
    return [(message.to[0], message.subject) for message in mail.outbox]


def test_apply_tells_the_admins_by_mail_and_bell(cast):
    application = apply_to_hospital(cast.doctor_deb, hospital=cast.city, message="Hello", by=cast.deb)
    assert application.status == Status.SUBMITTED
    assert mails() == [("ada@demo.test", "Dr Deb Roy applies to work at your hospital")]
    assert [(notice.user, notice.url) for notice in Notice.objects.all()] == [
        (cast.ada, reverse("doctors:application", args=["city", application.public_id]))
    ]
    assert kinds_about(cast.city) == ["doctors.applied"]


def test_apply_twice_or_where_one_works_is_refused(cast):
    apply_to_hospital(cast.doctor_deb, hospital=cast.city, by=cast.deb)
    with pytest.raises(Conflict):
        apply_to_hospital(cast.doctor_deb, hospital=cast.city, by=cast.deb)
    with pytest.raises(Conflict):
        apply_to_hospital(cast.doctor_dora, hospital=cast.city, by=cast.dora)


def test_apply_with_an_expired_licence_or_to_a_closed_hospital_is_refused(cast):
    expired = DoctorFactory(licence_expires=dt.date(2026, 1, 1))
    with pytest.raises(DomainError, match="expired"):
        apply_to_hospital(expired, hospital=cast.city, by=expired.user)
    with pytest.raises(DomainError, match="no applications"):
        apply_to_hospital(cast.doctor_deb, hospital=HospitalFactory(is_active=False), by=cast.deb)


def test_approve_makes_the_doctor_work_there(cast):
    application = ApplicationFactory(hospital=cast.city, doctor=cast.doctor_deb)
    affiliation = approve(
        application, cast.ada, department=cast.heart, fee=Decimal("1200.505"), slot_minutes=15
    )
    assert (affiliation.fee, affiliation.slot_minutes, affiliation.department) == (
        Decimal("1200.51"),
        15,
        cast.heart,
    )
    assert affiliation.membership.role == Role.DOCTOR
    assert affiliation.membership.status == Membership.Status.ACTIVE
    with everywhere():
        application.refresh_from_db()
    assert (application.status, application.decided_by) == (Status.APPROVED, cast.ada)
    assert mails() == [("deb@demo.test", "City General Hospital takes you as a doctor")]
    assert "/doctor/calendar/?at=city" in mail.outbox[0].body
    assert kinds_about(cast.city) == ["hospitals.membership_added", "doctors.application_approved"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"fee": Decimal(-1)}, "fee"),
        ({"slot_minutes": 7}, "slot_minutes"),
        ({"slot_minutes": 0}, "slot_minutes"),
    ],
)
def test_approve_with_odd_rules_changes_nothing(cast, changes, field):
    application = ApplicationFactory(hospital=cast.city, doctor=cast.doctor_deb)
    with pytest.raises(DomainError) as refused:
        approve(application, cast.ada, **changes)
    assert refused.value.field == field
    with in_hospital(cast.city):
        assert Application.objects.get(pk=application.pk).status == Status.SUBMITTED
    assert mails() == []


def test_approve_into_another_hospitals_department_is_refused(cast):
    application = ApplicationFactory(hospital=cast.city, doctor=cast.doctor_deb)
    with pytest.raises(DomainError):
        approve(application, cast.ada, department=DepartmentFactory(hospital=cast.lakeside))


def test_approve_with_an_expired_licence_is_refused(cast):
    application = ApplicationFactory(
        hospital=cast.city, doctor=DoctorFactory(licence_expires=dt.date(2026, 1, 1))
    )
    with pytest.raises(DomainError, match="expired"):
        approve(application, cast.ada)


def test_reject_mails_the_reason(cast):
    application = ApplicationFactory(hospital=cast.city, doctor=cast.doctor_deb)
    reject(application, cast.ada)
    assert mails() == [("deb@demo.test", "City General Hospital has answered your application")]
    assert "Please send your licence." in mail.outbox[0].body
    apply_to_hospital(cast.doctor_deb, hospital=cast.city, by=cast.deb)


@pytest.mark.parametrize("before", Status.values)
@pytest.mark.parametrize("after", [Status.APPROVED, Status.REJECTED, Status.WITHDRAWN])
def test_every_pair_of_states(cast, before, after):
    application = ApplicationFactory(hospital=cast.city, doctor=cast.doctor_deb, status=before)
    act = {
        Status.APPROVED: lambda: approve(application, cast.ada),
        Status.REJECTED: lambda: reject(application, cast.ada),
        Status.WITHDRAWN: lambda: withdraw_application(application, by=cast.deb),
    }[after]
    if before == Status.SUBMITTED:
        act()
        with in_hospital(cast.city):
            assert Application.objects.get(pk=application.pk).status == after
    else:
        with pytest.raises(IllegalTransition):
            act()


def test_a_doctor_who_left_can_be_approved_again(cast):
    with in_hospital(cast.city):
        end_affiliation(cast.dora_at_city, by=cast.ada)
    application = apply_to_hospital(cast.doctor_dora, hospital=cast.city, by=cast.dora)
    again = approve(application, cast.ada)
    assert again.pk != cast.dora_at_city.pk
    with in_hospital(cast.city):
        assert list(Affiliation.objects.current()) == [again]


def test_move_to_department_refuses_a_removed_one(cast):
    gone = DepartmentFactory(hospital=cast.city, removed_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    with in_hospital(cast.city):
        with pytest.raises(DomainError):
            move_to_department(cast.dora_at_city, department=gone, by=cast.ada)
        move_to_department(cast.dora_at_city, department=None, by=cast.ada)
        assert Affiliation.objects.get(pk=cast.dora_at_city.pk).department is None


def test_certificates_are_opened_by_who_decides_and_that_is_recorded(cast, as_person):
    paper = CertificateFactory(doctor=cast.doctor_deb, title="FCPS")
    url = reverse("doctors:staff_certificate", args=["city", paper.public_id])
    assert as_person(cast.ada).get(url).status_code == 404
    application = apply_to_hospital(cast.doctor_deb, hospital=cast.city, by=cast.deb)
    shown = as_person(cast.ada).get(url)
    assert (shown.status_code, shown.content, shown["Content-Type"]) == (200, PDF, "application/pdf")
    assert shown["Cache-Control"] == "private, no-store"
    opened = EntrySecret.objects.get(kind="doctors.certificate_opened")
    assert (opened.reference, opened.actor_id, opened.hospital_id) == (
        paper.public_id,
        cast.ada.public_id,
        cast.city.pk,
    )
    assert as_person(cast.rita).get(url).status_code == 403
    withdraw_application(application, by=cast.deb)
    assert as_person(cast.ada).get(url).status_code == 404


def test_certificates_end_with_the_work(cast, as_person):
    paper = CertificateFactory(doctor=cast.doctor_dora)
    url = reverse("doctors:staff_certificate", args=["city", paper.public_id])
    assert as_person(cast.ada).get(url).status_code == 200
    with in_hospital(cast.city):
        end_affiliation(cast.dora_at_city, by=cast.ada)
    assert as_person(cast.ada).get(url).status_code == 404


def test_own_certificates_are_added_opened_and_deleted(cast, as_person, django_capture_on_commit_callbacks):
    client = as_person(cast.dora)
    page = client.post(reverse("doctors:certificates"), {"title": "Licence", "file": pdf_upload()})
    assert page.status_code == 302
    paper = Certificate.objects.get()
    assert client.get(reverse("doctors:certificate", args=[paper.public_id])).content == PDF
    assert as_person(cast.deb).get(reverse("doctors:certificate", args=[paper.public_id])).status_code == 404
    storage, name = paper.file.storage, paper.file.name
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(reverse("doctors:remove_certificate", args=[paper.public_id])).status_code == 302
    assert not storage.exists(name)
    assert client.get(reverse("doctors:certificate", args=[paper.public_id])).status_code == 404
    remove_certificate(paper, by=cast.dora)
    assert EntrySecret.objects.filter(kind="doctors.certificate_removed").count() == 1


def test_a_file_that_is_no_paper_is_refused(cast, as_person):
    upload = pdf_upload("virus.pdf")
    upload.file.write(b"MZ this is a program")
    upload.seek(0)
    page = as_person(cast.dora).post(reverse("doctors:certificates"), {"title": "Licence", "file": upload})
    assert page.status_code == 422
    assert "not a document we can read" in page.content.decode()
    assert not Certificate.objects.exists()


def test_the_twenty_first_certificate_is_refused(cast):
    CertificateFactory.create_batch(20, doctor=cast.doctor_dora)
    with pytest.raises(DomainError):
        add_certificate(cast.doctor_dora, title="One more", upload=read_document(pdf_upload()), by=cast.dora)


def test_the_admin_approves_on_the_page(cast, as_person):
    application = ApplicationFactory(
        hospital=cast.city, doctor=cast.doctor_deb, message="I would like to help"
    )
    CertificateFactory(doctor=cast.doctor_deb, title="My licence")
    client = as_person(cast.ada)
    page = client.get(reverse("doctors:applications", args=["city"])).content.decode()
    for text in ("Dr Deb Roy", "A-7", "In date", "Nobody else here has it", "Not checked by us", "My licence",
                 "I would like to help", "deb@demo.test", "Lakeside Clinic"):  # fmt: skip
        assert text in page, text
    address = ["city", application.public_id]
    bad = client.post(reverse("doctors:approve", args=address), {"fee": "-5", "slot_minutes": "20"})
    assert bad.status_code == 422
    assert 'value="-5"' in bad.content.decode()
    good = client.post(
        reverse("doctors:approve", args=address),
        {"fee": "900", "slot_minutes": "15", "department": cast.heart.public_id},
        follow=True,
    )
    assert good.status_code == 200
    assert "Dr Deb Roy works here now" in good.content.decode()
    with in_hospital(cast.city):
        assert Affiliation.objects.get(doctor=cast.doctor_deb).department == cast.heart
    again = client.post(reverse("doctors:approve", args=address), {"fee": "900", "slot_minutes": "15"})
    assert again.status_code == 422
    assert as_person(cast.ada).get(reverse("doctors:approve", args=address)).status_code == 302


def test_the_admin_rejects_with_a_reason(cast, as_person):
    application = ApplicationFactory(hospital=cast.city, doctor=cast.doctor_deb)
    client = as_person(cast.ada)
    assert client.post(reverse("doctors:reject", args=["city", application.public_id])).status_code == 422
    page = client.post(
        reverse("doctors:reject", args=["city", application.public_id]),
        {"reason": "No licence sent."},
        follow=True,
    )
    assert "gets a mail with your reason" in page.content.decode()
    rejected = client.get(
        reverse("doctors:applications", args=["city"]), {"state": "rejected"}
    ).content.decode()
    assert "No licence sent." in rejected
    mine = as_person(cast.deb).get(reverse("doctors:workplaces")).content.decode()
    assert "No licence sent." in mine


def test_an_expired_licence_is_said_and_can_not_be_approved_on_the_page(cast, as_person):
    late = DoctorFactory(name="Dr Late", licence_expires=dt.date(2026, 1, 1))
    ApplicationFactory(hospital=cast.city, doctor=late)
    page = as_person(cast.ada).get(reverse("doctors:applications", args=["city"])).content.decode()
    assert "Expired" in page
    assert "Approve Dr Late" not in page


def test_a_doctor_applies_and_withdraws_on_the_pages(cast, as_person):
    client = as_person(cast.deb)
    listed = client.get(reverse("doctors:find_hospital")).content.decode()
    assert "City General Hospital" in listed
    assert "Lakeside Clinic" not in listed.partition("<main")[2]
    assert (
        "You have added no certificates"
        in client.get(reverse("doctors:apply", args=["city"])).content.decode()
    )
    assert client.post(reverse("doctors:apply", args=["city"]), {"message": ""}).status_code == 302
    assert client.post(reverse("doctors:apply", args=["city"]), {"message": "again"}).status_code == 422
    with everywhere():
        application = Application.objects.get()
    url = reverse("doctors:withdraw", args=[application.public_id])
    assert client.get(url).status_code == 200
    assert client.post(url).status_code == 302
    late = client.post(url)
    assert late.status_code == 409
    assert "This is withdrawn, so it can&#x27;t become withdrawn." in late.content.decode()
    assert "Withdraw your application to City General Hospital?" in late.content.decode()
    assert client.get(url).url == reverse("doctors:workplaces")
    assert as_person(cast.dora).post(url).status_code == 404


def test_search_in_applications_and_the_other_tabs(cast, as_person):
    ApplicationFactory(hospital=cast.city, doctor=cast.doctor_deb)
    ApplicationFactory(hospital=cast.city, doctor=DoctorFactory(name="Dr Other"))
    client, url = as_person(cast.ada), reverse("doctors:applications", args=["city"])
    found = client.get(url, {"q": "A-7"}).content.decode()
    assert "Dr Deb Roy" in found
    assert "Dr Other" not in found
    assert "Nobody fits" in client.get(url, {"q": "zzzzzz"}).content.decode()
    assert "Nobody approved yet" in client.get(url, {"state": "approved"}).content.decode()
    assert client.get(url, {"state": "nonsense", "page": "99"}).status_code == 200


def test_withdrawn_applications_and_those_of_others_do_not_exist(cast, as_person):
    gone = ApplicationFactory(hospital=cast.city, doctor=cast.doctor_deb, status=Status.WITHDRAWN)
    other = ApplicationFactory(hospital=cast.lakeside, doctor=cast.doctor_dora)
    for row in (gone, other):
        assert (
            as_person(cast.ada).get(reverse("doctors:application", args=["city", row.public_id])).status_code
            == 404
        )
    assert (
        as_person(cast.ada).post(reverse("doctors:reject", args=["city", other.public_id])).status_code == 404
    )


def test_affiliations_of_a_suspended_person_can_be_seen_by_the_admin(cast, as_person):
    with in_hospital(cast.city):
        Membership.objects.filter(user=cast.dora).update(status=Membership.Status.SUSPENDED)
    page = as_person(cast.ada).get(reverse("doctors:staff_doctors", args=["city"])).content.decode()
    assert "Suspended" in page
    works_at(cast.doctor_dora, cast.lakeside)
