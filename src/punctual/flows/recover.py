"""Ways out for a late order: levers out of the company's data, options from the engine, one applied in one transaction.

An option is applied by locking what it moves where it was computed (so that the next schedule shows the promised gain),
shortening what is worked on with overtime, and by what people have to do for it: action items, a change notice to
those concerned, a draft to the customer. It is undone as long as nothing of it has begun.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from punctual.domain.actions.models import ActionItem
from punctual.domain.actions.services import cancel_action, open_action
from punctual.domain.monitoring.facts import Gathered, running
from punctual.domain.monitoring.forecast import outlook_of_quantiles
from punctual.domain.monitoring.models import MessageDraft, RecoveryRun, RecoveryState
from punctual.domain.monitoring.selectors import recoveries_of
from punctual.domain.monitoring.services.notices import concerned_by, draft_notice, send_notice, withdraw_notice
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import order_by_id
from punctual.domain.plans.models import Plan, Task
from punctual.domain.plans.services.editing import edit_locked
from punctual.domain.plans.work_calendars import SITE, plan_time
from punctual.domain.resources.models import Resource
from punctual.domain.scheduling.axis import SLOT, Axis
from punctual.domain.scheduling.book import Book, Group
from punctual.domain.scheduling.models import OrderForecast, ScheduleRun, TaskPin
from punctual.domain.scheduling.selectors import axis_of, book_of, chain_in
from punctual.engine.recovery import (
    AlternativeResource,
    BorrowFloat,
    Case,
    Crash,
    Expedite,
    ExtraCapacity,
    Lever,
    Option,
    Outsourcing,
    Recovery,
    Resequence,
    Split,
    recover,
)
from punctual.flows.replan import request_replan
from punctual.flows.why import pool_name
from punctual.kernel.refusal import Conflict, NotFound, Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.jobs.services import Progress, start_job
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next

OVERTIME: Final = 0.75
"""A task worked on with overtime takes at least this share of its time (two hours more a day)."""
OVERTIME_FACTOR: Final = 1.5
USUAL_HOUR: Final = Decimal(100)
WEEKS_OF_SHIFTS: Final = 4
CHECK_AFTER: Final = dt.timedelta(days=7)
MOST_LEVERS: Final = 24


# ------------------------------------------------------------------------------------------------------ computing


@transaction.atomic
def request_recovery(*, actor: User, order_id: int, today: dt.date) -> RecoveryRun:
    """Ask for ways out; they are computed in the background. One that is being computed already is not asked twice."""
    require(actor, "recovery.compute")
    order = order_by_id(actor, order_id)
    recent = timezone.now() - dt.timedelta(minutes=10)
    busy = RecoveryRun.objects.filter(order=order, state=RecoveryState.COMPUTING, created_at__gte=recent).first()
    if busy is not None:
        return busy
    made = RecoveryRun.objects.create(order=order, asked_by=actor, day=today)
    start_job(
        function="punctual.flows.recover.compute_job",
        label=f"Recovery {order.label}",
        actor=actor,
        arguments={"run_id": made.pk},
    )
    return made


def compute_job(progress: Progress, *, run_id: int) -> dict[str, Any]:
    """The background job; a refusal is kept with the run, so that the page can word it."""
    run = RecoveryRun.objects.select_related("asked_by").get(pk=run_id)
    if run.state == RecoveryState.COMPUTING and run.asked_by is not None:
        try:
            compute_recovery(actor=run.asked_by, order_id=run.order_id, today=run.day, into=run)
        except Refusal as refusal:
            RecoveryRun.objects.filter(pk=run.pk).update(
                state=RecoveryState.FAILED, error=[{"text": one.text, "params": _texts(one)} for one in refusal.reasons]
            )
    progress.tell(1, 1)
    return {"recovery": run_id}


def _texts(reason: Reason) -> dict[str, str]:
    return {name: str(value) for name, value in reason.params.items()}


def compute_recovery(
    *, actor: User, order_id: int, today: dt.date, runs: int = 120, into: RecoveryRun | None = None
) -> RecoveryRun:
    """Compute ways out for one order on the current schedule and keep them. Takes seconds."""
    require(actor, "recovery.compute")
    order = order_by_id(actor, order_id)
    began = time.monotonic()
    run, book, axis = _current_book()
    group = _target(book, order.pk)
    levers = levers_of(book, order.pk, group)
    case = Case(
        problem=book.problem,
        schedule=book.schedule,
        now=0,
        order=group.id,
        promises={one.id: one.promise for one in book.groups if one.promise is not None},
    )
    found = recover(case, levers, runs=runs)
    words = _Words(book, axis, levers)
    before = _forecast_data(axis, found.before.planned, found.before.p50, found.before.p80)
    money = _Money(order, today, axis, group)
    options = [_option_data(option, words, axis, money, before) for option in found.options]
    options += _new_promise(order, before, money)
    best = max(options, key=lambda one: one["saved"], default=None)
    for number, one in enumerate(options):
        one["number"] = number
        one["recommended"] = one is best
    with transaction.atomic():
        made = into or RecoveryRun(order=order, asked_by=actor, day=today)
        made.state, made.options = RecoveryState.READY, options
        made.before = {**before, "damage": str(money.damage(before)), "kept": money.kept(before), "run": run.pk}
        made.left_out = [{"lever": words.title(name), "why": reason.code} for name, reason in found.left_out.items()]
        made.versions = {str(pk): version for pk, version in _versions(book, found)}
        made.seconds = round(time.monotonic() - began, 2)
        made.error = [{"text": found.reason.text, "params": _texts(found.reason)}] if found.reason else []
        made.save()
        record(actor=actor, verb="compute", target=made)
    return made


def _current_book() -> tuple[ScheduleRun, Book, Axis]:
    run = ScheduleRun.objects.filter(is_current=True).first()
    book = book_of(run) if run else None
    if run is None or book is None:
        text = N_("There is no schedule over all orders yet; start one, then ways out can be computed.")
        raise Refusal(Reason("recovery.no_schedule", text))
    return run, book, axis_of(book)


def _target(book: Book, order_id: int) -> Group:
    """The delivery that misses its date by most; of those in time the last one."""
    groups = book.groups_of.get(order_id, [])
    if not groups:
        raise Refusal(Reason("recovery.nothing_open", N_("Nothing of this order is left to be scheduled.")))
    return max(groups, key=lambda one: (book.group_ends[one.id] - (one.due if one.due is not None else 10**9), one.id))


def levers_of(book: Book, order_id: int, group: Group) -> list[Lever]:
    """What could be done, from the data at hand: overtime, extra people, other resources, outsourcing, expediting, a
    first delivery, room borrowed from other orders."""
    chain = chain_in(book, order_id)
    on_chain = list(dict.fromkeys(link.task for link in chain))
    pieces = {piece.id: piece for piece in book.pieces}
    rates = _Rates(book)
    made: list[Lever] = []
    for name in on_chain:
        piece = pieces[name]
        if piece.duration >= 4 and piece.demands and piece.fixed is None:
            shortest = max(1, round(piece.duration * OVERTIME))
            price = float(rates.of(piece.demands)) * OVERTIME_FACTOR
            made.append(Crash(f"overtime:{name}", name, shortest, price))
        if piece.gate == "material" and piece.release > 8:
            made.append(Expedite(f"expedite:{name}", name, max(0, piece.release - 40), 120.0))
        made += _others(book, name, rates)
    end = book.order_end(order_id) or 0
    waits = [link.what for link in chain if link.what in book.resources]
    pools = dict.fromkeys([*waits, *(pool for name in on_chain for pool in pieces[name].demands)])
    for pool in list(pools)[:6]:
        windows = tuple((start, start + 40) for start in range(0, min(end + 40, 40 * WEEKS_OF_SHIFTS), 40))
        price = float(rates.hour(pool)) * OVERTIME_FACTOR
        made.append(ExtraCapacity(f"shift:{pool}", pool, windows, 1, price))
    ends = [piece.id for piece in book.pieces if piece.group == group.id and _is_end(book, piece.id)]
    if len(ends) > 1:
        made.append(Split("split", tuple(ends[:-1]), 2000.0))
    made.append(BorrowFloat("borrow"))
    made.append(Resequence("resequence"))
    return made[:MOST_LEVERS]


def _is_end(book: Book, name: str) -> bool:
    return not any(before == name for piece in book.pieces for before, _lag in piece.after)


def _others(book: Book, name: str, rates: _Rates) -> list[Lever]:
    """Other named resources with a skill in common, and suppliers that do this kind of work."""
    piece = next(one for one in book.pieces if one.id == name)
    named = [key for kind, key, _units in piece.needs if kind == "resource"]
    skills = [key for kind, key, _units in piece.needs if kind == "skill"]
    if piece.fixed is not None or not (named or skills):
        return []
    if named:
        skills = list(Resource.objects.filter(pk__in=named).values_list("skills", flat=True))
    rows = Resource.objects.filter(archived_at=None, skills__in=[one for one in skills if one]).exclude(pk__in=named)
    made: list[Lever] = []
    for resource in rows.distinct().order_by("pk")[:3]:
        hours = piece.duration
        price = float((resource.hourly_cost or USUAL_HOUR) * hours)
        if resource.kind == "outsourced":
            made.append(Outsourcing(f"outsource:{name}:{resource.pk}", name, piece.duration, price * 1.3))
        elif named and f"r{resource.pk}" in book.resources:
            made.append(AlternativeResource(f"instead:{name}:{resource.pk}", name, hours, {f"r{resource.pk}": 1}, 0.0))
    return made


class _Rates:
    """What an hour of a pool costs."""

    def __init__(self, book: Book) -> None:
        rows = Resource.objects.filter(archived_at=None).prefetch_related("skills")
        self.by_resource = {row.pk: row.hourly_cost or USUAL_HOUR for row in rows}
        self.by_skill: dict[int, list[Decimal]] = {}
        for row in rows:
            for skill in row.skills.all():
                self.by_skill.setdefault(skill.pk, []).append(row.hourly_cost or USUAL_HOUR)

    def hour(self, pool: str) -> Decimal:
        keys = [int(part) for part in pool[1:].split("-") if part.isdigit()]
        if pool.startswith("r"):
            return self.by_resource.get(keys[0], USUAL_HOUR) if keys else USUAL_HOUR
        known = [rate for key in keys for rate in self.by_skill.get(key, [])]
        return sum(known, Decimal(0)) / len(known) if known else USUAL_HOUR

    def of(self, demands: Mapping[str, int]) -> Decimal:
        """An hour of everybody whom a task takes; overtime brings a quarter more hours for the price of a half more."""
        return sum((self.hour(pool) * units for pool, units in demands.items()), Decimal(0))


# ---------------------------------------------------------------------------------------------------- options in words


class _Words:
    """Levers as titles: a catalogue sentence and its values, worded when shown."""

    def __init__(self, book: Book, axis: Axis, levers: Sequence[Lever]) -> None:
        self.book, self.axis = book, axis
        self.levers = {lever.id: lever for lever in levers}
        self.pieces = {piece.id: piece for piece in book.pieces}

    def title(self, name: str) -> dict[str, Any]:
        lever = self.levers[name]
        values: dict[str, str] = {}
        task = getattr(lever, "task", None)
        if task is not None:
            values["task"] = self.pieces[task].name
        if isinstance(lever, Crash):
            text = N_("Overtime on “%(task)s”")
        elif isinstance(lever, ExtraCapacity):
            text, values = N_("One more person for %(pool)s"), {"pool": pool_name(lever.resource)}
        elif isinstance(lever, Expedite):
            text = N_("Expedite the material for “%(task)s”")
        elif isinstance(lever, AlternativeResource):
            text, values["who"] = N_("“%(task)s” by %(who)s"), pool_name(next(iter(lever.demands)))
        elif isinstance(lever, Outsourcing):
            who = Resource.objects.filter(pk=int(name.rsplit(":", 1)[1])).first()
            text, values["who"] = N_("“%(task)s” outsourced to %(who)s"), str(who)
        elif isinstance(lever, Split):
            text = N_("Deliver in two parts")
        elif isinstance(lever, BorrowFloat):
            text = N_("Borrow room from orders that have float")
        else:
            text = N_("Put this order first")
        return {"text": text, "params": values, "kind": lever.kind}

    def detail(self, name: str, amounts: Mapping[str, int]) -> str:
        hours = sum(amounts.values())
        return str(hours) if hours else ""


class _Money:
    """Expected damage of a forecast, with the order's own stakes."""

    def __init__(self, order: Order, today: dt.date, axis: Axis, group: Group) -> None:
        seen = Gathered(running([order.pk]), today)
        self.stakes = seen.stakes(seen.orders[0]) if seen.orders else None
        self.due = order.promised_date or order.requested_date
        self.key = order.key

    def damage(self, forecast: Mapping[str, str]) -> Decimal:
        if self.stakes is None or self.due is None:
            return Decimal(0)
        out = outlook_of_quantiles(dt.date.fromisoformat(forecast["p50"]), dt.date.fromisoformat(forecast["p80"]))
        return self.stakes.cost(out.days_late(self.due))

    def kept(self, forecast: Mapping[str, str]) -> float | None:
        if self.due is None:
            return None
        out = outlook_of_quantiles(dt.date.fromisoformat(forecast["p50"]), dt.date.fromisoformat(forecast["p80"]))
        return round(out.kept(self.due), 3)


