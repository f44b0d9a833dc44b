"""What the risks of an order do to its delivery date, and what each response buys.

The order is simulated within the whole schedule, as its forecast is: capacity and the other orders hold in every run.
Then the same draws again (common random numbers) with one thing changed: a risk that surely occurs or surely doesn't, a
task that is short or long, a response that is done. So a difference is the effect of the change and not of chance.
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
from django.utils import timezone

from punctual.domain.orders.models import Order
from punctual.domain.plans.work_calendars import day_minutes
from punctual.domain.risks.facts import points_of, residual, standing
from punctual.domain.risks.models import Risk, RiskAnalysis, RiskResponse
from punctual.domain.risks.rules import Points
from punctual.domain.risks.selectors import latest_analysis, live_risks
from punctual.domain.scheduling.axis import SLOT, Axis
from punctual.domain.scheduling.book import Hazard
from punctual.domain.scheduling.calibration import current_ratios
from punctual.domain.scheduling.gathering import hazard_of
from punctual.domain.scheduling.models import ScheduleRun
from punctual.domain.scheduling.moving import RUNS, SEED, OrderBench
from punctual.domain.scheduling.selectors import axis_of, book_of
from punctual.domain.scheduling.simulation import Slots
from punctual.domain.supply.models import PurchaseLine
from punctual.kernel.queues import PLANNING
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.jobs.models import Job, JobState
from punctual.platform.jobs.services import Progress, start_job

TASKS_SHOWN: Final = 6
MOST_POINTS: Final = 90
MOST_PURCHASES: Final = 8
QUANTILES: Final = (0.5, 0.8, 0.95)
JOB: Final = "punctual.flows.risk_analysis.run_job"


@dataclass(frozen=True)
class Case:
    """An order ready to be simulated: its place in the schedule, its risks, how many slots a working day has."""

    order: Order
    bench: OrderBench
    axis: Axis
    risks: Sequence[Risk]
    day: float

    def hazard(self, risk: Risk, points: Points, probability: float | None = None) -> Hazard:
        found = hazard_of(risk, points, self.day)
        if probability is None:
            return found
        return Hazard(found.id, found.order, probability, found.tasks, found.low, found.mode, found.high)

    def hazards(self, changed: Mapping[int, Hazard] | None = None, *, after: bool = False) -> list[Hazard]:
        """Every risk as it stands today, or ``after`` its chosen response; ``changed`` replaces single ones."""
        return [
            (changed or {}).get(risk.pk) or self.hazard(risk, residual(risk) if after else standing(risk))
            for risk in self.risks
        ]


def case_of(order: Order) -> Case | None:
    """None before the first schedule, or when nothing of the order is open in it."""
    run = ScheduleRun.objects.defer("book").filter(is_current=True).first()
    book = book_of(run) if run else None
    if book is None or not book.groups_of.get(order.pk):
        return None
    bench = OrderBench(book, current_ratios(), order.pk)
    if not bench.rows:
        return None
    axis = axis_of(book)
    risks = [risk for risk in live_risks([order.pk]) if any(task.pk in bench.rows for task in risk.tasks.all())]
    return Case(order, bench, axis, risks, day_minutes(axis.calendar) / SLOT)


def fingerprint(order: Order) -> str:
    """What the figures depend on; another one means that they are stale."""
    run = ScheduleRun.objects.filter(is_current=True).values_list("pk", flat=True).first()
    risks = Risk.objects.filter(order=order).order_by("pk").values_list("pk", "version", "state")
    facts = [run, str(order.promised_date), str(order.requested_date), list(risks)]
    return hashlib.sha256(json.dumps(facts, default=str).encode()).hexdigest()


def is_stale(order: Order, analysis: RiskAnalysis) -> bool:
    """Whether the schedule, the promise or a risk is another one since."""
    return fingerprint(order) != analysis.fingerprint


def analyse(order: Order, *, actor: User | None) -> RiskAnalysis | None:
    """The current figures of an order: kept ones while nothing has changed, else new ones; seconds of work."""
    mark = fingerprint(order)
    kept = latest_analysis(order)
    if kept is not None and kept.fingerprint == mark:
        return kept
    case = case_of(order)
    if case is None:
        return None
    result = computed(case)
    with transaction.atomic():
        return RiskAnalysis.objects.create(
            order=order, actor=actor, runs=RUNS, seed=SEED, fingerprint=mark, result=result
        )


def ask_for_analysis(order: Order, *, actor: User) -> Job:
    """Let a worker simulate; joins the one under way. The actor has fetched the order."""
    return running_job(order) or start_job(
        function=JOB,
        label=N_("Risks"),
        actor=actor,
        arguments={"order_id": order.pk, "actor_id": actor.pk},
        queue=PLANNING,
    )


def running_job(order: Order) -> Job | None:
    """The simulation of this order that waits or runs."""
    lately = timezone.now() - dt.timedelta(minutes=15)
    waiting = Job.objects.filter(function=JOB, state__in=[JobState.QUEUED, JobState.RUNNING], created_at__gt=lately)
    return waiting.filter(arguments__order_id=order.pk).first()


def run_job(progress: Progress, *, order_id: int, actor_id: int) -> dict[str, Any]:
    """The background job."""
    actor = User.objects.filter(pk=actor_id).first()
    made = analyse(Order.objects.get(pk=order_id), actor=actor)
    return {"analysis": made.pk if made else None}


def computed(case: Case) -> dict[str, Any]:
    """All figures, as JSON. Days are working days of the company's calendar."""
    bench = case.bench
    now = bench.ends(case.hazards())
    after = bench.ends(case.hazards(after=True))
    p80 = _quantile(now, 0.8)
    promise = case.order.promised_date or case.order.requested_date
    limit = case.axis.end_of(promise) if promise else None
    return {
        "promise": promise.isoformat() if promise else None,
        "promised": case.order.promised_date is not None,
        "now": _summary(case, now, limit),
        "after": _summary(case, after, limit),
        "risk_days": _days(case, p80 - _quantile(bench.ends([]), 0.8)),
        "bought_days": _days(case, p80 - _quantile(after, 0.8)),
        "risks": {str(risk.pk): _risk(case, risk, p80) for risk in case.risks},
        "tasks": _tasks(case, now, p80),
        "purchases": _purchases(case, p80),
        "responses": {
            str(response.pk): _response(case, risk, response, p80, limit)
            for risk in case.risks
            for response in risk.responses.all()
        },
    }


