"""Cells and columns that the lists of master data share."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from punctual.web.master.pages import state_filter
from punctual.web.shell.columns import BuiltInView, Column
from punctual.web.templatetags.punctual import icon

STATE_FILTER = state_filter(_("State"), _("In use"), _("Archived"))
STATE_TABS = (BuiltInView(_("In use"), ""), BuiltInView(_("Archived"), "state=archived"))


def chip(kind: str, icon_name: str, text: object) -> SafeString:
    """Icon, word and tint."""
    return format_html('<span class="st {}">{}{}</span>', kind, icon(icon_name), text)


def grade_chip(grade: str) -> SafeString:
    if grade == "A":
        return chip("acc", "star", "A")
    return format_html('<span class="st">{}</span>', grade)


def state_text(item: Any) -> str:
    return gettext("In use") if item.archived_at is None else gettext("Archived")


def state_cell(item: Any) -> SafeString:
    if item.archived_at is None:
        return chip("ok pl", "circle-check", gettext("In use"))
    return chip("", "package", gettext("Archived"))


def state_column() -> Column:
    return Column("state", _("State"), state_text, state_cell, sort=("archived_at",), fold=True)


def two_lines(url: str, first: object, second: object) -> SafeString:
    """The name that opens the record, and what identifies it below."""
    return format_html(
        '<a href="{}" class="b" data-user-content>{}</a><br><span class="t3 sm" data-user-content>{}</span>',
        url,
        first,
        second,
    )