def _forecast_data(axis: Axis, planned: float, p50: float, p80: float) -> dict[str, str]:
    return {
        "planned": axis.day_of(round(planned)).isoformat(),
        "p50": axis.day_of(round(p50)).isoformat(),
        "p80": axis.day_of(round(p80)).isoformat(),
    }


def _between(before: Mapping[str, str], after: Mapping[str, str], name: str) -> int:
    """Calendar days by which it comes earlier."""
    return (dt.date.fromisoformat(before[name]) - dt.date.fromisoformat(after[name])).days


def _option_data(option: Option, words: _Words, axis: Axis, money: _Money, before: Mapping[str, str]) -> dict[str, Any]:
    after = _forecast_data(axis, option.forecast.planned, option.forecast.p50, option.forecast.p80)
    cost = Decimal(round(option.cost))
    damage, base = money.damage(after), money.damage(before)
    touched = [row for row in _touched(option, words.book) if row["key"] != money.key]
    return {
        **after,
        "kind": option.uses[0].kind if option.uses else "resequence",
        "titles": [words.title(use.lever) for use in option.uses],
        "uses": [
            {"title": words.title(use.lever), "hours": words.detail(use.lever, use.amounts), "cost": round(use.cost)}
            for use in option.uses
        ],
        "gain_p50": _between(before, after, "p50"),
        "gain_p80": _between(before, after, "p80"),
        "cost": str(cost),
        "damage": str(damage),
        "saved": float(base - damage - cost),
        "kept": money.kept(after),
        "touched": touched,
        "keeps": option.keeps_deadline,
        "needs_customer": any(use.kind == "split" for use in option.uses),
        "patch": option.patch.as_data(),
    }


