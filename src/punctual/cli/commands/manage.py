"""``punctual manage …``: Django's own commands (shell, dbshell, makemigrations)."""

from __future__ import annotations

import argparse
from typing import Final

from punctual.cli.setup import set_up

WHOLE_MIGRATION: Final = (("migrate",), ("migrate", "--noinput"), ("migrate", "--no-input"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="a Django management command")


def run(arguments: argparse.Namespace) -> None:
    """Hand over. Before the first tables, which are made from the models: an empty database needs no history."""
    set_up()
    from django.core.management import execute_from_command_line

    from punctual.platform.first_tables import make_first_tables

    if tuple(arguments.arguments) in WHOLE_MIGRATION:
        make_first_tables()

    execute_from_command_line(["punctual manage", *arguments.arguments])
