"""Measures one page after another beside the bare page, in short turns, so that whatever else runs slows both alike."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

from .database import ROOT, environment
from .middleware import ASK
from .pages import ADMIN, HOSPITAL, Page
from .server import BenchError, Server, ask, sign_in

BARE = f"/h/{HOSPITAL}/bare/"
THREADS = 4
TURN = 0.5  # seconds
ASSET = re.compile(r'(?:src|href)="(/static/[^"#?]+)')
QUERIES, KILOBYTES = 10, 100.0


@dataclass
class Site:
    """A server with its pages and who is logged in."""

    server: Server
    pages: dict[str, Page]
    cookies: dict[str, str]


@dataclass
class Result:
    """One page's figures, each for the bare page, this one ("page"), and this one with ten times the rows ("large").

    `rates` are requests a second, `costs` the server's processor milliseconds a request.
    """

    page: Page
    queries: int
    kilobytes: float
    rates: dict[str, float] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """The page's rate as a share of the bare page's."""
        return self.rates["page"] / self.rates["bare"]

    @property
    def by_processor(self) -> float | None:
        """The same by processor time, which other programs on the machine disturb less."""
        return self.costs["bare"] / self.costs["page"] if self.costs.get("page") else None

    @property
    def slower(self) -> float | None:
        """How many times slower it is with ten times the rows."""
        return self.rates["page"] / self.rates["large"] if self.rates.get("large") else None

    @property
    def misses(self) -> list[str]:
        """What it does not reach, in words."""
        found = [f"answered {status} at {path}" for status, path in self.wrong.items()]
        if self.ratio < self.page.goal:
            found.append(f"{self.ratio:.2f} of the bare page")
        if self.queries > QUERIES:
            found.append(f"{self.queries} queries")
        if self.kilobytes > KILOBYTES:
            found.append(f"{self.kilobytes:.0f} kB")
        if self.slower and self.slower > self.page.slower:
            found.append(f"{self.slower:.2f} times slower with ten times the rows")
        return found


class Load:
    """The process that asks."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.client"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, port: int, cookie: str, paths: list[str], seconds: float = TURN) -> dict[str, Any]:
        """Ask for the paths for so long, and return the client's tally."""
        if self._process.stdin is None or self._process.stdout is None:
            raise BenchError("The load's process has no pipes.")
        job = {"port": port, "cookie": cookie, "paths": paths, "threads": THREADS, "seconds": seconds}
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise BenchError("The load's process has ended.")
        tally: dict[str, Any] = json.loads(answer)
        return tally

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def open_site(server: Server, scale: int) -> Site:
    """Draw the pages from the database and log everybody in."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.pages"],
        cwd=ROOT,
        env=environment(scale),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchError(f"The pages could not be drawn: {done.stderr[-800:]}")
    pages = {row["name"]: Page(**row) for row in json.loads(done.stdout)}
    logins = sorted({page.login for page in pages.values()} | {ADMIN})
    return Site(server, pages, {login: sign_in(server.port, f"{login}@demo.test") for login in logins})


def weigh(site: Site, page: Page, assets: dict[str, int]) -> tuple[int, float]:
    """Return the most queries that some of its addresses take, and the kB (gzip) of a first visit, all it loads included."""
    cookie, queries, heaviest = site.cookies[page.login], 0, 0
    for path in page.paths:
        # The first look at a chart writes who has seen it, and is counted apart.
        ask(site.server.port, path, cookie)
        answer, content = ask(site.server.port, path, cookie, headers={ASK: "1"})
        if answer.status != 200:
            raise BenchError(f"{page.name} answers {answer.status} at {path}.")
        queries = max(queries, int(answer.headers[ASK]))
        found = set(ASSET.findall(content.decode()))
        heaviest = max(
            heaviest,
            len(gzip.compress(content)) + sum(_asset(site.server.port, one, assets) for one in found),
        )
    return queries, heaviest / 1000


def _asset(port: int, path: str, known: dict[str, int]) -> int:
    if path not in known:
        answer, content = ask(port, path, headers={"Accept-Encoding": "gzip"})
        if answer.status != 200:
            raise BenchError(f"A page asks for {path}, which answers {answer.status}.")
        known[path] = len(content)
    return known[path]


def measure(
    site: Site, large: Site | None, load: Load, name: str, seconds: float, assets: dict[str, int]
) -> Result:
    """Measure one page against the bare page, and with ten times the rows when there is a large site."""
    page = site.pages[name]
    result = Result(page, *weigh(site, page, assets))
    turns = {
        "bare": (site.server, site.cookies[ADMIN], [BARE]),
        "page": (site.server, site.cookies[page.login], page.paths),
    }
    if large is not None:
        twin = large.pages[name]
        weigh(large, twin, assets)
        turns["large"] = (large.server, large.cookies[twin.login], twin.paths)
    asked, took, used = dict.fromkeys(turns, 0), dict.fromkeys(turns, 0.0), dict.fromkeys(turns, 0.0)
    for _ in range(max(2, round(seconds / 2 / TURN))):
        for kind, (server, cookie, paths) in turns.items():
            before = server.processor_seconds()
            tally = load.run(server.port, cookie, paths)
            used[kind] += server.processor_seconds() - before
            asked[kind] += tally["requests"]
            took[kind] += tally["seconds"]
            result.wrong |= tally["wrong"]
    result.rates = {kind: asked[kind] / took[kind] for kind in turns}
    result.costs = {kind: used[kind] / asked[kind] * 1000 for kind in turns}
    return result
