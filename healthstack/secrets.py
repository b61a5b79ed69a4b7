"""Keys for a checkout without an .env: made once, kept under var/, never for production."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path


def demo_secret(folder: Path, name: str) -> str:
    """Return the demo key of that name, making it on first use; two processes starting at once agree on one."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name.lower()}.key"
    if not path.exists():
        # Written aside and linked into place: of two processes starting at once, one link wins and none reads half a key.
        aside = folder / f".{name.lower()}.{os.getpid()}"
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(50))
        with suppress(FileExistsError):
            os.link(aside, path)
        aside.unlink()
    return path.read_text(encoding="ascii").strip()
