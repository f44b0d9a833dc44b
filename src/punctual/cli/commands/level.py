"""``punctual level FILE``: resource-constrained schedule of a PSPLIB or Patterson/RanGen project."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from punctual.cli.commands.arguments import add_search_arguments, say_compiling
from punctual.engine.formats import psplib


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """FILE and the limits of the search."""
    parser.add_argument("file", type=Path, help="PSPLIB single-mode .sm or Patterson/RanGen .rcp")
    add_search_arguments(parser, seconds=5.0)


def run(arguments: argparse.Namespace) -> Mapping[str, Any]:
    """The schedule with makespan and lower bound, checked independently."""
    plan = psplib.read(arguments.file)
    say_compiling()
    from punctual.engine.optimise.answer import Limits
    from punctual.engine.optimise.makespan import minimise_makespan
    from punctual.engine.optimise.warm import warm_makespan

    warm_makespan()
    limits = Limits(seconds=arguments.seconds)
    answer = minimise_makespan(plan, limits, workers=arguments.workers, seed=arguments.seed)
    return {
        "makespan": answer.cost,
        "lower_bound": answer.lower_bound,
        "optimal": answer.optimal,
        "start": list(answer.schedule.start),
        "seconds": round(answer.seconds, 3),
        "verified": True,
    }
