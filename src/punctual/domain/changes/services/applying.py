"""Apply an approved change: the next revision of the order, the plan, a baseline, the notice; and take it back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from punctual.domain.changes.impact import Scenario, as_data, scenario_of
from punctual.domain.changes.life import LIFE
from punctual.domain.changes.models import ChangeOrder, CustomerAnswer
from punctual.domain.changes.rules import against_answer, against_growth, against_order
from punctual.domain.changes.selectors import changes_of
from punctual.domain.changes.services.raising import items_of, page_of
from punctual.domain.changes.services.revisions import content_of, ensure_first_revision, keep_revision
from punctual.domain.changes.work import Work
from punctual.domain.orders import guards
from punctual.domain.orders.inputs import OrderInput, input_of, read_order
from punctual.domain.orders.models import Order, OrderLine
from punctual.domain.orders.selectors import orders_of
from punctual.domain.orders.services.agreed import write_agreed
from punctual.domain.plans.engine_plan import scheduled
from punctual.domain.plans.models import DeliveryStandard, Plan, Task
from punctual.domain.plans.results import reschedule
from punctual.domain.plans.services.baselines import write_baseline
from punctual.domain.plans.services.editing import forget_edits
from punctual.domain.plans.services.making import line_standards, line_templates, single_step
from punctual.domain.plans.state import RowChange, condensed
from punctual.domain.plans.store import Stored, calendars_of, write_rows
from punctual.domain.plans.template_rows import rows_of
from punctual.domain.plans.work_calendars import day_minutes
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role, User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.notifications.services import notify
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next

TOLD: Final = (Role.PLANNER, Role.SUPPLY_CHAIN, Role.QUALITY, Role.FINANCE)
"""Who gets the change notice beside the order's owner."""


def against_applying(change: ChangeOrder) -> list[Reason]:
    """Every reason why it can't be applied now, short of computing it again."""
    needs = change.customer_answer != CustomerAnswer.NOT_NEEDED
    return [
        *LIFE.reasons(change.state, "apply"),
        *against_order(change.order.state),
        *against_answer(change.customer_answer, needs=needs),
    ]


@transaction.atomic
def apply(*, actor: User, change_id: int, today: dt.date, expected_version: int | None = None) -> ChangeOrder:
    """Write the order's next revision and the plan as they would be, or nothing at all."""
    require(actor, "changes.apply")
    change = lock(changes_of(actor).select_related("order"), expected_version=expected_version, pk=change_id)
    order = lock(orders_of(actor).select_related("customer", "owner"), expected_version=None, pk=change.order_id)
    change.order = order
    refuse_if(against_applying(change))
    if Plan.objects.filter(order=order).exists():
        lock(Plan.objects.all(), expected_version=None, order=order)
    found = scenario_of(change, items_of(change), today=today)
    refuse_if(found.reasons)
    refuse_if(against_growth(change.impact or {}, as_data(found)))
    ensure_first_revision(order)
    journal: dict[str, Any] = {"order": content_of(found.before), "standards": _standards_of(found)}
    lines = write_agreed(
        order=order, data=found.wish.after, actor=actor, today=today, verb="apply_change", reason=change.number
    )
    journal["plan"] = _write_plan(found, lines, actor, change, today)
    journal["percents"] = _percents(journal["plan"])
    journal["made_standards"] = _make_standards(found, lines)
    change.revision = keep_revision(order, actor=actor, reason=f"{change.number} {change.title}")
    change.state, change.applied_at = LIFE.after(change.state, "apply"), timezone.now()
    change.journal = journal
    save_next(change)
    changes = [Change(field="state", old="approved", new=change.state)]
    record(actor=actor, verb="apply", target=change, changes=changes)
    _tell(change, actor, N_("Change notice %(number)s: %(title)s (%(order)s) is applied."))
    emit("change_order.applied", change_id=change.pk, number=change.number, order_id=order.pk)
    return change


def _percents(changes: Sequence[RowChange]) -> dict[str, int]:
    """How far the touched tasks are, so that work reported later is noticed."""
    touched = [one["id"] for one in changes if one["kind"] == "task" and one["new"] is not None]
    return {str(pk): percent for pk, percent in Task.objects.filter(pk__in=touched).values_list("pk", "percent")}


def _standards_of(found: Scenario) -> list[dict[str, int]]:
    """Which standards belong to lines that go, so that taking back finds them."""
    if found.plan is None:
        return []
    rows = found.plan.standards.filter(order_line__in=found.wish.removed)
    return [{"id": row.pk, "line": int(row.order_line_id or 0)} for row in rows]


def _write_plan(
    found: Scenario, lines: Sequence[OrderLine], actor: User, change: ChangeOrder, today: dt.date
) -> list[RowChange]:
    """Do the work again on the plan's rows, now with the lines' own ids, and write it."""
    if found.plan is None:
        return []
    plan = Plan.objects.get(pk=found.plan.pk)
    stored = Stored(plan)
    # Tasks of a line that went have lost it in the tables already; the journal must know it from before.
    for task_id, line in _lost_lines(found).items():
        stored.state.tasks[task_id].order_line = line
    calendars = calendars_of(plan, stored.state)
    work = Work(stored.state, number=change.number, today=today, day_minutes=day_minutes(calendars.own))
    work.do(found.before, found.wish, lines)
    changes = condensed(stored.state.journal)
    return _store(plan, stored, changes, actor, name=change.number, reason=change.title)


def _lost_lines(found: Scenario) -> dict[int, int]:
    assert found.stored is not None
    old: dict[int, int] = {}
    for entry in found.stored.state.journal:
        if entry["kind"] == "task" and entry["old"] and entry["id"] > 0 and entry["old"].get("order_line"):
            old.setdefault(entry["id"], entry["old"]["order_line"])
    return {key: line for key, line in old.items() if line in found.wish.removed}


