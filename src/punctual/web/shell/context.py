"""What every page knows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from punctual.platform.accounts.demo import demo_accounts
from punctual.platform.accounts.models import Theme
from punctual.platform.company.services import company
from punctual.platform.notifications.services import unread_count
from punctual.web.shell.navigation import creations_for, phone_tabs, settings_nav, shown


def theme_of(request: HttpRequest) -> str:
    """The cookie rules in this browser, else the person's setting, else the system's."""
    chosen = request.COOKIES.get("theme", "")
    if chosen not in Theme.values:
        chosen = request.user.theme if request.user.is_authenticated else Theme.SYSTEM
    return str(chosen)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Navigation, theme, unread notifications and the languages."""
    groups = list(shown(request))
    return {
        "theme": theme_of(request),
        "company": company().name,
        "navigation": groups,
        "phone_tabs": phone_tabs(groups),
        "creations": creations_for(request.user) if request.user.is_authenticated else [],
        "settings_nav": settings_nav(request),
        "unread": unread_count(request.user) if request.user.is_authenticated else 0,
        "languages": settings.LANGUAGES,
        "social_sign_in": [(reverse(name, args=["company"]), words) for name, words in settings.SOCIAL_SIGN_IN],
        "demo_accounts": [] if request.user.is_authenticated else demo_accounts(),
    }
