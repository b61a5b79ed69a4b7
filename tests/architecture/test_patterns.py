"""What the house never does, looked for in its own files."""

from __future__ import annotations

import re

import pytest

from . import house

UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b|coming" r" soon|lorem" r" ipsum", re.IGNORECASE)
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)[^>]*>|<style[\s>]|\s(?:on[a-z]+|style|hx-on[:\w-]*)=[\"']", re.IGNORECASE
)
DATA_SCRIPT = re.compile(r"<script[^>]*\btype=[\"'](?:application/json|application/ld\+json)[\"']")
PATCHING = re.compile(r"mock\.patch|mocker\.|from unittest(?:\.mock)? import|monkeypatch\.setattr\(")
MAIL = re.compile(r"\bsend_mail\(|\bmail_admins\(|EmailMultiAlternatives\(|\bEmailMessage\(")

# Where a query may see every hospital, and why (docs/decisions/0004): its subject belongs to no one hospital.
UNSCOPED = {
    "appointments/operations/booking.py": "a patient's live holds, in all hospitals",
    "appointments/operations/calendar.py": "a doctor's visits that time off would hit, in all hospitals",
    "appointments/operations/cells.py": "lapsed holds of a doctor or patient, in all hospitals",
    "appointments/operations/holds.py": "the scheduler's sweep of lapsed holds",
    "appointments/operations/next_free.py": "the worker computes a doctor's next free times",
    "appointments/queries/closing.py": "the scheduler's sweep of visits that are to be cancelled",
    "appointments/queries/visits.py": "a visit named by our own outbox; a patient's own unpaid visits, in all hospitals",
    "billing/documents.py": "the worker renders one invoice",
    "billing/operations/checks.py": "the scheduler asks again about payments and refunds",
    "billing/operations/payments.py": "a val_id is used once, in any hospital",
    "billing/operations/refunds.py": "the worker sends one refund",
    "billing/operations/review.py": "payments to decide about in hospitals that have closed",
    "billing/queries/payments.py": "an attempt named by the gateway or by a signed link",
    "core/invariants.py": "the checker looks at everything",
    "core/tenancy.py": "defines it",
    "doctors/models.py": "a doctor's own applications, in all hospitals",
    "doctors/operations/applications.py": "a doctor's own workplaces",
    "doctors/queries.py": "a doctor's own workplaces and applications",
    "doctors/registrations.py": "an application named by our own outbox",
    "healthstack/admin_site.py": "the platform admin's read-only tables",
    "hospitals/models.py": "a person's own memberships",
    "patients/models.py": "a patient's own registrations, a person's own care relations",
    "records/models.py": "a prescription named by its code on paper",
}
# Who talks to people on standard output: commands before Django, and measurements.
PRINTING = ("scripts/", "bench/")


def _lines_with(pattern: re.Pattern[str], paths) -> list[str]:
    return [
        f"{house.name(path)}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate(house.text(path).splitlines(), 1)
        if pattern.search(line)
    ]


def _calls(names: set[str], paths) -> list[str]:
    return [
        f"{house.name(path)}:{line}" for path in paths for call, line in house.calls(path) if call in names
    ]


def test_nothing_is_unfinished():
    static = [path for kind in ("js", "scss") for path in house.ROOT.glob(f"{kind}/**/*.{kind}")]
    static += list((house.ROOT / "static" / "js").glob("*.js"))
    found = _lines_with(
        UNFINISHED, [*house.modules(), *house.modules_of_tests(), *house.templates(), *static]
    )
    assert found == []


def test_templates_hold_no_inline_script_style_or_event():
    pages = [
        path for path in house.templates() if path.relative_to(house.ROOT).parts[1] not in {"emails", "pdf"}
    ]
    assert [line for line in _lines_with(INLINE, pages) if not DATA_SCRIPT.search(line)] == []


def test_nothing_prints():
    paths = [path for path in house.modules() if not house.name(path).startswith(PRINTING)]
    printing = [
        f"{house.name(path)}:{line}"
        for path in paths
        for call, line in house.calls(path)
        if call in {"print", "breakpoint"}
    ]
    assert printing == []


def test_mail_leaves_through_notifications_only():
    paths = [path for path in house.modules() if not house.name(path).startswith("notifications/")]
    assert _lines_with(MAIL, paths) == []


def test_scopes_are_lifted_in_listed_places():
    lifting = {
        house.name(path)
        for path in house.modules()
        if {call for call, _ in house.calls(path)} & {"scopes_disabled", "everywhere"}
    }
    # Measurements and their filler are no part of the portal.
    lifting = {name for name in lifting if not name.startswith(("bench/", "healthstack/bulk/"))}
    assert lifting == set(UNSCOPED)


def test_scopes_are_switched_off_in_one_module():
    switching = {
        house.name(path)
        for path in house.modules()
        if {call for call, _ in house.calls(path)} & {"scopes_disabled"}
    }
    assert switching == {"core/tenancy.py"}


def test_no_page_lifts_the_scope():
    pages = [
        path
        for path in house.modules()
        if house.is_view_module(path) or path.name in {"forms.py", "areas.py"}
    ]
    assert _calls({"everywhere"}, pages) == []


def test_the_scope_library_is_entered_through_core_tenancy_only():
    importing = re.compile(r"^\s*(?:from|import) django_scopes\b(?!\.forms)")
    paths = [path for path in house.modules() if house.name(path) != "core/tenancy.py"]
    assert _lines_with(importing, paths) == []


def test_views_start_from_a_scoped_query():
    views = [path for path in house.modules() if house.is_view_module(path)]
    assert _lines_with(re.compile(r"\.objects\.all\(\)"), views) == []


def test_rights_are_asked_through_rules_and_never_of_the_user():
    assert _lines_with(re.compile(r"\buser\.has_perms?\("), house.modules()) == []


def test_second_factors_are_verified_under_a_lock():
    assert _lines_with(re.compile(r"\bdevice\.verify_token\("), house.modules()) == []


def test_row_locks_let_foreign_keys_in():
    """A plain FOR UPDATE blocks every insert that points at the row (core.locks)."""
    blocking = [
        f"{house.name(path)}:{call.lineno}"
        for path in house.modules()
        for call in house.calls_of("select_for_update", path)
        if not {"no_key", "of"} <= {word.arg for word in call.keywords}
    ]
    assert blocking == []


def test_only_the_gateways_return_is_exempt_from_csrf():
    exempt = _lines_with(re.compile(r"@csrf_exempt"), house.modules())
    assert all(line.startswith("billing/") for line in exempt), exempt


def test_tests_do_not_patch_our_code():
    tests = [path for path in house.modules_of_tests() if path.name != "test_patterns.py"]
    assert _lines_with(PATCHING, tests) == []


def test_time_is_read_in_one_way():
    naive = re.compile(r"\bdatetime\.(?:now|utcnow|today)\(|\bdate\.today\(|\bdt\.datetime\.(?:now|utcnow)\(")
    paths = [path for path in house.modules() if not house.name(path).startswith(PRINTING)]
    assert _lines_with(naive, paths) == []


@pytest.mark.parametrize("host_hint", ["index-url", "://registry", "://pypi", "--registry"])
def test_requirements_name_no_package_host(host_hint):
    files = [*house.ROOT.glob("requirements*.txt"), *house.ROOT.glob("package.json"), house.ROOT / "Makefile"]
    assert [house.name(path) for path in files if host_hint in house.text(path)] == []
