"""Thousands of hostile requests from everybody: never a failure, nothing in the log, nothing written when refused."""

from __future__ import annotations

import pytest

from tests.fuzz.shooter import Shooter

from . import checkpoint, is_full, record_result, resume_from, soak_count, soak_seed

# On PostgreSQL too: it refuses values that SQLite keeps.
pytestmark = [pytest.mark.soak, pytest.mark.slow, pytest.mark.engines, pytest.mark.django_db]


def test_hostile_requests_are_refused_without_a_failure(checker):
    shooter = Shooter(checker, soak_seed())
    assert len(shooter.pages) > 100 and len(shooter.forms) > 100
    shots = soak_count("requests", small=400, full=5_000)
    problems = []
    for number in range(resume_from("requests"), shots):
        found = shooter.problems(shooter.shot(number))
        problems += found
        for problem in found if is_full() else ():
            print(
                problem, flush=True
            )  # a soak is long; its first finding should not wait for its last request
        if number % 100 == 0 and not problems:
            checkpoint("requests", number)
    record_result("requests sent", shots)
    record_result("pages and forms they were made of", f"{len(shooter.pages)} and {len(shooter.forms)}")
    record_result("answers", dict(sorted(shooter.answers.items())))
    record_result("failures", len(problems))
    assert not problems, "\n".join(problems[:40])
