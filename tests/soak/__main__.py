"""``make soak AREA=booking``: run the full size of an area, or of all, and keep its figures in docs/results/."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import secrets
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

from tests.soak import State

SUITE = "suite_postgresql"  # all tests of all rooms, on the other engine
HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RESULTS = ROOT / "docs" / "results"
REPORT = ROOT / "var" / "soak" / f"{SUITE}.xml"


def areas() -> list[str]:
    """Return the areas there are: one a file, and the whole suite on PostgreSQL."""
    return [*sorted(path.stem.removeprefix("test_") for path in HERE.glob("test_*.py")), SUITE]


def _engine(area: str) -> str:
    return "postgresql" if area.endswith("postgresql") else "sqlite"


def _prepared_state(area: str, seed: int | None, fresh: bool) -> State:
    state = State(area)
    if fresh or (seed is not None and seed != state.values.get("seed")):
        state.forget()
        state = State(area)
    if "seed" not in state.values:
        state.values["seed"] = secrets.randbelow(10**9) if seed is None else seed
    state.save()
    return state


def _write_result(area: str, state: State) -> Path:
    RESULTS.mkdir(parents=True, exist_ok=True)
    figures = [f"| {name} | {value} |" for name, value in sorted(state.values["results"].items())]
    lines = [
        f"# Soak: {area}",
        "",
        f"- Date: {dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC",
        f"- Seed: {state.values['seed']} (`make soak AREA={area} SEED={state.values['seed']}` repeats it)",
        f"- Engine: {_engine(area)}; Python {platform.python_version()}; {os.cpu_count()} cores",
        f"- Scale: {os.environ.get('SOAK_SCALE', '1')}",
        *([f"- Tests passed: {len(set(state.values['passed']))}"] if area != SUITE else []),
        f"- Duration: {state.values['seconds']:.0f} s",
        "",
        "| figure | value |",
        "|---|---|",
        *figures,
        "",
    ]
    path = RESULTS / f"{area}.md"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _tests_of(area: str) -> list[str]:
    if area == SUITE:
        return ["-n", "2", "--dist", "worksteal", "-q", f"--junitxml={REPORT}"]
    return [f"tests/soak/test_{area}.py", "--timeout", "0"]


def _environment(area: str, state: State) -> dict[str, str]:
    engine = {"TEST_DATABASE": _engine(area)}
    if area == SUITE:
        # Every test at its small size: the full sizes are the other areas'.
        return os.environ | engine
    return os.environ | engine | {"SOAK_AREA": area, "SOAK_SEED": str(state.values["seed"])}


def soak(area: str, seed: int | None, fresh: bool) -> bool:
    """Run one area, going on where an interrupted run stopped; True when everything passed."""
    state = _prepared_state(area, seed, fresh)
    done = state.values["passed"]
    gone_on = f", {len(done)} tests already passed" if done else ""
    print(f"\n{area}: seed {state.values['seed']}, {_engine(area)}{gone_on}", flush=True)
    command = [sys.executable, "-m", "pytest", *_tests_of(area)]
    command += [part for test in done for part in ("--deselect", test)]
    started = time.monotonic()
    code = subprocess.run(command, cwd=ROOT, env=_environment(area, state), check=False).returncode
    state = State(area)
    if area == SUITE:
        counts = ElementTree.parse(REPORT).getroot()[0].attrib
        state.values["results"] = {
            name: int(counts[name]) for name in ("tests", "failures", "errors", "skipped")
        }
    state.values["seconds"] += time.monotonic() - started
    state.save()
    everything_was_done = code == 5 and bool(done)
    if code and not everything_was_done:
        print(f"{area}: not finished. The same command goes on from here; FRESH=1 starts over.", flush=True)
        return False
    print(f"{area}: figures are in {_write_result(area, state).relative_to(ROOT)}", flush=True)
    state.forget()
    return True


def main() -> int:
    """Run what the command line asks for; 1 when an area did not pass."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("area", nargs="?", default="all", help="all or one of: " + ", ".join(areas()))
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--fresh", action="store_true")
    asked = parser.parse_args()
    if asked.area != "all" and asked.area not in areas():
        parser.error(f"there is no area {asked.area}; there are: all, {', '.join(areas())}")
    wanted = areas() if asked.area == "all" else [asked.area]
    try:
        passed = [soak(area, asked.seed, asked.fresh) for area in wanted]
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on from here.")
        return 130
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
