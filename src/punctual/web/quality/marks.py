"""States of quality as icon, word and tint; and the tabs that every page of it shows."""

from __future__ import annotations

from typing import Final

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from punctual.domain.quality.models import (
    CapaState,
    CorrectiveAction,
    Inspection,
    InspectionState,
    NcrState,
    Nonconformity,
    PointState,
)
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.web.master.cells import chip
from punctual.web.shell.lists import Tab

INSPECTION: Final = {
    InspectionState.OPEN.value: ("acc", "clipboard-check"),
    InspectionState.STARTED.value: ("acc", "progress"),
    InspectionState.ACCEPTED.value: ("ok", "circle-check"),
    InspectionState.REJECTED.value: ("late", "circle-x"),
    InspectionState.DEVIATED.value: ("warn", "user-check"),
    InspectionState.CANCELLED.value: ("", "ban"),
}
NCR: Final = {
    NcrState.OPEN.value: ("late", "circle-x"),
    NcrState.CONTAINED.value: ("warn", "shield"),
    NcrState.DISPOSED.value: ("acc", "file-check"),
    NcrState.VERIFIED.value: ("ok", "circle-check"),
    NcrState.CLOSED.value: ("", "lock"),
    NcrState.CANCELLED.value: ("", "ban"),
}
CAPA: Final = {
    CapaState.OPEN.value: ("acc", "progress"),
    CapaState.CHECKING.value: ("warn", "hourglass"),
    CapaState.CLOSED.value: ("ok", "circle-check"),
    CapaState.CANCELLED.value: ("", "ban"),
}
POINT: Final = {
    PointState.OPEN.value: ("", "circle-dashed"),
    PointState.FAILED.value: ("late", "circle-x"),
    PointState.PASSED.value: ("ok", "circle-check"),
}
SEVERITY: Final = {
    "normal": ("", "equal"),
    "tightened": ("late", "arrow-up"),
    "reduced": ("ok", "arrow-down"),
    "discontinued": ("late", "hand-stop"),
}


def inspection_chip(one: Inspection) -> SafeString:
    return chip(*INSPECTION[one.state], one.get_state_display())


def ncr_chip(one: Nonconformity) -> SafeString:
    return chip(*NCR[one.state], one.get_state_display())


def ncr_next(one: Nonconformity) -> tuple[str, str] | None:
    """What is to be done with it next, and where on its page."""
    return {
        NcrState.OPEN.value: (_("Contain it"), "contain"),
        NcrState.CONTAINED.value: (_("Decide the disposition"), "decide"),
        NcrState.DISPOSED.value: (_("Verify"), ""),
        NcrState.VERIFIED.value: (_("Close"), ""),
    }.get(one.state)


def capa_chip(one: CorrectiveAction) -> SafeString:
    return chip(*CAPA[one.state], one.get_state_display())


def severity_chip(word: str) -> SafeString:
    """normal, tightened, reduced, discontinued."""
    words = {
        "normal": _("Normal inspection"),
        "tightened": _("Tightened inspection"),
        "reduced": _("Reduced inspection"),
        "discontinued": _("Discontinued"),
    }
    return chip(*SEVERITY[word], words[word])


def order_link(key: str, label: object) -> SafeString:
    return format_html('<a class="ono n" href="{}" data-user-content>{}</a>', reverse("order", args=[key]), label)


def tabs(user: User, active: str) -> list[Tab]:
    """The rooms of quality that this reader may open."""
    rooms = (
        ("quality", _("Overview"), "quality.view"),
        ("inspections", _("Inspections"), "quality.inspect"),
        ("ncrs", _("Nonconformities"), "quality.report"),
        ("capas", _("8D"), "quality.view"),
        ("control_charts", _("Control charts"), "quality.view"),
        ("quality_plans", _("Quality plans"), "quality.view"),
        ("severities", _("Inspection severity"), "quality.view"),
        ("quality_reviews", _("Reviews"), "quality.view"),
        ("gauges", _("Gauges"), "quality.view"),
        ("quality_templates", _("Templates"), "quality.view"),
    )
    return [
        Tab(label, reverse(name), name == active)
        for name, label, permission in rooms
        if may(user, permission) or (name == "inspections" and may(user, "quality.view"))
    ]
