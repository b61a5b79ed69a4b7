"""Make .venv and keep it as the requirements say: ``python3 -m scripts.install requirements-dev.txt``."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
RUNTIME = "requirements.txt"
OLDEST_PYTHON = (3, 11)


class InstallError(Exception):
    """Something is missing on this machine; the message says what to do."""


def _stamp(requirements: str) -> Path:
    return VENV / f"installed-{requirements}.sha256"


def _fingerprint(requirements: str) -> str:
    names = sorted({RUNTIME, requirements})
    return hashlib.sha256(b"\0".join((ROOT / name).read_bytes() for name in names)).hexdigest()


def _is_installed(requirements: str) -> bool:
    stamp = _stamp(requirements)
    return stamp.exists() and stamp.read_text(encoding="ascii") == _fingerprint(requirements)


def _fits_this_python() -> bool:
    """Say whether .venv runs and belongs to the Python that runs this."""
    if not VENV_PYTHON.exists():
        return False
    probe = "import sys; print(*sys.version_info[:2])"
    answer = subprocess.run([VENV_PYTHON, "-c", probe], capture_output=True, text=True, check=False)
    return answer.stdout.split() == [str(part) for part in sys.version_info[:2]]


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    (ROOT / "var").mkdir(exist_ok=True)
    with (ROOT / "var" / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make_venv() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", VENV], capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise InstallError(
            "Python could not make a virtual environment here. On Debian and Ubuntu: apt install python3-venv\n"
            + (made.stdout + made.stderr).strip()
        )


def install(requirements: str) -> None:
    """Bring .venv to the given requirements file; nothing happens when it is there already.

    Side effects: creates or fills .venv and prints one line. Errors: InstallError.
    """
    if sys.version_info < OLDEST_PYTHON:
        raise InstallError("HealthStack needs Python 3.11 or newer. Name one: make run PYTHON=python3.12")
    with _one_at_a_time():
        if not _fits_this_python():
            _make_venv()
        if _is_installed(requirements):
            return
        print(f"Installing {requirements} into .venv; this takes a minute or two, once.", flush=True)
        command = [str(VENV_PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if subprocess.run([*command, "-r", str(ROOT / requirements)], check=False).returncode:
            raise InstallError(
                f"pip could not install {requirements}; its lines above say why. Then run this again."
            )
        for name in {RUNTIME, requirements}:
            _stamp(name).write_text(_fingerprint(name), encoding="ascii")


def main() -> int:
    """Install the requirements file that the command line names."""
    try:
        install(sys.argv[1] if len(sys.argv) > 1 else RUNTIME)
    except InstallError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
