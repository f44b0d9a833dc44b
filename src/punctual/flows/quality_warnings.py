"""Warnings that quality feeds: what is not settled and stops an order, and what a control chart signals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from django.db.models import QuerySet

from punctual.domain.monitoring import sources
from punctual.domain.monitoring.sources import Found
from punctual.domain.quality.life import STOPPING
from punctual.domain.quality.models import ChartSignal, CorrectiveAction, Nonconformity
from punctual.flows.early_warning import mark_order
from punctual.kernel.wording import N_
from punctual.platform.outbox.services import subscribe

EVENTS = ("ncr.opened", "ncr.contained", "ncr.disposed", "ncr.verified", "ncr.cancelled", "chart.signal")


def listen() -> None:
    """Declare what quality warns of, and look again when it changes."""
    sources.declare(
        "quality_ncr",
        icon="circle-x",
        label=N_("Nonconformity"),
        sentence=N_("%(number)s “%(title)s” is not settled; it stops the next task and the delivery."),
        action=N_("Decide what is done with it."),
    )
    sources.declare(
        "quality_signal",
        icon="chart-line",
        label=N_("Control chart"),
        sentence=N_("Control chart “%(name)s” shows a signal (rule %(rule)s) since %(number)s."),
        action=N_("Find the cause and answer the signal."),
    )
    sources.declare(
        "quality_8d",
        icon="list-check",
        label=N_("8D report"),
        sentence=N_("D%(step)s of %(number)s “%(title)s” was due on %(due)s."),
        action=N_("Ask for the step."),
    )
    sources.declare(
        "quality_effect",
        icon="list-check",
        label=N_("8D report"),
        sentence=N_("Whether %(number)s “%(title)s” helped was to be looked at on %(due)s."),
        action=N_("Look whether it came back, and say what was seen."),
    )
    sources.register("quality", warnings)
    for kind in EVENTS:
        subscribe(kind, mark_order)


def warnings(order_ids: Sequence[int] | None, today: dt.date) -> Iterable[Found]:
    """Everything of these orders, or with None of all and of none."""
    yield from _ncrs(_of_orders(Nonconformity.objects.filter(state__in=STOPPING).exclude(order=None), order_ids))
    signals = ChartSignal.objects.filter(answered_at=None).select_related("chart", "inspection")
    yield from _signals(_of_orders(signals, order_ids, "chart__order_id"))
    open_reports = CorrectiveAction.objects.filter(state="open").prefetch_related("disciplines")
    yield from _reports(_of_orders(open_reports, order_ids), today)
    to_check = CorrectiveAction.objects.filter(state="checking", check_on__lte=today)
    yield from _effects(_of_orders(to_check, order_ids))


def _of_orders(rows: QuerySet, order_ids: Sequence[int] | None, name: str = "order_id") -> QuerySet:  # type: ignore[type-arg]
    return rows if order_ids is None else rows.filter(**{f"{name}__in": list(order_ids)})


def _ncrs(rows: Iterable[Nonconformity]) -> Iterator[Found]:
    for one in rows:
        yield Found(
            key=f"ncr-{one.pk}",
            kind="quality_ncr",
            order_id=one.order_id,
            task_id=one.task_id,
            subject=("nonconformity", one.pk),
            url=f"/ncr/{one.pk}/",
            facts={"number": one.number, "title": one.title},
            owner_id=one.owner_id,
        )


def _signals(rows: Iterable[ChartSignal]) -> Iterator[Found]:
    for one in rows:
        yield Found(
            key=f"signal-{one.pk}",
            kind="quality_signal",
            order_id=one.chart.order_id,
            subject=("controlchart", one.chart_id),
            url=f"/charts/{one.chart_id}/",
            facts={"name": one.chart.name, "rule": one.rule, "number": one.inspection.number},
            owner_id=one.chart.owner_id,
        )


def _reports(rows: Iterable[CorrectiveAction], today: dt.date) -> Iterator[Found]:
    for one in rows:
        step = next((step for step in one.disciplines.all() if step.done_at is None), None)
        if step is None or step.due is None or step.due >= today:
            continue
        yield Found(
            key=f"8d-{one.pk}-{step.number}",
            kind="quality_8d",
            order_id=one.order_id,
            subject=("correctiveaction", one.pk),
            url=f"/8d/{one.pk}/",
            facts={"step": step.number, "number": one.number, "title": one.title, "due": step.due.isoformat()},
            owner_id=one.owner_id,
        )


def _effects(rows: Iterable[CorrectiveAction]) -> Iterator[Found]:
    for one in rows:
        assert one.check_on is not None
        yield Found(
            key=f"8d-{one.pk}-effect-{one.check_on:%Y%m%d}",
            kind="quality_effect",
            order_id=one.order_id,
            subject=("correctiveaction", one.pk),
            url=f"/8d/{one.pk}/",
            facts={"number": one.number, "title": one.title, "due": one.check_on.isoformat()},
            owner_id=one.owner_id,
        )
