"""``punctual secrets``: whether everything that is kept sealed can be read, and sealing it under the present key."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from punctual.cli.setup import set_up


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", metavar="DIR", help="folder of database and files (default: var)")
    parser.add_argument("--renew", action="store_true", help="seal anew under the present signing secret what is not")
    parser.add_argument(
        "--forget",
        action="store_true",
        help="remove second factors that can't be read, so that their owners get in and set them up anew",
    )


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Each place with its counts; exit status 1 when something can't be read."""
    set_up(arguments.data)
    from punctual.platform.resealing import forget_second_factors, leave_no_trace, renew, survey

    told: dict[str, Any] = {}
    if arguments.renew:
        told["renewed"] = renew()
        leave_no_trace()
    if arguments.forget:
        told["people_without_second_factor"] = forget_second_factors()
    places = survey()
    if arguments.json:
        return {**told, "places": places}
    for name, count in told.items():
        sys.stdout.write(f"{name.replace('_', ' ')}: {count}\n")
    for kept in places:
        counts = ", ".join(f"{kept[state]} {state}" for state in ("present", "former", "unreadable", "plain"))
        sys.stdout.write(f"{kept['place']}: {counts}\n")
    sys.exit(1 if any(kept["unreadable"] for kept in places) else 0)
