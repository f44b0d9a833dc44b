"""``punctual manage …``: Django's own commands (shell, dbshell, makemigrations)."""

from __future__ import annotations

import argparse

from punctual.cli.setup import set_up


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="a Django management command")


def run(arguments: argparse.Namespace) -> None:
    """Hand over."""
    set_up()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["punctual manage", *arguments.arguments])
