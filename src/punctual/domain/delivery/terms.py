"""Payment terms as people write them → milestones: 30/30/30/10, 预付 40%，发货前 50%，质保金 10%（12 个月）. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from punctual.domain.delivery.models import MilestoneKind as K
from punctual.domain.delivery.models import PayEvent as E
from punctual.domain.delivery.rules import LONGEST_DAYS, LONGEST_MONTHS


@dataclass(frozen=True, slots=True)
class Term:
    """``percent`` of the value, due ``days`` and ``months`` after ``event``."""

    kind: str
    percent: Decimal
    event: str
    days: int = 0
    months: int = 0


HUNDRED: Final = Decimal(100)
WARRANTY_MONTHS: Final = 12
_BY_COUNT: Final[dict[int, tuple[tuple[str, str], ...]]] = {
    1: ((K.SHIPMENT, E.DELIVERED),),
    2: ((K.ADVANCE, E.CONFIRMED), (K.SHIPMENT, E.BEFORE_SHIPPING)),
    3: ((K.ADVANCE, E.CONFIRMED), (K.SHIPMENT, E.BEFORE_SHIPPING), (K.RETENTION, E.FINAL)),
    4: ((K.ADVANCE, E.CONFIRMED), (K.PROGRESS, E.TASK), (K.ACCEPTANCE, E.FINAL), (K.RETENTION, E.FINAL)),
    5: (
        (K.ADVANCE, E.CONFIRMED), (K.PROGRESS, E.TASK), (K.SHIPMENT, E.BEFORE_SHIPPING), (K.ACCEPTANCE, E.FINAL),
        (K.RETENTION, E.FINAL),
    ),
}  # fmt: skip
_WORDS: Final[tuple[tuple[str, str, str], ...]] = (
    (r"质保|保修|质量保证|尾款|retention|warranty", K.RETENTION, E.FINAL),
    (r"fat|预验收|出厂验收", K.ACCEPTANCE, E.FAT),
    (r"sat|现场验收", K.ACCEPTANCE, E.SAT),
    (r"验收|终验|accept|调试", K.ACCEPTANCE, E.FINAL),
    (r"预付|订金|定金|首付|advance|deposit|down", K.ADVANCE, E.CONFIRMED),
    (r"进度|设计|图纸|progress|milestone", K.PROGRESS, E.TASK),
    (r"发货前|提货|出货前|款到发货|before\s*(shipment|shipping|delivery)", K.SHIPMENT, E.BEFORE_SHIPPING),
    (r"发货|到货|货到|交货|月结|delivery|shipment|on\s*receipt", K.SHIPMENT, E.DELIVERED),
)
_SHARE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_SLASHES: Final = re.compile(r"^\s*\d+(?:\.\d+)?(?:\s*[/:、-]\s*\d+(?:\.\d+)?)*\s*%?\s*$")
_DAYS: Final = re.compile(r"(\d+)\s*(?:天|日|days?)", re.I)
_MONTHS: Final = re.compile(r"(\d+)\s*(?:个月|月(?!结)|months?)", re.I)
_YEARS: Final = re.compile(r"(\d+)\s*(?:年|years?)", re.I)


def _count(found: re.Match[str] | None) -> int:
    """The number; one of many digits is more than anything here."""
    if found is None:
        return 0
    return int(found[1]) if len(found[1]) < 6 else 10**6


def read_terms(text: str) -> list[Term]:
    """The milestones that the terms name, in their order; empty when they can't be understood for certain."""
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    if not plain:
        return []
    found = _slashed(plain) if _SLASHES.match(plain) else _spoken(plain)
    return found if found and sum(one.percent for one in found) == HUNDRED else []


def _slashed(text: str) -> list[Term]:
    shares = [Decimal(one) for one in re.findall(r"\d+(?:\.\d+)?", text)]
    kinds = _BY_COUNT.get(len(shares))
    if kinds is None:
        return []
    return [
        Term(kind, share, event, months=WARRANTY_MONTHS if kind == K.RETENTION else 0)
        for (kind, event), share in zip(kinds, shares, strict=True)
        if share > 0
    ]


def _spoken(text: str) -> list[Term]:
    if not _SHARE.search(text):
        named = _named(text, HUNDRED)
        return [named] if named is not None and named.event == E.DELIVERED else []
    terms = []
    for part in re.split(r"[,;，；。+\n]|(?<=%)\s+(?=[\u4e00-\u9fff])", text):
        share = _SHARE.search(part)
        if share is None:
            continue
        named = _named(part, Decimal(share[1]))
        if named is None:
            return []
        terms.append(named)
    return terms


def _named(part: str, percent: Decimal) -> Term | None:
    for words, kind, event in _WORDS:
        if re.search(words, part):
            days, months, years = _DAYS.search(part), _MONTHS.search(part), _YEARS.search(part)
            term = Term(kind, percent, event, days=_count(days))
            after = _count(months) + 12 * _count(years)
            if term.days > LONGEST_DAYS or after > LONGEST_MONTHS:
                return None
            if kind == K.RETENTION and not after and not term.days:
                after = WARRANTY_MONTHS
            return replace(term, months=after)
    return None
