"""The whole story in a browser: sign up, find, book, pay, be accepted, be seen, get the prescription, check its code."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from .stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.slow]
EMAIL, PASSWORD = "rahim@demo.test", "seven green boats"


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()


def follow(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).first.click()


def log_in(page: Page, email: str, password: str) -> None:
    page.goto("/accounts/log-in/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    press(page.locator("main"), "Log in")


def read_mail(page: Page, subject: str) -> str:
    """Open the newest mail of that subject to the patient in the mailbox and return its text."""
    page.goto(f"/mailbox/?to={EMAIL}")
    page.locator("main").get_by_role("link", name=re.compile(subject, re.IGNORECASE)).first.click()
    return page.locator("article").inner_text()


def sign_up(page: Page, run_tasks: Callable[[], int]) -> None:
    page.goto("/")
    follow(page, "Create an account")
    page.get_by_label("Your name").fill("Rahim Uddin")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Contact number").fill("01711 000214")
    page.get_by_label("Date of birth").fill("1988-05-03")
    page.get_by_label("Address").fill("House 4, Road 27, Dhanmondi")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Create account")
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()
    run_tasks()
    link = re.search(r"https?://\S+/accounts/confirm/\S+", read_mail(page, "Confirm"))
    assert link
    page.goto(link.group(0))
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Confirm and log in")
    expect(page.get_by_role("heading", name="Hello Rahim Uddin")).to_be_visible()


def book_and_pay(page: Page, *, javascript: bool) -> None:
    page.goto("/")
    page.goto("/doctors/")
    page.get_by_label("Doctor, speciality or problem").fill("cardiologist")
    page.get_by_label("City or area").fill("Dhaka")
    press(page.get_by_role("search"), "Search")
    expect(page.get_by_role("link", name="Dr Dora Sen", exact=True)).to_be_visible()
    page.locator("a.slot").first.click()
    page.get_by_label("Online").check()
    page.get_by_label("What is it about?").fill("Chest pain on the stairs")
    press(page, "and book")
    expect(page.get_by_text("no money moves")).to_be_visible()
    press(page, "Pay")
    if not javascript:
        press(page, "Continue")
    expect(page.get_by_role("heading", name="Paid")).to_be_visible()
    follow(page, "See what you booked")
    expect(page.get_by_text("Waiting for the hospital").first).to_be_visible()


def begin_the_visit(page: Page) -> None:
    """Begin it, take that back as if it had been a mistake, and begin it again."""
    follow(page, "Visit notes")
    press(page, "Begin the visit")
    follow(page, "Begun by mistake")
    press(page, "Take it back")
    expect(page.get_by_text("The visit is taken back.")).to_be_visible()
    follow(page, "Visit notes")
    press(page, "Begin the visit")


def see_and_prescribe(page: Page, stage: Stage) -> None:
    log_in(page, "dora@demo.test", stage.password)
    expect(page.get_by_role("heading", name="Hello Dr Dora Sen")).to_be_visible()
    page.locator("#waiting a").first.click()
    expect(page.get_by_text("Chest pain on the stairs")).to_be_visible()
    press(page, "Accept")
    begin_the_visit(page)
    page.get_by_label("What the patient came with").fill("Chest pain when climbing stairs, three weeks")
    page.get_by_label("Diagnosis").fill("Stable angina")
    page.get_by_label("ICD-10 code").fill("I20.9")
    page.get_by_label("Plan and advice").fill("Walk every day. Come back in four weeks.")
    press(page, "Save and prescribe")
    page.get_by_label("Medicine, strength, form").fill("aspirin 75")
    press(page.locator("#add"), "Search")
    page.locator("#found button").first.click()
    page.locator("[name=line-0-dose]").fill("1")
    page.locator("[name=line-0-frequency]").select_option("1+0+0")
    page.locator("[name=line-0-days]").fill("28")
    page.locator("[name=line-0-instructions]").fill("খাবার পরে, ব্যথা বাড়লে হাসপাতালে আসুন")
    press(page, "Save and look it over")
    follow(page, "Sign prescription")
    press(page, "Sign prescription")
    expect(page.get_by_role("link", name="Download PDF")).to_be_visible()


def finish_visit(page: Page) -> None:
    page.goto("/doctor/day/")
    page.get_by_role("link", name="Rahim Uddin").first.click()
    follow(page, "Visit notes")
    press(page, "Finish the visit")
    expect(page.get_by_text("The visit is finished")).to_be_visible()


def download_and_check(page: Page, visitor: Page, tmp_path_name: str) -> str:
    page.goto("/me/prescriptions/")
    page.locator("main li a, main th a").first.click()
    with page.expect_download() as download:
        follow(page, "Download PDF")
    download.value.save_as(tmp_path_name)
    address = re.search(r"\S+/rx/\S+", page.locator(".sheet").inner_text())
    assert address
    url = address.group(0).rstrip(".")
    visitor.goto(url if url.startswith("http") else f"http://{url}")
    expect(visitor.get_by_text("Valid", exact=False).first).to_be_visible()
    words = visitor.locator("main").inner_text()
    assert "Rahim" not in words and "spirin" not in words
    return words


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_from_sign_up_to_prescription(stage, new_page, run_tasks, tmp_path, javascript):
    patient, doctor = new_page(javascript=javascript), new_page(javascript=javascript)
    sign_up(patient, run_tasks)
    book_and_pay(patient, javascript=javascript)
    run_tasks()
    assert "City General Hospital" in read_mail(patient, "visit")
    expect(patient.get_by_role("link", name=re.compile(r"\.ics"))).to_be_visible()
    see_and_prescribe(doctor, stage)
    finish_visit(doctor)
    run_tasks()
    pdf = tmp_path / "prescription.pdf"
    words = download_and_check(patient, new_page(javascript=javascript), str(pdf))
    assert "City General Hospital" in words
    assert pdf.read_bytes().startswith(b"%PDF-")
    patient.goto("/me/visits/?when=past")
    patient.locator("main a", has_text="Dr Dora Sen").first.click()
    follow(patient, "Diagnosis and plan")
    expect(patient.get_by_text("Stable angina")).to_be_visible()
    patient.goto("/me/access/")
    expect(patient.get_by_text("Dr Dora Sen").first).to_be_visible()
