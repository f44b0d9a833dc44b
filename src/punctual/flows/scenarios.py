"""What-if scenarios: made with a name, computed in the background, applied or discarded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from punctual.domain.orders.services.priority import set_priority
from punctual.domain.orders.services.states import move
from punctual.domain.scheduling.calibration import current_ratios
from punctual.domain.scheduling.gathering import availability_of, scheduling_settings
from punctual.domain.scheduling.models import (
    AbsenceKind,
    Channel,
    OrderForecast,
    PromiseCause,
    Scenario,
    ScenarioState,
    ScheduleRun,
)
from punctual.domain.scheduling.scenarios import EFFORT, compute, dates_of, reasons_against_delta, side_by_side
from punctual.domain.scheduling.selectors import axis_of, book_of, current_run, scenarios
from punctual.domain.scheduling.services.absences import enter_absence
from punctual.domain.scheduling.services.extras import enter_extra
from punctual.domain.scheduling.solving import Effort, Forecast
from punctual.flows.promise_at_entry import no_schedule
from punctual.flows.promise_ledger import promise_order
from punctual.kernel.queues import PLANNING
from punctual.kernel.refusal import Conflict, Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import record
from punctual.platform.jobs.services import Progress, on_failure, start_job
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next

JOB: Final = "punctual.flows.scenarios.compute_job"


def listen() -> None:
    """Called once when the programme starts."""
    on_failure(JOB, _failed)


def _failed(told: Mapping[str, Any], reasons: Sequence[Reason]) -> None:
    waiting = Scenario.objects.filter(pk=told["scenario_id"], result={})
    waiting.update(
        error=[
            {"text": one.text, "params": {name: str(value) for name, value in one.params.items()}} for one in reasons
        ]
    )


@transaction.atomic
def make_scenario(*, actor: User, name: str, delta: Sequence[Mapping[str, Any]]) -> Scenario:
    """Keep the delta and have it computed; live data stay as they are."""
    require(actor, "scheduling.scenario")
    run = current_run(actor)
    book = book_of(run) if run else None
    if run is None or book is None:
        raise no_schedule()
    refuse_if(reasons_against_delta(delta, name=name, orders=set(book.entries)))
    made = Scenario.objects.create(name=name.strip(), delta=list(delta), run=run, created_by=actor)
    record(actor=actor, verb="create", target=made)
    _start(made, actor)
    return made


def _start(found: Scenario, actor: User) -> None:
    start_job(function=JOB, label=found.name, actor=actor, arguments={"scenario_id": found.pk}, queue=PLANNING)


@transaction.atomic
def renew_scenario(*, actor: User, scenario_id: int, expected_version: int | None) -> Scenario:
    """Have it computed beside the schedule that is in force now."""
    require(actor, "scheduling.scenario")
    found = _open(actor, scenario_id, expected_version)
    run = current_run(actor)
    book = book_of(run) if run else None
    if book is None:
        raise no_schedule()
    refuse_if(reasons_against_delta(found.delta, name=found.name, orders=set(book.entries)))
    found.run, found.result, found.dates, found.error = run, {}, {}, []
    save_next(found, fields=["run", "result", "dates", "error"])
    record(actor=actor, verb="renew", target=found)
    _start(found, actor)
    return found


def compute_job(progress: Progress, *, scenario_id: int) -> dict[str, Any]:
    """The background job; computed again it gives the same."""
    found = compute_scenario(Scenario.objects.get(pk=scenario_id), EFFORT)
    progress.tell(100, 100)
    return {"scenario": found.pk}


def compute_scenario(found: Scenario, effort: Effort) -> Scenario:
    run = found.run
    book = book_of(run) if run else None
    if run is None or book is None:
        current = ScheduleRun.objects.filter(is_current=True).first()
        book = book_of(current) if current else None
        if current is None or book is None:
            raise no_schedule()
        run = found.run = current
    axis = axis_of(book)
    what = compute(book, axis, found.delta, current_ratios(), effort)
    found.result = side_by_side(book, kept_forecasts(run), what, axis, _price(found.delta, axis), found.delta)
    found.dates = dates_of(what.book, axis)
    found.error = []
    found.save(update_fields=["result", "dates", "run", "error"])
    return found


def kept_forecasts(run: ScheduleRun) -> dict[int, Forecast]:
    """The run's own forecasts as they were stored."""
    return {
        one.order_id: Forecast(
            one.planned,
            one.p50,
            one.p80,
            one.p95,
            one.promise_percent,
            one.request_percent,
            float(one.expected_damages),
            [(day, count) for day, count in one.histogram],
        )
        for one in OrderForecast.objects.filter(run=run)
    }


