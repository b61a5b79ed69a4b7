"""Start the payment simulator: python -m billing.simulator --port 8001 --store FILE --store-id ID."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from .server import Options, Simulator


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted or told to end; 0 then, and 2 when it can't start."""
    simulator = Simulator(read_options(arguments))
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=simulator.close).start())
    sys.stdout.write(f"Payment simulator at {simulator.base_url}\n")
    sys.stdout.flush()
    try:
        simulator.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        simulator.stopping.set()
    return 0


def read_options(arguments: list[str] | None) -> Options:
    """Read the command line; the password comes from the environment, a file or, visible to all, an argument."""
    parser = argparse.ArgumentParser(
        prog="python -m billing.simulator", description="A payment gateway that moves no money."
    )
    parser.add_argument("--port", type=int, default=8001, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--store", type=Path, required=True, help="SQLite file that keeps what happened")
    parser.add_argument("--store-id", default=os.environ.get("SSLCOMMERZ_STORE_ID", "demo-store"))
    parser.add_argument("--store-password", default=os.environ.get("SSLCOMMERZ_STORE_PASSWORD", ""))
    parser.add_argument(
        "--store-password-file", type=Path, help="file with the password, if not given otherwise"
    )
    parser.add_argument("--public-url", default="", help="address at which browsers reach the simulator")
    parser.add_argument("--shop-name", default="HealthStack")
    parser.add_argument(
        "--window-s", type=float, default=1_800, help="seconds until an untouched session expires"
    )
    given = parser.parse_args(arguments)
    if os.environ.get("ENVIRONMENT") == "production":
        parser.error("the simulator does not run in production")
    password = given.store_password
    if not password and given.store_password_file:
        password = given.store_password_file.read_text(encoding="ascii").strip()
    if not password:
        parser.error("set SSLCOMMERZ_STORE_PASSWORD, or give --store-password-file")
    names = ("store", "store_id", "port", "public_url", "shop_name", "window_s")
    return Options(store_password=password, **{name: getattr(given, name) for name in names})


if __name__ == "__main__":
    sys.exit(main())
