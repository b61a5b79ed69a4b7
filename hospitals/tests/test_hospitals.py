"""Creating, describing, closing and opening hospitals."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from core.actors import SEED
from core.errors import Conflict, DomainError
from core.tenancy import in_hospital
from hospitals import operations, queries
from hospitals.models import Hospital, Invitation, Membership, Role
from hospitals.operations import HospitalProfile, HospitalRules
from ledger.models import EntrySecret
from ledger.operations import body_of

from .factories import MembershipFactory

NEW = {
    "name": "Green Road Clinic",
    "slug": "green-road",
    "name_bn": "গ্রিন রোড ক্লিনিক",
    "about": "A small clinic.",
    "address": "5 Green Road",
    "area": "Farmgate",
    "city": "Dhaka",
    "phone": "02 961 0000",
    "email": "desk@green.demo.test",
    "latitude": "23.7515",
    "longitude": "90.3760",
    "zone": "Asia/Dhaka",
    "currency": "BDT",
    "admin_name": "Gita Rahman",
    "admin_email": "Gita@Demo.test",
}
RULES = {
    "pays_online": "on",
    "hold_minutes": "20",
    "full_refund_hours": "48",
    "half_refund_hours": "12",
    "number_prefix": "cg",
}


def trail(kind):
    return [body_of(secret) for secret in EntrySecret.objects.filter(kind=f"hospitals.{kind}").order_by("at")]


def picture(side=600, kind="PNG"):
    target = BytesIO()
    Image.new("RGB", (side, side), "#0b5c66").save(target, kind)
    return SimpleUploadedFile("logo.png", target.getvalue(), content_type="image/png")


def test_create_hospital_makes_it_findable_and_invites_its_admin(cast, as_person):
    answer = as_person(cast.root).post(reverse("hospitals:create"), NEW)
    hospital = Hospital.objects.get(slug="green-road")
    assert answer["Location"] == reverse("hospitals:platform_detail", args=[hospital.public_id])
    assert (hospital.name_bn, hospital.latitude, str(hospital.phone)) == (
        "গ্রিন রোড ক্লিনিক",
        Decimal("23.751500"),
        "+880 2-9610000",
    )
    with in_hospital(hospital):
        invitation = Invitation.objects.get()
    assert (invitation.email, invitation.role, invitation.invited_by) == (
        "gita@demo.test",
        "admin",
        cast.root,
    )
    assert list(queries.public_hospitals(text="gren road")) == [hospital]
    assert [entry["body"]["slug"] for entry in trail("hospital_created")] == ["green-road"]


def test_create_hospital_with_a_taken_short_name_keeps_what_was_typed(cast, as_person):
    answer = as_person(cast.root).post(reverse("hospitals:create"), {**NEW, "slug": "city"})
    assert answer.status_code == 422
    assert answer.context["form"].errors == {
        "slug": ["Another hospital has this short name. Choose a different one."]
    }
    assert 'value="Green Road Clinic"' in answer.content.decode()
    assert Hospital.objects.count() == 2


def test_create_hospital_for_a_seed_needs_no_admin(db):
    hospital = operations.create_hospital(
        slug="one", profile=HospitalProfile("One", "Road 1", "Dhaka"), by=SEED
    )
    assert (hospital.zone, hospital.currency, hospital.is_active) == ("Asia/Dhaka", "BDT", True)
    with pytest.raises(Conflict):
        operations.create_hospital(slug="one", profile=HospitalProfile("Two", "Road 2", "Dhaka"), by=SEED)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("slug", "Not a slug"),
        ("phone", "12"),
        ("email", "gita"),
        ("latitude", "91"),
        ("latitude", ""),
        ("longitude", "-181"),
        ("zone", "Mars/Olympus"),
        ("currency", "EUR"),
        ("admin_email", "nobody"),
        ("about", "x" * 2001),
    ],
)
def test_create_hospital_refuses_bad_input(field, value, cast, as_person):
    answer = as_person(cast.root).post(reverse("hospitals:create"), {**NEW, field: value})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert Hospital.objects.count() == 2


def test_change_profile_by_the_admin_records_old_and_new(cast, as_person):
    typed = {**NEW, "name": "City General", "city": "Sylhet"}
    answer = as_person(cast.ada).post(reverse("hospitals:profile", args=["city"]), typed)
    assert answer["Location"] == reverse("hospitals:profile", args=["city"])
    cast.city.refresh_from_db()
    assert (cast.city.name, cast.city.slug) == ("City General", "city")
    assert list(queries.public_hospitals(text="sylhet")) == [cast.city]
    (entry,) = trail("profile_changed")
    assert entry["body"]["city"] == {"from": "Dhaka", "to": "Sylhet"}
    assert entry["actor"] == cast.ada.public_id


def test_currency_is_chosen_until_a_doctor_has_worked_there(cast, as_person):
    client, address = as_person(cast.ada), reverse("hospitals:profile", args=["city"])
    dollars = {**NEW, "currency": "USD"}
    assert client.post(address, dollars).status_code == 302
    cast.city.refresh_from_db()
    assert cast.city.currency == "USD"
    MembershipFactory(hospital=cast.city, role=Role.DOCTOR, status=Membership.Status.REMOVED)
    MembershipFactory(hospital=cast.lakeside, role=Role.DOCTOR)
    page = client.get(address).content.decode()
    assert "It stays as it is: fees and bills are in it already." in page
    assert client.post(address, {**NEW, "currency": "BDT", "city": "Sylhet"}).status_code == 302
    platform = reverse("hospitals:platform_edit", args=[cast.city.public_id])
    assert "It stays as it is" in as_person(cast.root).get(platform).content.decode()
    as_person(cast.root).post(platform, NEW)
    cast.city.refresh_from_db()
    assert (cast.city.currency, cast.city.city) == ("USD", "Dhaka")


def test_another_currency_is_refused_once_a_doctor_has_worked_there(cast):
    MembershipFactory(hospital=cast.city, role=Role.DOCTOR, status=Membership.Status.REMOVED)
    profile = HospitalProfile(cast.city.name, cast.city.address, "Sylhet", currency="USD")
    with pytest.raises(DomainError, match="The currency stays") as refused:
        operations.change_profile(cast.city, profile=profile, by=cast.ada)
    assert refused.value.field == "currency"
    cast.city.refresh_from_db()
    assert (cast.city.currency, cast.city.city) == ("BDT", "Dhaka")
    assert trail("profile_changed") == []


def test_change_profile_without_a_change_records_nothing(cast):
    profile = HospitalProfile(cast.city.name, cast.city.address, cast.city.city)
    operations.change_profile(cast.city, profile=profile, by=cast.ada)
    assert trail("profile_changed") == []


def test_hostile_text_is_shown_as_text(cast, as_person):
    evil = "<script>alert(1)</script>'; DROP TABLE hospitals_hospital; --"
    as_person(cast.ada).post(reverse("hospitals:profile", args=["city"]), {**NEW, "name": evil})
    for client, name, args in (
        (as_person(), "list", []),
        (as_person(cast.ada), "profile", ["city"]),
        (as_person(cast.root), "platform_detail", [cast.city.public_id]),
    ):
        page = client.get(reverse(f"hospitals:{name}", args=args)).content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page
    assert (
        as_person().get(reverse("hospitals:list"), {"q": evil, "city": evil, "department": evil}).status_code
        == 200
    )
    assert Hospital.objects.count() == 2


def test_change_rules_saves_and_records(cast, as_person):
    answer = as_person(cast.ada).post(reverse("hospitals:rules", args=["city"]), RULES)
    assert answer["Location"] == reverse("hospitals:rules", args=["city"])
    cast.city.refresh_from_db()
    assert (cast.city.pays_at_desk, cast.city.hold_minutes, cast.city.number_prefix) == (False, 20, "CG")
    assert trail("rules_changed")[0]["body"]["hold_minutes"] == {"from": "15", "to": "20"}


def test_rules_preview_shows_the_sentence_and_saves_nothing(cast, as_person):
    answer = as_person(cast.ada).post(reverse("hospitals:rules", args=["city"]), {**RULES, "preview": "1"})
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "If you cancel 48 hours or more before the visit, you get everything back." in page
    assert "Up to 12 hours before it, half comes back. After that, nothing." in page
    assert "You pay online. While you pay, your time is kept for 20 minutes." in page
    cast.city.refresh_from_db()
    assert cast.city.full_refund_hours == 24


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"full_refund_hours": "4"}, "full_refund_hours"),
        ({"pays_online": ""}, "pays_at_desk"),
        ({"hold_minutes": "4"}, "hold_minutes"),
        ({"hold_minutes": "61"}, "hold_minutes"),
        ({"half_refund_hours": "-1"}, "half_refund_hours"),
        ({"full_refund_hours": "721"}, "full_refund_hours"),
        ({"number_prefix": "C1"}, "number_prefix"),
    ],
)
def test_change_rules_refuses_what_does_not_fit(change, field, cast, as_person):
    answer = as_person(cast.ada).post(reverse("hospitals:rules", args=["city"]), {**RULES, **change})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]


@pytest.mark.parametrize(
    "rules",
    [
        HospitalRules(full_refund_hours=1, half_refund_hours=2),
        HospitalRules(pays_online=False, pays_at_desk=False),
    ],
)
def test_change_rules_operation_refuses_what_does_not_fit(rules, cast):
    with pytest.raises(DomainError):
        operations.change_rules(cast.city, rules=rules, by=cast.ada)


def test_the_rules_show_numbers_with_the_hospitals_own_letters(cast, as_person):
    Hospital.objects.filter(pk=cast.city.pk).update(number_prefix="CG")
    page = as_person(cast.ada).get(reverse("hospitals:rules", args=["city"])).content.decode()
    assert "A new patient gets a number like CG-000123." in page


def test_closing_says_who_reads_the_reason(cast, as_person):
    page = (
        as_person(cast.root).get(reverse("hospitals:deactivate", args=[cast.city.public_id])).content.decode()
    )
    assert "Staff and patients don’t read it." in page


def test_logo_is_drawn_anew_and_shown_to_anyone(cast, as_person, django_capture_on_commit_callbacks):
    client, address = as_person(cast.ada), reverse("hospitals:logo_settings", args=["city"])
    assert client.post(address, {"logo": picture()}).status_code == 302
    cast.city.refresh_from_db()
    first, storage, old = cast.city.logo_url, cast.city.logo.storage, cast.city.logo.name
    answer = as_person().get(first)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert Image.open(BytesIO(answer.content)).size == (512, 512)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(address, {"logo": picture(64)})
    cast.city.refresh_from_db()
    assert not storage.exists(old)
    assert (as_person().get(first).status_code, as_person().get(cast.city.logo_url).status_code) == (404, 200)
    client.post(reverse("hospitals:remove_logo", args=["city"]))
    assert as_person().get(cast.city.logo_url).status_code == 404
    assert len(trail("logo_changed")) == 3


@pytest.mark.parametrize("content", [b"<svg onload='alert(1)'/>", b"", b"\x89PNG\r\n\x1a\nbroken"])
def test_logo_refuses_what_is_no_picture(content, cast, as_person):
    upload = SimpleUploadedFile("logo.png", content, content_type="image/png")
    answer = as_person(cast.ada).post(reverse("hospitals:logo_settings", args=["city"]), {"logo": upload})
    assert answer.status_code == 422
    cast.city.refresh_from_db()
    assert not cast.city.logo


def test_deactivate_names_what_is_lost_and_reactivate_gives_it_back(cast, as_person):
    root, address = as_person(cast.root), reverse("hospitals:deactivate", args=[cast.city.public_id])
    page = root.get(address).content.decode()
    assert "2 people lose access to it at once." in page
    assert "It disappears from the public list, and nobody can book there." in page
    assert root.post(address, {"reason": "Moved away"}).status_code == 302
    assert list(queries.public_hospitals()) == [cast.lakeside]
    assert trail("hospital_deactivated")[0]["reason"] == "Moved away"
    assert root.post(address, {"reason": "Again"}).status_code == 422
    assert root.post(reverse("hospitals:reactivate", args=[cast.city.public_id])).status_code == 302
    assert as_person(cast.rita).get(reverse("hospitals:list")).context["page_obj"].paginator.count == 2
    assert as_person(cast.ada).get(reverse("hospitals:staff", args=["city"])).status_code == 200
    assert len(trail("hospital_reactivated")) == 1


def test_closed_hospital_hides_its_logo_and_invites_nobody(cast, as_person):
    as_person(cast.ada).post(reverse("hospitals:logo_settings", args=["city"]), {"logo": picture(64)})
    hospital = operations.deactivate_hospital(cast.city, reason="x", by=cast.root)
    assert as_person().get(hospital.logo_url).status_code == 404
    address = reverse("hospitals:platform_invite", args=[hospital.public_id])
    answer = as_person(cast.root).post(address, {"name": "Gita", "email": "gita@demo.test"})
    assert answer.status_code == 422
    assert answer.context["form"].non_field_errors() == [
        "City General Hospital is closed. Open it again first."
    ]
