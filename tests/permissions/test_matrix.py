"""Who has which right on whose record: a literal table of every permission that any room registers."""

from __future__ import annotations

import pytest
import rules
from django.contrib.auth.models import AnonymousUser
from django.urls import URLPattern, URLResolver, get_resolver
from rules.permissions import permissions

from accounts.models import User
from core.http import permit
from core.tenancy import in_hospital, in_hospitals
from tests.canaries import HOME, WALK_IN
from tests.tenancy.routes import ROUTES

pytestmark = pytest.mark.django_db

DESK = {"own": "ada rita", "other": "mallory sam"}
ADMIN = {"own": "ada", "other": "mallory"}
STAFF = {"own": "ada rita dora dana", "other": "mallory sam deb"}
PATIENT = {"own": "paul", "same": "pia", "other": "omar"}
DOCTOR = {"own": "dora", "same": "dana", "other": "deb"}
DOCTOR_OF_WALK_IN = DOCTOR | {WALK_IN: "dora"}
PATIENT_OF_WALK_IN = PATIENT | {WALK_IN: ""}
AT_THE_DESK = {"own": "ada rita", "same": "ada rita", "other": "mallory sam"}
BY_THE_ADMIN = {"own": "ada", "same": "ada", "other": "mallory"}
VISIT = {
    "own": "ada rita paul dora",
    "same": "ada rita pia dana",
    "other": "mallory sam omar deb",
    WALK_IN: "ada rita dora",
}
DECIDES = {
    "own": "ada rita dora",
    "same": "ada rita dana",
    "other": "mallory sam deb",
    WALK_IN: "ada rita dora",
}
MONEY = {"own": "ada rita paul", "same": "ada rita pia", "other": "mallory sam omar"}
PAPER = {"own": "paul dora", "same": "pia dana", "other": "omar deb", WALK_IN: "dora"}
LOGGED_IN = "ada rita mallory sam root nadia paul pia omar dora dana deb tess toby"

# permission → kind of record, and by whose record it is: who has it
MATRIX: dict[str, tuple[str, dict[str, str]]] = {
    "appointments.book_at_desk": ("hospital", DESK),
    "appointments.book_own": ("patient", PATIENT_OF_WALK_IN),
    "appointments.cancel_appointment": ("visit", VISIT),
    "appointments.decide_appointment": ("visit", DECIDES),
    "appointments.manage_calendar": ("affiliation", DOCTOR),
    "appointments.mark_no_show": ("visit", DECIDES),
    "appointments.release_hold": ("visit", PATIENT_OF_WALK_IN),
    "appointments.remove_time_off": ("doctor", DOCTOR),
    "appointments.reschedule_appointment": ("visit", VISIT),
    "appointments.view_appointment": ("visit", VISIT),
    "appointments.view_day": ("hospital", DESK),
    "appointments.view_own_day": ("doctor", DOCTOR),
    "appointments.view_own_visits": ("patient", PATIENT_OF_WALK_IN),
    "billing.pay_invoice": ("bill", PATIENT_OF_WALK_IN),
    "billing.pay_refund": ("refund", AT_THE_DESK),
    "billing.resolve_attempt": ("attempt", BY_THE_ADMIN),
    "billing.resolve_refund": ("refund.unclear", BY_THE_ADMIN),
    "billing.take_payment": ("bill", AT_THE_DESK),
    "billing.view_cash_desk": ("hospital", DESK),
    "billing.view_invoice": ("bill", MONEY | {WALK_IN: "ada rita"}),
    "billing.view_own_invoices": ("patient", dict.fromkeys(PATIENT, LOGGED_IN)),
    "billing.view_receipt": ("payment", MONEY),
    "dashboards.view_doctor": ("doctor", DOCTOR),
    "dashboards.view_hospital": ("hospital", DESK),
    "dashboards.view_patient": ("patient", PATIENT_OF_WALK_IN),
    "dashboards.view_platform": ("", {"": "root"}),
    "doctors.decide_application": ("application", ADMIN),
    "doctors.manage_affiliation": ("affiliation", BY_THE_ADMIN),
    "doctors.manage_certificate": ("paper", DOCTOR),
    "doctors.manage_own_profile": ("doctor", DOCTOR),
    "doctors.view_applications": ("hospital", ADMIN),
    "doctors.view_doctors": ("hospital", ADMIN),
    "doctors.withdraw_application": ("own_application", DOCTOR),
    "hospitals.change_profile": ("hospital", ADMIN),
    "hospitals.change_rules": ("hospital", ADMIN),
    "hospitals.manage_departments": ("hospital", ADMIN),
    "hospitals.manage_hospitals": ("hospital", {"own": "root", "other": "root"}),
    "hospitals.manage_staff": ("hospital", ADMIN),
    "hospitals.view_staff_area": ("hospital", STAFF),
    "patients.change_at_desk": ("patient", AT_THE_DESK | {WALK_IN: "ada rita"}),
    "patients.change_own": ("patient", PATIENT_OF_WALK_IN),
    "patients.list_patients": ("hospital", DESK),
    "patients.register_walk_in": ("hospital", DESK),
    "patients.view_own": ("patient", PATIENT_OF_WALK_IN),
    "patients.view_patient": ("patient", AT_THE_DESK | {WALK_IN: "ada rita"}),
    "records.prescribe": ("visit", DOCTOR_OF_WALK_IN),
    "records.set_allergies": ("patient", DOCTOR_OF_WALK_IN),
    "records.sign_prescription": ("prescription", DOCTOR_OF_WALK_IN),
    "records.view_chart": ("patient", DOCTOR_OF_WALK_IN),
    "records.view_own_patients": ("doctor", DOCTOR),
    "records.view_own_record": ("patient", PATIENT_OF_WALK_IN),
    "records.view_own_summary": ("visit", PATIENT_OF_WALK_IN),
    "records.view_prescription": ("prescription", PAPER),
    "records.view_visit": ("note", DOCTOR_OF_WALK_IN),
    "records.write_visit": ("visit", DOCTOR_OF_WALK_IN),
}

