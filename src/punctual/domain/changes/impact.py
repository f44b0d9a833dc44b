"""The scenario of a change order: computed on a copy in memory, never written; what it does to dates, work, cost and
value, as plain data."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from punctual.domain.changes.items import Wish, read_items
from punctual.domain.changes.models import ChangeItem, ChangeOrder
from punctual.domain.changes.rules import against_content, against_quantities, against_redo, against_work
from punctual.domain.changes.work import Note, Work, open_leaves, units_of
from punctual.domain.orders import guards
from punctual.domain.orders.damages import Clause, days_late
from punctual.domain.orders.facts import Catalogue, catalogue_for, complete, findings_of
from punctual.domain.orders.inputs import LineInput, OrderInput, input_of
from punctual.domain.orders.models import Order, OrderLine
from punctual.domain.orders.rules import Finding
from punctual.domain.orders.services.summary import amount_of
from punctual.domain.plans.engine_plan import Scheduled, scheduled
from punctual.domain.plans.models import Plan
from punctual.domain.plans.results import delivering
from punctual.domain.plans.state import Dates, PlanState
from punctual.domain.plans.store import Stored, calendars_of
from punctual.domain.plans.work_calendars import day_minutes
from punctual.kernel.refusal import Reason

MOST_ROWS: Final = 400


@dataclass(slots=True)
class Scenario:
    """The order and its plan as they would be. ``reasons`` speak against it; with any, ``impact`` says nothing."""

    order: Order
    plan: Plan | None
    stored: Stored | None
    before: OrderInput
    wish: Wish
    lines: list[OrderLine]
    work: Work | None
    reasons: list[Reason]
    old_dates: Mapping[int, Dates]
    names: Mapping[int, str]
    old_state: dict[int, tuple[int, int, str]]
    """task → (duration, percent, name) before."""
    old_budget: Mapping[str, Decimal]
    result: Scheduled | None = None


def scenario_of(change: ChangeOrder, items: Sequence[ChangeItem], *, today: dt.date) -> Scenario:
    """Compute what the items would do to the order as it is now. Reads only."""
    order = change.order
    before = input_of(order)
    wish, reasons = read_items(items, before)
    catalogue = catalogue_for(wish.after, today)
    _complete_new(before, wish.after, catalogue, today)
    if not reasons:
        reasons += _new_errors(_judged(wish.after, order, catalogue, today), today, order)
    reasons += against_content(before, wish.after, guards.delivered(order)) + against_quantities(wish.after)
    lines = [unsaved_line(order, one, catalogue) for one in wish.after.lines]
    plan = Plan.objects.filter(order=order).select_related("calendar", "order").first()
    if plan is None:
        return Scenario(order, None, None, before, wish, lines, None, reasons, {}, {}, {}, {})
    stored = Stored(plan)
    state = stored.state
    named = [*(one.task for one in wish.redo), *(t for new in wish.tasks for t in (new.after, new.before))]
    reasons += against_work(named, frozenset(state.tasks))
    reasons += against_redo({one.task: state.tasks[one.task].percent for one in wish.redo if one.task in state.tasks})
    found = Scenario(
        order=order, plan=plan, stored=stored, before=before, wish=wish, lines=lines, work=None, reasons=reasons,
        old_dates={key: dates for key, dates in stored.dates.items() if dates is not None},
        names={task_id: state.label(task_id) for task_id in state.tasks},
        old_state={key: (task.duration, task.percent, task.name) for key, task in state.tasks.items()},
        old_budget=_by_kind(state),
    )  # fmt: skip
    if not reasons:
        calendars = calendars_of(plan, state)
        found.work = Work(state, number=change.number, today=today, day_minutes=day_minutes(calendars.own))
        found.work.do(before, wish, lines)
        found.result = scheduled(state, calendars_of(plan, state))
    return found


def _complete_new(before: OrderInput, after: OrderInput, catalogue: Catalogue, today: dt.date) -> None:
    """What the catalogue knows of new lines and new models; lines that stay keep what was agreed, gaps included."""
    models = {line.id: line.model for line in before.lines}
    for line in after.lines:
        if line.id is None or models[line.id] != line.model:
            complete(line, catalogue, today)


def _judged(after: OrderInput, order: Order, catalogue: Catalogue, today: dt.date) -> list[Finding]:
    """The checks of an order on a copy, since checking fills gaps."""
    judged = dataclasses.replace(after, lines=[dataclasses.replace(line) for line in after.lines])
    return findings_of(judged, today=today, order_id=order.pk, catalogue=catalogue)


def _new_errors(findings: Sequence[Finding], today: dt.date, order: Order) -> list[Reason]:
    """Errors that the change brings; what was wrong with the order before is not the change's fault."""
    errors = [one for one in findings if one.reason.is_error]
    if not errors:
        return []
    known = {
        (one.reason.code, one.reason.row, one.fingerprint)
        for one in findings_of(input_of(order), today=today, order_id=order.pk)
    }
    return [one.reason for one in errors if (one.reason.code, one.reason.row, one.fingerprint) not in known]


def unsaved_line(order: Order, data: LineInput, catalogue: Catalogue) -> OrderLine:
    """A line as it would be; a new one carries a negative id so that its tasks can be told apart."""
    line = OrderLine(
        pk=data.id if data.id is not None else -data.line_no,
        order=order,
        line_no=data.line_no,
        model_text=data.model,
        description=data.description,
        quantity=data.quantity,
        unit=data.unit,
        unit_price=data.unit_price,
        requested_date=data.requested_date,
        promised_date=data.promised_date,
        acceptance_criteria=data.acceptance_criteria,
    )
    line.product = catalogue.product(data.model)
    line.revision = catalogue.revision(data.model, data.revision)
    return line


