"""``punctual user NAME --role ROLE``: a new account, made on the machine itself."""

from __future__ import annotations

import argparse
import getpass
import secrets
import sys
from typing import Any

from punctual.cli.setup import migrate, set_up


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="sign-in name")
    parser.add_argument("--role", required=True, help="administrator, order_manager, sales, supply_chain, planner, …")
    parser.add_argument("--email", default="")
    parser.add_argument("--display-name", default="")
    parser.add_argument("--password", help="else asked for, or made up where nobody can be asked")
    parser.add_argument("--data", metavar="DIR", help="folder of database and files (default: var)")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Create the account; a made-up password is printed once."""
    set_up(arguments.data)
    migrate()
    from punctual.platform.accounts.services import create_person

    made_up = ""
    password = arguments.password
    if password is None and sys.stdin.isatty():
        password = getpass.getpass(f"Password of {arguments.name}: ")
    if not password:
        password = made_up = secrets.token_urlsafe(12)
    user = create_person(
        actor=None,
        username=arguments.name,
        password=password,
        role=arguments.role.replace("-", "_"),
        display_name=arguments.display_name,
        email=arguments.email,
    )
    return {"username": user.username, "role": user.role, **({"password": made_up} if made_up else {})}
