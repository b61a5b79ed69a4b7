"""Every address of the portal: whose it is, which record its id names, and what rightful people get.

A route that is missing here, or one that is gone, fails tests/tenancy/test_leaks.py. Add a line with one of the helpers:
`public`, `person` (anybody with a log-in), `mine` (below /me/), `doctors` (below /doctor/), `desk` and `admin` (below
/h/<slug>/), `platform`. Their first argument is the kind of record (a key of `Cast.rows`) that the id names.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.canaries import NOW, PATIENT, Cast

READ = frozenset({"GET", "HEAD"})
FORM = READ | {"POST"}
POST = frozenset({"POST"})
FORM_WITHOUT_HEAD = frozenset({"GET", "POST"})
Values = Mapping[str, Any] | Callable[[Cast, str], Mapping[str, Any]]


@dataclass(frozen=True)
class Route:
    """One address. `get` and `post` are what a rightful person gets; `special` what single people get instead.

    `ids` maps the parameters to kinds of records; `fixed` to values. `shared`: whoever may enter may open every record.
    `rule_first`: the right is asked before the record is looked for. `never`: kinds that nobody may open by this address.
    """

    area: str
    methods: frozenset[str] = READ
    get: int = 200
    post: int = 422
    ids: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    roles: frozenset[str] = frozenset()
    shared: bool = False
    rule_first: bool = False
    never: tuple[str, ...] = ()
    special: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    query: Values = field(default_factory=dict)
    send: Values = field(default_factory=dict)
    # A list whose rows the cast can multiply: its page has the same queries with one and three.
    is_list: bool = False


def _route(area: str, kind: str, param: str, options: dict[str, Any], **more: Any) -> Route:
    if "post" in options and "methods" not in options:
        options["methods"] = FORM
    ids = {param: kind} if kind else {}
    return Route(area, ids={**ids, **options.pop("ids", {})}, **more, **options)


def public(kind: str = "", *, param: str = "public_id", **options: Any) -> Route:
    """Anyone, logged in or not."""
    return _route("public", kind, param, options, shared=True)


def person(kind: str = "", *, param: str = "public_id", **options: Any) -> Route:
    """Anybody with a log-in, their own things only."""
    return _route("person", kind, param, options)


def mine(kind: str = "", *, param: str = "public_id", **options: Any) -> Route:
    """The patient's own."""
    return _route("me", kind, param, options)


def doctors(kind: str = "", *, param: str = "public_id", **options: Any) -> Route:
    """The doctor's own."""
    return _route("doctor", kind, param, options)


def desk(kind: str = "", *, param: str = "public_id", **options: Any) -> Route:
    """Admins and receptionists of the hospital."""
    return _route("h", kind, param, options, roles=frozenset({"admin", "receptionist"}))


def admin(kind: str = "", *, param: str = "public_id", **options: Any) -> Route:
    """Admins of the hospital."""
    return _route("h", kind, param, options, roles=frozenset({"admin"}))


def platform(kind: str = "", *, param: str = "public_id", **options: Any) -> Route:
    """The platform admin."""
    return _route("platform", kind, param, options, shared=True)


def _start(cast: Cast, variant: str) -> dict[str, str]:
    return {"start": (NOW + dt.timedelta(days=6)).isoformat()}


def _desk_offer(cast: Cast, variant: str) -> dict[str, str]:
    patient = (
        cast.row("patient", variant).public_id if variant in PATIENT else cast.row("patient", "own").public_id
    )
    return {"patient": patient}


EVERY_LOG_IN = ("ada", "rita", "mallory", "dora", "dana", "deb", "paul", "pia", "omar", "root", "nadia")
LOGGED_IN_GO_ON = dict.fromkeys(EVERY_LOG_IN, (302, 302))
PATIENTS_GO_ON = dict.fromkeys(("paul", "pia", "omar"), (302, 302))
DOCTORS_GO_ON = dict.fromkeys(("dora", "dana", "deb"), (302, 302))
NO_HEAD: dict[str, Any] = {"methods": FORM_WITHOUT_HEAD}

