"""Tasks exist exactly when their cause does; lost ones come back; the scheduler runs what is due."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from core.background import (
    after_commit,
    periodic,
    periodic_commands,
    prune_tasks,
    requeue_lost_tasks,
    run_each,
    task,
)
from core.management.commands.run_scheduler import run_due, take_lease
from core.models import Lease, PeriodicRun

ran: list[int] = []


@task("tests.remember")
def remember(number: int) -> None:
    ran.append(number)


@task("tests.fail")
def fail() -> None:
    raise ZeroDivisionError


@pytest.mark.django_db
def test_after_commit_of_unknown_task_fails_at_once():
    with pytest.raises(LookupError, match="No task is called tests.unknown"):
        after_commit("tests.unknown")
    assert DBTaskResult.objects.count() == 0


@pytest.mark.django_db
def test_task_runs_with_its_ids(run_tasks):
    ran.clear()
    after_commit("tests.remember", number=7)
    assert ran == []
    assert run_tasks() == 1
    assert ran == [7]


@pytest.mark.django_db(transaction=True)
def test_task_disappears_with_its_cause():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        after_commit("tests.remember", number=1)
        raise ZeroDivisionError
    assert DBTaskResult.objects.count() == 0


@pytest.mark.django_db
def test_failed_task_stays_visible(run_tasks):
    after_commit("tests.fail")
    run_tasks(failures_allowed=True)
    row = DBTaskResult.objects.get()
    assert row.status == "FAILED"
    assert "ZeroDivisionError" in row.traceback


def lost(worker_ids: list[str], minutes: int) -> DBTaskResult:
    after_commit("tests.remember", number=1)
    row = DBTaskResult.objects.get()
    row.status, row.worker_ids = "RUNNING", worker_ids
    row.started_at = timezone.now() - dt.timedelta(minutes=minutes)
    row.save()
    return row


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("workers", "minutes", "given_back", "status"),
    [(["a"], 2, 1, "READY"), (["a"], 0, 0, "RUNNING"), (["a", "b", "c"], 2, 0, "FAILED")],
)
def test_task_of_killed_worker(workers, minutes, given_back, status):
    row = lost(workers, minutes)
    assert requeue_lost_tasks() == given_back
    row.refresh_from_db()
    assert row.status == status


@pytest.mark.django_db
def test_prune_keeps_recent_and_unfinished():
    row = lost(["a"], 0)
    row.status, row.finished_at = "SUCCESSFUL", timezone.now() - dt.timedelta(days=8)
    row.save()
    after_commit("tests.remember", number=2)
    assert prune_tasks() == 1
    assert DBTaskResult.objects.get().status == "READY"


def test_two_tasks_of_one_name_are_refused():
    with pytest.raises(ValueError, match="Two tasks are called tests.remember"):
        task("tests.remember")(remember)


@pytest.mark.django_db
def test_only_one_scheduler_holds_the_lease():
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert take_lease("one") is True
        assert take_lease("two") is False
        assert take_lease("one") is True
        clock.shift(6)
        assert take_lease("two") is True
    assert Lease.objects.get().holder == "two"


@pytest.mark.django_db
def test_periodic_command_runs_when_due_and_keeps_its_error():
    calls: list[int] = []

    @periodic("tests.every_minute", every=60)
    def every_minute() -> None:
        calls.append(1)
        raise RuntimeError("no disk")

    command = next(one for one in periodic_commands() if one.name == "tests.every_minute")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert run_due(command) is True
        assert run_due(command) is False
        clock.shift(61)
        assert run_due(command) is True
    assert len(calls) == 2
    assert PeriodicRun.objects.get(name="tests.every_minute").last_error == "RuntimeError: no disk"


@pytest.mark.django_db
def test_check_invariants_names_each_check(capsys):
    call_command("check_invariants")
    out = capsys.readouterr().out
    assert "ok   ledger: every body still gives the leaf hash it was recorded with" in out
    assert out.strip().endswith("invariants hold.")


def test_run_each_goes_on_after_a_failure(caplog):
    seen: list[int] = []

    def work(number: int) -> None:
        seen.append(number)
        if number == 2:
            raise ZeroDivisionError

    assert run_each(work, [1, 2, 3]) == 2
    assert seen == [1, 2, 3]
    assert "work failed for int" in caplog.text


def test_run_each_does_not_count_what_had_nothing_to_do():
    assert run_each(lambda number: number > 1, [1, 2, 3]) == 2
