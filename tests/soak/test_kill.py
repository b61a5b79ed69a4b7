"""kill -9 of web, worker and simulator under load: each comes back by itself, and nothing that was promised is lost."""

from __future__ import annotations

import datetime as dt
import os
import random
import sys
import time
from collections import defaultdict

import pytest

from . import record_result, soak_count, soak_seed
from .bookers import PASSWORD, Crowd
from .browser import Browser
from .portal import Portal, answers, running_portal

pytestmark = [
    pytest.mark.soak,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="finds its processes in /proc"),
]
PROGRAMS = ("web", "worker", "simulator")
BACK_SECONDS = 5.0  # while the machine has a core to spare
LIVE = {"pending", "booked"}
LIVES = 15  # people whom each of the patients at once is, one after the other


@pytest.fixture
def portal(tmp_path):
    with running_portal(tmp_path) as running:
        yield running


def seconds_until_back(portal: Portal, program: str, killed: int) -> float:
    """Wait until the program runs again under another id, and answers, or has begun a task."""
    started, moment = time.monotonic(), dt.datetime.now(dt.UTC)
    works = {
        "web": lambda: answers(f"{portal.address}/accounts/log-in/"),
        "simulator": lambda: answers(f"{portal.gateway}/_health"),
        "worker": lambda: portal.tasks_begun_since(moment) > 0,
    }
    while time.monotonic() - started < 60:
        if portal.pid(program) not in (None, killed) and works[program]():
            return time.monotonic() - started
        time.sleep(0.02)
    raise AssertionError(f"{program} does not come back")


def allowed_seconds() -> float:
    """Return the bound: longer in proportion where more programs want to run than there are cores."""
    return BACK_SECONDS * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def kill_at_random(portal: Portal, kills: int, chance: random.Random) -> dict[str, list[float]]:
    """Kill each program in turn at random moments; return how long each took to come back."""
    back = defaultdict(list)
    for number in range(kills):
        program = PROGRAMS[number % len(PROGRAMS)]
        time.sleep(chance.uniform(0.3, 2.5))
        killed = portal.kill(program)
        back[program].append(seconds_until_back(portal, program, killed))
    return back


def wait_until_settled(portal: Portal, crowd: Crowd, *, hurry: bool) -> float:
    """Wait until no task and no mail is open and the bank's payments are ours; `hurry` makes what waits due at once."""
    started = time.monotonic()
    while time.monotonic() - started < 600:
        open_work = portal.ask_inside("open_work")
        if not any(open_work.values()):
            known = {row["session_key"] for row in portal.ask_inside("report")["attempts"] if row["captured"]}
            if crowd.paid <= known:
                return time.monotonic() - started
        if hurry and time.monotonic() - started > 3:
            portal.ask_inside("hurry")
        time.sleep(1)
    raise AssertionError(f"not settled: {open_work}")


def bank_has_captured(portal: Portal, tran_id: str) -> bool:
    page = Browser(portal.gateway).ask(f"/_state?tran_id={tran_id}").text
    return '"status": "VALID' in page or '"status":"VALID' in page


def what_is_wrong(portal: Portal, crowd: Crowd) -> list[str]:
    """Return, in sentences, every promise that was not kept."""
    report = portal.ask_inside("report")
    states = {visit: report["visits"].get(visit, "gone") for visit in crowd.booked}
    wrong = [
        f"Visit {visit} was promised and is {state}." for visit, state in states.items() if state not in LIVE
    ]
    for row in report["attempts"]:
        captured = bool(row["captured"])
        if captured != bank_has_captured(portal, row["tran_id"]):
            wrong.append(f"The bank and the portal differ about {row}.")
        if captured and not (row["applied"] or row["refund"]):
            wrong.append(f"The money of {row} is neither applied nor owed back.")
    known = {row["session_key"] for row in report["attempts"] if row["captured"]}
    wrong += [f"The payment {session} is lost." for session in crowd.paid - known]
    for name in ("sent twice", "sent and not in the mailbox", "in the mailbox and not sent"):
        if report[name]:
            wrong.append(f"{report[name]} mails were {name}.")
    if set(report["mails"]) - {"sent", "dropped"} or set(report["tasks"]) != {"SUCCESSFUL"}:
        wrong.append(f"Not all is done: mails {report['mails']}, tasks {report['tasks']}.")
    for name in ("mails", "tasks", "tried again", "tasks tried again"):
        record_result(f"in the end: {name}", report[name])
    return wrong


def test_killed_programs_come_back_and_nothing_is_lost(portal):
    kills = soak_count("kills", small=3, full=30)
    patients = soak_count("patients", small=4, full=8)
    chance = random.Random(soak_seed())
    crowd = Crowd(
        portal.address,
        portal.gateway,
        portal.ask_inside("people", str(patients * LIVES), PASSWORD),
        PASSWORD,
        chance.randrange(10**9),
        at_once=patients,
    )
    crowd.start()
    time.sleep(2)
    back = kill_at_random(portal, kills, chance)
    allowed = allowed_seconds()
    time.sleep(2)
    crowd.stop()
    seconds = wait_until_settled(portal, crowd, hurry=kills < 10)
    for program, times in back.items():
        record_result(f"{program}: seconds until back, longest of {len(times)}", round(max(times), 2))
        record_result(f"{program}: seconds until back, mean", round(sum(times) / len(times), 2))
    record_result("seconds allowed, on a machine as busy as this one", round(allowed, 1))
    record_result("promises: visits", len(crowd.booked))
    record_result("promises: payments", len(crowd.paid))
    record_result("seconds until all was settled", round(seconds))
    record_result("what the patients saw", dict(sorted(crowd.answers.items())))
    assert crowd.failures == []
    assert crowd.booked and crowd.paid, crowd.answers
    assert what_is_wrong(portal, crowd) == []
    checked = portal.manage("check_invariants")
    assert checked.returncode == 0, checked.stdout
    assert max(max(times) for times in back.values()) <= allowed, dict(back)
