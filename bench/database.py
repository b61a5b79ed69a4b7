"""The throwaway databases under var/bench: built by seed_bulk, kept only when asked, used again on the same day."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var" / "bench"
SEED = 7
BASE = {"doctors": 2_000, "patients": 5_000, "appointments": 20_000}


def environment(scale: int) -> dict[str, str]:
    """Return the environment of a process that works on the database of that scale."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "ENV_FILE": os.devnull,
        "ENVIRONMENT": "demo",
        "DEBUG": "false",
        "DATABASE_URL": f"sqlite:///{_path(scale)}",
    }


def _path(scale: int) -> Path:
    return FOLDER / f"x{scale}.sqlite3"


def _fingerprint(scale: int) -> str:
    """Return what a database was made of: its size, the day that its visits lie around, tables and fill."""
    sources = sorted([*ROOT.glob("*/migrations/*.py"), *ROOT.glob("healthstack/bulk/*.py")])
    code = hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()
    return json.dumps([scale, SEED, dt.datetime.now(dt.UTC).date().isoformat(), code])


def manage(scale: int, *arguments: str) -> None:
    """Run a command of manage.py on that database; its output is shown. Raises CalledProcessError."""
    command = [sys.executable, "manage.py", *arguments]
    subprocess.run(command, cwd=ROOT, env=environment(scale), check=True)


def prepare(scale: int) -> float:
    """Build the database unless today's is there, and return the seconds that the fill took (0 when it was there)."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    stamp, fingerprint = _path(scale).with_suffix(".json"), _fingerprint(scale)
    if stamp.exists() and stamp.read_text(encoding="utf-8") == fingerprint:
        return 0.0
    remove(scale)
    manage(scale, "migrate", "--no-input", "--verbosity", "0")
    manage(scale, "createcachetable")
    started = time.monotonic()
    sizes = [part for name, number in BASE.items() for part in (f"--{name}", str(number * scale))]
    manage(scale, "seed_bulk", "--seed", str(SEED), *sizes)
    took = time.monotonic() - started
    stamp.write_text(fingerprint, encoding="utf-8")
    return took


def remove(scale: int) -> None:
    """Remove the database of that scale."""
    for path in FOLDER.glob(f"x{scale}.*"):
        path.unlink()
