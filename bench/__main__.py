"""``make bench``: measure the key pages beside a bare page of the same server."""

from __future__ import annotations

import argparse
import subprocess
import sys
from contextlib import ExitStack

from . import database, report
from .measure import Load, Result, measure, open_site
from .server import BenchError, serving


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--scale", type=int, choices=(1, 10), default=1, help="10: also with ten times the rows"
    )
    parser.add_argument("--seconds", type=float, default=6.0, help="for each page and the bare page together")
    parser.add_argument(
        "--keep", action="store_true", help="keep the databases under var/bench for the next run"
    )
    parser.add_argument("--only", default="", help="measure only pages whose name holds this")
    parser.add_argument("--write", action="store_true", help="write docs/results/bench.md")
    return parser.parse_args()


def _measure_all(options: argparse.Namespace) -> list[Result]:
    with ExitStack() as stack:
        site = open_site(stack.enter_context(serving(1)), 1)
        large = open_site(stack.enter_context(serving(10)), 10) if options.scale == 10 else None
        load = Load()
        stack.callback(load.close)
        assets: dict[str, int] = {}
        results = []
        for name in site.pages:
            if options.only in name:
                results.append(measure(site, large, load, name, options.seconds, assets))
                print(f"{name}: {results[-1].ratio:.2f}", flush=True)
        if not results:
            raise BenchError(f"No page's name holds {options.only!r}.")
        return results


def main() -> int:
    """Prepare, measure, print; 1 when a page misses its goal, 2 when nothing could be measured."""
    options = _arguments()
    scales = (1, 10) if options.scale == 10 else (1,)
    try:
        filled = {scale: database.prepare(scale) for scale in scales}
        database.manage(1, "collectstatic", "--no-input", "--clear", "--verbosity", "0")
        results = _measure_all(options)
    except (BenchError, subprocess.CalledProcessError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 2
    finally:
        if not options.keep:
            for scale in scales:
                database.remove(scale)
    print(f"\n{report.table(results, with_large=options.scale == 10)}\n\n{report.bare_line(results)}")
    if options.write and not options.only:
        print(
            f"written to {report.write(results, with_large=options.scale == 10, filled=filled, seconds=options.seconds)}"
        )
    return 1 if any(result.misses for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
