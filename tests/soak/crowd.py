"""A crowd of browsers in processes of their own: each person is a session cookie, and all post at the same moment.

Standard library only, so that a new process starts quickly and shares nothing with the test.
"""

from __future__ import annotations

import http.client
import multiprocessing
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import Pool
from urllib.parse import urlencode, urlsplit

TRIES = 10
TOKEN = "c" * 32  # the CSRF cookie and the form's token are the same secret


def processes(number: int) -> Pool:
    """Return so many fresh processes; use it with `with`."""
    return multiprocessing.get_context("spawn").Pool(number)


def post(address: str, path: str, session: str, form: dict[str, str]) -> str:
    """Post a form as the person and say what came back: the status, and where a redirect leads or what a page warns of."""
    for _ in range(TRIES):
        try:
            return _post_once(address, path, session, form)
        except ConnectionError:  # the server's queue of callers was full: a browser tries again, too
            time.sleep(0.2)
    return "no answer"


def _post_once(address: str, path: str, session: str, form: dict[str, str]) -> str:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    headers = {
        "Cookie": f"sessionid={session}; csrftoken={TOKEN}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    try:
        connection.request("POST", path, urlencode({"csrfmiddlewaretoken": TOKEN, **form}), headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        if answer.status == 302:
            return f"302 {answer.headers['Location'].split('/')[1:3]}"
        return f"{answer.status} {'was just taken' if 'was just taken' in body else ''}".strip()
    finally:
        connection.close()


def post_together(address: str, path: str, sessions: list[str], form: dict[str, str], at: float) -> list[str]:
    """Post as each of the people, in threads that all wait for the moment `at` (seconds since the epoch)."""
    barrier = threading.Barrier(len(sessions))

    def act(session: str) -> str:
        barrier.wait(timeout=60)
        time.sleep(max(0.0, at - time.time()))
        return post(address, path, session, form)

    with ThreadPoolExecutor(len(sessions)) as pool:
        return list(pool.map(act, sessions))


def race(pool: Pool, address: str, path: str, groups: list[list[str]], form: dict[str, str]) -> Counter[str]:
    """Let every group post from a process of its own at the same moment, and count the answers."""
    at = time.time() + 0.15
    calls = [pool.apply_async(post_together, (address, path, group, form, at)) for group in groups]
    return Counter(answer for call in calls for answer in call.get(timeout=120))
