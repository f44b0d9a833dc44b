"""``punctual simulate FILE``: Monte Carlo of a network."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from threading import Timer
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="network JSON")
    parser.add_argument("--runs", type=int, default=10_000, help="number of runs (10000)")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same result (0)")


def run(arguments: argparse.Namespace) -> Mapping[str, Any]:
    from punctual.engine.formats.network_json import read_network
    from punctual.engine.simulate import simulate

    network = read_network(arguments.file)
    patience = Timer(1.5, sys.stderr.write, ["simulating; the first run also compiles the kernels, some 15 s, once\n"])
    patience.daemon = True
    patience.start()
    try:
        return simulate(network, runs=arguments.runs, seed=arguments.seed).as_data()
    finally:
        patience.cancel()
