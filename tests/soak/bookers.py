"""Patients who book and pay without pause, and remember what the portal and the gateway told them."""

from __future__ import annotations

import random
import re
import threading
import time
from collections import Counter, deque
from typing import Any
from urllib.parse import quote

from .browser import LOST, Answer, Browser, form_of

PAY = re.compile(r"/me/bills/\w+/pay/")
PASSWORD = "seven green boats"
FULL = "visits wait for your payment"  # nobody keeps more than a few times without paying
PATIENCE = 20.0  # seconds in which somebody presses the button again when a page does not come


class Crowd:
    """So many patients, each in a thread; what they were promised is in `booked` and `paid`."""

    def __init__(
        self, address: str, gateway: str, people: dict[str, Any], password: str, seed: int, *, at_once: int
    ) -> None:
        self.address, self.gateway, self.password = address, gateway, password
        self.random = random.Random(seed)
        times = [tuple(time) for time in people["times"]]
        self.random.shuffle(times)
        self.times = deque(times)
        self.booked: set[str] = set()  # visits that a redirect has named
        self.paid: set[str] = set()  # sessions in which the gateway has taken money
        self.answers: Counter[str] = Counter()
        self.failures: list[str] = []
        self.ended = threading.Event()
        self.threads = [
            threading.Thread(target=self._live, args=(emails, self.random.randrange(10**9)), daemon=True)
            for emails in (people["emails"][place::at_once] for place in range(at_once))
        ]

    def start(self) -> None:
        """Let them begin."""
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """Let them finish what they are doing."""
        self.ended.set()
        for thread in self.threads:
            thread.join(timeout=90)
        assert not any(thread.is_alive() for thread in self.threads), "a patient waits for ever"

    def _live(self, emails: list[str], seed: int) -> None:
        chance = random.Random(seed)
        for email in emails:
            try:
                self._book_all(email, chance)
            except Exception as error:  # noqa: BLE001  # told at the end, by the test
                self.failures.append(f"{email}: {error!r}")

    def _book_all(self, email: str, chance: random.Random) -> None:
        """Book until it ends, or until the person has to pay first."""
        browser = Browser(self.address)
        if not self.ended.is_set():
            self._patiently(lambda: browser.log_in(email, self.password))
        is_full = False
        while not is_full and not self.ended.is_set() and self.times:
            pay = chance.choice(["desk", "online"])
            is_full = self._book(browser, *self.times.popleft(), pay=pay, chance=chance)
            self.ended.wait(chance.uniform(0.05, 0.3))

    def _patiently(self, act: Any) -> Any:
        """Do it again while a server is away; None when it stays away."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                return act()
            except LOST:
                self.answers["lost"] += 1
                time.sleep(0.2)
        return None

    def _book(self, browser: Browser, place: str, start: str, *, pay: str, chance: random.Random) -> bool:
        """Book and pay, and say whether the person has to pay for earlier visits first."""
        path = f"/me/book/{place}/?start={quote(start)}"
        answer = self._patiently(lambda: browser.ask(path, {"pay": pay, "reason": "A soak"}))
        if answer is None:
            return False
        self.answers[f"book {pay}: {answer.status}"] += 1
        if answer.status >= 500:
            self.failures.append(f"{path}: {answer.status}")
        if answer.status == 302:
            self._go_on(browser, answer, pay, chance)
        return FULL in answer.text

    def _go_on(self, browser: Browser, answer: Answer, pay: str, chance: random.Random) -> None:
        if answer.location.startswith(self.gateway):
            self._pay(answer.location, chance)
        elif answer.location.startswith("/me/visits/") and pay == "desk":
            self.booked.add(answer.location.split("/")[3])
        elif answer.location.startswith("/me/visits/"):
            self._pay_what_is_kept(browser, answer.location, chance)
        elif "/me/bills/" in answer.location:
            self._pay_later(browser, answer.location, chance)

    def _pay_what_is_kept(self, browser: Browser, visit: str, chance: random.Random) -> None:
        """The answer was lost when the time was kept, and the second press leads to what is kept: pay from there."""
        page = self._patiently(lambda: browser.ask(visit))
        bill = PAY.search(page.text) if page is not None else None
        self.answers["kept, answer lost"] += 1
        if bill:
            self._pay_later(browser, bill.group(0), chance)

    def _pay_later(self, browser: Browser, path: str, chance: random.Random) -> None:
        """The gateway was away when the time was kept: press Pay once more."""
        answer = self._patiently(lambda: browser.ask(path, {"method": "online"}))
        if answer is not None:
            self.answers[f"pay again: {answer.status}"] += 1
            if answer.status == 302 and answer.location.startswith(self.gateway):
                self._pay(answer.location, chance)

    def _pay(self, url: str, chance: random.Random) -> None:
        decided: Answer | None = self._patiently(lambda: Browser(self.gateway).ask(url, {"choice": "pay"}))
        if decided is None or decided.status != 200:
            self.answers["gateway away"] += 1
            return
        self.paid.add(url.rstrip("/").rpartition("/")[2])
        if chance.random() < 0.3:
            self.answers["closed the browser after paying"] += 1
            return
        back, fields = form_of(decided.text)
        answer = self._patiently(lambda: Browser(self.address).ask(back, fields))
        self.answers[f"return: {answer.status if answer else 'lost'}"] += 1
        if answer is not None and answer.status >= 500:
            self.failures.append(f"{back}: {answer.status}")
