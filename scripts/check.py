"""Run every static check and show each failure: ``make check``."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from scripts.install import ROOT

BIN = Path(sys.executable).parent  # the tools of the virtual environment that runs this
CHECKS = {
    "ruff format": ["ruff", "format", "--check", "--quiet", "."],
    "ruff": ["ruff", "check", "--quiet", "."],
    "djlint": ["djlint", "templates", "--lint", "--quiet"],
    "mypy": ["mypy"],
    "imports": ["lint-imports"],
}


def main() -> int:
    """Run all checks, print one line for each and the whole output of those that fail."""
    failed = []
    for name, (tool, *arguments) in CHECKS.items():
        started = time.monotonic()
        done = subprocess.run(
            [BIN / tool, *arguments],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
        )  # fmt: skip
        print(
            f"{name:<12} {'failed' if done.returncode else 'ok':<7} {time.monotonic() - started:.1f} s",
            flush=True,
        )
        if done.returncode:
            failed.append(name)
            print(done.stdout, flush=True)
    if failed:
        print(f"These checks failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