def _touched(option: Option, book: Book) -> list[dict[str, Any]]:
    """Other orders that move, one row each: tasks, and days by which its last delivery moves (positive: later)."""
    found: dict[int, dict[str, Any]] = {}
    orders = {group.id: group.order for group in book.groups}
    for name, one in option.touched.items():
        entry = book.entries.get(orders.get(name, 0))
        if entry is None:
            continue
        row = found.setdefault(entry.id, {"label": entry.label, "key": entry.key, "tasks": 0, "days": 0.0})
        row["tasks"] += one.tasks
        row["days"] = max(row["days"], round(one.end / 8, 1))
    return list(found.values())


def _new_promise(order: Order, before: Mapping[str, str], money: _Money) -> list[dict[str, Any]]:
    """To tell the customer a date that is kept with 80 percent."""
    if order.promised_date is None or dt.date.fromisoformat(before["p80"]) <= order.promised_date:
        return []
    return [
        {
            **before,
            "kind": "new_promise",
            "titles": [
                {"text": N_("Agree on a new date: %(day)s"), "params": {"day": before["p80"]}, "kind": "promise"}
            ],
            "uses": [],
            "gain_p50": 0,
            "gain_p80": 0,
            "cost": "0",
            "damage": str(money.damage(before)),
            "saved": 0.0,
            "kept": money.kept(before),
            "touched": [],
            "keeps": False,
            "needs_customer": True,
            "patch": {"capacity": {}, "modes": {}, "releases": {}, "delivery": [], "starts": {}},
        }
    ]


