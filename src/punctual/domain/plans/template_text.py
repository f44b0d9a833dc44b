"""How durations, links and needs are written in a cell: ``1.5``, ``1.1 FS+2, 2.3 SS+50%``, ``钳工装配 2, 检验``.

A lag counts working days; ``h`` makes it hours, ``%`` percent of the predecessor, ``e`` days on the clock.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from punctual.domain.plans.work_calendars import USUAL_DAY
from punctual.kernel.quantity import NotANumber, parse_decimal, plain
from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_

LONGEST_DAYS: Final = 1000
CLOCK_DAY: Final = 1440
_LINK: Final = re.compile(
    r"(?P<wbs>\d+(?:\.\d+)*)\s*(?P<type>FS|SS|FF|SF)?\s*"
    r"(?:(?P<sign>[+-])\s*(?P<lag>\d+(?:\.\d+)?)\s*(?P<unit>d|h|e|%|天)?)?",
    re.IGNORECASE,
)
_NEED: Final = re.compile(r"(?P<name>.+?)(?:\s*[×x*\s]\s*(?P<units>\d{1,3}))?")
_SPLIT: Final = re.compile(r"[,，、;；·]")


@dataclass(frozen=True, slots=True)
class LinkText:
    """One predecessor as it was written: the number of its row, type and lag."""

    wbs: str
    type: str
    lag: int
    lag_unit: str


def days_text(minutes: int, *, is_elapsed: bool = False) -> str:
    """Minutes as working days, at most three decimals: ``1.5``; ``30e`` are days on the clock."""
    if is_elapsed and minutes:
        return plain((Decimal(minutes) / CLOCK_DAY).quantize(Decimal("0.001"), ROUND_HALF_UP)) + "e"
    return plain((Decimal(minutes) / USUAL_DAY).quantize(Decimal("0.001"), ROUND_HALF_UP))


def is_on_the_clock(text: str) -> bool:
    """Whether a duration is written in days on the clock."""
    return text.strip().casefold().endswith("e")


def parse_days(text: str, field: str) -> int | Reason:
    """Working days (``30e``: days on the clock) → minutes; empty is 0."""
    if not text.strip():
        return 0
    try:
        days = parse_decimal(text.strip().rstrip("eE") if is_on_the_clock(text) else text)
    except NotANumber:
        days = Decimal(-1)
    if not 0 <= days <= LONGEST_DAYS:
        return Reason(
            code="template.days",
            text=N_(
                "“%(value)s” is no duration; use working days from 0 to %(most)s, as 1.5; 20e is days on the clock."
            ),
            params={"value": text, "most": LONGEST_DAYS},
            field=field,
        )
    return int((days * (CLOCK_DAY if is_on_the_clock(text) else USUAL_DAY)).to_integral_value(ROUND_HALF_UP))


def link_text(wbs: str, type_: str, lag: int, unit: str) -> str:
    """``1.1 FS+2``; what is usual (no lag) is not written."""
    if not lag:
        return f"{wbs} {type_}"
    sign, size = ("+" if lag > 0 else "−"), abs(lag)
    if unit == "percent":
        return f"{wbs} {type_}{sign}{size}%"
    if unit == "elapsed":
        return f"{wbs} {type_}{sign}{plain(Decimal(size) / CLOCK_DAY)}e"
    if size % (USUAL_DAY // 4) and not size % 60:
        return f"{wbs} {type_}{sign}{size // 60}h"
    return f"{wbs} {type_}{sign}{days_text(size)}"


def parse_links(text: str) -> list[LinkText | Reason]:
    """Every predecessor in a cell."""
    plain_text = unicodedata.normalize("NFKC", text).replace("−", "-").replace("–", "-")
    return [_parse_link(part.strip()) for part in _SPLIT.split(plain_text) if part.strip()]


def _parse_link(part: str) -> LinkText | Reason:
    found = _LINK.fullmatch(part)
    if found is None:
        return Reason(
            code="template.link",
            text=N_("“%(value)s” is no link; write the number of a row, then FS, SS, FF or SF and a lag: 1.1 FS+2."),
            params={"value": part},
            field="after",
        )
    sign = -1 if found["sign"] == "-" else 1
    size = Decimal(found["lag"] or 0)
    unit = (found["unit"] or "d").lower()
    minutes = {"d": USUAL_DAY, "天": USUAL_DAY, "h": 60, "e": CLOCK_DAY, "%": 1}[unit]
    lag = sign * int((size * minutes).to_integral_value(ROUND_HALF_UP))
    kind = {"e": "elapsed", "%": "percent"}.get(unit, "working")
    return LinkText(found["wbs"], (found["type"] or "FS").upper(), lag, kind)


@dataclass(frozen=True)
class Vocabulary:
    """Names and codes under which skills and resources are written, and how they are shown."""

    skills: Mapping[str, int]
    resources: Mapping[str, int]
    skill_names: Mapping[int, str]
    resource_names: Mapping[int, str]


def needs_text(needs: tuple[tuple[int | None, int | None, int], ...], words: Vocabulary) -> str:
    """``钳工装配 2, 检验``; one unit is not written."""
    parts = []
    for skill, resource, units in needs:
        name = words.skill_names.get(skill or 0) or words.resource_names.get(resource or 0, "")
        parts.append(name if units == 1 else f"{name} {units}")
    return ", ".join(parts)


def parse_needs(text: str, words: Vocabulary) -> list[tuple[int | None, int | None, int] | Reason]:
    """Every need in a cell; names before codes, skills before resources."""
    return [_parse_need(part.strip(), words) for part in _SPLIT.split(text) if part.strip()]


def _parse_need(part: str, words: Vocabulary) -> tuple[int | None, int | None, int] | Reason:
    for name, units in ((part, 1), *_with_units(part)):
        key = name.casefold()
        if key in words.skills:
            return words.skills[key], None, units
        if key in words.resources:
            return None, words.resources[key], units
    return Reason(
        code="template.need",
        text=N_("There is no skill or resource “%(value)s”; write its name or code, then how many: Fitting 2."),
        params={"value": part},
        field="needs",
    )


def _with_units(part: str) -> list[tuple[str, int]]:
    found = _NEED.fullmatch(unicodedata.normalize("NFKC", part))
    if found is None or found["units"] is None or not int(found["units"]):
        return []
    return [(found["name"].strip(), int(found["units"]))]