def _by_kind(state: PlanState) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in state.budget.values():
        sums[row.kind] += row.amount
    return dict(sums)


def value_of(order: Order, lines: Sequence[OrderLine]) -> Decimal:
    return sum((amount_of(line, order.currency) for line in lines), Decimal(0))


# ------------------------------------------------------------------------------------------------------ as data


def as_data(found: Scenario) -> dict[str, Any]:
    """What the change does, for pages, API and approval; money as text, days as ISO text."""
    order = found.order
    value = value_of(order, found.lines)
    planned = _planned(found)
    promised = max((one.promised_date for one in found.lines if one.promised_date), default=None)
    data: dict[str, Any] = {
        "currency": order.currency,
        "value_before": str(order.total_amount),
        "value": str(value),
        "promised_before": _iso(order.promised_date),
        "promised": _iso(promised),
        "planned_before": _iso(order.planned_date),
        "planned": _iso(planned),
        "days": (planned - order.planned_date).days if planned and order.planned_date else 0,
        "damages_before": str(_damages(order, order.total_amount, order.promised_date, order.planned_date)),
        "damages": str(_damages(order, value, promised, planned)),
    }
    return data | _cost_data(found) | _task_data(found)


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def _damages(order: Order, amount: Decimal, promised: dt.date | None, planned: dt.date | None) -> Decimal:
    return Clause(amount, order.damages_percent_per_day, order.damages_cap_percent, order.currency).due(
        days_late(promised, planned)
    )


def _planned(found: Scenario) -> dt.date | None:
    if found.result is None or found.stored is None:
        return found.order.planned_date
    dates = found.result.dates
    days = [
        max(dates[task_id].finish for task_id in tasks).date()
        for line, tasks in delivering(found.stored.state).items()
        if line is not None
    ]
    return max(days, default=found.result.finish.date())


def _cost_data(found: Scenario) -> dict[str, Any]:
    if found.stored is None or found.work is None:
        return {"cost": "0", "costs": [], "lost_minutes": 0}
    after = _by_kind(found.stored.state)
    kinds = sorted({*after, *found.old_budget})
    rows = [(kind, after.get(kind, Decimal(0)) - found.old_budget.get(kind, Decimal(0))) for kind in kinds]
    lost = sum(note.lost for note in found.work.notes)
    return {
        "cost": str(sum((amount for _kind, amount in rows), Decimal(0))),
        "costs": [{"kind": kind, "amount": str(amount)} for kind, amount in rows if amount],
        "lost_minutes": lost,
    }


def _task_data(found: Scenario) -> dict[str, Any]:
    if found.stored is None or found.work is None or found.result is None:
        return {"tasks": [], "counts": {}, "critical": []}
    state, dates = found.stored.state, found.result.dates
    notes: dict[int, list[Note]] = defaultdict(list)
    for note in found.work.notes:
        notes[note.task].append(note)
    rows = []
    for task_id in [*state.outline, *(one for one in found.old_state if one not in state.tasks)]:
        row = _task_row(found, task_id, notes.get(task_id, []), dates)
        if row is not None:
            rows.append(row)
    order = {"added": 0, "changed": 1, "removed": 2, "lost": 3, "moved": 4}
    rows.sort(key=lambda row: order[row["change"]])
    counts = {name: sum(1 for row in rows if row["change"] == name) for name in order}
    critical = [state.label(one) for one, _task in open_leaves(state) if dates[one].is_critical]
    return {"tasks": rows[:MOST_ROWS], "counts": counts, "critical": critical[:60]}


def _task_row(
    found: Scenario, task_id: int, notes: Sequence[Note], dates: Mapping[int, Dates]
) -> dict[str, Any] | None:
    assert found.stored is not None
    state, was, before = found.stored.state, found.old_state.get(task_id), found.old_dates.get(task_id)
    now = state.tasks.get(task_id)
    if now is not None and state.is_summary(task_id):
        return None
    after = dates.get(task_id)
    if now is None:
        assert was is not None
        if was[0] == 0 and before is not None and before.start != before.finish:
            return None  # a summary that went with its tasks
        change = "removed"
    elif was is None:
        change = "added"
    elif any(note.lost for note in notes):
        change = "lost"
    elif now.duration != was[0] or now.percent != was[1]:
        change = "changed"
    elif before is not None and after is not None and before.finish != after.finish:
        change = "moved"
    else:
        return None
    units = units_of(state, task_id) if now is not None else 1
    minutes = ((now.duration if now else 0) - (was[0] if was else 0)) * units
    return {
        "id": task_id if task_id > 0 else None,
        "name": state.label(task_id) if now is not None else found.names[task_id],
        "change": change,
        "minutes": minutes,
        "lost": sum(note.lost for note in notes),
        "start": after and after.start.isoformat(),
        "finish": after and after.finish.isoformat(),
        "old_start": before and before.start.isoformat(),
        "old_finish": before and before.finish.isoformat(),
        "days": (after.finish.date() - before.finish.date()).days if after and before else None,
        "critical": bool(after and after.is_critical and now and now.percent < 100),
        "why": [{"text": note.text, "params": note.params} for note in notes],
    }
