"""``punctual export plan ORDER --format mspdi FILE``: an order's plan as Microsoft Project XML.
``punctual export everything FILE.zip``: all data and files in open formats."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from punctual.cli.setup import set_up
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["plan", "everything"])
    parser.add_argument("order", nargs="?", help="order number or id (of a plan)")
    parser.add_argument("file", type=Path)
    parser.add_argument("--format", choices=["mspdi"], default="mspdi")
    parser.add_argument("--data", metavar="DIR", help="folder of database and files (default: var)")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Write the file; nothing is written when there is no such plan."""
    set_up(arguments.data)
    if arguments.what == "everything":
        from punctual.platform.everything import export_everything

        return export_everything(arguments.file)
    if not arguments.order:
        raise Refusal(
            Reason("export.order", N_("Name the order whose plan it is: export plan ORDER FILE."), {}, "order")
        )
    from punctual.domain.orders.models import Order
    from punctual.domain.plans.engine_plan import project_file
    from punctual.domain.plans.models import Plan
    from punctual.domain.plans.store import Stored, calendars_of

    key = arguments.order
    orders = Order.objects.filter(pk=int(key)) if key.isdecimal() else Order.objects.filter(number__iexact=key)
    plan = Plan.objects.select_related("order").filter(order__in=orders).first()
    if plan is None:
        raise Refusal(Reason("plan.not_found", N_("There is no plan of an order %(order)s."), {"order": key}, "order"))
    state = Stored(plan).state
    content = project_file(state, calendars_of(plan, state), str(plan.order))
    try:
        arguments.file.write_bytes(content)
    except OSError as error:
        reason = Reason(
            "file.unwritable",
            N_("%(file)s can't be written: %(why)s"),
            {"file": arguments.file, "why": error.strerror},
            "file",
        )
        raise Refusal(reason) from error
    return {"order": str(plan.order), "tasks": len(state.tasks), "file": str(arguments.file), "bytes": len(content)}