ROUTES: dict[str, Route] = {
    "favicon": public(get=302),
    # First pages
    "dashboards:home": public(),
    "dashboards:start": person(get=302),
    "dashboards:away": person(get=302),
    "dashboards:patient": mine(is_list=True),
    "dashboards:doctor": doctors(is_list=True),
    "dashboards:hospital": desk(is_list=True),
    "dashboards:platform": platform(),
    # Log-in
    "accounts:login": public(**NO_HEAD, special=LOGGED_IN_GO_ON),
    "accounts:enter_code": public(**NO_HEAD, get=302, post=302),
    "accounts:send_code": public(methods=POST, post=302),
    "accounts:logout": public(**NO_HEAD, post=302, special={"anonymous": (302, 302)}),
    "accounts:resend": public(**NO_HEAD),
    "accounts:verify_email": public(**NO_HEAD, fixed={"token": "junk"}, get=410, post=410),
    "accounts:reset_password": public(**NO_HEAD),
    "accounts:reset_password_confirm": public(
        **NO_HEAD, fixed={"public_id": "junk", "token": "junk"}, get=410, post=410
    ),
    "accounts:change_password": person(**NO_HEAD),
    "accounts:profile": person(**NO_HEAD),
    "accounts:change_email": person(**NO_HEAD),
    "accounts:confirm_email": person(**NO_HEAD, fixed={"token": "junk"}, get=410, post=410),
    "accounts:second_factor": person(),
    "accounts:add_authenticator": person(**NO_HEAD, post=200),
    "accounts:authenticator_qr": person(get=404),
    "accounts:add_email_code": person(**NO_HEAD),
    "accounts:backup_codes": person(**NO_HEAD, post=409),
    "accounts:remove_second_factor": person(**NO_HEAD, fixed={"method": "email"}, get=404, post=404),
    "accounts:step_up": person(**NO_HEAD),
    "accounts:sessions": person(is_list=True),
    "accounts:revoke_other_sessions": person(methods=POST, post=302),
    "accounts:revoke_session": person("session", methods=POST, post=302),
    # Telling people
    "notifications:bell": person(is_list=True),
    "notifications:read_all": person(methods=POST, post=302),
    "notifications:open_notice": person("notice", methods=POST, post=302),
    "notifications:mailbox": public(),
    "notifications:mailbox_mail": public(fixed={"public_id": "junk"}, get=404),
    "notifications:mailbox_html": public(fixed={"public_id": "junk"}, get=404),
    "notifications:mailbox_attachment": public(fixed={"public_id": "junk", "number": 1}, get=404),
    # Hospitals
    "hospitals:list": public(is_list=True),
    "hospitals:logo": public(fixed={"slug": "own", "version": "junk"}, get=404),
    "hospitals:accept_invitation": public(fixed={"token": "junk"}, get=410, post=410, methods=FORM),
    "hospitals:platform_list": platform(),
    "hospitals:create": platform(methods=FORM),
    "hospitals:platform_detail": platform("hospital"),
    "hospitals:platform_edit": platform("hospital", methods=FORM),
    "hospitals:deactivate": platform("hospital", methods=FORM),
    "hospitals:reactivate": platform("hospital", methods=POST, post=409),
    "hospitals:platform_invite": platform("hospital", methods=FORM),
    "hospitals:platform_resend": platform(
        "hospital", ids={"invitation_id": "invitation"}, methods=POST, post=302
    ),
    "hospitals:platform_withdraw": platform(
        "hospital", ids={"invitation_id": "invitation"}, methods=POST, post=302
    ),
    "hospitals:profile": admin(methods=FORM),
    "hospitals:logo_settings": admin(methods=FORM),
    "hospitals:remove_logo": admin(methods=POST, post=302),
    "hospitals:rules": admin(methods=FORM),
    "hospitals:security": admin(methods=FORM, post=302),
    "hospitals:departments": admin(is_list=True),
    "hospitals:add_department": admin(methods=FORM),
    "hospitals:edit_service": admin("service", methods=FORM),
    "hospitals:remove_service": admin("service", post=302),
    "hospitals:department": admin("department"),
    "hospitals:edit_department": admin("department", methods=FORM),
    "hospitals:remove_department": admin("department", post=302),
    "hospitals:add_service": admin("department", methods=FORM),
    "hospitals:staff": admin(is_list=True),
    "hospitals:invite": admin(methods=FORM),
    "hospitals:invitations": admin(is_list=True),
    "hospitals:resend_invitation": admin("invitation", methods=POST, post=302),
    "hospitals:withdraw_invitation": admin("invitation", methods=POST, post=302),
    "hospitals:member": admin("member"),
    "hospitals:change_role": admin("member", methods=FORM),
    "hospitals:suspend": admin("member", post=302),
    "hospitals:reactivate_staff": admin("member", methods=POST, post=409),
    "hospitals:remove_staff": admin("member", post=302),
    # Doctors
    "doctors:sign_up": public(methods=FORM, special=DOCTORS_GO_ON),
    "doctors:hospital": public("hospital_slug", param="slug"),
    "doctors:photo": public("doctor", get=404),
    "doctors:profile": doctors(methods=FORM),
    "doctors:change_photo": doctors(methods=FORM),
    "doctors:remove_photo": doctors(methods=POST, post=302),
    "doctors:certificates": doctors(methods=FORM, is_list=True),
    "doctors:certificate": doctors("paper"),
    "doctors:remove_certificate": doctors("paper", post=302),
    "doctors:workplaces": doctors(is_list=True),
    "doctors:find_hospital": doctors(),
    "doctors:apply": doctors("hospital_slug", param="slug", shared=True, methods=FORM),
    "doctors:withdraw": doctors("own_application", post=302),
    "doctors:applications": admin(is_list=True),
    "doctors:staff_certificate": admin("applicant_paper", rule_first=True),
    "doctors:application": admin("application", rule_first=True),
    "doctors:approve": admin("application", methods=FORM, get=302),
    "doctors:reject": admin("application", methods=FORM, get=302),
    "doctors:staff_doctors": admin(is_list=True),
    "doctors:staff_doctor": admin("affiliation"),
    "doctors:change_department": admin("affiliation", post=302),
    "doctors:confirm_licence": admin("affiliation", methods=POST),
    # Patients
    "patients:sign_up": public(methods=FORM),
    "patients:become": person(methods=FORM, special=PATIENTS_GO_ON),
    "patients:profile": mine(methods=FORM),
    "patients:access_log": mine(is_list=True),
    "patients:index": desk(is_list=True),
    "patients:register": desk(methods=FORM),
    "patients:edit": desk("walk_in", methods=FORM),
    # Visits
    "appointments:search": public(is_list=True),
    "appointments:doctor": public("doctor"),
    "appointments:book": mine("affiliation", param="affiliation_id", shared=True, methods=FORM, query=_start),
    "appointments:visits": mine(is_list=True),
    "appointments:visit": mine("visit"),
    "appointments:cancel": mine("visit", post=302),
    "appointments:reschedule": mine("visit", methods=FORM),
    "appointments:release": mine("visit.held", post=302),
    "appointments:calendar_file": mine("visit"),
    "appointments:doctor_day": doctors(is_list=True),
    "appointments:doctor_visit": doctors("visit", never=("visit.held",)),
    "appointments:doctor_accept": doctors("visit.pending", methods=POST, post=302, never=("visit.held",)),
    "appointments:doctor_decline": doctors("visit.pending", methods=FORM, never=("visit.held",)),
    "appointments:doctor_cancel": doctors("visit", methods=FORM, never=("visit.held",)),
    "appointments:doctor_reschedule": doctors("visit", methods=FORM, never=("visit.held",)),
    "appointments:doctor_no_show": doctors("visit", post=409, never=("visit.held",)),
    "appointments:day": desk(is_list=True),
    "appointments:desk_visit": desk("visit", never=("visit.held",)),
    "appointments:desk_accept": desk("visit.pending", methods=POST, post=302, never=("visit.held",)),
    "appointments:desk_decline": desk("visit.pending", methods=FORM, never=("visit.held",)),
    "appointments:desk_cancel": desk("visit", methods=FORM, never=("visit.held",)),
    "appointments:desk_reschedule": desk("visit", methods=FORM, never=("visit.held",)),
    "appointments:desk_no_show": desk("visit", post=409, never=("visit.held",)),
    "appointments:desk_patient": desk("patient", is_list=True),
    "appointments:desk_search": desk(is_list=True),
    "appointments:desk_book": desk(
        "affiliation", param="affiliation_id", methods=FORM, query=_desk_offer, send=_desk_offer, rule_first=True
    ),
    "appointments:calendar": doctors(is_list=True),
    "appointments:remove_time_off": doctors("time_off", param="time_off_id", methods=POST, post=302),
    "appointments:calendar_free": doctors("affiliation"),
    "appointments:save_hours": doctors("affiliation", get=302, post=302),
    "appointments:save_rules": doctors("affiliation", methods=FORM, get=302),
    "appointments:add_exception": doctors("affiliation", methods=FORM, get=302),
    "appointments:remove_exception": doctors(
        "affiliation", ids={"exception_id": "exception"}, methods=POST, post=302
    ),
    "appointments:take_time_off": doctors("affiliation", methods=FORM, get=302),
    "appointments:leave_hospital": doctors("affiliation", post=409),
    "appointments:end_affiliation": admin("affiliation", post=409),
    "appointments:doctor_rules": admin("affiliation", methods=FORM),
    "appointments:cancel_visits": admin("affiliation", methods=FORM, is_list=True),
    "appointments:cancel_own_visits": doctors("affiliation", methods=FORM, is_list=True),
    # Money
    "billing:ipn": public(methods=POST, post=400),
    "billing:gateway_return": public(fixed={"way": "success"}, methods=POST, post=400),
    "billing:result": public(fixed={"token": "junk"}, get=404),
    "billing:invoices": mine(is_list=True),
    "billing:invoice": mine("bill"),
    "billing:pay": mine("bill", methods=FORM),
    "billing:invoice_pdf": mine("bill", get=202),
    "billing:receipt_pdf": mine("payment", get=202),
    "billing:desk": desk(is_list=True),
    "billing:refunds": desk(is_list=True),
    "billing:checks": desk(is_list=True),
    "billing:desk_invoice": desk("bill"),
    "billing:desk_pay": desk("bill", methods=FORM),
    "billing:desk_invoice_pdf": desk("bill", get=202),
    "billing:desk_receipt_pdf": desk("payment", get=202),
    "billing:pay_refund": desk("refund", post=302),
    "billing:resolve_refund": admin("refund.unclear", methods=FORM),
    "billing:resolve_attempt": admin("attempt", methods=FORM),
    # Records
    "records:check": public(),
    "records:verify": public("rx_code", param="code"),
    "records:prescriptions": mine(is_list=True),
    "records:prescription": mine("prescription", never=("prescription.draft",)),
    "records:prescription_pdf": mine("prescription", get=202, never=("prescription.draft",)),
    "records:visit_summary": mine("visit.seen"),
    "records:patients": doctors(is_list=True),
    "records:chart": doctors("patient", is_list=True),
    "records:allergies": doctors("patient", methods=FORM),
    "records:notes": doctors("note"),
    "records:medicines": doctors(),
    "records:see": doctors("visit.open", methods=FORM, never=("visit.held",)),
    "records:begin": doctors("visit.open", methods=POST, post=302, never=("visit.held",)),
    "records:undo": doctors("visit.open", get=302, post=302, never=("visit.held",)),
    "records:prescribe": doctors("visit.open", methods=FORM, never=("visit.held",)),
    "records:doctor_prescription": doctors("prescription"),
    "records:doctor_prescription_pdf": doctors("prescription", get=202, never=("prescription.draft",)),
    "records:sign": doctors("prescription.draft", methods=FORM),
    "records:cancel": doctors("prescription", methods=FORM),
    "records:discard": doctors("prescription.draft", post=302),
    "records:replace": doctors("prescription", methods=POST, post=302),
}  # fmt: skip

# Addresses that are classified as a whole elsewhere, and where.
ELSEWHERE = {
    "admin": "tests/tenancy/test_admin_site.py: for the platform admin with a second factor, read-only"
}
