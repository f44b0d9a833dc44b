"""Look at orders and keep their warnings: after each event, and over everything once a night.

Events only mark an order; however many come, it is looked at once. The nightly look goes order by order and writes down
how far it is: a killed run is taken up where it stopped, a finished one is not repeated.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from django.db import transaction
from django.utils import timezone

from punctual.domain.monitoring import sources
from punctual.domain.monitoring.facts import Gathered, running
from punctual.domain.monitoring.forecast import Outlook, outlook_of_quantiles
from punctual.domain.monitoring.models import ForecastPoint, MilestonePoint, Warning, WarningState, Watch, WatchRun
from punctual.domain.monitoring.rules import findings
from punctual.domain.monitoring.services.warnings import settle
from punctual.domain.monitoring.sources import Found
from punctual.domain.orders.life import RUNNING
from punctual.domain.orders.models import Order, OrderState, ReviewSign
from punctual.domain.orders.selectors import OPEN_SIGNS
from punctual.domain.plans.models import Plan
from punctual.domain.plans.services.editing import roll_status_date
from punctual.domain.plans.work_calendars import plan_time
from punctual.domain.scheduling.models import OrderForecast
from punctual.platform.accounts.models import Role
from punctual.platform.accounts.permissions import Listed
from punctual.platform.jobs.services import call_soon
from punctual.platform.one_picture import one_picture
from punctual.platform.outbox.models import OutboxEvent
from punctual.platform.outbox.services import subscribe

AT_ONCE: Final = 50
"""Orders that are looked at together."""
EVENTS: Final = (
    "plan.changed", "plan.made", "progress.reported", "task.blocked", "task.unblocked", "costs.changed", "time.booked",
    "order.confirmed", "order.started", "order.held", "order.resumed", "order.cancelled", "order.delivered",
    "order.partially_delivered", "order.submitted", "order.returned",
)  # fmt: skip


def listen() -> None:
    """Listen to what may give or take a warning."""
    for kind in EVENTS:
        subscribe(kind, mark_order)
    subscribe("schedule.done", mark_running)


def mark_order(event: OutboxEvent) -> None:
    """Remember that the order of the event has to be looked at again."""
    order_id = event.payload.get("order_id")
    if order_id is None and "plan_id" in event.payload:
        order_id = Plan.objects.filter(pk=event.payload["plan_id"]).values_list("order_id", flat=True).first()
    if order_id is None or not Order.objects.filter(pk=order_id).exists():
        return
    now = timezone.now()
    _, fresh = Watch.objects.update_or_create(
        order_id=order_id, defaults={"since": now}, create_defaults={"since": now}
    )
    if fresh:
        transaction.on_commit(lambda: call_soon("punctual.flows.early_warning.look_at_marked"))


def mark_running(event: OutboxEvent) -> None:
    """A schedule over all orders moves the forecast of every one."""
    Watch.objects.filter(order__state__in=RUNNING).update(since=timezone.now())
    known = set(Watch.objects.values_list("order_id", flat=True))
    ids = Order.objects.filter(state__in=RUNNING).exclude(pk__in=known).values_list("pk", flat=True)
    Watch.objects.bulk_create([Watch(order_id=pk) for pk in ids], batch_size=500, ignore_conflicts=True)
    transaction.on_commit(lambda: call_soon("punctual.flows.early_warning.look_at_marked"))


def look_at_marked() -> int:
    """Look at the marked orders; returns how many. A mark goes when it is done with: one that was set again meanwhile
    stays, and who is killed leaves all of them."""
    looked = 0
    while marked := list(Watch.objects.order_by("since").values_list("pk", "order_id", "since")[:AT_ONCE]):
        look_at([order for _, order, _ in marked], today=timezone.localdate())
        seen = {since for _, _, since in marked}
        Watch.objects.filter(pk__in=[pk for pk, _, _ in marked], since__in=seen).delete()
        looked += len(marked)
    return looked


def look_at(order_ids: Sequence[int], *, today: dt.date) -> tuple[int, int]:
    """Settle all warnings of these orders as of ``today``; returns how many are new and how many gone.

    What is found is computed before anything is locked; whatever changes meanwhile marks its order again.
    """
    with one_picture():
        orders = running(order_ids)
        seen = Gathered(orders, today)
        outlooks = outlooks_of(seen)
        owners = dict(Order.objects.filter(pk__in=order_ids).values_list("pk", "owner_id"))
        found = {"rules": _by_rules(seen, outlooks, today), "approvals": _approvals(order_ids, seen)}
        found |= {name: list(source(order_ids, today)) for name, source in sources.SOURCES.items()}
    with transaction.atomic():
        counts = [settle(rows, source=name, order_ids=order_ids, owners=owners) for name, rows in found.items()]
        _keep_forecasts(seen, outlooks, today)
    return sum(one[0] for one in counts), sum(one[1] for one in counts)


def _by_rules(seen: Gathered, outlooks: Mapping[int, Outlook], today: dt.date) -> list[Found]:
    found: list[Found] = []
    for order in seen.orders:
        facts, limits = seen.facts(order, outlooks.get(order.pk))
        found += findings(facts, limits, today=today)
    return found


def outlooks_of(seen: Gathered) -> dict[int, Outlook]:
    """Order id → when it will be delivered: by the simulated schedule of all orders, else by its own plan."""
    found = {order.pk: seen.outlook(order) for order in seen.orders}
    told = {order.pk: _counted(order) for order in seen.orders}
    simulated = OrderForecast.objects.filter(run__is_current=True, order__in=found)
    for pk, p50, p80 in simulated.values_list("order_id", "p50", "p80"):
        found[pk] = outlook_of_quantiles(p50, p80, told[pk])
    return {pk: outlook for pk, outlook in found.items() if outlook is not None}


def _counted(order: Order) -> tuple[dt.date, float] | None:
    """The due day with the chance that stands on the order's page: a warning must not tell another one."""
    due = order.promised_date or order.requested_date
    return (due, order.confidence / 100) if due and order.confidence is not None else None


