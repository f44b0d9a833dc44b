"""``punctual sampling-plan``: the single sampling plan in force for a lot."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from punctual.engine.sampling import LEVELS, Severity, sampling_plan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lot", type=int, required=True, help="units in the lot")
    parser.add_argument("--level", default="II", help=f"inspection level: {', '.join(LEVELS)} (II)")
    parser.add_argument("--aql", type=float, required=True, help="acceptance quality limit per 100, 0.010 to 1000")
    parser.add_argument("--severity", choices=[severity.value for severity in Severity], default="normal")


def run(arguments: argparse.Namespace) -> Mapping[str, Any]:
    severity = Severity(arguments.severity)
    return sampling_plan(arguments.lot, aql=arguments.aql, level=arguments.level, severity=severity).as_data()
