"""Remove the demo's data: ``make reset``."""

from __future__ import annotations

import shutil
import sys

from scripts.environment import VAR, runs_already


def main() -> int:
    """Remove var/ after a yes; refuse while the portal runs."""
    if runs_already():
        print("HealthStack runs from this folder. Stop it with Ctrl-C first.", file=sys.stderr)
        return 1
    said = sys.argv[1] if len(sys.argv) > 1 else ""
    if not said and sys.stdin.isatty():
        said = input(f"This removes {VAR} with its database, files and logs. Type yes to go on: ")
    if said.strip().lower() != "yes":
        print("Nothing was removed. To remove var/ without a question: make reset CONFIRM=yes")
        return 1
    shutil.rmtree(VAR, ignore_errors=True)
    print("Removed var/. `make run` makes a fresh demo.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
