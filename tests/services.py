"""The pytest plugin that gives a run what it needs from outside: a folder, PostgreSQL, Redis, and no network.

Loaded by ``addopts = -p tests.services`` so that it acts before Django's settings are read.

- Every run gets one temporary folder, ``HEALTHSTACK_TEST_DIR``; settings_test puts databases and files there, and
  the folder goes away with the run.
- ``TEST_DATABASE=postgresql pytest -m engines`` starts PostgreSQL and Redis from the binaries inside their wheels and
  exports ``TEST_DATABASE_URL`` and ``TEST_REDIS_URL``. A ``TEST_DATABASE_URL`` that is already set is used as it is.
  Where the wheels are missing, everything is skipped with a reason and the run ends with 0.
- xdist workers inherit all of it through the environment and start nothing.
- Tests marked ``engines`` run on SQLite too; those that also ask for ``postgresql_only`` run only there.
- Tests marked ``browser`` are skipped with a reason where no Chromium is found (``CHROMIUM`` names one).
- Any connection to an address that is not this machine raises ``NetworkForbidden``.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from tests.engines import Engines, EnginesMissing
from tests.network import guard_network

ENGINE = os.environ.get("TEST_DATABASE", "sqlite")
FOLDER_PREFIX = "healthstack-"


def _is_worker() -> bool:
    return "PYTEST_XDIST_WORKER" in os.environ


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remove_leftovers() -> None:
    """Remove the folders of runs that were killed; their servers died with them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*-*"):
        owner = folder.name.removeprefix(FOLDER_PREFIX).split("-")[0]
        if owner.isdigit() and folder.stat().st_uid == os.getuid() and not _alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _make_folder() -> Path:
    _remove_leftovers()
    folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{os.getpid()}-"))
    folder.chmod(0o711)  # the server's own user passes through, and lists nothing
    os.environ["HEALTHSTACK_TEST_DIR"] = str(folder)
    return folder


_engines: Engines | None = None
_folder: Path | None = None


def _start_engines(folder: Path) -> None:
    global _engines
    if os.environ.get("TEST_DATABASE_URL"):
        return
    _engines = Engines(folder)
    try:
        os.environ["TEST_DATABASE_URL"] = _engines.start_postgresql()
        os.environ["TEST_REDIS_URL"] = _engines.start_redis()
    except EnginesMissing as reason:
        _engines.stop()
        os.environ.pop("TEST_DATABASE_URL", None)
        os.environ["TEST_ENGINES_MISSING"] = str(reason)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Prepare the run before pytest-django reads the settings."""
    global _folder
    if _is_worker() or _folder is not None:
        return
    _folder = _make_folder()
    atexit.register(_end)  # also when the settings cannot be read
    if ENGINE == "postgresql":
        _start_engines(_folder)


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """Close the network for this process; an audit hook stays until the process ends."""
    sys.addaudithook(guard_network)


def chromium_path() -> str | None:
    """Return the Chromium to drive: $CHROMIUM or the system's, or None."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    return next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with a reason, what this machine or this engine cannot run."""
    missing = os.environ.get("TEST_ENGINES_MISSING")
    no_browser = None if chromium_path() else "no Chromium here: install it or set CHROMIUM"
    for item in items:
        if missing:
            item.add_marker(
                pytest.mark.skip(reason=f"PostgreSQL and Redis cannot be started here: {missing}")
            )
        if no_browser and item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason=no_browser))
        if ENGINE != "postgresql" and item.get_closest_marker("postgresql_only"):
            item.add_marker(pytest.mark.skip(reason="runs on PostgreSQL: TEST_DATABASE=postgresql"))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Let the engines' run end well while no test asks for them yet."""
    if ENGINE == "postgresql" and exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        session.exitstatus = pytest.ExitCode.OK


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_unconfigure() -> Generator[None]:
    """End what this run started, after everyone else has closed what they hold."""
    yield
    _end()


def _end() -> None:
    """Stop the servers and remove the run's folder; a worker has neither."""
    global _folder, _engines
    if _engines is not None:
        _engines.stop()
        _engines = None
    if _folder is not None:
        shutil.rmtree(_folder, ignore_errors=True)
        _folder = None


def pytest_report_header() -> str:
    """Say on which engines this run stands."""
    return f"engines: {ENGINE}{' and redis' if os.environ.get('TEST_REDIS_URL') else ''}"


@pytest.fixture
def run_tasks() -> Callable[..., int]:
    """Return ``run_tasks(failures_allowed=False)``: works off what is due as a worker would, and counts it.

    Tasks that these enqueue are worked off too. A failed task fails the test.
    """
    from django_tasks import TaskResultStatus
    from django_tasks_db.management.commands.db_worker import Worker
    from django_tasks_db.models import DBTaskResult

    def run(*, failures_allowed: bool = False) -> int:
        worker = Worker(
            queue_names=["*"], interval=0, batch=True, backend_name="default", startup_delay=False,
            max_tasks=None, worker_id="tests", excluded_queue_names=[],
        )  # fmt: skip
        worked_off = []
        while task := DBTaskResult.objects.ready().first():
            task.claim("tests")
            worker.run_task(task)
            worked_off.append(task)
        failed = [task for task in worked_off if task.status == TaskResultStatus.FAILED]
        if failed and not failures_allowed:
            pytest.fail("\n".join(f"{task.task_path} failed:\n{task.traceback}" for task in failed))
        return len(worked_off)

    return run
