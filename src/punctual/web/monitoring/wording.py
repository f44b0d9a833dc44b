"""Warnings and causes in the reader's language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from punctual.domain.monitoring.models import Warning
from punctual.domain.monitoring.rules import severity
from punctual.domain.monitoring.sources import KINDS, Kind
from punctual.domain.plans.models import BudgetKind
from punctual.flows.early_warning import role_words
from punctual.flows.why import Step
from punctual.web.formatting import day_text, listed, money_text

_UNKNOWN: Final = Kind("alert-triangle", "%(key)s", "", "")
_MONEY: Final = frozenset({"eac", "bac"})


def kind_of(warning: Warning) -> Kind:
    return KINDS.get(warning.kind, _UNKNOWN)


def kind_label(warning: Warning) -> str:
    """What kind of warning it is, in a word or two."""
    label = kind_of(warning).label
    return str(_(label)) if label else warning.kind


def value_text(name: str, value: object) -> str:
    """A fact as it stands in a sentence: days as days, money as money, kinds and roles by name."""
    if isinstance(value, list):
        return str(role_words(value)) if name == "roles" else listed(map(str, value))
    text = str(value)
    if name == "kind" and text in BudgetKind.values:
        return str(BudgetKind(text).label)
    if name in _MONEY:
        try:
            return money_text(Decimal(text))
        except InvalidOperation:
            return text
    try:
        return day_text(dt.date.fromisoformat(text)) if len(text) == 10 and text[4:5] == "-" else text
    except ValueError:
        return text


def sentence(warning: Warning) -> str:
    """What is wrong, in words."""
    facts = {name: value_text(name, value) for name, value in warning.facts.items()} | {"key": warning.key}
    try:
        return str(_(kind_of(warning).sentence)) % facts
    except KeyError:
        return f"{_(kind_of(warning).label)} {warning.key}"


def step_html(step: Step) -> SafeString:
    """A cause with its parts as links; names are data, never wording."""
    return filled_html(_(step.text), step.parts)


def filled_html(text: str, parts: Mapping[str, tuple[str, str]]) -> SafeString:
    """Places of a sentence filled with links and plain text, all escaped."""
    values = {name: _part(name, words, url) for name, (words, url) in parts.items()}
    pieces: list[Any] = []
    rest = text
    while "%(" in rest:
        before, _sep, after = rest.partition("%(")
        name, _close, rest = after.partition(")s")
        pieces += [before.replace("%%", "%"), values.get(name, "")]
    pieces.append(rest.replace("%%", "%"))
    return format_html("{}" * len(pieces), *pieces)


def _part(name: str, words: str, url: str) -> SafeString:
    shown = value_text(name, words)
    if url:
        return format_html('<a href="{}" data-user-content>{}</a>', url, shown)
    return format_html("<b data-user-content>{}</b>", shown)


def shown(warning: Warning) -> dict[str, Any]:
    """A warning for a template."""
    kind = kind_of(warning)
    return {
        "warning": warning,
        "icon": kind.icon,
        "label": kind_label(warning),
        "sentence": sentence(warning),
        "action": _(kind.action) if kind.action else _("Open"),
        "css": severity(warning.damage, warning.kind),
        "damage": money_text(warning.damage) if warning.damage else "",
    }
