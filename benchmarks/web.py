"""How fast pages and the API answer, beside a floor and a peer, all in one run on one machine.

    python benchmarks/web.py [--orders 10000] [--seconds 8] [--clients 1 4 16] [--processes N] [--no-peer] [--json]

floor   a bare Django view that selects the same fifty rows and renders them with a plain template, on the same server
        (granian, as many processes and threads) and the same database
peer    Tryton (trytond, sale) from PyPI in an environment of its own, SQLite, asked over its JSON-RPC for the same:
        fifty sales with what a list shows, and a sale of five lines made, quoted and confirmed
        (Tryton renders no page on the server and makes no plan of a sale, so this favours it), with as many processes

What is compared is asked in turns, a third of the time each, so that an hour in which the machine is slow is slow for
all. Printed are requests a second, the median and 99th percentile of each scenario and number of clients, ratios to
floor and peer, the memory of the web process, and the machine's load before and after: on a busy machine only ratios mean anything.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests"), str(ROOT / "benchmarks")]

from web_peer import Peer, tryton  # noqa: E402

from punctual.cli.commands.serve import shared_counts, web_command  # noqa: E402
from punctual.cli.machine import web_processes  # noqa: E402
from punctual.platform.sqlite.queue import queue_of  # noqa: E402

TESTDATA = Path(os.environ.get("PUNCTUAL_TESTDATA", ROOT.parent / "shared" / "testdata"))

FLOOR = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "punctual.config.settings"
from django.conf import settings
import django
django.setup()
from django.core.handlers.wsgi import WSGIHandler
from django.template import Context, Engine
from django.http import HttpResponse
from django.urls import path
import punctual.config.urls as urls
from punctual.domain.orders.models import Order
page = Engine().from_string(
    "<!doctype html><table>{% for o in orders %}<tr><td>{{ o.number }}</td><td>{{ o.customer.name }}</td>"
    "<td>{{ o.state }}</td><td>{{ o.total_amount }}</td><td>{{ o.created_at }}</td></tr>{% endfor %}</table>"
)
def bare(request):
    orders = Order.objects.select_related("customer").order_by("-created_at", "-id")[:50]
    return HttpResponse(page.render(Context({"orders": orders, "count": Order.objects.count()})))
settings.MIDDLEWARE = []
urls.urlpatterns = [path("bare/", bare)]
application = WSGIHandler()
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def granian(target: str, folder: Path, data: Path, processes: int) -> Iterator[tuple[int, int]]:
    """A server as the product starts its own; gives its port and process."""
    port = free_port()
    command = web_command("127.0.0.1", port, processes, target=target, log="critical")
    counts = data / f"counts-{port}"
    counts.mkdir()
    environment = (
        os.environ
        | shared_counts(str(counts))
        | {
            "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(folder)]),
            "PUNCTUAL_DATA": str(data),
            "PUNCTUAL_COLLECTED": "1",
            "PUNCTUAL_API_RATE": "0",
            "PUNCTUAL_LOG": "ERROR",
        }
    )
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        wait_for(port)
        yield port, process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def wait_for(port: int) -> None:
    for _ in range(1200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"nothing answers on {port}")


Ask = Callable[[http.client.HTTPConnection, int], None]


@dataclass
class Times:
    """What some clients saw: seconds of each request, requests that failed and the last one's reason, seconds that it
    took in all."""

    each: list[float] = field(default_factory=list)
    errors: int = 0
    reason: str = ""
    took: float = 0.0

    def told(self) -> dict[str, Any]:
        """The figures; where requests failed they say nothing (a refusal is quick), so that the run ends."""
        if self.errors > len(self.each) / 100:
            raise SystemExit(f"{self.errors} of {len(self.each)} requests failed, the last one: {self.reason}")
        ordered = sorted(self.each)
        return {
            "per_second": round(len(ordered) / self.took, 1),
            "p50_ms": round(statistics.median(ordered) * 1000, 1),
            "p95_ms": round(ordered[int(len(ordered) * 0.95)] * 1000, 1),
            "p99_ms": round(ordered[int(len(ordered) * 0.99)] * 1000, 1),
            "errors": self.errors,
        }


def load(port: int, ask: Ask, clients: int, seconds: float) -> dict[str, Any]:
    """:func:`pressed`, told."""
    times = Times()
    pressed(times, port, ask, clients, seconds)
    return times.told()


def pressed(times: Times, port: int, ask: Ask, clients: int, seconds: float, pause: float = 0.0) -> None:
    """So many clients, each with a connection kept open, ask again as soon as they have been answered, or after a
    ``pause`` of so many seconds, having begun one after another."""
    end = time.monotonic() + seconds
    guard = threading.Lock()

    def client(number: int) -> None:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        asked = 0
        time.sleep(pause * number / clients)
        while time.monotonic() < end:
            began = time.perf_counter()
            try:
                ask(link, number * 1_000_000 + asked)
                ok = True
            except (AssertionError, OSError, http.client.HTTPException) as error:
                link.close()
                ok, times.reason = False, repr(error)
            asked += 1
            with guard:
                times.each.append(time.perf_counter() - began)
                times.errors += not ok
            time.sleep(pause)

    threads = [threading.Thread(target=client, args=[number]) for number in range(clients)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.took += time.monotonic() - began


ROUNDS: Final = 3
PEOPLE: Final = 16
PAUSE: Final = 8.0
"""Sixteen people who enter, submit and confirm an order each and begin the next one after so many seconds: 7,000 orders
an hour."""


@dataclass(frozen=True)
class Asked:
    """Somebody's answer that others are compared with: where, what, and what must hold meanwhile."""

    port: int
    ask: Ask
    beside: Callable[[], AbstractContextManager[None]] = nullcontext


