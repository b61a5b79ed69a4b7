"""The whole portal as `make run` starts it, with its own folder and ports; its programs can be killed by their ids."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MARKS = {
    "web": b"daphne",
    "worker": b"db_worker",
    "scheduler": b"run_scheduler",
    "simulator": b"billing.simulator",
}
START_SECONDS = 180.0
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _two_free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def answers(url: str) -> bool:
    """Say whether somebody answers there without a failure."""
    try:
        with _opener.open(url, timeout=5):
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


class Portal:
    """A running portal: `address`, `gateway`, and what `make run` started."""

    def __init__(self, folder: Path) -> None:
        port, simulator = _two_free_ports()
        self.folder = folder
        self.address, self.gateway = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{simulator}"
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        own = {"VAR_DIR": str(folder), "ENV_FILE": str(folder / ".env")}
        ports = {"PORT": str(port), "SIMULATOR_PORT": str(simulator)}
        self.environment = {**kept, **own, **ports, "DJANGO_SETTINGS_MODULE": "healthstack.settings"}
        self.log = folder / "run.log"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                # Through child.py, so that a test that is killed itself leaves no portal behind.
                [sys.executable, "scripts/child.py", sys.executable, "-m", "scripts.run"],
                cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip

    def wait_until_up(self) -> float:
        """Wait until the portal says that it is up, and return how many seconds that took."""
        started = time.monotonic()
        while "HealthStack is at" not in self.log.read_text(errors="replace"):
            said = self.log.read_text(errors="replace")
            assert self.process.poll() is None, f"make run has ended: {said}"
            assert time.monotonic() - started < START_SECONDS, f"make run takes too long: {said}"
            time.sleep(0.1)
        return time.monotonic() - started

    def stop(self) -> None:
        """Stop as Ctrl-C does; everything that was started ends with it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def pid(self, program: str) -> int | None:
        """Return the id of one of our supervisor's own children; None while it is not there."""
        supervisor = int((self.folder / "supervisord.pid").read_text(encoding="ascii"))
        assert _parent(supervisor) == self.process.pid, "this supervisor is not ours"
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and _parent(int(entry.name)) == supervisor:
                with contextlib.suppress(OSError):
                    if MARKS[program] in (entry / "cmdline").read_bytes():
                        return int(entry.name)
        return None

    def kill(self, program: str) -> int:
        """End a program at once, as losing power does, and return its id."""
        pid = self.pid(program)
        assert pid is not None, f"{program} is not running"
        os.kill(pid, signal.SIGKILL)
        return pid

    def tasks_begun_since(self, moment: dt.datetime) -> int:
        """Return how many tasks a worker has begun since then, read past Django so that it costs nothing."""
        address = f"file:{self.folder / 'healthstack.sqlite3'}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=20)) as database:
            question = "SELECT COUNT(*) FROM django_tasks_database_dbtaskresult WHERE started_at > ?"
            when = moment.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
            return int(database.execute(question, [when]).fetchone()[0])

    def ask_inside(self, *command: str) -> Any:
        """Run a command of tests/soak/inside.py against this portal's database."""
        done = self._python("-m", "tests.soak.inside", *command)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run manage.py against this portal."""
        return self._python("manage.py", *arguments)

    def _python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip


def _parent(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return None


@contextlib.contextmanager
def running_portal(folder: Path) -> Iterator[Portal]:
    """The portal, from its first start to its end."""
    portal = Portal(folder)
    try:
        portal.wait_until_up()
        yield portal
    finally:
        portal.stop()
