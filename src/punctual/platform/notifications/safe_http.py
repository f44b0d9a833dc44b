"""POST to an address that somebody typed in: only to the public internet, in bounded time, without redirects.

The name is resolved here and the very address that was checked is connected to, so that a name that resolves
differently the second time gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, InvalidURL
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

MOST_READ: Final = 64 * 1024


class NotSent(Exception):
    """It did not arrive; the text says why, for the log."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
UNICAST: Final = ipaddress.IPv6Network("2000::/3")
"""All that the public internet uses of IPv6."""


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that a gateway makes of it: mapped, 6to4 or NAT64."""
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def refused_address(address: str) -> bool:
    """Whether an IP address is none of the public internet's. Loopback is allowed where the tests say so."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = _inner(found)
        if inner is None and found not in UNICAST and not found.is_loopback:
            return True
        found = inner or found
    if found.is_loopback and getattr(settings, "OUTGOING_LOOPBACK", False):
        return False
    return not found.is_global or found.is_multicast


def _checked_socket(host: str, port: int, timeout: float) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotSent(f"{host}: no such host") from error
    addresses = [info for info in found if info[0] in (socket.AF_INET, socket.AF_INET6)]
    if not addresses or any(refused_address(str(info[4][0])) for info in addresses):
        raise NotSent(f"{host} is inside a private network; only public addresses are written to")
    family, kind, protocol, _name, place = addresses[0]
    made = socket.socket(family, kind, protocol)
    made.settimeout(timeout)
    try:
        made.connect(place)
    except OSError:
        made.close()
        raise
    return made


class _Connection(HTTPConnection):
    def connect(self) -> None:
        self.sock = _checked_socket(self.host, self.port, float(self.timeout or 10))


class _SecureConnection(HTTPSConnection):
    def connect(self) -> None:
        plain = _checked_socket(self.host, self.port, float(self.timeout or 10))
        self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)


def post(url: str, body: bytes, headers: Mapping[str, str], *, timeout: float | None = None) -> Answer:
    """The answer, whatever its status. Raises :class:`NotSent` when there is none."""
    limit = timeout or float(getattr(settings, "OUTGOING_TIMEOUT", 10))
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NotSent("the address must begin with https://")
    maker = _SecureConnection if parts.scheme == "https" else _Connection
    deadline = time.monotonic() + limit
    try:
        connection = maker(parts.hostname, parts.port, timeout=limit)
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, body=body, headers=dict(headers))
            answer = connection.getresponse()
            return Answer(answer.status, _bounded(answer, connection, deadline))
        finally:
            connection.close()
    except NotSent:
        raise
    except TimeoutError as error:
        raise NotSent(f"no answer within {limit:g} s") from error
    except InvalidURL as error:  # its own words repeat the address, which may be the key itself
        raise NotSent("the address holds a character that no address may hold") from error
    except (OSError, HTTPException, ValueError) as error:
        raise NotSent(f"{type(error).__name__}: {error}"[:200]) from error


def _bounded(answer: HTTPResponse, connection: HTTPConnection, deadline: float) -> bytes:
    """At most MOST_READ bytes before the deadline, however slowly they drip."""
    read = b""
    while len(read) < MOST_READ:
        left = deadline - time.monotonic()
        if left <= 0:
            raise NotSent("the answer did not end in time")
        if connection.sock is not None:
            connection.sock.settimeout(left)
        piece = answer.read1(8192)
        if not piece:
            break
        read += piece
    return read
