"""``punctual doctor``: what is wrong with this installation."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from punctual.cli.setup import set_up


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", metavar="DIR", help="folder of database and files (default: var)")
    parser.add_argument("--audit", action="store_true", help="read the whole audit trail; names the first altered row")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Each check with its finding; exit status 1 when one failed."""
    set_up(arguments.data)
    from django.utils import translation

    from punctual.platform.doctor import audit_trail, examine

    with translation.override("en"):
        findings = [audit_trail()] if arguments.audit else examine()
    if not arguments.json:
        for finding in findings:
            sys.stdout.write(f"{'ok ' if finding['ok'] else 'BAD'}  {finding['check']}: {finding['finding']}\n")
    healthy = all(finding["ok"] for finding in findings)
    if arguments.json:
        return {"healthy": healthy, "checks": findings}
    sys.exit(0 if healthy else 1)
