"""Earned value and earned schedule, period by period, and the rules that turn progress into earned value.

All figures are cumulative money (or hours) at the end of a period; time is counted in periods from the start (AT = 1 at
the end of the first). What is undefined is None, never a division by zero, NaN or infinity.

| figure | formula | None when |
|---|---|---|
| SV, CV | EV - PV, EV - AC | |
| SPI, CPI | EV / PV, EV / AC | PV = 0; AC = 0 |
| EAC, ETC, VAC | BAC / CPI, EAC - AC, BAC - EAC | CPI undefined or 0 |
| TCPI | (BAC - EV) / (BAC - AC) | AC = BAC; negative means that the budget is overspent |
| ES | time at which the plan reaches EV | nothing is planned (BAC = 0), or the plan never reaches EV |
| SV(t), SPI(t) | ES - AT, ES / AT | ES undefined |
| EAC(t) | planned duration / SPI(t) | SPI(t) undefined or 0 |

Sources: ANSI/PMI "The Standard for Earned Value Management" (2019) for the money figures; W. Lipke, "Schedule is
different", The Measurable News, March 2003, and K. Henderson, "Further developments in earned schedule", The Measurable
News, Spring 2004, for ES, SV(t), SPI(t) and EAC(t).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_

_RELATIVE = 1e-9


@dataclass(frozen=True, slots=True)
class PeriodInput:
    """Cumulative figures at the end of a period; EV and AC are None in a future period that is only planned."""

    pv: float
    ev: float | None
    ac: float | None


@dataclass(frozen=True, slots=True)
class Performance:
    """``bac`` budget at completion; ``planned_duration`` of the whole in periods (may be a fraction)."""

    bac: float
    planned_duration: float
    periods: Sequence[PeriodInput]


@dataclass(frozen=True, slots=True)
class PeriodFigures:
    """All figures at the end of one period; None is undefined. Money, except ES, SV(t), EAC(t), which are periods."""

    pv: float
    ev: float | None
    ac: float | None
    sv: float | None = None
    cv: float | None = None
    spi: float | None = None
    cpi: float | None = None
    es: float | None = None
    sv_t: float | None = None
    spi_t: float | None = None
    eac: float | None = None
    etc: float | None = None
    vac: float | None = None
    tcpi: float | None = None
    eac_t: float | None = None

    def as_data(self) -> dict[str, float | None]:
        return {name: getattr(self, name) for name in self.__slots__}


def earned_value(performance: Performance) -> list[PeriodFigures]:
    """The figures of every period.

    After the work is done (EV = BAC) time stands still: AT stays at the period in which it was finished, so that a late
    finish keeps its SPI(t) below 1 in the periods after it. A flat stretch of the plan (a planned pause) that equals EV
    counts as reached as far as time has come.

    Raises a Refusal for figures that are negative, not finite, or contradict each other.
    """
    refuse_if(_problems(performance))
    bac = performance.bac
    finished = next(
        (
            k
            for k, period in enumerate(performance.periods, 1)
            if period.ev is not None and bac > 0 and reaches(period.ev, bac)
        ),
        None,
    )
    return [
        _figures(performance, period, at if finished is None else min(at, finished))
        for at, period in enumerate(performance.periods, 1)
    ]


def _figures(performance: Performance, period: PeriodInput, at: int) -> PeriodFigures:
    pv, ev, ac = period.pv, period.ev, period.ac
    if ev is None or ac is None:
        return PeriodFigures(pv, ev, ac)
    bac = performance.bac
    cpi = _ratio(ev, ac)
    eac = _ratio(bac, cpi)
    es = earned_schedule(performance, ev, at)
    spi_t = None if es is None else es / at
    return PeriodFigures(
        pv=pv,
        ev=ev,
        ac=ac,
        sv=ev - pv,
        cv=ev - ac,
        spi=_ratio(ev, pv),
        cpi=cpi,
        es=es,
        sv_t=None if es is None else es - at,
        spi_t=spi_t,
        eac=eac,
        etc=None if eac is None else eac - ac,
        vac=None if eac is None else bac - eac,
        tcpi=_ratio(bac - ev, bac - ac),
        eac_t=_ratio(performance.planned_duration, spi_t),
    )


def earned_schedule(performance: Performance, ev: float, at: float) -> float | None:
    """ES: the time (periods) at which the plan reaches ``ev``, linear within a period.

    The plan runs through 0 at time 0, the PV of each period, and BAC at the planned duration.
    """
    if performance.bac == 0:
        return None
    points = _plan_points(performance)
    last = len(points) - 1
    low = max(k for k, (_, pv) in enumerate(points) if pv <= ev or k == 0)
    if reaches(ev, points[low][1]) and reaches(points[low][1], ev):
        first = next(time for time, pv in points if reaches(pv, points[low][1]))
        return points[low][0] if low == last else min(max(float(at), first), points[low][0])
    if low == last:
        return None
    (time, pv), (next_time, next_pv) = points[low], points[low + 1]
    return time + (ev - pv) / (next_pv - pv) * (next_time - time)


def _plan_points(performance: Performance) -> list[tuple[float, float]]:
    points = [(0.0, 0.0)]
    duration, bac = performance.planned_duration, performance.bac
    for time, period in enumerate(performance.periods, 1):
        done = reaches(period.pv, bac)
        if done and points[-1][0] < duration <= time:
            break
        points.append((float(time), period.pv))
        if done and time >= duration:
            return points
    if points[-1][0] < duration:
        points.append((duration, bac))
    return points


def reaches(value: float, goal: float) -> bool:
    """Whether ``value`` is ``goal`` or more, but for rounding."""
    return value >= goal - _RELATIVE * abs(goal)


def _ratio(above: float, below: float | None) -> float | None:
    """The quotient (never -0), or None where it is not defined or too large to be a number."""
    if below is None or below == 0:
        return None
    value = above / below
    return value + 0.0 if math.isfinite(value) else None


def _problems(performance: Performance) -> list[Reason]:
    reasons = []
    if not _usable(performance.bac):
        reasons.append(_wrong_number("bac", performance.bac, None))
    if not _usable(performance.planned_duration) or performance.planned_duration == 0:
        text = N_("the planned duration must be a number of periods greater than 0, it is %(given)s")
        given = {"given": f"{performance.planned_duration:g}"}
        reasons.append(Reason("earned_value.duration", text, given, field="planned_duration"))
    before = 0.0
    for row, period in enumerate(performance.periods, 1):
        named = (("pv", period.pv), ("ev", period.ev), ("ac", period.ac))
        wrong = [name for name, value in named if value is not None and not _usable(value)]
        reasons += [_wrong_number(name, value, row) for name, value in named if name in wrong and value is not None]
        if (period.ev is None) != (period.ac is None):
            text = N_("EV and AC must both be given or both be missing")
            reasons.append(Reason("earned_value.half_a_period", text, field="ev", row=row))
        for name, value in (("pv", period.pv), ("ev", period.ev)):
            if value is not None and name not in wrong and not reaches(performance.bac, value):
                text = N_("%(name)s is %(value)s, more than the budget at completion of %(bac)s")
                params = {"name": name.upper(), "value": f"{value:g}", "bac": f"{performance.bac:g}"}
                reasons.append(Reason("earned_value.above_budget", text, params, field=name, row=row))
        if "pv" not in wrong:
            if not reaches(period.pv, before):
                text = N_("PV falls from %(before)s to %(value)s; it is cumulative and cannot fall")
                params = {"before": f"{before:g}", "value": f"{period.pv:g}"}
                reasons.append(Reason("earned_value.falling_plan", text, params, field="pv", row=row))
            before = period.pv
    return reasons


def _usable(value: float) -> bool:
    return math.isfinite(value) and value >= 0


def _wrong_number(name: str, value: float, row: int | None) -> Reason:
    text = N_("%(name)s must be a number of at least 0, it is %(given)s")
    params = {"name": name.upper(), "given": f"{value:g}"}
    return Reason("earned_value.not_a_number", text, params, field=name, row=row)


class ProgressRule(StrEnum):
    """How much of a task's budget is earned by its progress."""

    ZERO_HUNDRED = "0/100"
    """Nothing until it is finished."""
    FIFTY_FIFTY = "50/50"
    """Half when it starts, the rest when it is finished."""
    PERCENT = "percent"
    """As much as is reported complete."""
    MILESTONES = "milestones"
    """The weights of the milestones that are reached."""


