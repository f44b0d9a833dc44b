"""Browsers in which somebody has signed in before: wrong tries made elsewhere do not keep their owner out.

Wrong passwords are counted for an account, so that guessing from many addresses is slowed down; whoever guesses could
keep its owner out with that. So a browser that has signed in gets a note that names the account, and has a count of its
own. The note opens nothing, and names nobody to who reads it.
"""

from __future__ import annotations

import secrets
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

SALT: Final = "punctual.known-browser"
KEPT: Final = 180 * 24 * 3600
"""Seconds after the last sign-in in which a browser is known."""


def _named(login: str) -> str:
    return salted_hmac(SALT, login.lower()).hexdigest()[:32]


def remember_browser(response: HttpResponse, user: Any) -> None:
    """The browser that gets this answer is known for the account from now on, by name and by mail."""
    names = [_named(login) for login in (user.get_username(), user.email) if login]
    note = signing.dumps([secrets.token_hex(8), *names], salt=SALT)
    response.set_cookie(
        settings.KNOWN_BROWSER_COOKIE, note, max_age=KEPT, secure=settings.HTTPS, httponly=True, samesite="Lax"
    )


def known_browser(request: HttpRequest, login: str) -> str:
    """What tells this browser from others that are known for the account; empty where it is not."""
    try:
        browser, *names = signing.loads(request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE, ""), salt=SALT, max_age=KEPT)
    except signing.BadSignature:
        return ""
    return str(browser) if _named(login) in names else ""
