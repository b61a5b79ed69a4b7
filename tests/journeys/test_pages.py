"""Every page of the demonstration in a browser: no accessibility violation, no sideways scroll, no error in the console."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import BrowserContext, Page

from accounts.models import User
from appointments.models import Appointment
from billing.models import Invoice
from core.tenancy import everywhere
from doctors.models import Affiliation, Application, Doctor
from healthstack.demo import seed
from hospitals.models import Hospital
from patients.models import Patient
from records.models import Prescription

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WIDTHS = (1280, 360, 320)


def paths() -> dict[str, list[str]]:
    """Return the pages of each role; the ids are the demonstration's."""
    with everywhere():
        city = Hospital.objects.get(slug="city")
        dora = Doctor.objects.get(user__email="dora@demo.test")
        paul = Patient.objects.get(user__email="paul@demo.test")
        done = Appointment.objects.get(patient=paul, status="fulfilled")
        coming = Appointment.objects.get(patient=paul, status="booked")
        waiting = Appointment.objects.get(status="pending")
        bill = Invoice.objects.filter(patient=paul, status="issued").first()
        rx = Prescription.objects.get(patient=paul)
        application = Application.objects.get(status="submitted")
        work = Affiliation.objects.get(doctor=dora, hospital=city)
    me, visit = "/me/", f"/me/visits/{coming.public_id}/"
    office = f"/h/{city.slug}/"
    desk, seen = f"{office}visits/{coming.public_id}/", f"/doctor/visits/{done.public_id}/"
    return {
        "": ["/", "/doctors/", "/doctors/?q=cardiologist&city=Dhaka", "/doctors/?q=nobody+at+all",
             f"/doctors/{dora.public_id}/", "/hospitals/", "/hospitals/city/", "/join/", "/join/doctor/",
             "/accounts/log-in/",
             "/accounts/password/reset/", "/rx/", f"/rx/{rx.verify_code}/", "/mailbox/", "/no/such/page/"],
        "paul": [me, "/me/visits/", "/me/visits/?when=past", visit, f"{visit}cancel/", f"{visit}reschedule/", "/me/bills/",
                 f"/me/bills/{bill.public_id}/", f"/me/bills/{bill.public_id}/pay/", "/me/prescriptions/",
                 f"/me/prescriptions/{rx.public_id}/", "/me/profile/", "/me/access/", "/bell/", "/accounts/",
                 "/accounts/second-factor/", "/accounts/sessions/", "/accounts/password/", "/doctors/"],
        "dora": ["/doctor/", "/doctor/day/", f"/doctor/visits/{waiting.public_id}/", f"{seen}see/", f"{seen}prescribe/",
                 f"/doctor/visits/{coming.public_id}/see/",
                 "/doctor/patients/", f"/doctor/patients/{paul.public_id}/", "/doctor/calendar/", "/doctor/hospitals/",
                 f"/doctor/hospitals/{work.public_id}/cancel-visits/",
                 "/doctor/profile/", "/doctor/certificates/", f"/doctor/prescriptions/{rx.public_id}/"],
        "rita": [office, f"{office}day/", desk, f"{desk}cancel/", f"{office}book/", f"{office}patients/",
                 f"{office}patients/new/", f"{office}patients/{paul.public_id}/",
                 f"{office}patients/{paul.public_id}/edit/", f"{office}desk/",
                 f"{office}bills/{bill.public_id}/"],
        "ada": [office, f"{office}applications/", f"{office}applications/{application.public_id}/", f"{office}doctors/",
                f"{office}doctors/{work.public_id}/", f"{office}doctors/{work.public_id}/cancel-visits/",
                f"{office}departments/", f"{office}staff/", f"{office}staff/invite/", f"{office}staff/invitations/",
                f"{office}settings/", f"{office}settings/rules/", f"{office}settings/security/"],
        "root": ["/platform/", "/platform/hospitals/", "/platform/hospitals/add/", f"/platform/hospitals/{city.public_id}/"],
    }  # fmt: skip


def enter(context: BrowserContext, portal: str, login: str) -> None:
    """Log the browser in without the log-in page."""
    client = Client()
    client.force_login(User.objects.get(email=f"{login}@demo.test"))
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": portal}])


@pytest.fixture
def demo(portal: str, run_tasks: Callable[[], int]) -> Iterator[str]:
    seed()
    run_tasks()
    yield portal


def problems(page: Page, axe: Axe, path: str) -> list[str]:
    """Return what is wrong with one page: axe's findings on a desktop, sideways scroll down to 320 px."""
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    answer = page.goto(path)
    wrong = [f"{path}: status {answer.status}"] if answer is None or answer.status >= 500 else []
    found = axe.run(page).response["violations"]
    wrong += [f"{path}: {one['id']} {one['nodes'][0]['html'][:120]}" for one in found]
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        scrolled: Any = page.evaluate("document.documentElement.scrollWidth")
        if scrolled > width:
            wrong.append(f"{path} at {width}: scrolls sideways to {scrolled}")
    return wrong


def test_every_page_is_accessible_and_fits(demo, new_page):
    axe = Axe()
    wrong: list[str] = []
    for login, addresses in paths().items():
        page = new_page()
        page.on("console", partial(_keep_error, wrong))
        if login:
            enter(page.context, demo, login)
        for path in addresses:
            wrong += problems(page, axe, path)
    assert wrong == []


def _keep_error(wrong: list[str], message: Any) -> None:
    # The browser itself reports the status of the page that is meant not to be found.
    if message.type == "error" and "404" not in message.text:
        wrong.append(f"console: {message.text}")
