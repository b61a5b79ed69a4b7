"""Work after commit, and work by the clock.

`after_commit` writes the task's row inside the caller's transaction (the task table lives in the same database), so a task
exists exactly when its cause does: a process killed between commit and enqueue can't lose it.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_tasks import task as django_task

logger = logging.getLogger(__name__)

_tasks: dict[str, Callable[..., None]] = {}
_periodic: dict[str, Periodic] = {}


@dataclass(frozen=True)
class Periodic:
    """A function that the scheduler calls every so many seconds."""

    name: str
    every: int
    run: Callable[[], Any]


def task(name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a task under a name. A task takes ids only and is idempotent: it may run twice."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        if name in _tasks:
            raise ValueError(f"Two tasks are called {name}.")
        _tasks[name] = function
        return function

    return register


def periodic(name: str, *, every: int) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Register a function for the scheduler; `every` in seconds."""

    def register(function: Callable[[], Any]) -> Callable[[], Any]:
        if name in _periodic:
            raise ValueError(f"Two periodic commands are called {name}.")
        _periodic[name] = Periodic(name, every, function)
        return function

    return register


def periodic_commands() -> list[Periodic]:
    """Return what the scheduler runs, by name."""
    return sorted(_periodic.values(), key=lambda command: command.name)


def after_commit(name: str, **ids: int | str) -> None:
    """Run the named task once the present transaction has committed; an unknown name fails here, at once."""
    if name not in _tasks:
        raise LookupError(f"No task is called {name}.")
    run_named.enqueue(name, ids)


@django_task()
def run_named(name: str, ids: dict[str, int | str]) -> None:
    """Run one registered task; what it raises stays in its row and in the log."""
    try:
        _tasks[name](**ids)
    except Exception:
        logger.exception("Task %s failed", name)
        raise


def run_each(work: Callable[[Any], bool | None], items: Iterable[Any]) -> int:
    """Do the work for each item; what one raises is logged and does not stop the others.

    Returns for how many it was done: work that found nothing to do any more returns False and does not count.
    """
    done = 0
    for item in items:
        try:
            done += work(item) is not False
        except Exception:
            # No text of either: it may name people.
            name = getattr(work, "__name__", "") or getattr(getattr(work, "func", None), "__name__", "work")
            logger.exception("%s failed for %s %s", name, type(item).__name__, getattr(item, "pk", ""))
    return done


def requeue_lost_tasks() -> int:
    """Give the tasks of killed workers back to the queue, and say how many. A task that kills three workers stays failed."""
    from django_tasks.base import TaskResultStatus
    from django_tasks_db.models import DBTaskResult

    before = timezone.now() - dt.timedelta(seconds=settings.TASK_LOST_AFTER)
    given_back = 0
    with transaction.atomic():
        lost = DBTaskResult.objects.running().filter(started_at__lt=before)
        for row in lost.select_for_update(skip_locked=True, no_key=True, of=("self",)):
            tries = len(row.worker_ids)
            row.status = TaskResultStatus.FAILED if tries >= 3 else TaskResultStatus.READY
            row.finished_at = timezone.now() if tries >= 3 else None
            row.save(update_fields=["status", "finished_at"])
            given_back += tries < 3
    return given_back


def prune_tasks(*, older_than_days: int = 7) -> int:
    """Delete finished tasks older than that, and say how many."""
    from django_tasks_db.models import DBTaskResult

    before = timezone.now() - dt.timedelta(days=older_than_days)
    deleted, _ = DBTaskResult.objects.finished().filter(finished_at__lt=before).delete()
    return deleted
