"""``punctual earned-value FILE``: earned value and earned schedule of cumulative figures."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", type=Path, metavar="FILE", help='{"bac", "planned_duration", "periods": [{"pv", "ev", "ac"}]}'
    )


def run(arguments: argparse.Namespace) -> Mapping[str, Any]:
    from punctual.engine.earned_value import earned_value
    from punctual.engine.formats.earned_value_json import read_performance

    performance = read_performance(arguments.file)
    return {
        "bac": performance.bac,
        "planned_duration": performance.planned_duration,
        "periods": [period.as_data() for period in earned_value(performance)],
    }
