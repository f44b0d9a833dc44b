"""Small line charts as SVG text: enough for cost against size and for the figures of the algorithm pages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

COLOURS = ("#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df")
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 400, 70, 20, 62, 50


@dataclass(frozen=True)
class Line:
    """One series; ``marks`` draws points, ``dashed`` a broken line."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    marks: bool = False
    dashed: bool = False
    colour: str = ""


def chart(
    title: str, x_label: str, y_label: str, lines: Sequence[Line], *, log_x: bool = False, log_y: bool = False
) -> str:
    """The SVG document of a chart with the given lines; a log axis leaves values of 0 and below out."""
    points = [
        (x, y)
        for line in lines
        for x, y in zip(line.x, line.y, strict=True)
        if (not log_x or x > 0) and (not log_y or y > 0)
    ]
    across = _Axis([x for x, _ in points], LEFT, WIDTH - RIGHT, log_x)
    up = _Axis([y for _, y in points], HEIGHT - BOTTOM, TOP, log_y)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{_text(title)}" font-family="system-ui, sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="22" font-size="15" font-weight="600">{_text(title)}</text>',
    ]
    for value in across.ticks():
        x = across.place(value)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#eaeef2"/>')
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{value:g}</text>')
    for value in up.ticks():
        y = up.place(value)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#eaeef2"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{_text(x_label)}</text>'
    )
    parts.append(
        f'<text transform="translate(18 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" '
        f'text-anchor="middle">{_text(y_label)}</text>'
    )
    legend = LEFT
    for k, line in enumerate(lines):
        colour = line.colour or COLOURS[k % len(COLOURS)]
        usable = [
            (across.place(x), up.place(y))
            for x, y in zip(line.x, line.y, strict=True)
            if (not log_x or x > 0) and (not log_y or y > 0)
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in usable)
        dash = ' stroke-dasharray="6 4"' if line.dashed else ""
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        if line.marks:
            parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in usable]
        if line.name:
            parts.append(
                f'<line x1="{legend}" y1="42" x2="{legend + 24}" y2="42" stroke="{colour}" stroke-width="2"{dash}/>'
            )
            parts.append(f'<text x="{legend + 30}" y="46">{_text(line.name)}</text>')
            legend += 48 + 7 * len(line.name)
    return "\n".join([*parts, "</svg>\n"])


class _Axis:
    def __init__(self, values: Sequence[float], start: float, end: float, log: bool) -> None:
        self._log, self._start, self._end = log, start, end
        low, high = (math.log10(min(values)), math.log10(max(values))) if log else (min(values), max(values))
        if not log:
            margin = (high - low) * 0.04 or 1.0
            low, high = (0.0 if 0 <= low < margin * 10 else low - margin), high + margin
        elif high - low < 1e-9:
            low, high = low - 0.5, high + 0.5
        self._low, self._high = low, high

    def place(self, value: float) -> float:
        at = math.log10(value) if self._log else value
        return self._start + (at - self._low) / (self._high - self._low) * (self._end - self._start)

    def ticks(self) -> list[float]:
        if self._log:
            return [10.0**k for k in range(math.ceil(self._low - 1e-9), math.floor(self._high + 1e-9) + 1)]
        rough = (self._high - self._low) / 6
        step = next(
            size * 10 ** math.floor(math.log10(rough))
            for size in (1, 2, 5, 10)
            if size * 10 ** math.floor(math.log10(rough)) >= rough
        )
        first = math.ceil(self._low / step)
        return [round(k * step, 12) for k in range(first, math.floor(self._high / step) + 1)]


def _text(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
