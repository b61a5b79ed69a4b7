"""Remembers which tests of a soak have passed, so that an interrupted one goes on with the others."""

from __future__ import annotations

import os

import pytest

from tests.soak import State, is_full


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note a test that passed in full size."""
    if is_full() and report.when == "call" and report.passed:
        state = State(os.environ["SOAK_AREA"])
        state.values["passed"].append(report.nodeid)
        state.save()