def _versions(book: Book, found: Recovery) -> list[tuple[int, int]]:
    """Plan id → version of every plan that an option changes."""
    ids = {
        int(name) for option in found.options for name in (*option.patch.starts, *option.patch.modes) if name.isdigit()
    }
    rows = Plan.objects.filter(tasks__in=ids).distinct()
    return list(rows.values_list("pk", "version"))


# ------------------------------------------------------------------------------------------------------- applying


def _ready(actor: User, run_id: int, expected_version: int | None) -> RecoveryRun:
    return lock(recoveries_of(actor), expected_version=expected_version, pk=run_id)


@transaction.atomic
def apply_option(
    *, actor: User, run_id: int, number: int, today: dt.date, expected_version: int | None = None
) -> RecoveryRun:
    """Apply one option: plans, locks, action items, change notice, draft to the customer; then plan again.

    Refused when a plan that it changes has moved on since it was computed: compute again.
    """
    require(actor, "recovery.apply")
    run = _ready(actor, run_id, expected_version)
    if run.state != RecoveryState.READY:
        raise Refusal(Reason("recovery.state", N_("These ways out are settled already; compute new ones.")))
    option = next((one for one in run.options if one["number"] == number), None)
    if option is None:
        raise NotFound(Reason("recovery.option", N_("There is no such way out.")))
    patch = option["patch"]
    changed = {int(name) for name in (*patch["starts"], *patch["modes"]) if name.isdigit()}
    tasks = {task.pk: task for task in Task.objects.filter(pk__in=changed).select_related("plan__order")}
    plans = _unchanged_plans(run, {task.plan_id for task in tasks.values()})
    axis = axis_of(book_of(ScheduleRun.objects.get(pk=run.before["run"])) or _current_book()[1])
    moves = _moves(tasks, patch, axis)
    durations = _shorten(plans, tasks, patch, actor, today)
    pins = _pin(tasks, patch, axis, actor)
    title = _title(option)
    items = _to_do(run, option, actor, today)
    notice = draft_notice(
        actor=actor, order=run.order, title=title, why=_why_text(run, option), moves=moves, source=run
    )
    people = concerned_by(run.order, tasks.values())
    if people:
        send_notice(actor=actor, notice_id=notice.pk, people=people)
    draft = _customer_draft(run, option, actor)
    run.state, run.chosen, run.applied_by, run.applied_at = RecoveryState.APPLIED, number, actor, timezone.now()
    run.check_on = today + CHECK_AFTER
    run.applied = {
        "pins": pins,
        "durations": durations,
        "items": [item.pk for item in items],
        "notice": notice.pk,
        "draft": draft.pk,
    }
    save_next(run)
    record(actor=actor, verb="apply", target=run, changes=[Change(field="option", old=None, new=title)])
    emit("recovery.applied", recovery_id=run.pk, order_id=run.order_id, by=actor.pk)
    request_replan(why="recovery", label=run.order.label, actor=actor)
    return run


