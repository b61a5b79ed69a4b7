"""Every try there is: each address × method × person × id, at each hospital. The small size is in tests/tenancy."""

from __future__ import annotations

import random
from itertools import islice

import pytest

from tests.soak import checkpoint, record_result, resume_from, soak_count, soak_seed
from tests.tenancy.matrix import METHODS, tries_of
from tests.tenancy.routes import ROUTES

pytestmark = [pytest.mark.soak, pytest.mark.django_db, pytest.mark.timeout(0)]
STEP = 500


def test_no_try_of_the_whole_matrix_leaks(checker):
    tries = [attempt for name in sorted(ROUTES) for attempt in tries_of(checker.cast, name, METHODS)]
    random.Random(soak_seed()).shuffle(tries)
    wanted = min(soak_count("tries", small=50, full=len(tries)), len(tries))
    problems = []
    for number, attempt in islice(enumerate(tries), resume_from("tries"), wanted):
        problems += checker.problems(attempt)
        assert not problems, "\n".join(problems)
        if number % STEP == 0:
            checkpoint("tries", number)
    record_result("tries", wanted)
    record_result("tries in the matrix", len(tries))
