"""The weekly status report of an order and of the portfolio, written from the data in the language that is active."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from punctual.domain.actions.models import ActionItem, ActionState
from punctual.domain.monitoring.facts import Gathered, running
from punctual.domain.monitoring.models import Block, ForecastPoint, ProgressReport, Warning
from punctual.domain.monitoring.selectors import MONEY_KINDS, open_warnings
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import listed, orders_of
from punctual.domain.plans.models import Task
from punctual.domain.plans.work_calendars import plan_time, stored_time
from punctual.domain.scheduling.models import OrderForecast
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import Listed, may
from punctual.platform.papers import Block as PaperBlock
from punctual.platform.papers import Facts, Grid, Heading, Text, paper
from punctual.platform.sheets.writer import write_xlsx

WEEK: Final = dt.timedelta(days=7)
MOST: Final = 40


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with a table; ``empty`` is said where there are no rows."""

    title: str
    head: Sequence[str] = ()
    rows: Sequence[Sequence[object]] = field(default_factory=list)
    empty: str = ""
    is_urgent: bool = False
    """Said also where there is room for little only."""

    @property
    def named_rows(self) -> list[list[tuple[str, object]]]:
        """Each cell with the head above it: a phone has no room for columns."""
        return [list(zip(self.head, row, strict=True)) for row in self.rows]


@dataclass(frozen=True, slots=True)
class Report:
    title: str
    subtitle: str
    facts: Sequence[tuple[str, object]]
    sections: Sequence[Section]
    lead: str = ""


Worded = Callable[[Warning], str]


def order_report(actor: User, order: Order, *, today: dt.date, worded: Worded, costs: bool = True) -> Report:
    """One order: where it stands, what was done, what moved and why, what comes next, what has to be decided.

    Without ``costs`` it is for readers outside: no costs and no expected damages, also where the actor may see them.
    """
    since = today - WEEK
    forecast = OrderForecast.objects.filter(run__is_current=True, order=order).first()
    before = ForecastPoint.objects.filter(order=order, day__lte=since).order_by("-day").first()
    inside, costs = costs, costs and may(actor, "costs.view")
    warnings = list(_warnings(actor, today, costs).filter(order=order))
    p80 = forecast.p80 if forecast else order.planned_date
    facts: list[tuple[str, object]] = [
        (_("Customer"), order.customer),
        (_("Owner"), order.owner),
        (_("Requested"), order.requested_date),
        (_("Promised"), order.promised_date),
        (_("Planned"), order.planned_date),
        ("P80", p80),
        (_("Progress"), f"{order.progress} %"),
        (_("A week ago"), before.p80 if before else None),
    ]
    sections = [
        *_progress_sections(order, since),
        *_earned_section(order, today, costs),
        Section(
            _("Next week"),
            (_("Task"), _("Start"), _("Finish"), _("Who")),
            _next(order, today),
            _("Nothing begins or ends next week."),
        ),
        _warning_section(
            _("Warnings"),
            (_("Warning"), _("Expected damage"), _("Owner"), _("Since")),
            [(worded(one), _damage(one), one.owner, timezone.localdate(one.first_seen)) for one in warnings],
            inside,
        ),
        Section(
            _("Decisions and actions"),
            (_("What"), _("Who"), _("Due")),
            _actions(order),
            _("Nothing is open."),
            is_urgent=True,
        ),
    ]
    return Report(
        _("Status report %(order)s") % {"order": order.label},
        _("Week to %(day)s") % {"day": today.isoformat()},
        facts,
        sections,
        _lead(order, p80, before),
    )


def _progress_sections(order: Order, since: dt.date) -> list[Section]:
    return [
        Section(
            _("Done this week"),
            (_("Task"), _("Progress"), _("Who"), _("Day")),
            _done(order, since),
            _("Nothing was reported."),
        ),
        Section(
            _("What moved and why"),
            (_("Task"), _("Before"), _("Now"), _("Who"), _("Note")),
            _moved(order, since),
            _("The delivery date did not move."),
        ),
    ]


def _earned_section(order: Order, today: dt.date, costs: bool) -> list[Section]:
    """None where nothing is planned."""
    figures = _figures(order, today, costs)
    names, values = [name for name, _v in figures], [value for _n, value in figures]
    return [Section(_("Earned value"), names, [values])] if figures else []


