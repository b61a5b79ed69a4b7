"""The admin site: for the platform admin after the second factor, for looking only, with nothing clinical."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import AuthenticatorDevice
from accounts.tests.world import give_authenticator
from core.tenancy import everywhere

from .checker import BACKEND, tokens, undone
from .matrix import ROLES

pytestmark = pytest.mark.django_db
# Rooms whose tables say how somebody is, or what they paid.
NEVER = {"records", "appointments", "billing", "patients", "ledger"}
SAFE = {"core", "accounts", "hospitals", "doctors", "notifications", "formulary"}

# Registered by libraries, and closed to everybody: Django's own permissions open nothing here.
CLOSED = {"auth", "django_tasks_database"}


def addresses() -> list[str]:
    found = [reverse("admin:index")]
    for model in admin.site._registry:
        app, name = model._meta.app_label, model._meta.model_name
        with everywhere():
            row = model._default_manager.first()
        found.append(reverse(f"admin:{app}_{name}_changelist"))
        if row is not None:
            found += [
                reverse(f"admin:{app}_{name}_{page}", args=[row.pk])
                for page in ("change", "delete", "history")
            ]
        found.append(reverse(f"admin:{app}_{name}_add"))
    return found


def test_only_harmless_tables_are_registered():
    registered = {model._meta.app_label for model in admin.site._registry}
    assert not registered & NEVER
    unknown = registered - SAFE - CLOSED
    assert not unknown, f"Say in SAFE or NEVER whether the tables of {unknown} may be looked at."


@pytest.mark.parametrize("role", ROLES)
def test_nobody_enters_without_the_second_factor(checker, role):
    page = "/accounts/log-in/" if role == "anonymous" else "/accounts/second-factor/"
    for address in addresses():
        for method in ("GET", "POST"):
            answer = checker.ask(role, method, address)
            assert (answer.status, answer.headers["Location"].split("?")[0]) == (302, "/admin/login/"), (
                address,
                method,
            )
    sent_on = checker.ask(role, "GET", "/admin/login/?next=/admin/")
    assert (sent_on.status, sent_on.headers["Location"]) == (302, f"{page}?next=%2Fadmin%2F")


def test_the_platform_admin_sees_tables_and_nothing_clinical(checker):
    with undone():
        root = checker.cast.people["root"]
        give_authenticator(root)
        client = Client()
        client.force_login(root, backend=BACKEND)
        session = client.session
        session["otp_device_id"] = AuthenticatorDevice.objects.get(user=root).persistent_id
        session.save()
        clinical = {
            "reason",
            "diagnosis",
            "plan",
            "complaint",
            "findings",
            "advice",
            "instruction",
            "allergy",
            "address",
        }
        hidden = {f"zq{login}{word}" for login in checker.cast.people for word in clinical}
        for address in addresses():
            response = client.get(address)
            is_closed = address.endswith(("/add/", "/delete/")) or any(
                f"/{app}/" in address for app in CLOSED
            )
            assert response.status_code == (403 if is_closed else 200), address
            assert not tokens(response.content.decode()) & hidden, address
            if address.rstrip("/").rpartition("/")[2] in {"add", "change", "delete"}:
                assert client.post(address, {}).status_code == 403, address