# Views that ask no permission, because anyone may open them, or because a link or a signature is the key.
PUBLIC = {
    "favicon": "the icon", "accounts:login": "the way in", "accounts:enter_code": "the way in, after the password",
    "accounts:send_code": "the way in, after the password", "accounts:logout": "harms nobody",
    "accounts:resend": "asks for an address", "accounts:verify_email": "the link is the key",
    "accounts:reset_password": "asks for an address", "accounts:reset_password_confirm": "the link is the key",
    "dashboards:home": "the public home", "appointments:search": "the directory", "appointments:doctor": "the directory",
    "billing:ipn": "the gateway; signed, and asked back", "billing:gateway_return": "the gateway's cross-site return",
    "billing:result": "the signed link is the key; nothing personal", "records:check": "asks for a code",
    "records:verify": "the code on the paper is the key; nothing personal", "doctors:sign_up": "anyone may join",
    "doctors:hospital": "the directory", "doctors:photo": "the directory", "patients:sign_up": "anyone may join",
    "hospitals:list": "the directory", "hospitals:logo": "the directory",
    "hospitals:accept_invitation": "the signed link is the key", "notifications:mailbox": "the demonstration only",
    "notifications:mailbox_html": "the demonstration only",
    "notifications:mailbox_mail": "the demonstration only", "notifications:mailbox_attachment": "the demonstration only",
}  # fmt: skip


def _views(resolver: URLResolver | None = None, space: str = ""):
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}", pattern.callback
        elif pattern.namespace != "admin":
            yield from _views(pattern, f"{pattern.namespace}:" if pattern.namespace else space)


@pytest.fixture(scope="module")
def everybody(shared_cast):
    people = {login: User.objects.get(pk=user.pk) for login, user in shared_cast.people.items()}
    return people | {"anonymous": AnonymousUser()}


def test_the_matrix_names_every_permission_and_no_other():
    missing, stale = sorted(permissions.keys() - MATRIX.keys()), sorted(MATRIX.keys() - permissions.keys())
    assert not missing, f"Say in MATRIX who has {', '.join(missing)}."
    assert not stale, f"Take {', '.join(stale)} out of MATRIX: no room registers it."


def _who_may(cast, everybody, name, kind, variant):
    subject = cast.row(kind, variant) if kind else None
    hospital = cast.hospitals[HOME.get(variant, "own")]
    with in_hospital(getattr(subject, "hospital_id", hospital)):
        return {login for login, user in everybody.items() if rules.has_perm(name, user, subject)}


@pytest.mark.parametrize("name", sorted(MATRIX))
def test_who_has_the_permission_on_whose_record(shared_cast, everybody, name):
    kind, people = MATRIX[name]
    found = {variant: _who_may(shared_cast, everybody, name, kind, variant) for variant in people}
    assert found == {variant: set(names.split()) for variant, names in people.items()}


@pytest.mark.parametrize("name", sorted(MATRIX))
def test_a_wider_scope_gives_no_right(shared_cast, everybody, name):
    """Rules do not lean on the scope: with both hospitals in view the same people have the right."""
    kind, people = MATRIX[name]
    if name in {"patients.view_patient", "patients.change_at_desk"}:
        pytest.skip(
            "asks whether the desk is at a hospital of the patient's; the area has fetched the patient there"
        )
    for variant, names in people.items():
        subject = shared_cast.row(kind, variant) if kind else None
        with in_hospitals(shared_cast.hospitals.values()):
            found = {login for login, user in everybody.items() if rules.has_perm(name, user, subject)}
        assert found == set(names.split()), variant


@pytest.mark.parametrize("name", sorted(name for name in MATRIX if name.startswith("records.")))
def test_neither_root_nor_the_desk_has_a_clinical_permission(name):
    people = set(" ".join(MATRIX[name][1].values()).split())
    assert not people & {"root", "ada", "rita", "mallory", "sam", "nadia", "anonymous"}


def test_a_draft_opens_for_its_doctor_alone(shared_cast, everybody):
    assert _who_may(shared_cast, everybody, "records.view_prescription", "prescription.draft", "own") == {
        "dora"
    }


def test_an_unknown_permission_is_nobodys_and_an_error_in_a_view(everybody):
    assert not any(rules.has_perm("records.view_everything", user) for user in everybody.values())
    with pytest.raises(LookupError):
        permit("records.view_everything")


def test_a_superuser_of_django_has_no_right_by_that(everybody):
    assert not everybody["root"].has_perm("records.view_chart")
    assert not everybody["root"].has_module_perms("records")


def test_every_view_asks_a_permission_or_says_why_not():
    views = dict(_views())
    unasked = {name for name, view in views.items() if not getattr(view, "permission", None)}
    # Their own person's pages: that anonymous people are sent to log in is asked of each in tests/tenancy.
    own = {name for name, route in ROUTES.items() if route.area == "person"}
    assert unasked - own - PUBLIC.keys() == set(), (
        "Give these views @permit, or say in PUBLIC why they need none."
    )
    assert PUBLIC.keys() <= unasked, "These ask a permission now: take them out of PUBLIC."
    areas = {name for name, route in ROUTES.items() if route.area not in {"public", "person"}}
    assert not areas & unasked


def test_each_views_permission_is_registered():
    asked = {view.permission for _, view in _views() if getattr(view, "permission", None)}
    assert asked <= permissions.keys()
