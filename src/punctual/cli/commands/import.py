"""``punctual import orders FILE [--dry-run]``: draft orders out of a customer's spreadsheet.

``created`` and ``refused`` count rows of the file, ``orders`` names the drafts, ``rows`` tells every error with its
row in the sheet. Good rows are taken over; with ``--all-or-nothing`` one error refuses all.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from punctual.cli.setup import set_up
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["orders"], help="what the file holds")
    parser.add_argument("file", metavar="FILE", help=".xlsx, .xls or .csv")
    parser.add_argument("--dry-run", action="store_true", help="check only, change nothing")
    parser.add_argument("--all-or-nothing", action="store_true", help="one error refuses the whole file")
    parser.add_argument("--customer", default="", help="code or name, where the file does not say it")
    parser.add_argument("--data", metavar="DIR", help="folder of database and files (default: var)")
    parser.add_argument("--as", dest="user", default="", help="sign-in name of whoever enters it")


def run(arguments: argparse.Namespace) -> Mapping[str, Any]:
    """Read, check and keep; raises Refusal for a file or user that is not usable."""
    path = Path(arguments.file)
    try:
        content = path.read_bytes()
    except OSError as error:
        why = error.strerror or str(error)
        text = N_("The file %(file)s can't be read: %(why)s.")
        raise Refusal(Reason("file.unreadable", text, {"file": str(path), "why": why}, field="file")) from error
    set_up(arguments.data)
    from django.utils import timezone, translation

    from punctual.domain.orders.services.bulk_import import import_file

    with translation.override("en"):
        taken = import_file(
            actor=_actor(arguments.user),
            content=content,
            name=path.name,
            today=timezone.localdate(),
            customer=arguments.customer,
            dry_run=arguments.dry_run,
            all_or_nothing=arguments.all_or_nothing,
        )
    return {
        "created": taken.created,
        "updated": 0,
        "refused": taken.refused,
        "orders": taken.orders,
        "rows": [
            {"row": row, "field": reason.field, "code": reason.code, "message": reason.worded()}
            for row, reason in taken.problems
        ],
    }


def _actor(name: str) -> Any:
    """The named person, else somebody who may enter orders."""
    from punctual.platform.accounts.models import Role, User

    people = User.objects.filter(is_active=True)
    if name:
        found = people.filter(username=name).first()
        if found is None:
            raise Refusal(Reason("user.unknown", N_("There is no person “%(name)s”."), {"name": name}, field="as"))
        return found
    for role in (Role.ORDER_MANAGER, Role.ADMINISTRATOR, Role.SALES):
        found = people.filter(role=role).order_by("pk").first()
        if found is not None:
            return found
    raise Refusal(Reason("user.none", N_("Nobody here may enter orders yet; make an order manager first.")))
