"""Nobody sees what is another person's or another hospital's: every address, person, method and id."""

from __future__ import annotations

import pytest

from .matrix import METHODS, all_route_names, is_telling, tries_of
from .routes import ROUTES

pytestmark = pytest.mark.django_db


def test_every_route_is_classified_and_none_is_stale():
    names = list(all_route_names())
    missing = sorted(set(names) - ROUTES.keys())
    stale = sorted(ROUTES.keys() - set(names))
    assert not missing, (
        f"Say in tests/tenancy/routes.py who may open {', '.join(missing)}: a line in ROUTES with one of its helpers."
    )
    assert not stale, (
        f"Take {', '.join(stale)} out of ROUTES in tests/tenancy/routes.py: there is no such address."
    )
    twice = {name for name in names if names.count(name) > 1}
    assert not twice, f"Two addresses have one name: {', '.join(sorted(twice))}."


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_route_answers_everybody_as_classified(checker, name):
    before, problems = checker.count, []
    for attempt in tries_of(checker.cast, name, METHODS):
        if is_telling(attempt):
            problems += checker.problems(attempt)
    assert checker.count > before
    assert not problems, "\n".join(problems[:40])


def test_the_matrix_is_large_enough(shared_cast):
    """So that nobody thins it out unseen: at least 5,000 requests here, and ten times as many in the soak."""
    tries = [attempt for name in ROUTES for attempt in tries_of(shared_cast, name, METHODS)]
    assert sum(map(is_telling, tries)) >= 5_000
    assert len(tries) >= 50_000
