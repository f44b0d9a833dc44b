"""The three pictures of a risk page as figures for their templates: matrix, tornado, curve. Lengths are SVG units."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from django.utils.translation import gettext as _

from punctual.domain.risks.facts import points_of, residual
from punctual.domain.risks.models import Risk
from punctual.domain.risks.rules import CLASSES, Level, Matrix, Points
from punctual.kernel.quantity import plain
from punctual.web import formatting

TINT: Final = {Level.LOW: 0, Level.WATCH: 1, Level.ACT: 2, Level.STOP: 3}
LEFT, TOP, WIDE, HIGH = 50.0, 8.0, 49.2, 42.8
"""The matrix: where its first cell lies and how far apart the cells are."""


def _short(number: str) -> str:
    """``R-2026-00007`` → ``07``."""
    return number.rsplit("-", 1)[-1].lstrip("0").rjust(2, "0")


def matrix_picture(
    risks: Sequence[Risk], matrix: Matrix, *, as_counts: bool = False, picked: int = 0
) -> dict[str, Any]:
    """Cells with their levels, and in them each risk as a disc, or with ``as_counts`` how many there are."""
    cells = [
        {
            "x": LEFT + (impact - 1) * WIDE,
            "y": TOP + (CLASSES - chance) * HIGH,
            "level": chance * impact,
            "tint": TINT[matrix.colour(chance * impact)],
        }
        for chance in range(1, CLASSES + 1)
        for impact in range(1, CLASSES + 1)
    ]
    here: dict[tuple[int, int], list[Risk]] = defaultdict(list)
    for risk in risks:
        here[_place(points_of(risk), matrix)].append(risk)
    discs: list[dict[str, Any]] = []
    for (chance, impact), found in here.items():
        x, y = _middle(chance, impact)
        if as_counts:
            discs.append({"x": x, "y": y, "text": str(len(found)), "title": "\n".join(str(one) for one in found)})
            continue
        for at, risk in enumerate(found[:4]):
            shift_x, shift_y = ((0, 0), (-12, -9), (12, -9), (-12, 10))[at] if len(found) > 1 else (0, 0)
            disc = {"x": x + shift_x, "y": y + shift_y, "text": _short(risk.number), "title": str(risk), "pk": risk.pk}
            after = _place(residual(risk), matrix)
            if risk.pk == picked:
                disc["picked"] = True
                if after != (chance, impact):
                    disc["after"] = dict(zip(("x", "y"), _middle(*after), strict=True))
            discs.append(disc)
    return {
        "cells": cells,
        "discs": sorted(discs, key=lambda one: bool(one.get("picked"))),
        "chances": _chance_labels(matrix),
        "impacts": _impact_labels(matrix),
        "summary": _("Risk matrix: %(count)d risks by probability and delay.") % {"count": len(risks)},
    }


def _place(points: Points, matrix: Matrix) -> tuple[int, int]:
    return matrix.probability_class(points.probability), matrix.impact_class(points.days_mode)


def _middle(chance: int, impact: int) -> tuple[float, float]:
    return LEFT + (impact - 0.5) * WIDE - 1, TOP + (CLASSES - chance + 0.5) * HIGH - 1


def _chance_labels(matrix: Matrix) -> list[dict[str, Any]]:
    bounds = [plain(one) for one in matrix.probability_bounds]
    words = [f"<{bounds[0]}%", *(f"{a}–{b}" for a, b in pairwise(bounds)), f">{bounds[-1]}%"]
    return [{"y": TOP + (CLASSES - at - 0.5) * HIGH + 3, "text": word} for at, word in enumerate(words)]


def _impact_labels(matrix: Matrix) -> list[dict[str, Any]]:
    bounds = [plain(one) for one in matrix.impact_bounds]
    words = [f"<{bounds[0]}", *(f"{a}–{b}" for a, b in pairwise(bounds)), f">{bounds[-1]}"]
    return [{"x": LEFT + (at + 0.5) * WIDE, "text": word} for at, word in enumerate(words)]


@dataclass(frozen=True, slots=True)
class Bar:
    """A line of the tornado: what it is, days of P80 to the left (spared) and to the right (added)."""

    text: str
    spared: float
    occurs: float
    is_risk: bool
    picked: bool = False


def tornado(result: Mapping[str, Any], risks: Sequence[Risk], picked: int, *, most: int = 9) -> dict[str, Any]:
    """What moves P80 most, the widest first."""
    by_pk = {str(risk.pk): risk for risk in risks}
    bars = [
        Bar(
            f"{_short(by_pk[key].number)} {by_pk[key].title}",
            row["spared"],
            row["occurs"],
            True,
            by_pk[key].pk == picked,
        )
        for key, row in result["risks"].items()
        if key in by_pk
    ]
    bars += [
        Bar(_("%(task)s, own duration") % {"task": row["name"]}, row["spared"], row["occurs"], False)
        for row in result["tasks"]
    ]
    bars += [
        Bar(
            _("%(number)s, usual lateness of %(supplier)s") % {"number": row["number"], "supplier": row["supplier"]},
            row["spared"],
            row["occurs"],
            False,
        )
        for row in result.get("purchases", ())
    ]
    bars.sort(key=lambda one: -(max(one.occurs, 0) - min(one.spared, 0)))
    bars = [one for one in bars if one.occurs > 0 or one.spared < 0][:most]
    left = max([-min(one.spared, 0) for one in bars] + [0.1])
    right = max([max(one.occurs, 0) for one in bars] + [0.1])
    scale = 185 / (left + right)
    axis = 168 + left * scale
    lines = [
        {
            "bar": one,
            "y": 23 + 26 * at,
            "left": round(max(-one.spared, 0) * scale, 1),
            "left_x": round(axis - max(-one.spared, 0) * scale, 1),
            "right": round(max(one.occurs, 0) * scale, 1),
            "left_text": f"−{-one.spared:.1f}" if one.spared < 0 else "",
            "right_text": f"+{one.occurs:.1f}" if one.occurs > 0 else "",
            "right_x": round(axis + max(one.occurs, 0) * scale + 5, 1),
        }
        for at, one in enumerate(bars)
    ]
    p80 = formatting.day_text(dt.date.fromisoformat(result["now"]["p80"]))
    return {"lines": lines, "axis": round(axis, 1), "height": 48 + 26 * max(len(bars), 1), "p80": p80}


AXIS_TEXT: Final = 237
"""Where the days stand under the curve of :func:`curve`."""


def curve(result: Mapping[str, Any]) -> dict[str, Any]:
    """The chance of being done by each day, now and after the chosen responses, with the promise."""
    now, after = result["now"], result["after"]
    days = [dt.date.fromisoformat(day) for half in (now, after) for day, _level in half["curve"]]
    promise = dt.date.fromisoformat(result["promise"]) if result["promise"] else None
    first = min([*days, promise] if promise else days) - dt.timedelta(days=1)
    last = max([*days, promise] if promise else days) + dt.timedelta(days=1)
    span = max(1, (last - first).days)

    def x(day: dt.date) -> float:
        return round(34 + 340 * (day - first).days / span, 1)

    def y(level: float) -> float:
        return round(222 - 208 * level / 100, 1)

    def path(points: Sequence[Sequence[Any]]) -> str:
        return "M" + " L".join(f"{x(dt.date.fromisoformat(day))} {y(level)}" for day, level in points)

    ticks = [first + dt.timedelta(days=round(span * share)) for share in (0.08, 0.36, 0.64, 0.92)]
    shown: dict[str, Any] = {
        "now": path(now["curve"]),
        "after": path(after["curve"]) if after["curve"] != now["curve"] else "",
        "levels": [(y(level), f"{level}%") for level in (0, 20, 50, 80, 100)],
        "ticks": [(x(day), formatting.day_text(day)) for day in ticks],
        "summary": _("Half of the runs are done by %(p50)s, eight in ten by %(p80)s.")
        % {"p50": now["p50"], "p80": now["p80"]},
    }
    if promise and now["chance"] is not None:
        at = x(promise)
        now_y = min(max(y(now["chance"] * 100) + 14, 40), AXIS_TEXT - 20)  # not on the days below the axis
        after_y = max(y(after["chance"] * 100) - 4, 56 if now["chance"] > 0.8 else 0)
        shown["promise"] = {
            "x": at,
            "flag": min(max(at - 66, 34), 308),
            "text": formatting.day_text(promise),
            "now": (y(now["chance"] * 100), round(now["chance"] * 100)),
            "after": (y(after["chance"] * 100), round(after["chance"] * 100)),
            "before": at > 200,
            "now_y": now_y,
            "after_y": after_y if abs(after_y - now_y) >= 14 else now_y - 14,
        }
    return shown