def in_turns(asked: Mapping[str, Asked], clients: list[int], seconds: float) -> dict[str, dict[int, Any]]:
    """Each of those that are compared for a third of the time, then again and again: a machine that is quicker one
    minute than the next is so for all of them."""
    rows: dict[str, dict[int, Any]] = {name: {} for name in asked}
    for one in asked.values():
        pressed(Times(), one.port, one.ask, 1, 1)
    for n in clients:
        times = {name: Times() for name in asked}
        for _ in range(ROUNDS):
            for name, one in asked.items():
                with one.beside():
                    pressed(times[name], one.port, one.ask, n, seconds / ROUNDS)
        for name in asked:
            rows[name][n] = times[name].told()
    return rows


def get(path: str, headers: dict[str, str], sizes: dict[str, int] | None = None) -> Ask:
    def ask(link: http.client.HTTPConnection, number: int) -> None:
        link.request("GET", path, headers=headers)
        answer = link.getresponse()
        body = answer.read()
        assert answer.status == 200, (path, answer.status)
        if sizes is not None:
            sizes[path] = len(body)

    return ask


def sign_in_file(database: Path) -> Callable[[int], None]:
    """Signs every role of an order's review straight in the SQLite file, in the line of writers as everybody else; each
    client keeps its connection, since to open one reads the whole schema (10 ms, in everybody's way)."""
    kept = threading.local()

    def sign(order: int) -> None:
        link: sqlite3.Connection | None = getattr(kept, "link", None)
        if link is None:
            link = kept.link = sqlite3.connect(database)
            link.execute("SELECT 1 FROM orders_reviewsign LIMIT 1")
        queue = queue_of(str(database))
        queue.enter(60)
        try:
            with link:
                link.execute(SIGN.format("?"), [order])
        finally:
            queue.leave()

    return sign


SIGN = "UPDATE orders_reviewsign SET state='signed' WHERE review_id IN (SELECT id FROM orders_review WHERE order_id={})"


def create_and_confirm(headers: dict[str, str], body: dict[str, Any], sign: Callable[[int], None]) -> Ask:
    """POST an order of five lines, submit it, sign every role by SQL, confirm it: plan and baseline included."""

    numbers = itertools.count(1)

    def call(link: http.client.HTTPConnection, path: str, content: dict[str, Any]) -> dict[str, Any]:
        link.request("POST", path, json.dumps(content), headers | {"Content-Type": "application/json"})
        answer = link.getresponse()
        data: dict[str, Any] = json.loads(answer.read() or b"{}")
        assert answer.status < 300, (path, answer.status, data)
        return data

    def ask(link: http.client.HTTPConnection, number: int) -> None:
        made = call(link, "/api/v1/orders", {**body, "customer_po_number": f"BENCH-{next(numbers)}"})
        call(link, f"/api/v1/orders/{made['id']}/submit", {})
        sign(made["id"])
        call(link, f"/api/v1/orders/{made['id']}/confirm", {})

    return ask


PLANNING = """
import sys
from punctual.worker.limits import let_others_go_first
let_others_go_first()
from punctual.cli.main import main
while True:
    main(["portfolio", sys.argv[1], "--seconds", "30", "--json"])
"""


@contextmanager
def planning() -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """A search over thousands of tasks, on both cores, as patient as the planning worker is; it goes on while what this
    gives is entered, and stands still otherwise."""
    book = next(iter(sorted((TESTDATA / "portfolio").glob("*.json*"))))
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    process = subprocess.Popen([sys.executable, "-c", PLANNING, str(book)], env=environment, stdout=subprocess.DEVNULL)

    @contextmanager
    def going_on() -> Iterator[None]:
        process.send_signal(signal.SIGCONT)
        try:
            yield
        finally:
            process.send_signal(signal.SIGSTOP)

    try:
        time.sleep(5)
        process.send_signal(signal.SIGSTOP)
        yield going_on
    finally:
        process.kill()
        process.wait(20)


def memory_mb(pid: int) -> dict[str, int]:
    """Of the web process, the largest of the group: what it alone holds, its share with shared pages divided among
    their users, and all that it has mapped in (libraries included, which others use, too)."""
    import psutil

    process = psutil.Process(pid)
    full = [one.memory_full_info() for one in [process, *process.children(recursive=True)]]
    web = max(full, key=lambda one: one.rss)
    return {"own": web.uss >> 20, "share": web.pss >> 20, "mapped": web.rss >> 20}