def _price(delta: Sequence[Mapping[str, Any]], axis: Any) -> float:
    """Overtime of the extra capacity, at the company's rate."""
    availability, total = availability_of(axis), 0.0
    for change in delta:
        if change["kind"] != "extra":
            continue
        members = [change["resource"]] if change.get("resource") else availability.members([change["skill"]])
        costs = [availability.staff[one].cost for one in members if one in availability.staff]
        first, last = dt.date.fromisoformat(change["first"]), dt.date.fromisoformat(change["last"])
        slots = sum(end - begin for day, begin, end in axis.days if first <= day <= last)
        hour = sum(costs) / len(costs) if costs else 0.0
        total += slots * int(change["units"]) * hour * scheduling_settings().overtime_percent / 100
    return total


@transaction.atomic
def apply_scenario(*, actor: User, scenario_id: int, today: dt.date, expected_version: int | None) -> Scenario:
    """Do for real what the scenario changes: all of it or nothing. Everything is then planned again."""
    require(actor, "scheduling.scenario")
    found = _open(actor, scenario_id, expected_version)
    refuse_if([Reason("scenario.failed", one["text"], one["params"]) for one in found.error])
    if not found.result:
        text = N_("The scenario is still being computed; apply it when its result stands beside the live plan.")
        refuse_if([Reason("scenario.computing", text)])
    for change in found.delta:
        _do(change, actor=actor, today=today, reason=found.name)
    return _close(found, ScenarioState.APPLIED, actor)


def _do(change: Mapping[str, Any], *, actor: User, today: dt.date, reason: str) -> None:
    kind = change["kind"]
    if kind == "absence":
        enter_absence(
            actor=actor,
            resource_id=change["resource"],
            kind=AbsenceKind.OTHER,
            first=dt.date.fromisoformat(change["first"]),
            last=dt.date.fromisoformat(change["last"]),
            note=reason,
        )
    elif kind == "extra":
        enter_extra(
            actor=actor,
            resource_id=change.get("resource"),
            skill_id=change.get("skill"),
            units=int(change["units"]),
            first=dt.date.fromisoformat(change["first"]),
            last=dt.date.fromisoformat(change["last"]),
            note=reason,
        )
    elif kind == "priority":
        set_priority(actor=actor, order_id=change["order"], priority=change["priority"], reason=reason)
    elif kind == "date":
        promise_order(
            actor=actor,
            order_id=change["order"],
            dates=dt.date.fromisoformat(change["date"]),
            today=today,
            channel=Channel.SYSTEM,
            cause=PromiseCause.CAPACITY,
            reason=reason,
            exception_reason=reason,
        )
    else:
        move(actor=actor, order_id=change["order"], verb="hold", today=today, reason=reason)


@transaction.atomic
def discard_scenario(*, actor: User, scenario_id: int, expected_version: int | None) -> Scenario:
    require(actor, "scheduling.scenario")
    return _close(_open(actor, scenario_id, expected_version), ScenarioState.DISCARDED, actor)


def _open(actor: User, scenario_id: int, expected_version: int | None) -> Scenario:
    found = lock(scenarios(actor).select_related(None), expected_version=expected_version, pk=scenario_id)
    if found.state != ScenarioState.OPEN:
        text = N_("The scenario “%(name)s” is closed already.")
        raise Conflict(Reason("scenario.closed", text, {"name": found.name}), current_version=found.version)
    return found


def _close(found: Scenario, state: str, actor: User) -> Scenario:
    found.state, found.closed_at = state, timezone.now()
    save_next(found, fields=["state", "closed_at"])
    record(actor=actor, verb=state, target=found)
    emit("scheduling.changed", label=found.name, by=actor.pk)
    return found
