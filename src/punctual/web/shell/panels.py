"""Panels that subjects add to pages of others: the order's page, today, a customer, a product.

A subject writes ``web/<subject>/panels.py`` and registers there; nothing else is edited::

    register_panel(
        "order", "risks", order=300, place="half", template="risks/order_panel.html",
        context_function=risks_of, permission="risks.view", label=_("Risks"), style="css/risks.css",
    )

``context_function(request, subject)`` gives the template's own names, or None when there is nothing to show there.
The template stands inside a wrapper with the panel's name as its id, and sees the names of the page as well.
Panels of a place in ``LATER`` come after the page, so that a page is as quick with twenty subjects as with five; their
templates see the page's ``subject`` names only (``order``), and their tabs get their counts with them.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.http import HttpRequest

from punctual.platform.accounts.permissions import may
from punctual.web.shell.navigation import Words

PLACES: Final[dict[str, tuple[str, ...]]] = {
    "order": ("actions", "menu", "facts", "top", "main", "half", "below", "side"),
    "peek": ("main",),
    "home": ("top", "main", "side", "below"),
    "customer": ("actions", "main", "side"),
    "product": ("actions", "main", "side"),
    "supplier": ("actions", "main", "side"),
    "resource": ("actions", "main", "side"),
}
"""Where a panel may stand, page by page."""

LATER: Final[dict[str, tuple[str, ...]]] = {"order": ("half", "below")}
"""Places below what a reader looks at first; what stands there is read and drawn by a request of its own."""

ContextFunction = Callable[[HttpRequest, Any], dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Panel:
    """What a subject registered."""

    name: str
    order: int
    template: str
    context_function: ContextFunction
    permission: str
    place: str
    label: Words
    style: str
    script: str


@dataclass(frozen=True, slots=True)
class ShownPanel:
    """A panel that this reader sees now, with its context."""

    panel: Panel
    context: dict[str, Any]

    @property
    def count(self) -> object:
        """What stands beside the tab's word: the context's ``tab_count``."""
        return self.context.get("tab_count", "")


class Panels:
    """The panels of one page for one reader, in order: those shown, and those that come later."""

    def __init__(self, shown: Iterable[ShownPanel], later: Iterable[Panel] = ()) -> None:
        self.shown = list(shown)
        self.later = list(later)

    def at(self, place: str) -> list[ShownPanel]:
        return [one for one in self.shown if one.panel.place == place]

    def tabs(self, place: str) -> list[ShownPanel]:
        """Those with a word of their own."""
        return [one for one in self.at(place) if one.panel.label]

    def later_at(self, place: str) -> list[Panel]:
        return [one for one in self.later if one.place == place]

    @property
    def _all(self) -> list[Panel]:
        return [*(one.panel for one in self.shown), *self.later]

    @property
    def styles(self) -> list[str]:
        return list(dict.fromkeys(one.style for one in self._all if one.style))

    @property
    def scripts(self) -> list[str]:
        return list(dict.fromkeys(one.script for one in self._all if one.script))


_registered: Final[dict[str, dict[str, Panel]]] = {page: {} for page in PLACES}


def register_panel(
    page: str,
    name: str,
    *,
    order: int,
    template: str,
    context_function: ContextFunction,
    permission: str = "",
    place: str = "main",
    label: Words = "",
    style: str = "",
    script: str = "",
) -> None:
    """Adds a panel; ``label`` also gives it a tab, ``style`` and ``script`` are static files it needs."""
    if place not in PLACES[page]:
        raise ValueError(f"{page} has no place {place!r}; it has {', '.join(PLACES[page])}")
    if name in _registered[page]:
        raise ValueError(f"{page} already has a panel {name!r}")
    _registered[page][name] = Panel(name, order, template, context_function, permission, place, label, style, script)


@cache
def _load() -> None:
    """Every ``web/<subject>/panels.py``, once."""
    import punctual.web as web

    for module in pkgutil.iter_modules(web.__path__):
        if module.ispkg and module.name != "shell":
            name = f"punctual.web.{module.name}.panels"
            if importlib.util.find_spec(name):
                importlib.import_module(name)


def panels_of(page: str, request: HttpRequest, subject: Any = None) -> Panels:
    """The panels of a page that this reader may see and that have something to show; those that come later unread."""
    later = LATER.get(page, ())
    allowed = _allowed(page, request)
    at_once = (one for one in allowed if one.place not in later)
    return Panels(_shown(at_once, request, subject), (one for one in allowed if one.place in later))


def later_panels_of(page: str, request: HttpRequest, subject: Any = None) -> Panels:
    """The panels that come after the page."""
    return Panels(_shown((one for one in _allowed(page, request) if one.place in LATER[page]), request, subject))


def _allowed(page: str, request: HttpRequest) -> list[Panel]:
    """The registered panels of a page that this reader may see, by place and order."""
    _load()
    places = PLACES[page]
    known = sorted(_registered[page].values(), key=lambda one: (places.index(one.place), one.order, one.name))
    return [one for one in known if not one.permission or may(request.user, one.permission)]


def _shown(panels: Iterable[Panel], request: HttpRequest, subject: Any) -> list[ShownPanel]:
    """Those with something to show, with their contexts."""
    read = ((one, one.context_function(request, subject)) for one in panels)
    return [ShownPanel(one, context) for one, context in read if context is not None]
