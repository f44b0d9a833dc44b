"""``punctual worker``: does the background jobs until it is stopped; any number may run on one PostgreSQL."""

from __future__ import annotations

import argparse
import gc
import os
import sys

from punctual.cli.processes import heed_stop, wait, workers
from punctual.cli.setup import set_up
from punctual.kernel.queues import PLANNING, QUEUES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", metavar="DIR", help="folder of database and files (default: var)")
    parser.add_argument("--queue", choices=QUEUES, help="only this queue's jobs (default: a process for each queue)")


def run(arguments: argparse.Namespace) -> None:
    """django-q2's cluster of one queue, or one process for each."""
    if arguments.data:
        os.environ["PUNCTUAL_DATA"] = os.path.abspath(arguments.data)
    if arguments.queue is None:
        told = heed_stop()
        sys.exit(wait(workers(), told))
    if arguments.queue == PLANNING:
        os.environ["Q_CLUSTER_NAME"] = PLANNING  # read by django-q2 when it is loaded
    set_up()
    from django.conf import settings
    from django.core.management import call_command
    from django.urls import reverse

    from punctual.engine.cpm import prepare
    from punctual.platform.telemetry import begin_telemetry
    from punctual.worker.limits import let_others_go_first, limit_memory
    from punctual.worker.schedule import ensure_schedules

    begin_telemetry("worker")
    if arguments.queue == PLANNING:
        let_others_go_first()
        limit_memory(settings.PLANNING_MB)
    else:
        ensure_schedules()
        reverse("home")  # loads every page: whatever a job links to asks for an address
    prepare()
    # Both once, before the jobs' processes are forked off: each would load them for seconds, in the midst of its work.
    # What is here now is no garbage: no job looks through it, and the processes go on sharing it.
    gc.collect()
    gc.freeze()
    call_command("qcluster", verbosity=0)
