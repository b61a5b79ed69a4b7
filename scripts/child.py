"""Run a program that ends when its parent ends: ``python scripts/child.py daphne …``.

Supervisor starts everything through this, so that nothing keeps the port when supervisor itself is killed.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys


def main() -> None:
    """Become the program that the command line names."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG; it stays over exec
        if os.getppid() != parent:
            sys.exit("the parent has ended")
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
