"""Browsers in which somebody has signed in before: wrong tries made elsewhere do not keep their owner out.

Wrong passwords are counted for an account, so that guessing from many addresses is slowed down; whoever guesses could
keep its owner out with that. So a browser that has signed in gets a note that names the account, and has a count of its
own. The note opens nothing, and names nobody to who reads it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

SALT: Final = "punctual.known-browser"
KEPT: Final = 180 * 24 * 3600
"""Seconds after the last sign-in in which a browser is known."""


@dataclass(frozen=True, slots=True)
class Door:
    """One of the ways in, with notes of its own: what is known at one is nobody at another."""

    cookie: str
    salt: str
    path: str = "/"

    def _named(self, login: str) -> str:
        return salted_hmac(self.salt, login.strip().lower()).hexdigest()[:32]

    def remember(self, response: HttpResponse, *logins: str) -> None:
        """The browser that gets this answer is known for the account from now on, by each of its names."""
        names = [self._named(login) for login in logins if login]
        note = signing.dumps([secrets.token_hex(8), *names], salt=self.salt)
        response.set_cookie(
            self.cookie,
            note,
            max_age=KEPT,
            path=self.path,
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )

    def known(self, request: HttpRequest, login: str) -> str:
        """What tells this browser from others that are known for the account; empty where it is not."""
        try:
            browser, *names = signing.loads(request.COOKIES.get(self.cookie, ""), salt=self.salt, max_age=KEPT)
        except signing.BadSignature:
            return ""
        return str(browser) if self._named(login) in names else ""


def office() -> Door:
    return Door(settings.KNOWN_BROWSER_COOKIE, SALT)


PORTAL: Final = Door("portal-known", f"{SALT}.portal", "/portal/")


def remember_browser(response: HttpResponse, user: Any) -> None:
    """The browser that gets this answer is known for the account from now on, by name and by mail."""
    office().remember(response, user.get_username(), user.email)


def known_browser(request: HttpRequest, login: str) -> str:
    """The same of this browser at the office's door."""
    return office().known(request, login)
