"""Half load for a long while: does memory stay flat, does anything fail, does it get slower?

    python benchmarks/soak.py [--minutes 30] [--orders 2000] [--clients 4] [--plot FILE.svg]

The product as `punctual serve` starts it, web and both workers, on SQLite. First a minute as fast as the clients can;
then half of that rate for the given time: order list, order page, search, Gantt data, the API, and one request in
a hundred creates and confirms an order of five lines, which the workers then plan. Every ten seconds the memory that is
each process's own (unique set size) is read. Growth is what a straight line through the second half of the time says;
the exit status is 1 when anything failed or the web process grew by more than a tenth an hour.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from svg_chart import Line, chart

from web import ROOT, Ask, create_and_confirm, free_port, get, prepared, sign_in_file, wait_for

READINGS = 10.0
"""Seconds between two readings of memory."""


@contextmanager
def served(data: Path) -> Iterator[tuple[int, int]]:
    """The whole product on ``data``; gives its port and process."""
    port = free_port()
    environment = os.environ | {
        "PYTHONPATH": str(ROOT / "src"),
        "PUNCTUAL_DATA": str(data),
        "PUNCTUAL_API_RATE": "0",
        "PUNCTUAL_LOG": "ERROR",
    }
    command = [sys.executable, "-m", "punctual", "serve", "--no-demo", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


@dataclass
class Heard:
    """What the clients met: (second since the start, seconds it took) of each request, and what failed."""

    begun: float = field(default_factory=time.monotonic)
    times: list[tuple[float, float]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def quantile(self, share: float, first: float, last: float) -> float:
        """Milliseconds, of the requests between two seconds."""
        found = sorted(took for at, took in self.times if first <= at < last)
        return 1000 * found[min(len(found) - 1, int(len(found) * share))] if found else float("nan")


def ask_for(port: int, asks: list[Ask], clients: int, seconds: float, rate: float | None) -> Heard:
    """Several clients; with a ``rate`` (requests a second of all together) each waits for its turn."""
    heard, guard, counter = Heard(), threading.Lock(), itertools.count()
    end = heard.begun + seconds

    def client(number: int) -> None:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        choose = random.Random(number)
        due = time.monotonic()
        while (now := time.monotonic()) < end:
            if rate is not None:
                due += choose.expovariate(rate / clients)
                time.sleep(max(0.0, due - now))
            began, problem = time.monotonic(), ""
            try:
                choose.choice(asks)(link, next(counter))
            except (AssertionError, OSError, http.client.HTTPException) as error:
                link.close()
                problem = repr(error)[:200]
            with guard:
                heard.times.append((began - heard.begun, time.monotonic() - began))
                if problem:
                    heard.failed.append(problem)

    threads = [threading.Thread(target=client, args=[number]) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return heard


def own_memory(pid: int) -> dict[str, float]:
    """MB by part: the web process, and all processes of the workers."""
    found = {"web": 0.0, "workers": 0.0}
    for process in psutil.Process(pid).children(recursive=True):
        try:
            part = "web" if "granian" in " ".join(process.cmdline()) else "workers"
            found[part] += process.memory_full_info().uss / (1 << 20)
        except psutil.NoSuchProcess:
            continue
    return found


def watch(pid: int, stop: threading.Event, readings: list[tuple[float, dict[str, float]]]) -> None:
    begun = time.monotonic()
    while not stop.wait(READINGS):
        readings.append(((time.monotonic() - begun) / 60, own_memory(pid)))


def growth(readings: list[tuple[float, dict[str, float]]], part: str) -> float:
    """MB an hour, by a straight line through the second half."""
    half = readings[len(readings) // 2 :]
    minutes, memory = [at for at, _ in half], [found[part] for _, found in half]
    return float(np.polyfit(minutes, memory, 1)[0]) * 60


def requests_of(told: dict[str, Any], database: Path) -> list[Ask]:
    """Ninety-nine that read and one that writes."""
    cookie = {"Cookie": f"sessionid={told['session']}", "Accept-Encoding": "gzip"}
    token = {"Authorization": f"Bearer {told['token']}"}
    pages = [
        "/orders/",
        "/orders/?q=00031",
        f"/orders/{told['order']}/",
        "/palette/?q=00031",
        f"/plans/{told['gantt']}/",
    ]
    reads = [get(path, cookie) for path in pages] + [get("/api/v1/orders?limit=50", token)]
    written = create_and_confirm(token, told["body"], sign_in_file(database))
    return [*(reads[number % len(reads)] for number in range(99)), written]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--orders", type=int, default=2000)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--plot")
    given = parser.parse_args()
    readings: list[tuple[float, dict[str, float]]] = []
    with prepared(given.orders) as (data, told), served(data) as (port, pid):
        asks = requests_of(told, data / "punctual.db")
        full = ask_for(port, asks, given.clients, min(60, 10 * given.minutes), None)
        rate = len(full.times) / max(at + took for at, took in full.times)
        stop = threading.Event()
        watcher = threading.Thread(target=watch, args=[pid, stop, readings])
        watcher.start()
        heard = ask_for(port, asks, given.clients, 60 * given.minutes, rate / 2)
        stop.set()
        watcher.join()
    seconds = 60 * given.minutes
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; full {rate:.1f}/s, then half for {given.minutes:g} min"
    )
    failed = full.failed + heard.failed
    print(f"  {len(full.times)} and {len(heard.times)} requests, {len(failed)} failed", *set(failed), sep="\n    ")
    for name, first, last in (("first fifth", 0.0, seconds / 5), ("last fifth", seconds * 4 / 5, seconds)):
        print(
            f"  {name}: median {heard.quantile(0.5, first, last):.0f} ms, p99 {heard.quantile(0.99, first, last):.0f} ms"
        )
    grown = {}
    for part in ("web", "workers"):
        own = [found[part] for _, found in readings]
        grown[part] = growth(readings, part) / statistics.mean(own)
        print(
            f"  {part}: {own[0]:.0f} MB of its own first, {statistics.median(own):.0f} in the middle, {own[-1]:.0f} last, "
            f"growth {growth(readings, part):+.0f} MB an hour ({grown[part]:+.1%})"
        )
    if given.plot:
        lines = [Line(part, [at for at, _ in readings], [found[part] for _, found in readings]) for part in grown]
        Path(given.plot).write_text(chart("Memory of its own at half load", "minutes", "MB", lines))
    return int(bool(failed) or grown["web"] > 0.1)


if __name__ == "__main__":
    sys.exit(main())
