"""How long writers to SQLite wait: with the product's queue and with SQLite's own busy handler alone.

    python benchmarks/writers.py [--seconds 5] [--hold-ms 5] [--json]

Each of 4, 16 and 32 processes writes in transactions of ``hold-ms`` as fast as it can. Printed per number of writers:
transactions a second, the median, 99th percentile and longest wait for a turn, the ratio of the busiest to the idlest
writer (1 is fair), and how many gave up.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
WRITERS = (4, 16, 32)


def write(folder: str, seconds: float, hold: float, queued: bool) -> None:
    """One writer; prints its waits."""
    os.environ |= {"PUNCTUAL_DATA": folder, "DJANGO_SETTINGS_MODULE": "punctual.config.settings"}
    sys.path.insert(0, str(ROOT / "src"))
    from django.conf import settings
    from django.db import OperationalError, connection, transaction

    warnings.simplefilter("ignore", RuntimeWarning)  # no app is loaded here; the connection alone is measured
    settings.WRITE_QUEUE = queued
    connection.ensure_connection()
    start = Path(folder) / "start"
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while not start.exists():
        time.sleep(0.001)
    waits: list[float] = []
    failed = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        asked = time.monotonic()
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                waits.append(time.monotonic() - asked)
                cursor.execute("INSERT INTO written(by) VALUES (%s)", [os.getpid()])
                time.sleep(hold)
        except OperationalError:
            failed += 1
    sys.stdout.write(json.dumps({"waits": waits, "failed": failed}) + "\n")


def measure(writers: int, seconds: float, hold: float, queued: bool) -> dict[str, Any]:
    """Start the writers, let them go at the same moment, put their waits together."""
    import sqlite3

    with tempfile.TemporaryDirectory(prefix="punctual-writers-") as folder:
        with sqlite3.connect(Path(folder) / "punctual.db") as made:
            made.execute("PRAGMA journal_mode=WAL")
            made.execute("CREATE TABLE written(by INTEGER)")
        (Path(folder) / "secret").write_text("only for measuring")
        own = [sys.executable, __file__, "--writer", folder, "--seconds", str(seconds), "--hold-ms", str(hold * 1000)]
        command = own if queued else [*own, "--no-queue"]
        running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(writers)]
        for process in running:
            assert process.stdout is not None
            process.stdout.readline()
        (Path(folder) / "start").touch()
        answers = [json.loads(process.communicate()[0]) for process in running]
    waits = sorted(wait for answer in answers for wait in answer["waits"])
    counts = [len(answer["waits"]) for answer in answers]
    return {
        "writers": writers,
        "queue": queued,
        "per_second": round(len(waits) / seconds, 1),
        "p50_ms": round(statistics.median(waits) * 1000, 1),
        "p99_ms": round(waits[int(len(waits) * 0.99)] * 1000, 1),
        "longest_ms": round(waits[-1] * 1000, 1),
        "busiest_to_idlest": round(max(counts) / max(1, min(counts)), 2),
        "gave_up": sum(answer["failed"] for answer in answers),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--hold-ms", type=float, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--writer", help=argparse.SUPPRESS)
    parser.add_argument("--no-queue", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.writer:
        write(given.writer, given.seconds, given.hold_ms / 1000, not given.no_queue)
        return
    rows = [measure(n, given.seconds, given.hold_ms / 1000, queued) for n in WRITERS for queued in (True, False)]
    if given.json:
        sys.stdout.write(json.dumps(rows) + "\n")
        return
    for row in rows:
        sys.stdout.write("  ".join(f"{name} {value}" for name, value in row.items()) + "\n")


if __name__ == "__main__":
    main()
