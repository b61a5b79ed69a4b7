"""``make run``: from a fresh checkout to a running demo, and in seconds the next time.

Installs, writes .env with fresh keys, migrates, seeds, collects static files, starts supervisor and stays with it.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from types import FrameType

from scripts.environment import VAR, StartError, choose_ports, is_demo, say, setting, write_env_file
from scripts.install import ROOT, RUNTIME, VENV_PYTHON, InstallError, install

START_SECONDS = 60.0
DEMO_LOGINS = (
    ("ada@demo.test", "admin, City General Hospital"),
    ("mallory@demo.test", "admin, Lakeside Clinic"),
    ("dora@demo.test", "doctor, both hospitals"),
    ("deb@demo.test", "doctor, Lakeside Clinic"),
    ("rita@demo.test", "receptionist, City General Hospital"),
    ("paul@demo.test", "patient"),
    ("pia@demo.test", "patient"),
    ("root@demo.test", "platform admin"),
)
DEMO_PASSWORD = "Demo-pass-2026!"


def _manage(*arguments: str) -> None:
    done = subprocess.run(
        [VENV_PYTHON, "manage.py", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = (done.stdout + done.stderr).strip().splitlines()[-30:]
        raise StartError("\n".join([*lines, "", f"This step failed: python manage.py {' '.join(arguments)}"]))


def _collect_static() -> None:
    """Hash and compress the static files, unless they and the libraries are those of the last time."""
    sources = [path for path in sorted((ROOT / "static").rglob("*")) if path.is_file()] + [ROOT / RUNTIME]
    seen = [f"{path.relative_to(ROOT)} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in sources]
    fingerprint = hashlib.sha256("\n".join(seen).encode()).hexdigest()
    stamp = VAR / "static.sha256"
    if stamp.exists() and stamp.read_text(encoding="ascii") == fingerprint:
        return
    _manage("collectstatic", "--no-input", "--clear", "--verbosity", "0")
    stamp.write_text(fingerprint, encoding="ascii")


def prepare() -> None:
    """Bring database, demo data and static files up to date; each step does nothing when nothing changed."""
    for folder in (VAR, VAR / "log"):
        folder.mkdir(exist_ok=True)
    say("Preparing the database …")
    _manage("migrate", "--no-input", "--verbosity", "0")
    _manage("createcachetable")
    if is_demo():
        say("Preparing the demo …")
        _manage("seed_demo")
    _collect_static()


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _start_supervisor(port: int, simulator: int) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "PORT": str(port),
        "SIMULATOR_PORT": str(simulator),
        "VAR_DIR": str(VAR),
        "WITH_SIMULATOR": "true" if is_demo() else "false",
        "PYTHONUNBUFFERED": "1",
    }
    # The simulator reads no .env, and must know the same store as the portal.
    for name in ("SSLCOMMERZ_STORE_ID", "SSLCOMMERZ_STORE_PASSWORD"):
        if value := setting(name):
            environment[name] = value
    command = [str(VENV_PYTHON), "-m", "supervisor.supervisord", "-c", str(ROOT / "supervisord.conf")]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, preexec_fn=_end_with_parent, start_new_session=True
    )


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


def _greet(port: int, supervisor: subprocess.Popen[bytes]) -> None:
    """Print address and demo logins as soon as the portal answers, or where to look when it does not."""
    deadline = time.monotonic() + START_SECONDS
    while not _answers(port):
        if (supervisor.poll() or 0) > 0:
            raise StartError(
                "Supervisor could not start; its lines above or var/log/supervisord.log say why."
            )
        if time.monotonic() > deadline:
            log = VAR / "log" / "web.log"
            lines = log.read_text(errors="replace").splitlines()[-20:] if log.exists() else []
            say(
                "\n".join(
                    [
                        *lines,
                        "",
                        "The portal does not answer yet. The lines above are the end of var/log/web.log.",
                    ]
                )
            )
            return
        time.sleep(0.2)
    say(f"\nHealthStack is at http://127.0.0.1:{port}/")
    if is_demo():
        say(f"\nDemo logins, all with the password {DEMO_PASSWORD}")
        for email, role in DEMO_LOGINS:
            say(f"  {email:<20} {role}")
    say("\nCtrl-C stops it; your data stays in var/. Logs are in var/log/.")


class _Stopped(Exception):
    """The person or the system asked to stop."""


def _stop(number: int, frame: FrameType | None) -> None:
    raise _Stopped


def run(port: int, simulator: int) -> None:
    """Keep supervisor running until someone stops it; a supervisor that was killed is started again."""
    supervisor = _start_supervisor(port, simulator)
    try:
        _greet(port, supervisor)
        while True:
            supervisor.wait()
            time.sleep(1)
            supervisor = _start_supervisor(port, simulator)
    except _Stopped:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)
        say("\nStopping …")
        supervisor.terminate()
        supervisor.wait()
        say("HealthStack has stopped; nothing is lost. `make run` starts it again.")


def main() -> int:
    """Do everything ``make run`` does; 1 when it could not start."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _stop)
    try:
        install(RUNTIME)
        write_env_file()
        port, simulator = choose_ports()
        os.environ.update(PORT=str(port), SIMULATOR_PORT=str(simulator))
        prepare()
        run(port, simulator)
    except (InstallError, StartError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except _Stopped:
        say("\nStopped before it was up; `make run` goes on from here.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