def _unchanged_plans(run: RecoveryRun, plan_ids: set[int]) -> dict[int, Plan]:
    plans = {
        p.pk: p for p in Plan.objects.select_for_update(of=("self",)).filter(pk__in=plan_ids).select_related("order")
    }
    for pk, plan in plans.items():
        known = run.versions.get(str(pk))
        if known is not None and plan.version != known:
            text = N_("The plan of %(order)s has changed since these ways out were computed. Compute them again.")
            reason = Reason("recovery.outdated", text, {"order": plan.order.label})
            raise Conflict(reason, current_version=plan.version)
    return plans


def _moves(tasks: Mapping[int, Task], patch: Mapping[str, Any], axis: Axis) -> list[dict[str, Any]]:
    moves = []
    for name, slot in patch["starts"].items():
        task = tasks.get(int(name)) if name.isdigit() else None
        before = plan_time(task.start) if task else None
        if task is None or before is None:
            continue
        moves.append(
            {
                "task": task.pk,
                "name": str(task),
                "order": task.plan.order.label,
                "key": task.plan.order.key,
                "from": before.date().isoformat(),
                "to": axis.start_of(slot).date().isoformat(),
            }
        )
    return moves


def _shorten(
    plans: Mapping[int, Plan], tasks: Mapping[int, Task], patch: Mapping[str, Any], actor: User, today: dt.date
) -> dict[str, int]:
    """Shorter durations of what is worked on with overtime; returns the durations before."""
    before: dict[str, int] = {}
    for name, mode in patch["modes"].items():
        task = tasks.get(int(name)) if name.isdigit() else None
        minutes = int(mode["duration"]) * SLOT
        if task is None or task.actual_start is not None or minutes >= task.duration:
            continue
        before[name] = task.duration
        command = {"verb": "resize", "task": task.pk, "duration": minutes}
        edit_locked(plans[task.plan_id], actor=actor, today=today, command=command)
    return before