@contextmanager
def prepared(orders: int) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A folder with the demo company and so many orders; what the requests need is told beside it."""
    with tempfile.TemporaryDirectory(prefix="punctual-bench-") as name:
        data = Path(name)
        environment = os.environ | {"PUNCTUAL_DATA": name, "PUNCTUAL_COLLECTED": "1"}
        run = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("web_world.py")), str(orders)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode:
            raise SystemExit(run.stderr[-3000:])
        told: dict[str, Any] = json.loads(run.stdout.strip().splitlines()[-1])
        yield data, told


@dataclass(frozen=True)
class World:
    """The product at one size, answering: its folder, what the requests need, its port and process; and the floor's."""

    data: Path
    told: dict[str, Any]
    port: int
    pid: int
    floor: int

    @property
    def cookie(self) -> dict[str, str]:
        return {"Cookie": f"sessionid={self.told['session']}", "Accept-Encoding": "gzip"}

    def page(self, path: str, sizes: dict[str, int] | None = None) -> Asked:
        return Asked(self.port, get(path, self.cookie, sizes))

    def create_and_confirm(self) -> Asked:
        token = {"Authorization": f"Bearer {self.told['token']}"}
        sign = sign_in_file(self.data / "punctual.db")
        return Asked(self.port, create_and_confirm(token, self.told["body"], sign))


@contextmanager
def world(orders: int, processes: int) -> Iterator[World]:
    """The product and the floor on the same database, each with its own processes."""
    with prepared(orders) as (data, told):
        (data / "floor_app.py").write_text(FLOOR)
        with (
            granian("floor_app:application", data, data, processes) as (floor, _),
            granian("punctual.config.wsgi:application", data, data, processes) as (port, pid),
        ):
            yield World(data, told, port, pid, floor)


def measured(worlds: Mapping[int, World], peer: Peer | None, clients: list[int], seconds: float) -> dict[str, Any]:
    """Every scenario; what is compared is asked in turns."""
    first = next(iter(worlds.values()))
    rows: dict[str, Any] = {}
    with planning() as going_on:
        lists = {"floor": Asked(first.floor, get("/bare/", {}))}
        lists |= {f"list {size}": one.page("/orders/") for size, one in worlds.items()}
        lists["list_while_planning"] = replace(first.page("/orders/"), beside=going_on)
        if peer:
            lists["tryton list"] = Asked(peer.port, peer.list)
        rows |= in_turns(lists, clients, seconds)
    for size, one in worlds.items():
        sizes: dict[str, int] = {}
        pages = {
            "order": f"/orders/{one.told['order']}/",
            "search": "/palette/?q=00031",
            "gantt_1000": f"/plans/{one.told['gantt']}/",
            "orders": "/orders/",
        }
        for name, path in pages.items():
            rows |= in_turns({f"{name} {size}": one.page(path, sizes)}, clients, seconds)
        rows[f"bytes {size}"] = {name: sizes.get(path) for name, path in pages.items()}
    people, ours = Times(), first.create_and_confirm()
    pressed(people, ours.port, ours.ask, PEOPLE, seconds * len(clients), PAUSE)
    rows["create_confirm_people"] = people.told()
    writes = {"create_confirm": ours}
    if peer:
        writes["tryton create_confirm"] = Asked(peer.port, peer.create_and_confirm)
    rows |= in_turns(writes, clients, seconds)
    return rows | {"memory_mb": memory_mb(first.pid)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--processes", type=int, default=web_processes(beside_workers=True), help="as serve's own")
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    before = os.getloadavg()[0]
    with ExitStack() as running:
        peer = None if given.no_peer else running.enter_context(tryton(given.processes))
        worlds = {size: running.enter_context(world(size, given.processes)) for size in given.orders}
        rows = measured(worlds, peer, given.clients, given.seconds)
    result = {
        "load": [before, os.getloadavg()[0]],
        "cores": os.cpu_count(),
        "processes": given.processes,
        "tryton": peer and peer.version,
        **rows,
        "ratios": ratios(rows, given.orders, given.clients),
    }
    sys.stdout.write(json.dumps(result, indent=None if given.json else 1) + "\n")


def ratios(rows: dict[str, Any], sizes: list[int], clients: list[int]) -> dict[str, float]:
    """What the goals are about, from one run."""
    found: dict[str, float] = {}

    def compare(text: str, ours: str, theirs: str, unit: str = "per_second") -> None:
        if ours in rows and theirs in rows:
            for n in clients:
                found[f"{text}, {n} clients"] = round(rows[ours][n][unit] / rows[theirs][n][unit], 2)

    small, large = f"list {sizes[0]}", f"list {sizes[-1]}"
    compare("list / floor", small, "floor")
    compare("list / Tryton", small, "tryton list")
    compare("list while a plan is computed / without, p95", "list_while_planning", small, "p95_ms")
    if len(sizes) > 1:
        compare(f"list at {sizes[-1]} / at {sizes[0]}, median", large, small, "p50_ms")
    compare("create and confirm / Tryton", "create_confirm", "tryton create_confirm")
    return found


if __name__ == "__main__":
    main()
