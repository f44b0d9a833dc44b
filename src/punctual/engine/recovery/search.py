"""The search for ways out: single levers on the driving chain, then pairs, then the draws for what is not dominated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from punctual.engine.explain import Link
from punctual.engine.recovery import forecast
from punctual.engine.recovery.check import problems
from punctual.engine.recovery.drafts import Draft, Use, full_uses, goes_with, moves_others
from punctual.engine.recovery.floor import Floor
from punctual.engine.recovery.forecast import Draws, Floats
from punctual.engine.recovery.model import Case, Crash, Expedite, Lever
from punctual.engine.recovery.options import Forecast, Option, Recovery
from punctual.engine.recovery.patch import patched
from punctual.engine.recovery.trials import Bench, Trial
from punctual.engine.verify import verified
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_

T = TypeVar("T")
Row = TypeVar("Row", Trial, Option)

BEAM = 6
"""Single levers to which a second one is added."""
MOVING_PAIRS = 8
"""Most pairs in which all other orders may move (dear to compute); levers with the largest gains come first."""
DRAWN = 8
"""Most trials whose P50 and P80 are drawn."""


def recover(case: Case, levers: Sequence[Lever], *, runs: int = 200, seed: int = 0, most: int = 6) -> Recovery:
    """At most ``most`` non-dominated ways out for the late order; the same for the same case, levers, runs and seed.

    Every option is placed on the capacities, checked by the independent checker, and compared with the plan in force
    over ``runs`` common draws. Option A dominates B when it gains at least as much at P50 and at P80, costs no more and
    touches no more orders, and is better in one of these. Raises a :class:`Refusal` with every reason for data that
    cannot be used.
    """
    refuse_if(problems(case, levers, runs, most))
    bench = Bench(Floor(case))
    draws = forecast.draw(case, runs, seed)
    before = forecast.ends(case, case.problem, case.schedule, bench.floor.own, draws)
    now = _forecast(bench.present, before)
    found = Recovery((), now, tuple(bench.chain), None, {}, runs, seed)
    reason = _nothing_to_do(bench, levers, now)
    if reason is not None:
        return replace(found, reason=reason)
    left_out: dict[str, Reason] = {}
    trials = _trials(bench, levers, left_out)
    options = [_option(bench, trial, before, draws, seed) for trial in _thinned(_front(trials, _by_plan), DRAWN)]
    options = [option for option in options if option.gain_p50 > 0 or option.gain_p80 > 0]
    options = _thinned(_front(options, _by_draws), most)
    for lever in levers:
        if lever.id not in left_out and all(use.lever != lever.id for option in options for use in option.uses):
            text = N_("Lever %(id)s gains nothing that another option does not give for less.")
            left_out[lever.id] = Reason("recovery.dominated", text, {"id": lever.id})
    used = {use.lever for option in options for use in option.uses}
    options.sort(key=lambda option: (-option.gain_p80, -option.gain_p50, option.cost, _names(option)))
    nothing = Reason("recovery.nothing_helps", N_("None of the levers makes order %(id)s earlier."), {"id": case.order})
    return replace(
        found,
        options=tuple(options),
        reason=None if options else nothing,
        left_out={name: why for name, why in left_out.items() if name not in used},
    )


def _names(option: Option) -> list[str]:
    return [use.lever for use in option.uses]


def _nothing_to_do(bench: Bench, levers: Sequence[Lever], now: Forecast) -> Reason | None:
    case = bench.floor.case
    if not bench.floor.free & set(bench.floor.own):
        text = N_("Every task of order %(id)s has started or is fixed; no lever can move it.")
        return Reason("recovery.all_started", text, {"id": case.order})
    if case.deadline is not None and max(now.planned, now.p80) <= case.deadline:
        text = N_("Order %(id)s keeps its date of %(date)s, also with 80 %% certainty.")
        return Reason("recovery.not_late", text, {"id": case.order, "date": case.deadline})
    if not levers:
        text = N_("There is no lever to help order %(id)s; give at least one.")
        return Reason("recovery.no_levers", text, {"id": case.order})
    return None


def _trials(bench: Bench, levers: Sequence[Lever], left_out: dict[str, Reason]) -> list[Trial]:
    """Everything that gains by the plan: single levers with their amounts, and pairs of levers."""
    singles: list[tuple[Draft, Trial]] = []
    for lever in levers:
        if not _can_move(bench, lever):
            text = N_("Lever %(id)s comes too late: what it changes has started or is over.")
            left_out[lever.id] = Reason("recovery.too_late", text, {"id": lever.id})
        elif not bench.relevant(lever, bench.chain):
            text = N_("Lever %(id)s does not touch what drives order %(order)s.")
            left_out[lever.id] = Reason("recovery.not_driving", text, {"id": lever.id, "order": bench.floor.case.order})
        else:
            drafts: list[Draft] = [(use,) for use in full_uses(bench.floor, lever)]
            singles += [(draft, trial) for draft in drafts for trial in bench.trials(draft)]
    useful = [trial for draft, trial in singles if trial.gain > 0 for trial in _amounts(bench, draft, trial)]
    helping = {draft[0].lever.id for draft, trial in singles if trial.gain > 0}
    for name in {lever.id for lever in levers} - helping - left_out.keys():
        text = N_("Lever %(id)s alone gains nothing for order %(order)s within its limits.")
        left_out[name] = Reason("recovery.no_gain", text, {"id": name, "order": bench.floor.case.order})
    useful += _pairs(bench, levers, singles)
    return [trial for trial in useful if trial.gain > 0]


def _can_move(bench: Bench, lever: Lever) -> bool:
    task = getattr(lever, "task", None)
    return bool(full_uses(bench.floor, lever)) and (task is None or bench.floor.index[task] in bench.floor.free)


def _pairs(bench: Bench, levers: Sequence[Lever], singles: list[tuple[Draft, Trial]]) -> list[Trial]:
    """A second lever on what drives the order after the first; kept where it gains more than either alone."""
    best: dict[Draft, Trial] = {}
    for draft, trial in singles:
        if draft not in best or trial.gain > best[draft].gain:
            best[draft] = trial
    beam = sorted(best.items(), key=lambda item: (-item[1].gain, item[1].cost, item[0][0].lever.id))[:BEAM]
    alone = {draft[0]: trial.gain for draft, trial in best.items()}
    gains = {use.lever.id: gain for use, gain in alone.items() if use == full_uses(bench.floor, use.lever)[0]}
    by_gain = sorted(levers, key=lambda lever: -gains.get(lever.id, 0))
    tried: set[frozenset[Use]] = set()
    moving = 0
    result = []
    for draft, first in beam:
        chain: list[Link] = bench.chain_of(first)
        for lever in by_gain:
            if not (goes_with(draft, lever) and _can_move(bench, lever) and bench.relevant(lever, chain)):
                continue
            use = full_uses(bench.floor, lever)[0]
            pair: Draft = (*draft, use)
            if frozenset(pair) in tried:
                continue
            if moves_others(pair):
                if moving == MOVING_PAIRS:
                    continue
                moving += 1
            tried.add(frozenset(pair))
            enough = max(first.gain, alone.get(use, 0))
            for trial in bench.trials(pair):
                if trial.gain > enough:
                    result += _amounts(bench, pair, trial)
    return result


def _amounts(bench: Bench, draft: Draft, trial: Trial) -> list[Trial]:
    """The trial with the least amounts that give its end, and with the least that keep the deadline.

    Where all other orders may move, the amounts stay at their limits: each step would place the whole portfolio again.
    """
    deadline = bench.floor.case.deadline
    ends = {trial.end}
    if deadline is not None and trial.end < deadline < bench.present:
        ends.add(deadline)
    result = [trial]
    if any(isinstance(use.lever, Crash | Expedite) for use in draft) and not moves_others(draft):
        result = [_least(bench, draft, end) or trial for end in sorted(ends)]
    return result


def _least(bench: Bench, draft: Draft, end: int) -> Trial | None:
    """The draft with each amount as small as the delivery by ``end`` allows (bisection, lever after lever)."""

    def reached(candidate: Draft) -> Trial | None:
        return min(
            (trial for trial in bench.trials(candidate) if trial.end <= end), key=lambda trial: trial.cost, default=None
        )

    for place, use in enumerate(draft):
        if not isinstance(use.lever, Crash | Expedite):
            continue
        low, high = 0, use.amount
        while low + 1 < high:
            middle = (low + high) // 2
            if reached((*draft[:place], replace(use, amount=middle), *draft[place + 1 :])) is not None:
                high = middle
            else:
                low = middle
        draft = (*draft[:place], replace(use, amount=high), *draft[place + 1 :])
    return reached(draft)


def _forecast(planned: int, ends: Floats) -> Forecast:
    return Forecast(planned, float(np.quantile(ends, 0.5)), float(np.quantile(ends, 0.8)))


def _option(bench: Bench, trial: Trial, before: Floats, draws: Draws, seed: int) -> Option:
    case = bench.floor.case
    problem, schedule = patched(case.problem, case.schedule, trial.patch)
    verified(problem, schedule)
    after = forecast.ends(case, problem, schedule, trial.targets, draws)
    p50, p80 = (forecast.gain(before, after, level, seed) for level in (0.5, 0.8))
    return Option(
        uses=trial.uses,
        forecast=_forecast(trial.end, after),
        gain=trial.gain,
        gain_p50=p50.amount,
        gain_p80=p80.amount,
        error_p50=p50.error,
        error_p80=p80.error,
        cost=trial.cost,
        touched=trial.touched,
        rest=trial.rest,
        keeps_deadline=case.deadline is None or trial.end <= case.deadline,
        patch=trial.patch,
    )


def _by_plan(trial: Trial) -> tuple[float, ...]:
    return trial.gain, -trial.cost, -len(trial.touched)


def _by_draws(option: Option) -> tuple[float, ...]:
    return option.gain_p50, option.gain_p80, -option.cost, -len(option.touched)


def _front(rows: Sequence[T], merits: Callable[[T], tuple[float, ...]]) -> list[T]:
    """The rows that no other row dominates (merits: more is better); of equals the first."""
    result: list[T] = []
    for place, row in enumerate(rows):
        own = merits(row)
        beaten = any(
            all(a >= b for a, b in zip(merits(other), own, strict=True)) and (merits(other) != own or number < place)
            for number, other in enumerate(rows)
            if number != place
        )
        if not beaten:
            result.append(row)
    return result


def _thinned(rows: list[Row], most: int) -> list[Row]:
    """At most ``most`` rows: the largest gain, the cheapest, then always the one farthest from those taken."""
    if len(rows) <= most:
        return rows
    points = np.array([(row.gain, row.cost, len(row.touched)) for row in rows], dtype=np.float64)
    spans = points.max(axis=0) - points.min(axis=0)
    points /= np.where(spans > 0, spans, 1.0)
    taken = [int(np.argmax(points[:, 0]))]
    if most > 1 and int(np.argmin(points[:, 1])) not in taken:
        taken.append(int(np.argmin(points[:, 1])))
    while len(taken) < most:
        distance = np.linalg.norm(points[:, None] - points[taken][None], axis=2).min(axis=1)
        distance[taken] = -1.0
        taken.append(int(np.argmax(distance)))
    return [rows[k] for k in sorted(taken)]
