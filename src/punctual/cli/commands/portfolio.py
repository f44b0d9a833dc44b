"""``punctual portfolio FILE``: schedule of many orders on common resources with least weighted tardiness."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from punctual.cli.commands.arguments import add_search_arguments, say_compiling
from punctual.engine.formats import portfolio


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """FILE and the limits of the search."""
    parser.add_argument("file", type=Path, help="portfolio JSON, plain or gzip")
    add_search_arguments(parser, seconds=10.0)


def run(arguments: argparse.Namespace) -> Mapping[str, Any]:
    """The schedule with its weighted tardiness, checked independently."""
    plan = portfolio.read(arguments.file).problem
    say_compiling()
    from punctual.engine.optimise.answer import Limits
    from punctual.engine.optimise.tardiness import minimise_tardiness
    from punctual.engine.optimise.warm import warm_tardiness

    warm_tardiness()
    limits = Limits(seconds=arguments.seconds)
    answer = minimise_tardiness(plan, limits, workers=arguments.workers, seed=arguments.seed)
    return {
        "weighted_tardiness": answer.cost,
        "lower_bound": answer.lower_bound,
        "start": list(answer.schedule.start),
        "seconds": round(answer.seconds, 3),
        "verified": True,
    }
