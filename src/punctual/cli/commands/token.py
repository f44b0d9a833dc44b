"""``punctual token USER``: prints an API token for that user."""

from __future__ import annotations

import argparse
from typing import Any

from punctual.cli.setup import set_up
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("user", help="sign-in name")
    parser.add_argument("--name", default="command line", help="what the token is for")
    parser.add_argument("--read-only", action="store_true", help="the token changes nothing")
    parser.add_argument("--days", type=int, help="valid for so many days (default: until revoked)")
    parser.add_argument("--data", metavar="DIR", help="folder of database and files (default: var)")


def run(arguments: argparse.Namespace) -> dict[str, Any] | str:
    """The token's text; it can't be read again later."""
    set_up(arguments.data)
    from punctual.platform.accounts.models import TokenScope, User
    from punctual.platform.accounts.services import issue_token

    user = User.objects.filter(username=arguments.user, is_active=True).first()
    if user is None:
        raise Refusal(Reason("token.user", N_("There is no active user “%(name)s”."), {"name": arguments.user}))
    scope = TokenScope.READ if arguments.read_only else TokenScope.WRITE
    text = issue_token(actor=None, user=user, name=arguments.name, scope=scope, days=arguments.days)
    return {"token": text} if arguments.json else text
