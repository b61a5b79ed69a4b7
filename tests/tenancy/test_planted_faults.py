"""The leak check finds what it is there for: faulty views, planted one at a time."""

from __future__ import annotations

import pytest

from .faults import FAULTS, planted
from .matrix import is_telling, tries_of

pytestmark = pytest.mark.django_db
# What the checker says about each; without a fault it says nothing about any of these routes.
SIGN = {
    "somebody else's bill": "shows Zqpianame",
    "another hospital's bill": "shows Zqomarname",
    "the desk reads the reason": "shows Zqpaulreason",
    "a chart without care": "shows Zqpiadiagnosis",
    "a draft for the patient": "shows Zqpauldraftadvice",
    "all patients in a list": "shows Zqomarname",
    "foreign ids in a list": "shows the id of omar's payment",
    "another hospital's staff": "shows zqsammail@demo.test",
    "another person's bell": "302, expected 404",
    "403 instead of 404": "403, expected 404",
    "a 404 that tells": "answers otherwise than an id that does not exist",
}


def _found(checker, name):
    tries = [attempt for attempt in tries_of(checker.cast, name, ("GET", "POST")) if is_telling(attempt)]
    return [problem for attempt in tries for problem in checker.problems(attempt)]


def test_at_least_ten_faults_are_planted():
    assert len(FAULTS) >= 10
    assert SIGN.keys() == FAULTS.keys()


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_planted_fault_is_found(shared_cast, fault):
    from .checker import Checker

    with planted(fault) as name:
        problems = _found(Checker(shared_cast), name)
    assert any(SIGN[fault] in problem for problem in problems), problems[:10]
