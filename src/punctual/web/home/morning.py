"""The morning list: over all orders what changed since I last looked and what needs my decision, dearest first."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, F, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from punctual.domain.actions.selectors import open_for
from punctual.domain.monitoring.models import Block, ForecastPoint, LastLook, ProgressReport, Warning, WarningState
from punctual.domain.monitoring.selectors import open_warnings, put_off, to_acknowledge, warnings_of
from punctual.domain.orders.life import RUNNING, Health
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import listed, orders_of, signs_waiting_for, with_health
from punctual.domain.scheduling.models import OrderForecast
from punctual.domain.scheduling.selectors import current_run, forecasts_of
from punctual.flows.why import why_all_late
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.web.formatting import money_text
from punctual.web.monitoring.wording import kind_label, shown, step_html
from punctual.web.orders import marks
from punctual.web.rail import RailFacts, rail

AWAY: Final = dt.timedelta(minutes=30)
SHOWN: Final = 12
TOLD: Final = 12
WITH_CHAIN: Final = 2


def look(actor: User) -> dt.datetime:
    """Since when this reader's list counts what is new; looking again after half an hour away begins anew."""
    now = timezone.now()
    begun = {"since": now - dt.timedelta(days=1), "at": now}
    found, fresh = LastLook.objects.get_or_create(user=actor, defaults=begun)  # two tabs may open at once
    if fresh:
        return found.since
    if now - found.at > AWAY:
        found.since = found.at
    found.at = now
    found.save(update_fields=["since", "at"])
    return found.since


def seen_all(actor: User) -> None:
    """Everything that is only for information has been read."""
    now = timezone.now()
    LastLook.objects.update_or_create(user=actor, defaults={"since": now, "at": now})


def morning(request: HttpRequest, actor: User, today: dt.date) -> dict[str, Any]:
    """Context of the list."""
    since = look(actor)
    scope = request.GET.get("scope", "")
    mine = warnings_of(actor).filter(owner=actor).exclude(state=WarningState.RESOLVED)
    if scope not in ("mine", "all"):
        scope = "mine" if mine.exists() else "all"
    rows = open_warnings(actor, today=today)
    later = put_off(actor, today=today)
    if scope == "mine":
        rows, later = rows.filter(owner=actor), later.filter(owner=actor)
    ranked = _ranked(rows)
    items = _items(actor, rows, ranked[:SHOWN], since)
    reviews = list(signs_waiting_for(actor))
    told = _told(actor, since, scope)
    return {
        "since": since,
        "scope": scope,
        "items": items,
        "more_items": max(0, len(ranked) - SHOWN),
        "item_count": len(ranked),
        "before_schedule": not ranked and may(actor, "scheduling.view") and current_run(actor) is None,
        "total": money_text(sum((one.amount for one in ranked), Decimal(0))),
        "later": [shown(one) for one in later[:20]],
        "told": told,
        "reviews": reviews[:4],
        "review_count": len(reviews),
        "notices": list(to_acknowledge(actor)[:4]),
        "actions": list(open_for(actor).order_by("due")[:5]),
        "now": _now(actor, today, waiting=len(reviews), warnings=sum(one.count for one in ranked)),
        "may_handle": may(actor, "warnings.handle"),
        "tomorrow": today + dt.timedelta(days=1),
    }


@dataclass(slots=True)
class _Ranked:
    """What needs a decision: an order with its warnings (``key`` its id), or one warning of none (less than 0)."""

    key: int
    due: dt.date
    amount: Decimal = Decimal(0)
    count: int = 0


def _ranked(rows: QuerySet[Warning]) -> list[_Ranked]:
    """The dearest first, then what was promised earliest."""
    found: dict[int, _Ranked] = {}
    for pk, order, damage, promised in rows.order_by().values_list("pk", "order", "damage", "order__promised_date"):
        one = found.setdefault(order or -pk, _Ranked(order or -pk, promised or dt.date.max))
        one.amount = max(one.amount, damage or Decimal(0))
        one.count += 1
    return sorted(found.values(), key=lambda one: (-one.amount, one.due, one.key))


def _items(actor: User, rows: QuerySet[Warning], ranked: Sequence[_Ranked], since: dt.datetime) -> list[dict[str, Any]]:
    ids = [one.key for one in ranked if one.key > 0]
    by_order: dict[int, list[Warning]] = defaultdict(list)
    wanted = rows.filter(Q(order__in=ids) | Q(pk__in=[-one.key for one in ranked if one.key < 0]))
    for warning in wanted.select_related(None):  # their orders are read once each, below
        by_order[warning.order_id or -warning.pk].append(warning)
    orders = {order.pk: order for order in listed(actor).filter(pk__in=ids)}
    forecasts = forecasts_of(actor, orders.values())
    before = _kept_before(ids, since)
    items = []
    for one in ranked:
        found = by_order[one.key]
        found.sort(key=lambda row: (row.kind not in ("promise", "overdue"), -(row.damage or 0), row.pk))
        order = orders.get(one.key)
        items.append(
            {
                "order": order,
                "subject": marks.subject(order) if order else "",
                "head": shown(found[0]),
                "others": [shown(row) for row in found[1:6]],
                "more": max(0, len(found) - 6),
                "damage": money_text(one.amount) if one.amount else "—",
                "is_new": any(row.first_seen > since for row in found),
                **(_standing(order, forecasts.get(one.key), found[0], before.get(one.key)) if order else {}),
            }
        )
    _tell_why(actor, [item for item in items[:WITH_CHAIN] if item["order"] is not None])
    return items


def _tell_why(actor: User, items: Sequence[dict[str, Any]]) -> None:
    late = [item for item in items if item["head"]["warning"].kind in ("promise", "overdue")]
    whys = why_all_late(actor, [item["order"] for item in late])
    for item in late:
        steps = whys[item["order"].pk].briefly(4)
        item["chain"] = [(step_html(step), step.root, step.days) for step in steps]


