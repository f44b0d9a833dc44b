"""What the risks of an order do to its delivery date, and what each response buys.

One simulation of the order's open work with its risk events; then the same draws again (common random numbers) with one
thing changed: a risk that surely occurs or surely doesn't, a task at its optimistic or pessimistic duration, a response
that is done. So a difference is the effect of the change and not of chance. docs/user/risks explains the figures.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from punctual.domain.orders.models import Order
from punctual.domain.plans.models import Plan
from punctual.domain.plans.store import Stored, calendars_of
from punctual.domain.plans.uncertain_plan import UncertainPlan, activity_name, risk_event, uncertain_plan
from punctual.domain.plans.work_calendars import day_minutes
from punctual.domain.risks.facts import points_of, residual
from punctual.domain.risks.models import Risk, RiskAnalysis, RiskResponse
from punctual.domain.risks.rules import Points
from punctual.domain.risks.selectors import latest_analysis, live_risks
from punctual.engine import simulate as engine
from punctual.engine.simulate import Distribution, Kind
from punctual.platform.accounts.models import User

RUNS: Final = 4000
SEED: Final = 1
TASKS_SHOWN: Final = 6
MOST_POINTS: Final = 90
QUANTILES: Final = (0.5, 0.8, 0.95)


@dataclass(frozen=True)
class Case:
    """An order ready to be simulated: its network, its risks, and how long a working day is (minutes)."""

    order: Order
    plan: UncertainPlan
    names: Mapping[int, str]
    risks: Sequence[Risk]
    day: int

    def event(self, risk: Risk, points: Points, probability: float | None = None) -> engine.Risk:
        acts_on = [task.pk for task in risk.tasks.all() if activity_name(task.pk) in self.plan.activities]
        days = (points.days_low, points.days_mode, points.days_high)
        low, mode, high = (float(one) * self.day for one in days)
        chance = points.probability / 100 if probability is None else probability
        return risk_event(str(risk.pk), chance, acts_on, low, mode, high)

    def events(self, changed: Mapping[int, engine.Risk] | None = None, *, after: bool = False) -> list[engine.Risk]:
        """Every risk as it stands, or ``after`` its chosen response; ``changed`` replaces single ones."""
        return [
            (changed or {}).get(risk.pk) or self.event(risk, residual(risk) if after else points_of(risk))
            for risk in self.risks
        ]

    def ends(
        self, events: Sequence[engine.Risk], changed: Mapping[str, Distribution] | None = None
    ) -> np.ndarray[Any, np.dtype[np.float64]]:
        return engine.simulate(self.plan.network(events, changed), runs=RUNS, seed=SEED).ends


def case_of(order: Order, *, today: dt.date) -> Case | None:
    """None without a plan, or when nothing is open that delivery waits for."""
    plan = Plan.objects.filter(order=order).select_related("calendar").first()
    if plan is None:
        return None
    stored = Stored(plan)
    calendars = calendars_of(plan, stored.state)
    now = dt.datetime.combine(max(today, plan.start), dt.time())
    uncertain = uncertain_plan(stored.state, calendars, now=now)
    if not uncertain.open:
        return None
    risks = [
        risk
        for risk in live_risks([order.pk])
        if any(activity_name(task.pk) in uncertain.activities for task in risk.tasks.all())
    ]
    names = {one: stored.state.tasks[one].name for one in uncertain.open}
    return Case(order, uncertain, names, risks, day_minutes(calendars.own))


def fingerprint(case: Case) -> str:
    """What the figures depend on; another one means that they are stale."""
    facts = [
        case.plan.now,
        str(case.order.promised_date),
        str(case.order.requested_date),
        sorted((one.id, one.distribution.numbers, one.release) for one in case.plan.activities.values()),
        sorted(case.plan.links),
        [
            [risk.pk, str(points_of(risk)), sorted(task.pk for task in risk.tasks.all()), _responses(risk)]
            for risk in case.risks
        ],
    ]
    return hashlib.sha256(json.dumps(facts, default=str).encode()).hexdigest()


def _responses(risk: Risk) -> list[Any]:
    return [[one.pk, one.state, str(points_of(one))] for one in risk.responses.all()]


def analyse(order: Order, *, actor: User | None, today: dt.date) -> RiskAnalysis | None:
    """The current figures of an order the actor has fetched: kept ones while nothing has changed, else new ones."""
    case = case_of(order, today=today)
    if case is None:
        return None
    mark = fingerprint(case)
    kept = latest_analysis(order)
    if kept is not None and kept.fingerprint == mark:
        return kept
    result = computed(case)
    with transaction.atomic():
        return RiskAnalysis.objects.create(
            order=order, actor=actor, runs=RUNS, seed=SEED, fingerprint=mark, result=result
        )


def is_stale(order: Order, analysis: RiskAnalysis, *, today: dt.date) -> bool:
    """Whether the order, its plan or a risk was changed since, or a day has passed: a cheap answer for pages."""
    if timezone.localdate(analysis.at) < today:
        return True
    changed = Risk.objects.filter(order=order).aggregate(last=Max("updated_at"))["last"]
    plan = Plan.objects.filter(order=order).values_list("updated_at", flat=True).first()
    return any(one is not None and one > analysis.at for one in (order.updated_at, plan, changed))


def computed(case: Case) -> dict[str, Any]:
    """All figures, as JSON. Days are working days of the plan's calendar."""
    now = case.ends(case.events())
    after = case.ends(case.events(after=True))
    p80 = _quantile(now, 0.8)
    promise = case.order.promised_date or case.order.requested_date
    limit = case.plan.minutes_until(promise) if promise else None
    none = case.ends([case.event(risk, points_of(risk), 0.0) for risk in case.risks])
    return {
        "promise": promise.isoformat() if promise else None,
        "promised": case.order.promised_date is not None,
        "now": _summary(case, now, limit),
        "after": _summary(case, after, limit),
        "risk_days": _days(case, p80 - _quantile(none, 0.8)),
        "bought_days": _days(case, p80 - _quantile(after, 0.8)),
        "risks": {str(risk.pk): _risk(case, risk, p80) for risk in case.risks},
        "tasks": _tasks(case, p80),
        "responses": {
            str(response.pk): _response(case, risk, response, p80, limit)
            for risk in case.risks
            for response in risk.responses.all()
        },
    }