def _lead(order: Order, p80: dt.date | None, before: ForecastPoint | None) -> str:
    """One sentence on how it stands."""
    due = order.promised_date or order.requested_date
    if p80 is None or due is None:
        return _("No date can be given yet.")
    words = _("With 80 %% certainty delivery is on %(p80)s, %(days)d days %(side)s the date of %(due)s.")
    late = (p80 - due).days
    side = _("after") if late > 0 else _("before")
    text = words % {"p80": p80.isoformat(), "days": abs(late), "side": side, "due": due.isoformat()}
    if before is not None and before.p80 is not None and before.p80 != p80:
        moved = (p80 - before.p80).days
        more = _("In the last week it moved by %(days)+d days.") % {"days": moved}
        text = f"{text} {more}"
    return text


def _warnings(actor: User, today: dt.date, costs: bool) -> QuerySet[Warning]:
    rows = open_warnings(actor, today=today)
    return rows if costs else rows.exclude(kind__in=MONEY_KINDS)


def _figures(order: Order, today: dt.date, costs: bool) -> list[tuple[str, object]]:
    seen = Gathered(running([order.pk]), today)
    if not seen.orders:
        return []
    done = seen.performed(seen.orders[0])
    now = done.current if done else None
    if now is None:
        return []
    names = [("SPI", now.spi), ("SPI(t)", now.spi_t)]
    if costs:  # PV and EV too: shares of the budget
        names = [("PV", now.pv), ("EV", now.ev), *names, ("AC", now.ac), ("CPI", now.cpi), ("EAC", now.eac)]
    return [(name, _("n/a") if value is None else f"{value:,.2f}") for name, value in names]


def _done(order: Order, since: dt.date) -> list[Sequence[object]]:
    rows = ProgressReport.objects.filter(plan__order=order, day__gt=since, taken_back_at=None).select_related(
        "task", "by"
    )
    newest: dict[int, ProgressReport] = {}
    for one in rows:
        newest.setdefault(one.task_id, one)
    return [(one.task, f"{one.percent} %", one.by, one.day) for one in list(newest.values())[:MOST]]


def _moved(order: Order, since: dt.date) -> list[Sequence[object]]:
    rows = ProgressReport.objects.filter(plan__order=order, day__gt=since, taken_back_at=None).select_related(
        "task", "by"
    )
    moved: list[Sequence[object]] = [
        (one.task, one.finish_before, one.finish_after, one.by, one.note)
        for one in rows
        if one.finish_before != one.finish_after
    ]
    stuck = Block.objects.filter(task__plan__order=order, cleared_at=None).select_related("task", "by")
    moved += [(one.task, _("blocked"), timezone.localdate(one.since), one.by, one.reason) for one in stuck]
    return moved[:MOST]


def _next(order: Order, today: dt.date) -> list[Sequence[object]]:
    last = stored_time(dt.datetime.combine(today + WEEK, dt.time(23, 59)))
    rows = Task.objects.filter(plan__order=order, is_summary=False, percent__lt=100, start__lte=last)
    rows = rows.order_by("start").prefetch_related("needs__resource", "needs__skill")
    found: list[Sequence[object]] = []
    for task in rows[:MOST]:
        start, finish = plan_time(task.start), plan_time(task.finish)
        people = str(Listed(need.resource or need.skill for need in task.needs.all()))
        found.append((task, start and start.date(), finish and finish.date(), people))
    return found


def _damage(warning: Warning) -> str:
    return f"{warning.damage:,.0f}" if warning.damage else ""


def _warning_section(title: str, head: Sequence[str], rows: Sequence[Sequence[object]], inside: bool) -> Section:
    """Warnings; readers outside are not told what a delay is expected to cost us."""
    kept = [number for number, name in enumerate(head) if inside or name != _("Expected damage")]
    shown = [[row[number] for number in kept] for row in rows]
    return Section(title, [head[number] for number in kept], shown, _("No warnings."), is_urgent=True)


