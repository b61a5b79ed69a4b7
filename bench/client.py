"""The load, in a process of its own: jobs come in and tallies go out as lines of JSON."""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any


@dataclass
class Tally:
    """What came back: answers in so many seconds, and what was not a page, with one example each."""

    requests: int = 0
    seconds: float = 0.0
    wrong: dict[str, str] = field(default_factory=dict)


def _work(job: dict[str, Any], until: float, seed: int, tally: Tally) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", job["port"], timeout=60)
    headers, random = {"Cookie": job["cookie"]}, Random(seed)
    while time.monotonic() < until:
        path = random.choice(job["paths"])
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        tally.requests += 1
        if answer.status != 200:
            tally.wrong.setdefault(str(answer.status), path)
    connection.close()


def run(job: dict[str, Any], seed: int) -> Tally:
    """Ask for the job's paths at random, from several threads that each keep their connection, for its seconds."""
    tallies = [Tally() for _ in range(job["threads"])]
    started = time.monotonic()
    until = started + job["seconds"]
    threads = [
        threading.Thread(target=_work, args=(job, until, seed + number, tally))
        for number, tally in enumerate(tallies)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = Tally(seconds=time.monotonic() - started)
    for tally in tallies:
        whole.requests += tally.requests
        whole.wrong |= tally.wrong
    return whole


def main() -> None:
    """Answer one job a line until the input ends."""
    for number, line in enumerate(sys.stdin):
        tally = run(json.loads(line), seed=number * 100)
        print(json.dumps(asdict(tally)), flush=True)


if __name__ == "__main__":
    main()
