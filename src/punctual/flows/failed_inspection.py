"""A failed inspection: the verdict opens a nonconformity; its disposition puts rework into the plan, books what it
costs in days and money, opens the re-inspection and drafts what the supplier bears."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from punctual.domain.orders.models import Order
from punctual.domain.plans.models import Plan, Task
from punctual.domain.plans.services.editing import WhatIf, edit_plan, what_if
from punctual.domain.quality.life import NCR
from punctual.domain.quality.models import (
    CostKind,
    Disposition,
    Inspection,
    NcrState,
    Nonconformity,
    Origin,
)
from punctual.domain.quality.models.plans import CHARACTERISTIC_FIELDS
from punctual.domain.quality.rules import Verdict, reasons_against_disposition
from punctual.domain.quality.selectors import ncrs_of
from punctual.domain.quality.services.capas import reopen_for_same_cause
from punctual.domain.quality.services.charts import refresh_charts_of
from punctual.domain.quality.services.inspections import (
    LotIn,
    judge_inspection,
    make_inspection,
    rule_in_force,
    settle_point,
)
from punctual.domain.quality.services.ncrs import (
    LossIn,
    NcrIn,
    draft_debit_note,
    open_ncr,
    reasons_against_loss,
    reopen_failed,
    write_loss,
)
from punctual.domain.scheduling.altered import Effect
from punctual.domain.scheduling.models import OrderForecast
from punctual.flows.plan_effect import Ahead, ahead_of, effect_on_schedule
from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.notifications.services import notify
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next

WORK: Final = frozenset(
    {Disposition.REWORK, Disposition.REPAIR, Disposition.SORT, Disposition.SCRAP, Disposition.RETURN}
)
"""Dispositions that take time before the work can go on."""
LONGEST_MINUTES: Final = 366 * 24 * 60


@dataclass(frozen=True, slots=True)
class Judged:
    """What submitting gave; ``ncr`` where the lot was rejected."""

    inspection: Inspection
    verdict: Verdict
    ncr: Nonconformity | None = None


@transaction.atomic
def submit_inspection(
    *, actor: User, inspection_id: int, today: dt.date, expected_version: int | None = None
) -> Judged:
    """Give the verdict. A rejected lot opens a nonconformity at once; a rejected re-inspection sends the one that it
    belongs to back to be decided anew. Control charts look at the new values."""
    found, verdict = judge_inspection(actor=actor, inspection_id=inspection_id, expected_version=expected_version)
    refresh_charts_of(found)
    if verdict.accepted:
        return Judged(found, verdict)
    return Judged(found, verdict, _nonconformity_of(found, verdict, actor, today))


def _nonconformity_of(found: Inspection, verdict: Verdict, actor: User, today: dt.date) -> Nonconformity:
    first = Nonconformity.objects.select_for_update(of=("self",)).filter(
        recheck=found, state__in=[NcrState.DISPOSED, NcrState.VERIFIED]
    )
    again = first.first()
    if again is not None:
        reopen_failed(again, actor, f"{found.number}: {verdict.why.worded()}")
        return again
    defects = " · ".join(f"{one.name} {one.quantity}" for one in found.defects.all())
    bad = list(found.items.filter(measurements__is_ok=False).distinct().values_list("name", flat=True))
    title = f"{found.item_name} {defects or ' · '.join(bad)}".strip()
    critical = found.items.filter(measurements__is_ok=False, defect_class="critical").exists()
    given = NcrIn(
        title=f"{title} {found.nonconforming}/{found.inspected}"[:160],
        origin=Origin.INSPECTION.value,
        defect_class="critical" if critical else found.point.defect_class if found.point else "major",
        order=found.order,
        task=found.task,
        supplier=found.supplier,
        product_id=found.product_id,
        inspection=found,
        source=(found.source_type, found.source_id or 0, found.source_label),
        item_key=found.item_key,
        item_name=found.item_name,
        lot_no=found.lot_no,
        quantity=found.lot_size,
        nonconforming=found.nonconforming,
        unit=found.unit,
    )
    return open_ncr(actor=actor, given=given, today=today)


# ----------------------------------------------------------------------------------------------------- disposition


@dataclass(frozen=True, slots=True)
class DispositionIn:
    """What is done with it. ``work_minutes`` and ``recheck_minutes`` are working time; 0 = none. ``cost`` is what it
    costs us, ``supplier_share`` what the supplier is asked to bear of it."""

    disposition: str
    note: str = ""
    customer_agreed: str = ""
    work_name: str = ""
    work_minutes: int = 0
    recheck_minutes: int = 0
    skill: int | None = None
    cost: Decimal = Decimal(0)
    supplier_share: Decimal = Decimal(0)
    cause: str = ""


def reasons_against(ncr: Nonconformity, given: DispositionIn) -> list[Reason]:
    """Everything that speaks against this disposition of this nonconformity."""
    reasons = reasons_against_disposition(
        given.disposition,
        known=Disposition.values,
        has_supplier=ncr.supplier_id is not None,
        customer_agreed=given.customer_agreed,
        has_order=ncr.order_id is not None,
        critical=ncr.defect_class == "critical",
    )
    for minutes, field in ((given.work_minutes, "work_minutes"), (given.recheck_minutes, "recheck_minutes")):
        if not 0 <= minutes <= LONGEST_MINUTES:
            text = N_("Working time is 0 or more and at most a year.")
            reasons.append(Reason("ncr.minutes", text, field=field))
    if given.disposition in (Disposition.REWORK, Disposition.REPAIR, Disposition.SORT) and not given.work_minutes:
        text = N_("Say how long the work takes; the plan needs it.")
        reasons.append(Reason("ncr.work_minutes", text, field="work_minutes"))
    reasons += reasons_against_loss(LossIn("x", given.cost))
    if not given.supplier_share.is_finite() or not 0 <= given.supplier_share <= given.cost:
        text = N_("The supplier bears from 0 to the whole cost.")
        reasons.append(Reason("ncr.supplier_share", text, field="supplier_share"))
    elif given.supplier_share and ncr.supplier_id is None:
        text = N_("No supplier is named who could bear a part.")
        reasons.append(Reason("ncr.share_no_supplier", text, field="supplier_share"))
    return reasons


def steps_of(ncr: Nonconformity, given: DispositionIn) -> list[dict[str, Any]]:
    """What comes into the plan: the work, then the re-inspection."""
    if given.disposition not in WORK or ncr.task_id is None:
        return []
    label = Disposition(given.disposition).label
    steps: list[dict[str, Any]] = []
    if given.work_minutes:
        name = given.work_name.strip() or f"{label} {ncr.number}"
        steps.append({"name": name[:120], "duration": given.work_minutes, "skill": given.skill})
    if given.recheck_minutes:
        steps.append({"name": f"{RECHECK} {ncr.number}"[:120], "duration": given.recheck_minutes})
    return steps


RECHECK: Final = "复检"
"""Name of the re-inspection's task: data of the plan, in the company's language."""


def _command(ncr: Nonconformity, steps: Sequence[dict[str, Any]], today: dt.date) -> dict[str, Any]:
    return {"verb": "insert", "after": ncr.task_id, "steps": list(steps), "not_before": today.isoformat()}


def looked_at(ncr: Nonconformity, given: DispositionIn, *, today: dt.date) -> WhatIf | None:
    """The order's plan with this disposition; None without an order or a plan, and where nothing comes into it.
    Nothing is written."""
    plan = Plan.objects.select_related("order").filter(order_id=ncr.order_id or 0).first()
    steps = steps_of(ncr, given)
    if plan is None or not steps:
        return None
    try:
        return what_if(plan, today=today, commands=[_command(ncr, steps, today)])
    except Refusal:
        return None


def planned_if(ncr: Nonconformity, given: DispositionIn, *, today: dt.date) -> dt.date | None:
    """When the order would be delivered by this disposition; None without an order or a plan."""
    if steps_of(ncr, given):
        found = looked_at(ncr, given, today=today)
        return found.planned_after if found else None
    return ncr.order.planned_date if ncr.order else None


@transaction.atomic
def decide_disposition(
    *, actor: User, ncr_id: int, given: DispositionIn, today: dt.date, expected_version: int | None = None
) -> Nonconformity:
    """Decide by name what is done with it, and let everything follow at once: rework and re-inspection stand in the
    plan, the dates are computed anew, days and cost are booked on the order and on the cause."""
    require(actor, "quality.dispose")
    visible = ncrs_of(actor).select_related("order__owner", "task", "supplier", "inspection__point")
    ncr = lock(visible, expected_version=expected_version, pk=ncr_id)
    refuse_if([*NCR.reasons(ncr.state, "dispose"), *reasons_against(ncr, given)])
    ncr.cause = given.cause or ncr.cause
    ncr.planned_before = ncr.order.planned_date if ncr.order else None
    _put_into_plan(ncr, actor, given, today)
    ncr.recheck = _recheck(ncr, actor, given, today)
    _book(ncr, actor, given, today)
    old, ncr.state = ncr.state, NCR.after(ncr.state, "dispose")
    ncr.disposition, ncr.disposition_note = given.disposition, given.note.strip()
    ncr.customer_agreed = given.customer_agreed.strip()[:200]
    ncr.disposed_by, ncr.disposed_at = actor, timezone.now()
    save_next(ncr)
    changes = [
        Change(field="state", old=old, new=ncr.state),
        Change(field="disposition", old=None, new=given.disposition),
        Change(field="days_lost", old=None, new=ncr.days_lost),
    ]
    record(actor=actor, verb="dispose", target=ncr, changes=changes, reason=given.note.strip())
    reopen_for_same_cause(ncr, actor=actor)
    _tell(ncr, actor)
    emit("ncr.disposed", ncr_id=ncr.pk, order_id=ncr.order_id, disposition=given.disposition, days=ncr.days_lost)
    return ncr


def _put_into_plan(ncr: Nonconformity, actor: User, given: DispositionIn, today: dt.date) -> None:
    plan = Plan.objects.filter(order_id=ncr.order_id or 0).first()
    steps = steps_of(ncr, given)
    if plan is None or not steps:
        ncr.planned_after = ncr.planned_before
        return
    edited = edit_plan(
        plan_id=plan.pk,
        actor=actor,
        today=today,
        expected_version=None,
        command=_command(ncr, steps, today),
        permission="quality.dispose",
    )
    made = list(Task.objects.filter(pk__in=edited.created).order_by("sequence"))
    ncr.rework_task = made[0] if given.work_minutes else None
    ncr.recheck_task = made[-1] if given.recheck_minutes else None
    assert ncr.order_id is not None
    order = Order.objects.get(pk=ncr.order_id)
    ncr.planned_after = order.planned_date
    if ncr.planned_before and ncr.planned_after:
        ncr.days_lost += (ncr.planned_after - ncr.planned_before).days


def _recheck(ncr: Nonconformity, actor: User, given: DispositionIn, today: dt.date) -> Inspection | None:
    """The re-inspection of what was worked on; it does not count for the switching rules."""
    source = ncr.inspection
    if source is None or not given.recheck_minutes:
        return None
    task = ncr.recheck_task
    lot = LotIn(
        stage=source.stage,
        item_name=source.item_name,
        lot_size=source.lot_size,
        rule=rule_in_force(source),
        item_key=source.item_key,
        unit=source.unit,
        lot_no=source.lot_no,
        order=source.order,
        supplier=source.supplier,
        product_id=source.product_id,
        task_id=task.pk if task else None,
        point=source.point,
        source=(source.source_type, source.source_id or 0, source.source_label),
        role=source.role,
        due=task.finish.date() if task and task.finish else None,
        entry=source.entry,
        needs_certificate=source.needs_certificate,
        is_first=False,
        characteristics=[{name: getattr(one, name) for name in CHARACTERISTIC_FIELDS} for one in source.items.all()],
    )
    made = make_inspection(actor=actor, lot=lot, today=today)
    settle_point(source.point)
    return made


def _book(ncr: Nonconformity, actor: User, given: DispositionIn, today: dt.date) -> None:
    days = 0
    if ncr.planned_before and ncr.planned_after:
        days = (ncr.planned_after - ncr.planned_before).days
    if not given.cost and not days:
        return
    kind = CostKind.EXTERNAL if ncr.origin == Origin.COMPLAINT else CostKind.INTERNAL
    name = f"{Disposition(given.disposition).label} {ncr.number}"
    write_loss(ncr, actor, LossIn(name, given.cost, kind.value, days), today)
    if given.supplier_share:
        ncr.supplier_share += given.supplier_share
        draft_debit_note(ncr, actor, given.supplier_share, today)


def _tell(ncr: Nonconformity, actor: User) -> None:
    if ncr.order is None or ncr.order.owner is None or ncr.order.owner == actor:
        return
    notify(
        users=[ncr.order.owner],
        kind="quality",
        text=N_("%(number)s of %(order)s is decided: %(days)s days, planned delivery %(planned)s."),
        params={
            "number": ncr.number,
            "order": ncr.order.label,
            "days": ncr.days_lost,
            "planned": ncr.planned_after.isoformat() if ncr.planned_after else "—",
        },
        url=f"/ncr/{ncr.pk}/",
    )


@dataclass(frozen=True, slots=True)
class Option:
    """A way out: ``reasons`` = why it is impossible here; ``planned`` with ``days`` against today's plan, and what the
    schedule over all orders makes of it, where there is one."""

    disposition: str
    label: str
    planned: dt.date | None
    days: int | None
    reasons: tuple[Reason, ...]
    ahead: Ahead | None = None


def options_of(ncr: Nonconformity, *, work: int, recheck: int, today: dt.date) -> tuple[list[Option], Ahead | None]:
    """Every disposition with the date that it gives at this much work, impossible ones with the reason; and the order
    as it stands. Dispositions that take time take the same time here, so they are simulated once."""
    takes = DispositionIn(
        Disposition.REWORK.value, customer_agreed="x", work_minutes=work, recheck_minutes=recheck
    )  # which of them it is makes no difference to the dates
    effect = _effect(ncr, takes, today)
    now, later = (ahead_of(effect.before), ahead_of(effect.after)) if effect else (outlook_of(ncr), None)
    before = ncr.order.planned_date if ncr.order else None
    with_work = planned_if(ncr, takes, today=today)
    options = []
    for one in Disposition:
        in_time = one in WORK and bool(steps_of(ncr, takes))
        given = DispositionIn(
            one.value,
            customer_agreed="x",
            work_minutes=work if one in WORK else 0,
            recheck_minutes=recheck if one in WORK else 0,
        )
        reasons = tuple(reasons_against(ncr, given))
        planned = None if reasons else with_work if in_time else before
        days = (planned - before).days if planned and before else None
        ahead = None if reasons else later if in_time else now
        options.append(Option(one.value, str(one.label), planned, days, reasons, ahead))
    return options, now


def _effect(ncr: Nonconformity, given: DispositionIn, today: dt.date) -> Effect | None:
    found = looked_at(ncr, given, today=today)
    plan = Plan.objects.select_related("order").filter(order_id=ncr.order_id or 0).first()
    return effect_on_schedule(plan, found.state, found.after) if found and plan else None


def outlook_of(ncr: Nonconformity) -> Ahead | None:
    """What the current schedule says of the order as it is."""
    row = OrderForecast.objects.filter(run__is_current=True, order_id=ncr.order_id or 0).first()
    return ahead_of(row) if row else None
