"""The table of figures, for the terminal and for docs/results."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from .database import ROOT
from .measure import Result

FILE = ROOT / "docs" / "results" / "bench.md"


def _cells(result: Result, *, with_large: bool) -> list[str]:
    cells = [
        result.page.name,
        str(result.queries),
        f"{result.kilobytes:.0f}",
        f"{result.rates['page']:.0f}",
        f"{result.ratio:.2f}",
        f"{result.page.goal:.2f}",
        f"{result.costs['page']:.0f}",
        f"{result.by_processor:.2f}" if result.by_processor else "",
    ]
    if with_large:
        cells += [f"{result.slower:.2f}" if result.slower else "", f"{result.page.slower:.1f}"]
    return [*cells, "yes" if not result.misses else "no: " + "; ".join(result.misses)]


def table(results: list[Result], *, with_large: bool) -> str:
    """Return the figures as a Markdown table."""
    heads = ["page", "queries", "kB gzip", "req/s", "ratio", "goal", "CPU ms", "by CPU"]
    if with_large:
        heads += ["slower at 10×", "at most"]
    heads.append("ok")
    rows = [_cells(result, with_large=with_large) for result in results]
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    lines = [heads, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in lines
    )


def bare_line(results: list[Result]) -> str:
    """Return how quick the bare page was over the whole run."""
    rates = sorted(result.rates["bare"] for result in results)
    return f"bare page: {rates[len(rates) // 2]:.0f} req/s in the middle, {rates[0]:.0f} to {rates[-1]:.0f}"


def write(results: list[Result], *, with_large: bool, filled: dict[int, float], seconds: float) -> Path:
    """Write docs/results/bench.md and return its path."""
    day = dt.datetime.now(dt.UTC).date().isoformat()
    fills = [f"The fill at {scale}× took {took:.0f} s." for scale, took in filled.items() if took]
    text = [
        "# Measurements of the key pages",
        "",
        f"{day}, by `make bench`: one daphne process on SQLite, DEBUG off, four keep-alive connections on the same machine,",
        "signed in, random ids and words. Each page took turns of half a second with the bare page",
        f"({seconds:.0f} s together), so `ratio` is what counts; requests a second depend on what else the machine did.",
        "`by CPU` is the same ratio by the server's processor time. kB is the first visit with all it loads.",
        "Queries are all of a page's but those that keep who has read a record.",
        "",
        bare_line(results) + ".",
        *fills,
        "",
        table(results, with_large=with_large),
        "",
    ]
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text("\n".join(text), encoding="utf-8")
    return FILE