def _pin(tasks: Mapping[int, Task], patch: Mapping[str, Any], axis: Axis, actor: User) -> list[int]:
    """Lock what moves where it was computed; what was locked before keeps its lock."""
    locked = set(TaskPin.objects.filter(task__in=tasks).values_list("task_id", flat=True))
    made = [
        TaskPin(task_id=int(name), start=axis.start_of(slot).replace(tzinfo=SITE), by=actor)
        for name, slot in patch["starts"].items()
        if name.isdigit() and int(name) in tasks and int(name) not in locked
    ]
    TaskPin.objects.bulk_create(made)
    return [pin.task_id for pin in made]


def worded_title(title: Mapping[str, Any]) -> str:
    """One lever in the language that is active."""
    params = dict(title["params"])
    return str(_(title["text"]) % params if params else _(title["text"]))


def _title(option: Mapping[str, Any]) -> str:
    return " + ".join(worded_title(one) for one in option["titles"])[:200]


def _why_text(run: RecoveryRun, option: Mapping[str, Any]) -> str:
    words = _("%(order)s would be late (P80 %(before)s). With this the P80 is %(after)s.")
    return words % {"order": run.order.label, "before": run.before["p80"], "after": option["p80"]}


def _to_do(run: RecoveryRun, option: Mapping[str, Any], actor: User, today: dt.date) -> list[ActionItem]:
    """One action item for each lever: somebody has to arrange it, and its effect is looked at later."""
    owner = run.order.owner or actor
    with translation.override(owner.language or translation.get_language()):
        titles = [worded_title(one) for one in option["titles"]]
    return [
        open_action(
            actor=actor,
            title=f"{run.order.label}: {title}"[:200],
            owner=owner,
            due=today + dt.timedelta(days=2),
            order=run.order,
            cause=run,
            check_effect_on=today + CHECK_AFTER,
        )
        for title in titles
    ]