def _quantile(ends: np.ndarray[Any, np.dtype[np.float64]], level: float) -> float:
    return float(np.quantile(ends, level))


def _days(case: Case, minutes: float) -> float:
    return round(minutes / case.day, 1)


def _summary(case: Case, ends: np.ndarray[Any, np.dtype[np.float64]], limit: int | None) -> dict[str, Any]:
    p50, p80, p95 = (case.plan.date(_quantile(ends, level)).isoformat() for level in QUANTILES)
    return {
        "p50": p50,
        "p80": p80,
        "p95": p95,
        "chance": None if limit is None else round(float((ends <= limit).mean()), 4),
        "curve": _curve(case, ends),
    }


def _curve(case: Case, ends: np.ndarray[Any, np.dtype[np.float64]]) -> list[list[Any]]:
    """By each day from the first run that is done to the last: the share of runs that are (0 … 100)."""
    day, last = case.plan.date(float(ends.min())), case.plan.date(float(ends.max()))
    points = []
    step = dt.timedelta(days=max(1, (last - day).days // MOST_POINTS))
    while day < last + step:
        share = float((ends <= case.plan.minutes_until(day)).mean())
        points.append([day.isoformat(), round(100 * share, 1)])
        day += step
    return points


def _risk(case: Case, risk: Risk, p80: float) -> dict[str, float]:
    """Days of P80: ``days`` what it contributes now, ``occurs`` further if it happens for sure, ``spared`` if it
    surely does not (negative)."""
    points = points_of(risk)
    never = _quantile(case.ends(case.events({risk.pk: case.event(risk, points, 0.0)})), 0.8)
    surely = _quantile(case.ends(case.events({risk.pk: case.event(risk, points, 1.0)})), 0.8)
    return {"days": _days(case, p80 - never), "occurs": _days(case, surely - p80), "spared": _days(case, never - p80)}


def _tasks(case: Case, p80: float) -> list[dict[str, Any]]:
    """The tasks whose own duration moves P80 most: at their optimistic and pessimistic duration."""
    result = engine.simulate(case.plan.network(case.events()), runs=RUNS, seed=SEED)
    ranked = sorted(case.plan.open, key=lambda one: -abs(result.sensitivity[activity_name(one)]))
    rows = []
    for task_id in ranked[:TASKS_SHOWN]:
        name = activity_name(task_id)
        spread = case.plan.activities[name].distribution
        if spread.kind is Kind.FIXED:
            continue
        low, high = (
            _quantile(case.ends(case.events(), {name: Distribution(Kind.FIXED, (minutes,))}), 0.8)
            for minutes in (spread.numbers[0], spread.numbers[2])
        )
        rows.append(
            {
                "task": task_id,
                "name": case.names[task_id],
                "occurs": _days(case, high - p80),
                "spared": _days(case, low - p80),
            }
        )
    return rows


def _response(case: Case, risk: Risk, response: RiskResponse, p80: float, limit: int | None) -> dict[str, Any]:
    """Days of P80 that this response alone buys, and the promise's chance with it."""
    ends = case.ends(case.events({risk.pk: case.event(risk, points_of(response))}))
    bought = p80 - _quantile(ends, 0.8)
    days = _days(case, bought)
    per_day = None if days <= 0 else str((response.cost / Decimal(str(days))).quantize(Decimal(1)))
    return {"days": days, "per_day": per_day, **_summary(case, ends, limit)}
