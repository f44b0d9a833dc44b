"""``punctual control-chart FILE``: Shewhart chart with run rules and capability."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from punctual.engine.control_charts import ChartType, RuleSet


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="CSV, a subgroup a row")
    parser.add_argument("--type", choices=[kind.value for kind in ChartType], required=True)
    parser.add_argument("--lsl", type=float, help="lower specification limit")
    parser.add_argument("--usl", type=float, help="upper specification limit")
    parser.add_argument("--size", type=float, help="p, np, u: units in every subgroup when the file has no such column")
    parser.add_argument("--rules", choices=[rules.value for rules in RuleSet], default=RuleSet.NELSON.value)


def run(arguments: argparse.Namespace) -> Mapping[str, Any]:
    from punctual.engine.control_charts import control_chart
    from punctual.engine.formats.subgroup_csv import read_subgroups

    kind = ChartType(arguments.type)
    data = read_subgroups(arguments.file, kind, size=arguments.size)
    rules = RuleSet(arguments.rules)
    return control_chart(data, kind, rules=rules, lsl=arguments.lsl, usl=arguments.usl).as_data()