def earned_share(
    rule: ProgressRule, *, started: bool = False, finished: bool = False, percent: float = 0.0,
    milestones: Sequence[tuple[float, bool]] = (),
) -> float:  # fmt: skip
    """The share of the budget earned, 0 … 1.

    ``percent`` 0 … 100 (percent rule); ``milestones`` (weight, reached), any positive scale. A finished task has earned
    everything under every rule. Raises a Refusal for a percentage outside 0 … 100, a negative weight, or no weight.
    """
    if rule is ProgressRule.PERCENT and not 0 <= percent <= 100:
        text = N_("the percentage must be from 0 to 100, it is %(given)s")
        refuse_if([Reason("earned_value.percent", text, {"given": f"{percent:g}"}, field="percent")])
    weights = [weight for weight, _ in milestones]
    if rule is ProgressRule.MILESTONES and not (all(map(_usable, weights)) and sum(weights) > 0):
        text = N_("milestones need weights of at least 0, one of them above 0")
        refuse_if([Reason("earned_value.weights", text, field="milestones")])
    if finished:
        return 1.0
    match rule:
        case ProgressRule.ZERO_HUNDRED:
            return 0.0
        case ProgressRule.FIFTY_FIFTY:
            return 0.5 if started else 0.0
        case ProgressRule.PERCENT:
            return percent / 100
        case ProgressRule.MILESTONES:
            return sum(weight for weight, reached in milestones if reached) / sum(weights)
