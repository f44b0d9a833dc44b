"""``punctual restore FILE``: back to what a backup holds, or over to PostgreSQL with it; stop the server first."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from punctual.cli.setup import set_up


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", help="a file written by 'punctual backup'")
    parser.add_argument("--data", metavar="DIR", help="folder of database and files (default: var)")
    parser.add_argument("--check", action="store_true", help="only read the file and compare every checksum")
    parser.add_argument("--force", action="store_true", help="replace a database that is not empty")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """See :mod:`punctual.platform.backup`."""
    set_up(arguments.data)
    from punctual.cli.setup import migrate
    from punctual.platform.backup import restore, verify
    from punctual.platform.resealing import unreadable_count

    if arguments.check:
        return verify(Path(arguments.file))
    manifest = restore(Path(arguments.file), force=arguments.force)
    # A backup of an earlier version is brought up to this one's tables.
    migrate()
    # Of an installation with another signing secret: said here, not when the first message does not go out.
    told = {name: value for name, value in manifest.items() if name != "sha256"}
    return {**told, "unreadable_secrets": unreadable_count()}
