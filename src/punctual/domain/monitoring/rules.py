"""When something is an early warning: pure decisions over plain facts of one order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from punctual.domain.monitoring.forecast import Outlook, Stakes
from punctual.domain.monitoring.sources import Found, declare
from punctual.domain.plans.work_calendars import SITE
from punctual.kernel.wording import N_

START_MISSED: Final = 0.4
REPORT_MISSING: Final = 0.2
BLOCKED: Final = 0.6
"""How likely the trouble goes on unless somebody acts; what it then costs is computed from the float that is left."""

declare(
    "promise",
    icon="clock-exclamation",
    label=N_("Promise in danger"),
    sentence=N_("The promise of %(due)s is in danger: P50 %(p50)s, P80 %(p80)s, %(kept)s chance to keep it."),
    action=N_("Ways out"),
)
declare(
    "overdue",
    icon="alarm",
    label=N_("Promise missed"),
    sentence=N_("The promise of %(due)s has passed; delivery is now planned for %(p50)s."),
    action=N_("Ways out"),
)
declare(
    "float",
    icon="arrow-bar-right",
    label=N_("Little float"),
    sentence=N_("“%(task)s” has %(float)s days of float left; any delay moves the delivery."),
    action=N_("Open the plan"),
)
declare(
    "start_missed",
    icon="player-play",
    label=N_("Start missed"),
    sentence=N_("“%(task)s” should have begun on %(day)s and has not."),
    action=N_("Open the task"),
)
declare(
    "report_missing",
    icon="help-circle",
    label=N_("Report missing"),
    sentence=N_("“%(task)s” is under way; nothing has been reported since %(day)s."),
    action=N_("Open the task"),
)
declare(
    "blocked",
    icon="hand-stop",
    label=N_("Blocked"),
    sentence=N_("“%(task)s” is blocked since %(day)s: %(reason)s"),
    action=N_("Open the task"),
)
declare(
    "milestone",
    icon="diamond",
    label=N_("Milestone near"),
    sentence=N_("Milestone “%(task)s” is due on %(day)s; tasks open before it: %(open)s."),
    action=N_("Open the plan"),
)
declare(
    "spi",
    icon="trending-down",
    label=N_("Slower than planned"),
    sentence=N_("Work goes slower than planned: SPI %(spi)s, below %(limit)s."),
    action=N_("Earned value"),
)
declare(
    "cpi",
    icon="coin",
    label=N_("Dearer than planned"),
    sentence=N_("Work costs more than planned: CPI %(cpi)s, below %(limit)s; at the end %(eac)s, not %(bac)s."),
    action=N_("Earned value"),
)
declare(
    "budget",
    icon="coin",
    label=N_("Budget nearly used"),
    sentence=N_("%(percent)s %% of the budget for %(kind)s is used, with %(progress)s %% of the work done."),
    action=N_("Costs"),
)
declare(
    "approval",
    icon="writing-sign",
    label=N_("Approval waiting"),
    sentence=N_("The order review has been waiting for %(roles)s since %(day)s; without it nothing can begin."),
    action=N_("Open the review"),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on, for the order's customer: ``models.Thresholds`` as plain values."""

    float_days: int = 2
    late_probability: int = 20
    spi: Decimal = Decimal("0.90")
    cpi: Decimal = Decimal("0.90")
    start_days: int = 1
    report_days: int = 7
    blocked_days: int = 1
    milestone_days: int = 7
    budget_percent: int = 90


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """An open task. ``float_days`` working days; ``should_start`` by the last baseline; ``reported`` last."""

    id: int
    name: str
    float_days: float
    started: dt.date | None
    finish: dt.date
    percent: int = 0
    should_start: dt.date | None = None
    reported: dt.date | None = None
    is_milestone: bool = False
    open_before: int = 0
    blocked_since: dt.date | None = None
    blocked_why: str = ""
    days: float = 1.0


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """A running order with its open tasks; money figures None where they are not known."""

    id: int
    key: str
    due: dt.date | None
    outlook: Outlook | None
    stakes: Stakes
    owner_id: int | None = None
    progress: int = 0
    spi: float | None = None
    cpi: float | None = None
    bac: Decimal | None = None
    eac: Decimal | None = None
    budget_used: Sequence[tuple[str, int]] = field(default_factory=tuple)
    tasks: Sequence[TaskFacts] = field(default_factory=tuple)


def findings(order: OrderFacts, limits: Limits, *, today: dt.date) -> list[Found]:
    """Every cause for a warning about one order, one finding each."""
    found = [*_promise(order, limits, today), *_figures(order, limits)]
    for task in order.tasks:
        found += _of_task(order, task, limits, today)
    return found


