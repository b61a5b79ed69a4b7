"""``make run``: from a fresh checkout to a running demo, and in seconds the next time.

Installs, writes .env with fresh keys, migrates, seeds, collects static files, starts supervisor and stays with it.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType

from scripts.install import ROOT, RUNTIME, VENV_PYTHON, InstallError, install

# A second portal from the same checkout, as tests start one, has its data and its .env elsewhere.
VAR = Path(os.environ.get("VAR_DIR") or ROOT / "var")
ENV_FILE = Path(os.environ.get("ENV_FILE") or ROOT / ".env")
KEYS = ("SECRET_KEY", "JWT_SECRET")
DEFAULT_PORT = 8000
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


class StartError(Exception):
    """HealthStack cannot start; the message says what to do."""


def _say(text: str) -> None:
    print(text, flush=True)


# --- .env and the ports ---------------------------------------------------------------------------------------------


def _key(name: str) -> str:
    """Return the key that a checkout without an .env has used so far, or a fresh one."""
    used = VAR / "keys" / f"{name.lower()}.key"
    return used.read_text(encoding="ascii").strip() if used.exists() else secrets.token_urlsafe(50)


def write_env_file() -> None:
    """Write .env from .env.example with keys of its own, readable by its owner only; an existing one stays."""
    try:
        handle = os.open(ENV_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    for name in KEYS:
        text = re.sub(rf"^{name}=$", f"{name}={_key(name)}", text, flags=re.MULTILINE)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    _say("Wrote .env with fresh keys.")


def _setting(name: str, default: str = "") -> str:
    """Return a setting as the portal will see it: the environment wins over .env."""
    if os.environ.get(name):
        return os.environ[name]
    found = re.search(rf"^{name}=(.+)$", ENV_FILE.read_text(encoding="utf-8"), re.MULTILINE)
    return found.group(1).strip().strip("'\"") if found else default


def _is_demo() -> bool:
    return _setting("ENVIRONMENT", "demo") == "demo"


def _number(name: str, default: int) -> int:
    value = _setting(name, str(default))
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise StartError(
            f"{name} is {value!r}. Set it to a number between 1 and 65535, as in: PORT=8010 make run"
        )
    return int(value)


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError as error:
            raise StartError(
                f"Port {port} needs more rights. Choose one above 1023: PORT=8010 make run"
            ) from error
        except OSError:
            return True
    return False


def runs_already() -> bool:
    """Say whether a supervisor of this checkout is alive."""
    try:
        pid = int((VAR / "supervisord.pid").read_text(encoding="ascii"))
        command = Path(f"/proc/{pid}/cmdline")
        if command.parent.parent.joinpath("self").exists():
            return b"supervisord" in command.read_bytes()
        os.kill(pid, 0)
    except (OSError, ValueError):
        return False
    return True


def choose_ports() -> tuple[int, int]:
    """Return the ports of the portal and the simulator, both free. Errors: StartError."""
    port = _number("PORT", DEFAULT_PORT)
    simulator = _number("SIMULATOR_PORT", port + 1)
    if runs_already():
        raise StartError("HealthStack already runs from this folder. Stop it there with Ctrl-C first.")
    for wanted, name in ((port, "portal"), (simulator, "payment simulator")):
        if _is_taken(wanted):
            other = port + 10
            raise StartError(
                f"Port {wanted}, for the {name}, is taken by another program. Choose another one: PORT={other} make run"
            )
    return port, simulator


# --- preparing ------------------------------------------------------------------------------------------------------


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
    _say("Preparing the database …")
    _manage("migrate", "--no-input", "--verbosity", "0")
    _manage("createcachetable")
    if _is_demo():
        _say("Preparing the demo …")
        _manage("seed_demo")
    _collect_static()


# --- running --------------------------------------------------------------------------------------------------------


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _start_supervisor(port: int, simulator: int) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "PORT": str(port),
        "SIMULATOR_PORT": str(simulator),
        "VAR_DIR": str(VAR),
        "WITH_SIMULATOR": "true" if _is_demo() else "false",
        "PYTHONUNBUFFERED": "1",
    }
    # The simulator reads no .env, and must know the same store as the portal.
    for name in ("SSLCOMMERZ_STORE_ID", "SSLCOMMERZ_STORE_PASSWORD"):
        if value := _setting(name):
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
            _say(
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
    _say(f"\nHealthStack is at http://127.0.0.1:{port}/")
    if _is_demo():
        _say(f"\nDemo logins, all with the password {DEMO_PASSWORD}")
        for email, role in DEMO_LOGINS:
            _say(f"  {email:<20} {role}")
    _say("\nCtrl-C stops it; your data stays in var/. Logs are in var/log/.")


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
        _say("\nStopping …")
        supervisor.terminate()
        supervisor.wait()
        _say("HealthStack has stopped; nothing is lost. `make run` starts it again.")


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
        _say("\nStopped before it was up; `make run` goes on from here.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