def _store(
    plan: Plan, stored: Stored, changes: list[RowChange], actor: User, *, name: str, reason: str
) -> list[RowChange]:
    scheduled(stored.state, calendars_of(plan, stored.state))  # circles are refused before anything is written
    ids = write_rows(plan, stored.state, changes)
    stored.state.replace_ids(ids)
    changes = condensed(stored.state.journal)
    forget_edits(plan)
    reschedule(plan, stored)
    save_next(plan)
    write_baseline(plan, actor=actor, name=name[:80], reason=reason[:200])
    record(actor=actor, verb="plan_change_order", target=plan, reason=f"{name} {reason}")
    emit("plan.changed", plan_id=plan.pk, order_id=plan.order_id, by=actor.pk)
    return changes


def _make_standards(found: Scenario, lines: Sequence[OrderLine]) -> list[int]:
    """The acceptance criteria of new lines."""
    if found.plan is None:
        return []
    known = {line.id for line in found.before.lines}
    fresh = [line for line in lines if line.pk not in known]
    templates = line_templates(fresh)
    rows = rows_of(templates.values())
    made: list[DeliveryStandard] = []
    first = found.plan.standards.count()
    for line in fresh:
        of_line = rows[templates[line.product_id].pk] if line.product_id in templates else single_step(line)
        made += line_standards(found.plan, line, of_line, first + len(made))
    DeliveryStandard.objects.bulk_create(made)
    return [one.pk for one in made]


def _tell(change: ChangeOrder, actor: User, text: str) -> None:
    people = list(User.objects.filter(role__in=TOLD, is_active=True))
    people += [user for user in (change.order.owner, change.owner) if user is not None]
    notify(
        users=[user for user in people if user.pk != actor.pk],
        kind="change",
        text=text,
        params={"number": change.number, "title": change.title, "order": change.order.label},
        url=page_of(change),
    )


# ------------------------------------------------------------------------------------------------------ taking back


def against_reversing(change: ChangeOrder) -> list[Reason]:
    """Every reason why an applied change can't be taken back."""
    reasons = LIFE.reasons(change.state, "reverse")
    if reasons:
        return reasons
    reasons += against_order(change.order.state)
    newest = change.order.revisions.order_by("-number").first()
    if newest is None or change.revision_id != newest.pk:
        text = N_("The order was changed again after this; take back the later change first.")
        reasons.append(Reason("change.not_last", text))
    journal = change.journal or {}
    if _has_progress(journal):
        text = N_("Work has been reported on what the change brought; a new change order is needed.")
        reasons.append(Reason("change.work_begun", text))
    reasons += _against_delivered(change.order, journal)
    return reasons


def _against_delivered(order: Order, journal: Mapping[str, Any]) -> list[Reason]:
    before = {line["id"] for line in journal.get("order", {}).get("lines", [])}
    if any(line not in before and quantity > 0 for line, quantity in guards.delivered(order).items()):
        return [Reason("change.delivered", N_("Something that the change brought is delivered already."))]
    return []


def _has_progress(journal: Mapping[str, Any]) -> bool:
    """Whether a task that the change made or touched stands elsewhere than when it was applied."""
    kept = {int(task): percent for task, percent in journal.get("percents", {}).items()}
    now = Task.objects.filter(pk__in=kept).values_list("pk", "percent")
    return any(kept[task] != percent for task, percent in now)


@transaction.atomic
def reverse(
    *, actor: User, change_id: int, reason: str, today: dt.date, expected_version: int | None = None
) -> ChangeOrder:
    """Order and plan become what they were; that is the next revision."""
    require(actor, "changes.apply")
    change = lock(
        changes_of(actor).select_related("order", "revision"), expected_version=expected_version, pk=change_id
    )
    order = lock(orders_of(actor).select_related("customer", "owner"), expected_version=None, pk=change.order_id)
    change.order = order
    reasons = against_reversing(change)
    if not reason.strip():
        reasons.append(Reason("change.reverse_reason", N_("Say why."), field="reason"))
    refuse_if(reasons)
    journal = change.journal or {}
    write_agreed(
        order=order, data=_order_before(order, journal), actor=actor, today=today, verb="reverse_change",
        reason=change.number,
    )  # fmt: skip
    DeliveryStandard.objects.filter(pk__in=journal["made_standards"]).delete()
    for row in journal["standards"]:
        DeliveryStandard.objects.filter(pk=row["id"]).update(order_line_id=row["line"])
    plan = Plan.objects.filter(order=order).first()
    if plan is not None:
        stored = Stored(plan)
        stored.state.take_back(journal["plan"])
        name = f"{change.number} ↺"
        _store(plan, stored, condensed(stored.state.journal), actor, name=name, reason=reason)
    keep_revision(order, actor=actor, reason=f"{change.number} ↺ {reason}")
    change.state = LIFE.after(change.state, "reverse")
    save_next(change)
    changes = [Change(field="state", old="applied", new=change.state)]
    record(actor=actor, verb="reverse", target=change, changes=changes, reason=reason.strip())
    _tell(change, actor, N_("Change notice %(number)s: %(title)s (%(order)s) is taken back."))
    emit("change_order.reversed", change_id=change.pk, number=change.number, order_id=order.pk)
    return change


def _order_before(order: Order, journal: Mapping[str, Any]) -> OrderInput:
    """The order as it was, out of the journal's plain text."""
    kept = journal["order"]
    data, reasons = read_order({"lines": kept["lines"]}, before=input_of(order))
    header = {name: kept["header"][name] for name in ("delivery_place", "payment_terms", "customer_po_number", "notes")}
    data, more = read_order(header, before=data)
    refuse_if([*reasons, *more])
    return data
