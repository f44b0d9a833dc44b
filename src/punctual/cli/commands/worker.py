"""``punctual worker``: does the background jobs until it is stopped; any number may run on one PostgreSQL."""

from __future__ import annotations

import argparse

from punctual.cli.setup import set_up


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", metavar="DIR", help="folder of database and files (default: var)")


def run(arguments: argparse.Namespace) -> None:
    """django-q2's cluster, with the minute's sweep of undelivered events in its schedule."""
    set_up(arguments.data)
    from django.core.management import call_command

    from punctual.engine.cpm import prepare
    from punctual.platform.telemetry import begin_telemetry
    from punctual.worker.schedule import ensure_schedules

    begin_telemetry("worker")
    ensure_schedules()
    prepare()  # once, before the jobs' processes are forked off
    call_command("qcluster", verbosity=0)