def _promise(order: OrderFacts, limits: Limits, today: dt.date) -> Iterable[Found]:
    if order.due is None or order.outlook is None:
        return
    out = order.outlook
    facts = {"due": order.due.isoformat(), "p50": out.p50.isoformat(), "p80": out.p80.isoformat()}
    where = f"/recover/{order.key}/"
    if order.due < today:
        cost = order.stakes.cost(max(out.days_late(order.due), (today - order.due).days))
        yield Found(f"promise:{order.id}", "overdue", order.id, url=where, facts=facts, probability=1.0, cost=cost)
        return
    kept = out.kept(order.due)
    if (1 - kept) * 100 < limits.late_probability and out.p80 <= order.due:
        return
    risk = 1 - kept
    days = out.days_late(order.due) / risk if risk > 0 else 0.0  # days late when it is late
    yield Found(
        f"promise:{order.id}",
        "promise",
        order.id,
        url=where,
        facts={**facts, "kept": f"{kept:.0%}"},
        probability=round(risk, 4),
        cost=order.stakes.cost(days),
    )


def _figures(order: OrderFacts, limits: Limits) -> Iterable[Found]:
    where = f"/performance/{order.key}/"
    if order.spi is not None and order.spi < limits.spi and 5 <= order.progress < 100:
        facts = {"spi": f"{order.spi:.2f}", "limit": f"{limits.spi}"}
        yield Found(f"spi:{order.id}", "spi", order.id, url=where, facts=facts)
    if order.cpi is not None and order.cpi < limits.cpi and order.progress >= 5:
        facts = {"cpi": f"{order.cpi:.2f}", "limit": f"{limits.cpi}", "eac": str(order.eac), "bac": str(order.bac)}
        yield Found(f"cpi:{order.id}", "cpi", order.id, url=where, facts=facts)
    for kind, percent in order.budget_used:
        if percent >= limits.budget_percent and percent > order.progress:
            facts = {"percent": str(percent), "kind": kind, "progress": str(order.progress)}
            yield Found(f"budget:{order.id}:{kind}", "budget", order.id, url=f"/costs/{order.key}/", facts=facts)


def _added(order: OrderFacts, task: TaskFacts, days: float) -> Decimal | None:
    """What the order's lateness costs more when the task slips by that many days beyond its float."""
    if order.due is None or order.outlook is None:
        return None
    beyond = max(0.0, days - max(0.0, task.float_days))
    usual, worse = order.outlook.days_late(order.due), order.outlook.days_late(order.due, beyond)
    return order.stakes.cost(worse) - order.stakes.cost(usual)


def _of_task(order: OrderFacts, task: TaskFacts, limits: Limits, today: dt.date) -> Iterable[Found]:
    where = f"/tasks/{task.id}/"
    base = {"task": task.name}
    if task.is_milestone:
        left = (task.finish - today).days
        if 0 <= left <= limits.milestone_days and task.open_before:
            facts = {**base, "day": task.finish.isoformat(), "open": str(task.open_before)}
            yield Found(f"milestone:{task.id}", "milestone", order.id, task.id, url=f"/plans/{order.key}/", facts=facts)
        return
    if task.blocked_since is not None:
        stuck = (today - task.blocked_since).days
        if stuck >= limits.blocked_days:
            facts = {**base, "day": task.blocked_since.isoformat(), "reason": task.blocked_why}
            cost = _added(order, task, stuck + 3.0)
            yield Found(f"blocked:{task.id}", "blocked", order.id, task.id, None, where, facts, BLOCKED, cost)
        return
    if task.started is None:
        late = (today - task.should_start).days if task.should_start else 0
        if task.should_start and late >= max(1, limits.start_days):
            facts = {**base, "day": task.should_start.isoformat()}
            cost = _added(order, task, late / 2 + 2.0)
            yield Found(f"start:{task.id}", "start_missed", order.id, task.id, None, where, facts, START_MISSED, cost)
        return
    silent_since = max(filter(None, (task.reported, task.started)))
    if (today - silent_since).days >= limits.report_days and task.percent < 100:
        facts = {**base, "day": silent_since.isoformat()}
        cost = _added(order, task, task.days * 0.4)
        yield Found(f"report:{task.id}", "report_missing", order.id, task.id, None, where, facts, REPORT_MISSING, cost)
    elif 0 <= task.float_days < limits.float_days and order.due and order.outlook and order.outlook.p80 <= order.due:
        facts = {**base, "float": f"{task.float_days:g}"}
        yield Found(f"float:{task.id}", "float", order.id, task.id, url=f"/plans/{order.key}/", facts=facts)


def severity(damage: Decimal | None, kind: str) -> str:
    """How it looks: ``late``, ``warn`` or nothing."""
    if kind in ("promise", "overdue", "blocked") or (damage is not None and damage >= 10_000):
        return "late"
    return "warn"


def next_report(after: dt.datetime, weekday: int, hour: int) -> dt.datetime:
    """The first ``weekday`` (1 Monday) at ``hour`` on the site's clock that comes after this moment."""
    local = after.astimezone(SITE)
    day = local.date() + dt.timedelta(days=(weekday - local.isoweekday()) % 7)
    found = dt.datetime.combine(day, dt.time(hour), SITE)
    return found if found > after else dt.datetime.combine(day + dt.timedelta(days=7), dt.time(hour), SITE)
