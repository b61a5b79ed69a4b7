"""Where a checkout keeps its data and settings, and on which ports it runs."""

from __future__ import annotations

import os
import re
import secrets
import socket
from pathlib import Path

from scripts.install import ROOT

# A second portal from the same checkout, as tests start one, has its data and its .env elsewhere.
VAR = Path(os.environ.get("VAR_DIR") or ROOT / "var")
ENV_FILE = Path(os.environ.get("ENV_FILE") or ROOT / ".env")
KEYS = ("SECRET_KEY", "JWT_SECRET")
DEFAULT_PORT = 8000


class StartError(Exception):
    """HealthStack cannot start; the message says what to do."""


def say(text: str) -> None:
    """Print a line at once, also into a pipe."""
    print(text, flush=True)


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
    say("Wrote .env with fresh keys.")


def setting(name: str, default: str = "") -> str:
    """Return a setting as the portal will see it: the environment wins over .env."""
    if os.environ.get(name):
        return os.environ[name]
    found = re.search(rf"^{name}=(.+)$", ENV_FILE.read_text(encoding="utf-8"), re.MULTILINE)
    return found.group(1).strip().strip("'\"") if found else default


def is_demo() -> bool:
    """Say whether this checkout is a demo, as it is unless .env says otherwise."""
    return setting("ENVIRONMENT", "demo") == "demo"


def _number(name: str, default: int) -> int:
    value = setting(name, str(default))
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
