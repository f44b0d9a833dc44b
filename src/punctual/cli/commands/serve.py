"""``punctual serve``: pages and worker in one go; Ctrl-C stops both."""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from threading import Event
from typing import Final

from punctual.cli.machine import web_processes, web_threads
from punctual.cli.processes import heed_stop, say, spawn, wait, workers
from punctual.cli.setup import migrate, set_up
from punctual.kernel.queues import PLANNING
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_

MOST_ASKED: Final = 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=8000, help="port of the pages (default 8000)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--no-demo", action="store_true", help="leave an empty database empty")
    parser.add_argument("--whole-demo", action="store_true", help="compute the demo's schedule before the first page")
    parser.add_argument("--data", metavar="DIR", help="folder of database and files (default: var)")
    parser.add_argument("--no-worker", action="store_true", help="pages only; run the worker elsewhere")
    parser.add_argument(
        "--processes",
        type=int,
        metavar="N",
        default=os.environ.get("PUNCTUAL_PROCESSES"),
        help="processes that answer pages (default: PUNCTUAL_PROCESSES, else by cores and memory, at most 4)",
    )


def _check_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise Refusal(
                Reason(
                    "serve.port",
                    N_("Port %(port)s is not free or not allowed; choose another with --port."),
                    {"port": port},
                )
            ) from error


def address_of(host: str, port: int) -> str:
    """Where the pages open on this machine; in links and mails too, as long as PUNCTUAL_URL names nothing else."""
    return f"http://{'localhost' if host in {'127.0.0.1', '0.0.0.0'} else host}:{port}"  # noqa: S104


def run(arguments: argparse.Namespace) -> None:
    """Set up, then start the web server and the worker and wait for either to end."""
    count = _processes(arguments)
    _check_port(arguments.host, arguments.port)
    os.environ["PUNCTUAL_COLLECTED"] = "1"
    if not os.environ.get("PUNCTUAL_URL_FILE"):
        os.environ.setdefault("PUNCTUAL_URL", address_of(arguments.host, arguments.port))
    # The first time everything is compiled; that goes on beside the migrations and is waited for by nobody.
    compiling = subprocess.Popen([sys.executable, "-m", "punctual.engine.warm", str(os.getpid())])  # noqa: S603 our own
    with nullcontext() if arguments.whole_demo else _plain_kernels():
        set_up(arguments.data)
        _collect_static()
        if migrate() and not arguments.no_demo:
            _build_demo(whole=arguments.whole_demo)
    told = heed_stop()
    with tempfile.TemporaryDirectory(prefix="punctual-metrics-") as counts:
        processes = [spawn(web_command(arguments.host, arguments.port, count), **shared_counts(counts))]
        _announce(arguments.host, arguments.port, told)
        if not arguments.no_worker and not told.is_set():  # only now, so that nobody waits for the first page
            processes += workers()
        status = wait(processes, told, passing=[compiling])
    sys.exit(status)


def _processes(arguments: argparse.Namespace) -> int:
    if arguments.processes is None:
        return web_processes(beside_workers=not arguments.no_worker)
    if not 1 <= arguments.processes <= MOST_ASKED:
        text = N_("There can be 1 to %(most)d web processes.")
        raise Refusal(Reason("serve.processes", text, {"most": MOST_ASKED}))
    return int(arguments.processes)


@contextmanager
def _plain_kernels() -> Iterator[None]:
    """The planning kernels as plain Python in this process: the demo's plans are small, and thus take no longer than
    compiled, while on a new machine the compilation alone takes half a minute. numba reads it when it is loaded."""
    os.environ["NUMBA_DISABLE_JIT"] = "1"
    try:
        yield
    finally:
        del os.environ["NUMBA_DISABLE_JIT"]


def _build_demo(*, whole: bool) -> None:
    """The records now; the schedule over all orders by the worker, whose first run compiles the search."""
    from django.utils import timezone

    from punctual.flows.demo import build_forecasts, build_records
    from punctual.platform.jobs.services import start_job

    today = timezone.localdate()
    began = time.monotonic()
    say("Punctual: building the demo company (once) …")
    build_records(today)
    if whole:
        build_forecasts(today)
    else:
        job = "punctual.flows.demo.forecasts_job"
        start_job(function=job, label="Demo", actor=None, arguments={"today": today.isoformat()}, queue=PLANNING)
        say("Punctual: the worker computes the first schedule in the background; dates follow in a minute or two")
    say(f"Punctual: demo company ready after {time.monotonic() - began:.0f} s")


def _collect_static() -> None:
    """Once a version: compressed copies with their hash in the name, which browsers keep for ever."""
    from django.conf import settings
    from django.core.management import call_command

    from punctual import __version__

    newest = max(path.stat().st_mtime for folder in settings.STATICFILES_DIRS for path in folder.rglob("*"))
    root = settings.DATA / "static"
    stamp = root / "collected"
    wanted = f"{__version__} {newest}"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    call_command("collectstatic", interactive=False, verbosity=0, clear=root.exists())
    stamp.write_text(wanted)


def web_command(
    host: str, port: int, count: int, *, target: str = "punctual.config.wsgi:application", log: str = "warning"
) -> list[str]:
    """The web server with so many processes; one that dies is started again while the others go on answering."""
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)]
    command += ["--workers", str(count), "--blocking-threads", str(web_threads(count)), "--respawn-failed-workers"]
    return [*command, "--no-ws", "--log-level", log, target]


def shared_counts(folder: str) -> dict[str, str]:
    """What web processes are told so that /metrics adds up what each of them counted; the folder is empty."""
    return {"PROMETHEUS_MULTIPROC_DIR": folder}


def _announce(host: str, port: int, told: Event) -> None:
    """Tell the address once the first page answers."""
    from django.conf import settings

    from punctual.platform.accounts.demo import DEMO_PASSWORD, demo_accounts

    # Under a name that it answers to; under another one every try would be an error in the log.
    names = [one.removeprefix(".") for one in settings.ALLOWED_HOSTS if one != "*"]
    ask = urllib.request.Request(f"http://127.0.0.1:{port}/healthz", headers={"Host": [*names, "127.0.0.1"][0]})
    for _ in range(300):
        try:
            with urllib.request.urlopen(ask, timeout=2):  # noqa: S310  # our own address
                break
        except (urllib.error.URLError, OSError):
            if told.wait(0.1):
                return
    say(f"\n  Punctual 准交   {address_of(host, port)}/\n")
    accounts = demo_accounts()
    if accounts:
        say(f"  Demo sign-ins (password {DEMO_PASSWORD}):")
        say("  " + "  ".join(accounts) + "\n")
    else:
        say("  First account: punctual user NAME --role administrator\n")
    say("  Ctrl-C stops.")