def _standing(order: Order, forecast: OrderForecast | None, head: Warning, before: float | None) -> dict[str, Any]:
    facts = RailFacts(
        promised=order.promised_date,
        requested=order.requested_date,
        planned=forecast.p80 if forecast else order.planned_date,
        planned_from=forecast.p50 if forecast else None,
        tail=forecast.p95 if forecast else None,
    )
    kept = order.confidence if forecast else None
    if kept is None and head.kind == "promise" and head.probability is not None:
        kept = round(100 * (1 - head.probability))
    return {
        "rail": rail(facts, width=206),
        "p50": forecast.p50 if forecast else order.planned_date,
        "p80": forecast.p80 if forecast else None,
        "kept": kept,
        "kept_css": "" if kept is None else "ok" if kept >= 80 else "warn" if kept >= 50 else "late",
        "kept_before": None if before is None else round(100 * before),
    }


def _kept_before(ids: Sequence[int], since: dt.datetime) -> dict[int, float]:
    """Order id → the chance to keep the promise when I last looked."""
    points = ForecastPoint.objects.filter(order__in=ids, day__lte=timezone.localdate(since), confidence__isnull=False)
    rows = points.order_by("day").values_list("order_id", "confidence")
    return {order: kept for order, kept in rows if kept is not None}


def _told(actor: User, since: dt.datetime, scope: str) -> list[dict[str, Any]]:
    """For information: reports that moved a delivery, causes that are gone."""
    orders = orders_of(actor).filter(owner=actor) if scope == "mine" else orders_of(actor)
    reports = ProgressReport.objects.filter(at__gt=since, taken_back_at=None, plan__order__in=orders)
    moved = reports.exclude(finish_before=None).exclude(finish_after=None).exclude(finish_before=F("finish_after"))
    reports = moved.select_related("task", "plan__order", "by").only(
        "at", "finish_before", "finish_after", "task__name", "plan__order__number", "by__display_name", "by__username"
    )
    told: list[dict[str, Any]] = []
    for one in reports[:TOLD]:
        if one.finish_before is None or one.finish_after is None:
            continue
        better = one.finish_after < one.finish_before
        told.append(
            {
                "at": one.at,
                "icon": "trending-up" if better else "trending-down",
                "css": "ok" if better else "warn",
                "order": one.plan.order,
                "text": str(one.task),
                "before": one.finish_before,
                "after": one.finish_after,
                "who": one.by.name if one.by else "",
            }
        )
    gone = warnings_of(actor).filter(state=WarningState.RESOLVED, resolved_at__gt=since, order__in=orders)
    gone = gone.select_related(None).select_related("order").only("kind", "resolved_at", "order__number")
    alike: dict[tuple[int | None, str], dict[str, Any]] = {}
    for warning in gone.order_by("-resolved_at")[: TOLD * 4]:
        label = kind_label(warning)
        row = alike.setdefault(
            (warning.order_id, label),
            {
                "at": warning.resolved_at,
                "icon": "circle-check",
                "css": "ok",
                "order": warning.order,
                "text": label,
                "gone": True,
                "times": 0,
                "who": "",
            },
        )
        row["times"] += 1
    told += alike.values()
    told.sort(key=lambda row: row["at"], reverse=True)
    return told[:TOLD]


def _now(actor: User, today: dt.date, *, waiting: int, warnings: int) -> list[dict[str, Any]]:
    """Six figures, each opening its rows."""
    visible = orders_of(actor)
    first = today.replace(day=1)
    delivered = visible.filter(actual_date__gte=first, actual_date__lte=today, promised_date__isnull=False)
    kept = Count("pk", filter=Q(actual_date__lte=F("promised_date")))
    count, on_time = delivered.order_by().aggregate(all=Count("pk"), kept=kept).values()
    late = with_health(visible, [Health.LATE, Health.OVERDUE], today=today, at_risk_days=5).count()
    risky = with_health(visible, [Health.AT_RISK], today=today, at_risk_days=5).count()
    stuck = Block.objects.filter(cleared_at=None, task__plan__order__in=visible.filter(state__in=RUNNING)).count()
    late_ones = Count("pk", filter=Q(due__lt=today))
    actions, overdue = open_for(actor).order_by().aggregate(all=Count("pk"), late=late_ones).values()
    return [
        {
            "icon": "target-arrow",
            "label": _("On time this month"),
            "value": f"{100 * on_time / count:.1f}%" if count else "—",
            "more": f"{on_time} / {count}",
            "url": "/orders/?state=delivered,accepted,closed",
        },
        {
            "icon": "clock-exclamation",
            "label": _("Will be late"),
            "value": late,
            "css": "late" if late else "",
            "more": _("%(count)d more at risk") % {"count": risky},
            "url": "/orders/?health=late,overdue",
        },
        {
            "icon": "writing-sign",
            "label": _("My reviews"),
            "value": waiting,
            "more": _("waiting for my signature"),
            "url": "/reviews/",
        },
        {
            "icon": "hand-stop",
            "label": _("Blocked tasks"),
            "value": stuck,
            "css": "late" if stuck else "",
            "more": _("cannot go on"),
            "url": "/tasks/?tab=blocked&scope=all",
        },
        {
            "icon": "checklist",
            "label": _("My action items"),
            "value": actions,
            "css": "late" if overdue else "",
            "more": _("%(count)d overdue") % {"count": overdue},
            "url": "/actions/?mine=yes",
        },
        {
            "icon": "alert-triangle",
            "label": _("Early warnings"),
            "value": warnings,
            "more": _("to be dealt with"),
            "url": "/warnings/?state=open",
        },
    ]