def _approvals(order_ids: Sequence[int], seen: Gathered) -> list[Found]:
    hours = seen.thresholds[""].approval_hours
    before = timezone.now() - dt.timedelta(hours=hours)
    signs = ReviewSign.objects.filter(
        state__in=OPEN_SIGNS,
        review__closed_at=None,
        review__order__in=order_ids,
        review__order__state=OrderState.IN_REVIEW,
        review__order__submitted_at__lte=before,
    )
    waiting: dict[int, tuple[Order, list[str]]] = {}
    for sign in signs.select_related("review__order").order_by("pk"):
        waiting.setdefault(sign.review.order_id, (sign.review.order, []))[1].append(sign.role)
    found = []
    for order, roles in waiting.values():
        since = plan_time(order.submitted_at)
        facts = {"roles": roles, "day": since.date().isoformat() if since else ""}
        found.append(Found(f"approval:{order.pk}", "approval", order.pk, url=f"/orders/{order.key}/#sign", facts=facts))
    return found


def role_words(roles: Iterable[str]) -> Listed:
    """Roles as one text in the reader's language."""
    return Listed(Role(role).label for role in roles)


def _keep_forecasts(seen: Gathered, outlooks: dict[int, Outlook], today: dt.date) -> None:
    """Today's word on each order and its milestones."""
    points, marks = [], []
    for order in seen.orders:
        plan, outlook = seen.plans[order.pk], outlooks.get(order.pk)
        due = order.promised_date or order.requested_date
        points.append(
            ForecastPoint(
                order=order,
                day=today,
                planned=plan.planned_date,
                p50=outlook.p50 if outlook else None,
                p80=outlook.p80 if outlook else None,
                promised=due,
                progress=plan.progress,
                confidence=outlook.kept(due) if outlook and due else None,
            )
        )
        for row in seen.tasks[plan.pk]:
            finish = plan_time(row["finish"])
            if row["is_milestone"] and finish is not None:
                done = row["percent"] == 100
                marks.append(
                    MilestonePoint(
                        order=order, task_ref=row["pk"], name=row["name"], day=today, date=finish.date(), done=done
                    )
                )
    ForecastPoint.objects.bulk_create(
        points,
        batch_size=200,
        update_conflicts=True,
        unique_fields=["order", "day"],
        update_fields=["planned", "p50", "p80", "promised", "progress", "confidence"],
    )
    MilestonePoint.objects.bulk_create(
        marks,
        batch_size=200,
        update_conflicts=True,
        unique_fields=["task_ref", "day"],
        update_fields=["name", "date", "done"],
    )


def nightly(today: dt.date | None = None) -> int:
    """Move unfinished work to today and look at every order; returns how many orders this run looked at."""
    today = today or timezone.localdate()
    run, _ = WatchRun.objects.get_or_create(day=today)
    if run.finished_at is not None:
        return 0
    looked = 0
    states = (*RUNNING, OrderState.IN_REVIEW)
    while True:
        rows = Order.objects.filter(state__in=states, pk__gt=run.done_up_to).order_by("pk")
        ids = list(rows.values_list("pk", flat=True)[:AT_ONCE])
        if not ids:
            break
        for plan_id in Plan.objects.filter(order__in=ids).order_by("pk").values_list("pk", flat=True):
            roll_status_date(plan_id=plan_id, today=today)
        look_at(ids, today=today)
        run.done_up_to = ids[-1]
        run.save(update_fields=["done_up_to"])
        looked += len(ids)
    _forget_the_ended(today)
    run.finished_at = timezone.now()
    run.save(update_fields=["finished_at"])
    return looked


@transaction.atomic
def _forget_the_ended(today: dt.date) -> None:
    """What is not about a single order, and the warnings of orders that run no more."""
    for name, source in sources.SOURCES.items():
        loose = [one for one in source(None, today) if one.order_id is None]
        have = Warning.objects.filter(source=name, order=None).exclude(state=WarningState.RESOLVED)
        if loose or have.exists():
            settle_loose(loose, name)
    ended = Warning.objects.exclude(state=WarningState.RESOLVED).filter(order__isnull=False)
    ended = ended.exclude(order__state__in=(*RUNNING, OrderState.IN_REVIEW))
    ended.update(state=WarningState.RESOLVED, resolved_at=timezone.now())


def settle_loose(found: Sequence[Found], source: str) -> None:
    """Findings that belong to no order."""
    live = Warning.objects.filter(source=source, order=None).exclude(state=WarningState.RESOLVED)
    keys = {one.key for one in found}
    live.exclude(key__in=keys).update(state=WarningState.RESOLVED, resolved_at=timezone.now())
    known = set(live.values_list("key", flat=True))
    fresh = [one for one in found if one.key not in known]
    if fresh:
        settle(fresh, source=source, order_ids=[], owners={})
