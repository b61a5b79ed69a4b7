"""What a journey needs: the portal, the payment simulator, a browser, and a doctor whose day goes on now."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from billing.simulator.testing import STORE_ID, STORE_PASSWORD, Remote, running_simulator
from tests.services import chromium_path

from .stage import Stage, set_stage


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Playwright]:
    """Playwright, for one test: it keeps an event loop in the test's thread, which the next test must not find there."""
    # What the test asks of the database is synchronous all the same.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture
def chromium(driver: Playwright) -> Iterator[Browser]:
    browser = driver.chromium.launch(
        executable_path=chromium_path(),
        args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
    )
    yield browser
    browser.close()


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Remote]:
    with running_simulator(tmp_path / "gateway.sqlite3") as remote:
        yield remote


@pytest.fixture
def portal(
    driver: Playwright, transactional_db: None, live_server: Any, settings: Any, simulator: Remote
) -> str:
    """The portal's address, with mail in the mailbox page and payments at the simulator."""
    settings.PUBLIC_URL = live_server.url
    settings.EMAIL_BACKEND = "notifications.mailbox.MailboxBackend"
    settings.SSLCOMMERZ_BASE_URL = simulator.base_url
    settings.SSLCOMMERZ_STORE_ID = STORE_ID
    settings.SSLCOMMERZ_STORE_PASSWORD = STORE_PASSWORD
    policy = copy.deepcopy(settings.CONTENT_SECURITY_POLICY)
    policy["DIRECTIVES"]["form-action"].append(simulator.base_url)
    settings.CONTENT_SECURITY_POLICY = policy
    return str(live_server.url)


@pytest.fixture
def stage(portal: str) -> Stage:
    """City General with Dr Dora Sen, a cardiologist who sees patients all day today."""
    return set_stage(portal, dt.datetime.now(dt.UTC))


@pytest.fixture
def new_page(chromium: Browser, portal: str) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a person's own browser; `javascript=False` for one without."""
    contexts: list[BrowserContext] = []

    def open_page(*, javascript: bool = True, width: int = 1280) -> Page:
        context = chromium.new_context(
            java_script_enabled=javascript, base_url=portal, viewport={"width": width, "height": 900}
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()
