"""What every page knows."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from punctual.platform.accounts.demo import demo_accounts
from punctual.platform.accounts.models import Theme
from punctual.platform.company.services import company
from punctual.web.shell.navigation import creations_for, key_of, phone_tabs, settings_nav, shown


def theme_of(request: HttpRequest) -> str:
    """The cookie rules in this browser, else the person's setting, else the system's."""
    chosen = request.COOKIES.get("theme", "")
    if chosen not in Theme.values:
        chosen = request.user.theme if request.user.is_authenticated else Theme.SYSTEM
    return str(chosen)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Navigation, theme, unread notifications and the languages. What is a function is worked out only by a page that
    asks for it: a fragment has no sidebar."""
    groups = cache(lambda: shown(request))
    return {
        "theme": theme_of(request),
        "company": lambda: company().name,
        "navigation": groups,
        "navigation_key": lambda: key_of(groups()),
        "phone_tabs": lambda: phone_tabs(groups()),
        "creations": lambda: creations_for(request.user) if request.user.is_authenticated else [],
        "settings_nav": lambda: settings_nav(request),
        "unread": lambda: next((one.count for group in groups() for one in group.entries if one.name == "inbox"), 0),
        "languages": settings.LANGUAGES,
        "social_sign_in": [(reverse(name, args=["company"]), words) for name, words in settings.SOCIAL_SIGN_IN],
        "demo_accounts": lambda: [] if request.user.is_authenticated else demo_accounts(),
    }
