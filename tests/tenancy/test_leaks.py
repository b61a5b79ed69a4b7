"""Nobody sees what is another person's or another hospital's: every address, person, method and id."""

from __future__ import annotations

import pytest

from tests.soak import record_result, soak_count

from .matrix import METHODS, all_route_names, tries_of
from .routes import ROUTES

pytestmark = pytest.mark.django_db


def test_every_route_is_classified_and_none_is_stale():
    names = list(all_route_names())
    missing = sorted(set(names) - ROUTES.keys())
    stale = sorted(ROUTES.keys() - set(names))
    assert not missing, (
        f"Say in tests/tenancy/routes.py who may open {', '.join(missing)}: a line in ROUTES with one of its helpers."
    )
    assert not stale, f"Take {', '.join(stale)} out of ROUTES in tests/tenancy/routes.py: there is no such address."
    twice = {name for name in names if names.count(name) > 1}
    assert not twice, f"Two addresses have one name: {', '.join(sorted(twice))}."


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_route_answers_everybody_as_classified(checker, name):
    problems = []
    for attempt in tries_of(checker.cast, name, ("GET", "POST")):
        problems += checker.problems(attempt)
    assert not problems, "\n".join(problems[:40])


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_other_methods_are_refused(checker, name):
    """HEAD answers like GET; what an address does not take is refused at the door."""
    everybody = {("anonymous", ""), ("ada", "own"), ("paul", ""), ("dora", ""), ("root", ""), ("mallory", "own")}
    crossed = soak_count("all methods for everybody", small=0, full=1)
    problems = []
    for attempt in tries_of(checker.cast, name, tuple(set(METHODS) - {"GET", "POST"})):
        if crossed or ((attempt.role, attempt.target.slug) in everybody and attempt.target.variant in {"", "own", "other"}):
            problems += checker.problems(attempt)
    record_result(f"tries of {name}", checker.count)
    assert not problems, "\n".join(problems[:40])