def _quantile(ends: Slots, level: float) -> float:
    return float(np.quantile(ends, level))


def _days(case: Case, slots: float) -> float:
    return round(slots / case.day, 1)


def _summary(case: Case, ends: Slots, limit: int | None) -> dict[str, Any]:
    p50, p80, p95 = (case.axis.day_of(round(_quantile(ends, level))).isoformat() for level in QUANTILES)
    return {
        "p50": p50,
        "p80": p80,
        "p95": p95,
        "chance": None if limit is None else round(float((ends <= limit).mean()), 4),
        "curve": _curve(case, ends),
    }


def _curve(case: Case, ends: Slots) -> list[list[Any]]:
    """By each day from the first run that is done to the last: the share of runs that are (0 … 100)."""
    day, last = case.axis.day_of(int(ends.min())), case.axis.day_of(int(ends.max()))
    points = []
    step = dt.timedelta(days=max(1, (last - day).days // MOST_POINTS))
    while day < last + step:
        share = float((ends <= case.axis.end_of(day)).mean())
        points.append([day.isoformat(), round(100 * share, 1)])
        day += step
    return points


def _risk(case: Case, risk: Risk, p80: float) -> dict[str, float]:
    """Days of P80: ``days`` what it contributes now, ``occurs`` further if it happens for sure, ``spared`` if it
    surely does not (negative)."""
    points = standing(risk)
    never = _quantile(case.bench.ends(case.hazards({risk.pk: case.hazard(risk, points, 0.0)})), 0.8)
    surely = _quantile(case.bench.ends(case.hazards({risk.pk: case.hazard(risk, points, 1.0)})), 0.8)
    return {"days": _days(case, p80 - never), "occurs": _days(case, surely - p80), "spared": _days(case, never - p80)}


def _tasks(case: Case, now: Slots, p80: float) -> list[dict[str, Any]]:
    """The tasks whose own durations go with the end most: at their short and long durations (one in ten each)."""
    names = {row: case.bench.bench.pieces[row] for row in case.bench.rows.values()}
    rows = []
    for row in case.bench.widest(now, TASKS_SHOWN):
        low, high = (
            _quantile(case.bench.ends(case.hazards(), {row: factor}), 0.8) for factor in case.bench.spread(row)
        )
        rows.append(
            {
                "task": names[row].task,
                "name": names[row].name,
                "occurs": _days(case, high - p80),
                "spared": _days(case, low - p80),
            }
        )
    return rows


def _purchases(case: Case, p80: float) -> list[dict[str, Any]]:
    """What the order waits for: ``spared`` if it comes as the supplier says, ``occurs`` if it comes as late as one
    delivery of five of that supplier does."""
    waits = case.bench.waits[:MOST_PURCHASES]
    lines = PurchaseLine.objects.select_related("purchase_order", "material").in_bulk([one.line for one in waits])
    rows = []
    for wait in waits:
        line = lines.get(wait.line)
        if line is None:
            continue
        usual = int(np.quantile(wait.late, 0.8, method="inverted_cdf"))
        said, late = (_quantile(case.bench.ends(case.hazards(), late={wait.line: slots}), 0.8) for slots in (0, usual))
        rows.append(
            {
                "line": wait.line,
                "number": line.purchase_order.number,
                "name": str(line.material or line.description),
                "supplier": wait.supplier,
                "deliveries": len(wait.late),
                "usual": _days(case, usual),
                "occurs": _days(case, late - p80),
                "spared": _days(case, said - p80),
            }
        )
    return rows


def _response(case: Case, risk: Risk, response: RiskResponse, p80: float, limit: int | None) -> dict[str, Any]:
    """Days of P80 that this response alone buys, and the promise's chance with it."""
    ends = case.bench.ends(case.hazards({risk.pk: case.hazard(risk, points_of(response))}))
    days = _days(case, p80 - _quantile(ends, 0.8))
    per_day = None if days <= 0 else str((response.cost / Decimal(str(days))).quantize(Decimal(1)))
    return {"days": days, "per_day": per_day, **_summary(case, ends, limit)}
