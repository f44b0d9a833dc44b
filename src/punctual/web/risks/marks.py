"""How a risk's state, level and numbers are shown."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from punctual.domain.risks.facts import points_of, residual
from punctual.domain.risks.models import Risk, RiskState
from punctual.domain.risks.rules import Level, Matrix
from punctual.kernel.quantity import plain
from punctual.web.templatetags.punctual import icon

ICONS: Final = {
    RiskState.IDENTIFIED: ("eye", ""),
    RiskState.ASSESSED: ("clipboard-check", ""),
    RiskState.RESPONDING: ("progress-check", "acc"),
    RiskState.OCCURRED: ("alert-circle", "late"),
    RiskState.CLOSED: ("check", ""),
}
TINTS: Final = {Level.LOW: "", Level.WATCH: "acc", Level.ACT: "warn", Level.STOP: "late"}


def level_words(level: Level) -> str:
    return {Level.LOW: _("Low"), Level.WATCH: _("Watch"), Level.ACT: _("Act"), Level.STOP: _("Unacceptable")}[level]


def state_chip(risk: Risk) -> SafeString:
    name, tint = ICONS[RiskState(risk.state)]
    return format_html('<span class="st {} pl">{}{}</span>', tint, icon(name), risk.get_state_display())


def levels(risk: Risk, matrix: Matrix) -> tuple[int, int]:
    """Inherent and residual level."""
    now, after = points_of(risk), residual(risk)
    return matrix.level(now.probability, now.days_mode), matrix.level(after.probability, after.days_mode)


def level_chip(risk: Risk, matrix: Matrix) -> SafeString:
    """The inherent level, and the residual one where a response lowers it."""
    now, after = levels(risk, matrix)
    shown = f"{now}" if now == after else f"{now} → {after}"
    colour = matrix.colour(after)
    return format_html('<span class="st {}">{} {}</span>', TINTS[colour], level_words(colour), shown)


def three(low: Decimal, mode: Decimal, high: Decimal) -> str:
    """``2 / 5 / 10``; a dash where there is no effect."""
    return " / ".join(plain(one) for one in (low, mode, high)) if high else "—"
