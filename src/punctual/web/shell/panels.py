"""Panels that subjects add to pages of others: the order's page, today, a customer, a product.

A subject writes ``web/<subject>/panels.py`` and registers there; nothing else is edited::

    register_panel(
        "order", "risks", order=300, place="half", template="risks/order_panel.html",
        context_function=risks_of, permission="risks.view", label=_("Risks"), style="css/risks.css",
    )

``context_function(request, subject)`` gives the template's own names, or None when there is nothing to show there.
The template stands inside a wrapper with the panel's name as its id, and sees the names of the page as well.
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
    """The panels of one page for one reader, in order."""

    def __init__(self, shown: Iterable[ShownPanel]) -> None:
        self.shown = list(shown)

    def at(self, place: str) -> list[ShownPanel]:
        return [one for one in self.shown if one.panel.place == place]

    def tabs(self, place: str) -> list[ShownPanel]:
        """Those with a word of their own."""
        return [one for one in self.at(place) if one.panel.label]

    @property
    def styles(self) -> list[str]:
        return list(dict.fromkeys(one.panel.style for one in self.shown if one.panel.style))

    @property
    def scripts(self) -> list[str]:
        return list(dict.fromkeys(one.panel.script for one in self.shown if one.panel.script))


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
    """The panels of a page that this reader may see and that have something to show."""
    _load()
    places = PLACES[page]
    shown = []
    for panel in sorted(_registered[page].values(), key=lambda one: (places.index(one.place), one.order, one.name)):
        if panel.permission and not may(request.user, panel.permission):
            continue
        context = panel.context_function(request, subject)
        if context is not None:
            shown.append(ShownPanel(panel, context))
    return Panels(shown)
