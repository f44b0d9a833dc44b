"""The same tasks as list, board, bars and month: what is chosen in one is chosen in the others."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy

from punctual.web.shell.navigation import Words

OPEN: Final = "standing=late,begun,waiting"
EVERY: Final = "standing=late,begun,waiting,done"
ONLY_HERE: Final = frozenset(("view", "page", "month", "peek", "cell", "scope", "tab", "lanes", "whole"))
"""What an address says of one way of looking alone."""
WAYS: Final[tuple[tuple[str, Words, str], ...]] = (
    ("list", gettext_lazy("List"), ""),
    ("board", gettext_lazy("Board"), ""),
    ("timeline", gettext_lazy("Timeline"), "timeline"),
    ("calendar", gettext_lazy("Month view"), "calendar"),
)


def narrowing(query: QueryDict) -> str:
    """The filters, search and order in an address, as an address's own part."""
    kept = query.copy()
    for name in ONLY_HERE & kept.keys():
        del kept[name]
    return kept.urlencode(safe=",")


def ways(request: HttpRequest, now: str) -> list[tuple[Words, str, bool]]:
    """(words, address, whether it is shown now). The board without a filter is that of these days; from the whole
    list one comes to all of it."""
    chosen = narrowing(request.GET) or (EVERY if now in ("list", "timeline", "calendar") else "")
    found = []
    for way, words, view in WAYS:
        if way == "board":
            address, query = reverse("task_board"), chosen
        else:
            address = reverse("tasks")
            query = "&".join(part for part in (f"view={view}" if view else "", chosen or OPEN) if part)
        found.append((words, f"{address}?{query}" if query else address, way == now))
    return found
