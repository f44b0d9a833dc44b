"""The ``punctual`` command: one table of sub-commands, each loaded only when it is called.

Exit status: 0 done; 2 input or arguments not usable (one line on standard error, nothing changed); 1 anything else.
With ``--json`` a command prints one JSON document on standard output and nothing else there.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, Protocol, cast

from punctual.kernel.refusal import Refusal

COMMANDS: Mapping[str, str] = {
    "serve": "serve pages and worker (the default): sets up, migrates, demo company into an empty database",
    "worker": "background jobs only",
    "user": "make an account",
    "token": "print an API token for a user",
    "mcp": "an MCP server for your assistant: reads with your token, suggests, does nothing by itself",
    "backup": "one consistent file of database and attachments, while running",
    "restore": "back to what a backup holds",
    "doctor": "what is wrong with this installation",
    "secrets": "whether everything kept sealed can be read; --renew seals it under the present key",
    "manage": "Django's own commands",
    "import": "orders out of a customer's .xlsx, .xls or .csv: import orders FILE [--dry-run]",
    "export": "an order's plan as Microsoft Project XML, or everything in open formats",
    "schedule": "critical path schedule of a Microsoft Project XML file",
    "level": "resource-constrained schedule of a PSPLIB or Patterson file",
    "portfolio": "schedule of many orders with least weighted tardiness",
    "promise": "earliest dates for a new order against everything promised",
    "simulate": "Monte Carlo of a network: quantiles, criticality, risks",
    "earned-value": "earned value figures of cumulative PV, EV and AC",
    "sampling-plan": "single sampling plan of ISO 2859-1 / GB/T 2828.1",
    "control-chart": "Shewhart chart with run rules and capability",
    "workday": "is this date a working day, and why",
}
"""Name → one line of help; the module is ``punctual.cli.commands.<name with underscores>``."""


class Command(Protocol):
    """What a command module offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, arguments: argparse.Namespace) -> Mapping[str, Any] | str | None:
        """Do it; the mapping is printed as JSON with ``--json``, a text as it is."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line and status 2; argparse would print the usage before it."""
        sys.stderr.write(f"{self.prog}: {message}\n")
        sys.exit(2)


def _load(name: str) -> Command:
    return cast(Command, importlib.import_module(f"punctual.cli.commands.{name.replace('-', '_')}"))


def _overview() -> str:
    width = max(map(len, COMMANDS)) + 2
    rows = "\n".join(f"  {name:<{width}}{help_text}" for name, help_text in COMMANDS.items())
    return f"punctual COMMAND [--json] …\n\n{rows}\n\npunctual COMMAND --help tells more.\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command; returns the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] and arguments[0] in {"-h", "--help", "help"}:
        sys.stdout.write(_overview())
        return 0
    if not arguments or arguments[0].startswith("-"):
        arguments.insert(0, "serve")
    name = arguments[0]
    if name not in COMMANDS:
        sys.stderr.write(f"punctual: no command '{name}'; there are {', '.join(COMMANDS)}\n")
        return 2
    command = _load(name)
    parser = _Parser(prog=f"punctual {name}", description=COMMANDS[name])
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    command.add_arguments(parser)
    parsed = parser.parse_args(arguments[1:])
    try:
        _print(command.run(parsed), as_json=parsed.json)
        sys.stdout.flush()
    except Refusal as refusal:
        sys.stderr.write(f"punctual {name}: {_one_line(refusal)}\n")
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _one_line(refusal: Refusal) -> str:
    return " · ".join(
        (f"row {reason.row}: " if reason.row is not None else "") + " ".join(reason.worded().split())
        for reason in refusal.reasons
    )


def _print(result: Mapping[str, Any] | str | None, *, as_json: bool) -> None:
    if result is None:
        return
    if isinstance(result, str):
        sys.stdout.write(result if result.endswith("\n") else result + "\n")
    elif as_json:
        json.dump(result, sys.stdout, ensure_ascii=False, allow_nan=False)
        sys.stdout.write("\n")
    else:
        json.dump(result, sys.stdout, ensure_ascii=False, allow_nan=False, indent=2)
        sys.stdout.write("\n")