def _customer_draft(run: RecoveryRun, option: Mapping[str, Any], actor: User) -> MessageDraft:
    order = run.order
    if option["needs_customer"]:
        subject = _("%(order)s: we would like to agree on the delivery date") % {"order": order.label}
        text = _("We expect to deliver by %(day)s. May we agree on this date with you?") % {"day": option["p80"]}
    else:
        subject = _("%(order)s: delivery date stays") % {"order": order.label}
        words = _("We have taken measures; the agreed date of %(day)s stays.")
        text = words % {"day": (order.promised_date or option["planned"])}
    return MessageDraft.objects.create(order=order, subject=subject[:200], text=text, created_by=actor)


@transaction.atomic
def undo_option(*, actor: User, run_id: int, today: dt.date, expected_version: int | None = None) -> RecoveryRun:
    """Take an applied option back while nothing that it moved has begun."""
    require(actor, "recovery.apply")
    run = _ready(actor, run_id, expected_version)
    if run.state != RecoveryState.APPLIED:
        raise Refusal(Reason("recovery.not_applied", N_("This way out is not applied.")))
    ids = {*run.applied["pins"], *(int(name) for name in run.applied["durations"])}
    begun = Task.objects.filter(pk__in=ids, actual_start__isnull=False, actual_start__gte=run.applied_at).first()
    if begun is not None:
        text = N_("“%(task)s” has begun as agreed; the way out can't be taken back any more.")
        raise Refusal(Reason("recovery.begun", text, {"task": str(begun)}))
    since = (run.applied_at or timezone.now()) - dt.timedelta(minutes=5)
    TaskPin.objects.filter(task__in=run.applied["pins"], at__gte=since).delete()
    for name, minutes in run.applied["durations"].items():
        task = Task.objects.get(pk=int(name))
        plan = Plan.objects.select_for_update(of=("self",)).select_related("order").get(pk=task.plan_id)
        command = {"verb": "resize", "task": task.pk, "duration": minutes}
        edit_locked(plan, actor=actor, today=today, command=command)
    for item in ActionItem.objects.filter(pk__in=run.applied["items"], state="open"):
        cancel_action(actor=actor, action_id=item.pk, note=_("The way out was taken back."))
    withdraw_notice(actor=actor, notice_id=run.applied["notice"])
    MessageDraft.objects.filter(pk=run.applied["draft"], state="draft").delete()
    run.state, run.check_on = RecoveryState.UNDONE, None
    save_next(run)
    record(actor=actor, verb="undo", target=run)
    emit("recovery.undone", recovery_id=run.pk, order_id=run.order_id, by=actor.pk)
    request_replan(why="recovery", label=run.order.label, actor=actor)
    return run


def check_effects(today: dt.date) -> int:
    """By the clock: did what was applied hold? Compares the order's forecast now with what was promised."""
    due = RecoveryRun.objects.filter(state=RecoveryState.APPLIED, held=None, check_on__lte=today)
    checked = 0
    for run in due.select_related("order"):
        option = next(one for one in run.options if one["number"] == run.chosen)
        now = OrderForecast.objects.filter(run__is_current=True, order=run.order).first()
        planned = run.order.actual_date or (now.planned if now else run.order.planned_date)
        run.held = planned is not None and planned <= dt.date.fromisoformat(option["p80"])
        run.save(update_fields=["held"])
        checked += 1
    return checked


def check_effects_today() -> int:
    """Called by the clock."""
    return check_effects(timezone.localdate())