def _actions(order: Order) -> list[Sequence[object]]:
    rows = ActionItem.objects.filter(order=order, state=ActionState.OPEN).select_related("owner").order_by("due")
    return [(one.title, one.owner, one.due) for one in rows[:MOST]]


def portfolio_report(actor: User, *, today: dt.date, worded: Worded, costs: bool = True) -> Report:
    """All running orders: how many keep their promise, which are in danger and why, what is to be decided."""
    since = today - WEEK
    ids = [one.pk for one in running()]
    orders = list(listed(actor).filter(pk__in=ids).order_by("promised_date", "pk"))
    forecasts = {one.order_id: one for one in OrderForecast.objects.filter(run__is_current=True, order__in=orders)}
    inside, costs = costs, costs and may(actor, "costs.view")
    warnings = list(_warnings(actor, today, costs).order_by("-damage")[:MOST])
    ends = {order.pk: _p80(order, forecasts) for order in orders}
    late = [
        one for one in orders if one.promised_date and (end := ends[one.pk]) is not None and end > one.promised_date
    ]
    delivered = orders_of(actor).filter(actual_date__gt=since, actual_date__lte=today)
    facts: list[tuple[str, object]] = [
        (_("Running"), len(orders)),
        (_("P80 after the promise"), len(late)),
        (_("Delivered this week"), delivered.count()),
        (_("Warnings"), len(warnings)),
    ]
    sections = [
        _warning_section(
            _("In danger"),
            (_("Order"), _("Warning"), _("Expected damage"), _("Owner")),
            [(one.order.label if one.order else "", worded(one), _damage(one), one.owner) for one in warnings],
            inside,
        ),
        Section(
            _("All running orders"),
            (_("Order"), _("Customer"), _("Promised"), _("Planned"), "P80", _("A week ago"), _("Progress")),
            _running_rows(orders, ends, since),
            _("No order is running."),
        ),
        Section(
            _("Delivered this week"),
            (_("Order"), _("Customer"), _("Promised"), _("Actual")),
            [
                (one.label, one.customer, one.promised_date, one.actual_date)
                for one in delivered.select_related("customer")
            ],
            _("Nothing was delivered."),
        ),
    ]
    lead = _("%(late)d of %(all)d running orders end after their promise with 80 %% certainty.")
    return Report(
        _("Status report of all orders"),
        _("Week to %(day)s") % {"day": today.isoformat()},
        facts,
        sections,
        lead % {"late": len(late), "all": len(orders)},
    )


def _running_rows(
    orders: Sequence[Order], ends: Mapping[int, dt.date | None], since: dt.date
) -> list[Sequence[object]]:
    points = ForecastPoint.objects.filter(order__in=orders, day__lte=since).order_by("day")
    then = dict(points.values_list("order_id", "p80"))
    return [
        (
            order.label,
            order.customer,
            order.promised_date,
            order.planned_date,
            ends[order.pk],
            then.get(order.pk),
            f"{order.progress} %",
        )
        for order in orders
    ]


def _p80(order: Order, forecasts: dict[int, OrderForecast]) -> dt.date | None:
    found = forecasts.get(order.pk)
    return found.p80 if found else order.planned_date


def report_pdf(report: Report) -> bytes:
    blocks: list[PaperBlock] = [Text(report.lead), Facts(report.facts)]
    for section in report.sections:
        blocks.append(Heading(section.title))
        blocks.append(Grid(section.head, section.rows) if section.rows else Text(section.empty, small=True))
    return paper(title=report.title, subtitle=report.subtitle, blocks=blocks, footer=report.title)


def report_xlsx(report: Report) -> bytes:
    """All sections below each other; the first column names the section."""
    width = max((len(section.head) for section in report.sections), default=1)
    rows: list[list[object]] = [
        [_("Facts"), f"{name}: {'' if value is None else value}"] for name, value in report.facts
    ]
    rows.append([_("Facts"), report.lead])
    for section in report.sections:
        rows.append([section.title, *section.head])
        rows += [[section.title, *(_cell(value) for value in row)] for row in section.rows]
    header = [_("Section"), *(str(number) for number in range(1, width + 1))]
    return write_xlsx(report.title, header, rows)


def _cell(value: object) -> object:
    return value if value is None or isinstance(value, str | int | float | dt.date) else str(value)
