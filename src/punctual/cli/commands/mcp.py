"""``punctual mcp``: an MCP server on standard input and output, for an assistant of one person.

The token is taken from PUNCTUAL_TOKEN, never from the command line, where other people of the machine could read it.
"""

from __future__ import annotations

import argparse
import os
from typing import Any

from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_


def add_arguments(parser: argparse.ArgumentParser) -> None:
    address = os.environ.get("PUNCTUAL_URL", "http://127.0.0.1:8000")
    parser.add_argument("--url", default=address, help=f"where Punctual is (PUNCTUAL_URL; now {address})")


def run(arguments: argparse.Namespace) -> dict[str, Any] | None:
    """Serve until the assistant hangs up."""
    token = os.environ.get("PUNCTUAL_TOKEN", "").strip()
    if not token:
        text = N_("Set PUNCTUAL_TOKEN to a token of yours; My settings makes one.")
        raise Refusal(Reason("mcp.token", text))
    try:
        from punctual.assistants.calls import over_http
        from punctual.assistants.server import make_server
    except ImportError as error:
        text = N_("%(name)s is not installed: pip install 'punctual[mcp]'.")
        raise Refusal(Reason("mcp.missing", text, {"name": str(error.name)})) from error
    try:
        ask = over_http(arguments.url, token)
    except ValueError as error:
        raise Refusal(Reason("mcp.url", N_("“%(url)s” is no http address."), {"url": arguments.url})) from error
    make_server(ask).run("stdio")
    return None
