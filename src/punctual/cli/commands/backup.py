"""``punctual backup FILE``: one consistent file with database and attached files, while everything runs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from punctual.cli.setup import set_up


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", help="where to write it (.tar.gz)")
    parser.add_argument("--data", metavar="DIR", help="folder of database and files (default: var)")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """See :mod:`punctual.platform.backup`."""
    set_up(arguments.data)
    from punctual.platform.backup import back_up

    return back_up(Path(arguments.file))
