"""What a list page is declared with: columns, filters, views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Choices, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString

from punctual.platform.accounts.models import User
from punctual.web.shell.inline import Editor
from punctual.web.shell.navigation import Words


@dataclass(frozen=True)
class Column:
    """One column. ``value`` is what is exported and, without ``html``, what is shown."""

    key: str
    label: Words
    value: Callable[[Any], object]
    html: Callable[[Any], SafeString] | None = None
    sort: tuple[str, ...] = ()
    """ORM names to sort by; empty: not sortable."""
    number: bool = False
    """Right-aligned."""
    fold: bool = False
    """Goes away first where it is narrow."""
    exported: bool = True
    on_page: bool = True
    """False: in the exported file only."""
    permission: str = ""
    """Who lacks it never gets the column, on the page or in a file."""
    editor: Editor | None = None
    """How its cells are changed where they stand."""


@dataclass(frozen=True)
class Filter:
    """One filter: ``options`` gives (value, words); ``apply`` narrows the rows to any of the chosen values."""

    key: str
    label: Words
    options: Callable[[User], Sequence[tuple[str, Words]]]
    apply: Callable[[QuerySet[Any], Sequence[str]], QuerySet[Any]]
    multiple: bool = True
    typed: Words = ""
    """What is typed instead of chosen; the words beside the input say how."""
    name_of: Callable[[User, str], str] | None = None
    """For a filter that only links set, such as one customer: the words of its chip. It is not in the menu."""


def choice_filter(key: str, label: Words, choices: type[Choices], field: str = "") -> Filter:
    """Over a field with fixed choices; ``field`` where it is called otherwise than the filter."""
    name = f"{field or key}__in"
    return Filter(key, label, lambda actor: list(choices.choices), lambda rows, values: rows.filter(**{name: values}))


@dataclass(frozen=True)
class BuiltInView:
    """A built-in tab: a name and the query string behind it."""

    label: Words
    query: str


def link(url: str, text: object, css: str = "") -> SafeString:
    """A link in a cell; the text is data, never wording."""
    return format_html('<a href="{}" class="{}" data-user-content>{}</a>', url, css, text)
