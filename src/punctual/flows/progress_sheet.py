"""Progress by spreadsheet, and the tasks of an order on paper with a code each."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import segno
from django.db import transaction
from django.utils.translation import gettext as _

from punctual.domain.monitoring.models import ReportSource
from punctual.domain.monitoring.my_tasks import reportable
from punctual.domain.monitoring.services.progress import Progress, report_progress
from punctual.domain.plans.models import Task
from punctual.domain.plans.work_calendars import USUAL_DAY, plan_time
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import Listed
from punctual.platform.papers import Facts, Grid, Heading, Picture, Text, paper
from punctual.platform.sheets.reader import read_sheets
from punctual.platform.sheets.writer import write_xlsx

COLUMNS: Final = (
    "task",
    "order",
    "wbs",
    "name",
    "percent",
    "remaining_days",
    "actual_start",
    "actual_finish",
    "hours",
    "note",
)
"""First row of the sheet; ``task`` is the number that names the row."""


def sheet_of(tasks: Iterable[Task]) -> bytes:
    """My tasks as they are; what is filled in is read back by :func:`read_progress`."""
    rows = [
        (
            task.pk,
            task.plan.order.label,
            task.wbs,
            task.name,
            task.percent,
            None if task.remaining is None else task.remaining / USUAL_DAY,
            _day(task.actual_start),
            _day(task.actual_finish),
            None,
            None,
        )
        for task in tasks
    ]
    return write_xlsx("progress", COLUMNS, rows)


def _day(moment: dt.datetime | None) -> dt.date | None:
    local = plan_time(moment)
    return local.date() if local else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """``problems`` with their sheet rows; with any, nothing was taken. ``questions``: all of them can be confirmed."""

    count: int
    problems: Sequence[Reason]

    @property
    def questions(self) -> bool:
        return bool(self.problems) and all(not one.is_error for one in self.problems)


def read_progress(*, actor: User, content: bytes, name: str, today: dt.date, sure: bool = False) -> Outcome:
    """Take every row that says something new, or none of them. ``sure``: unlikely rows are right."""
    rows = read_sheets(content, name)[0].rows
    header = [str(cell or "").strip().lower() for cell in rows[0]] if rows else []
    if "task" not in header or "percent" not in header:
        text = N_("The first row needs the columns “task” and “percent”; download the sheet and fill it in.")
        raise Refusal(Reason("progress.sheet", text, field="file"))
    problems: list[Reason] = []
    count = 0
    with transaction.atomic():
        known = {task.pk: task for task in reportable(actor)}
        for number, cells in enumerate(rows[1:], start=2):
            values = dict(zip(header, cells, strict=False))
            if not any(value not in (None, "") for value in values.values()):
                continue
            try:
                count += _take(actor, known, values, today, sure)
            except Refusal as refusal:
                problems += [reason.at(row=number) for reason in refusal.reasons]
        if problems:
            transaction.set_rollback(True)
    return Outcome(0 if problems else count, problems)


def _take(actor: User, known: dict[int, Task], values: dict[str, Any], today: dt.date, sure: bool) -> int:
    number = _number(values.get("task"), "task")
    task = known.get(int(number)) if number is not None else None
    if task is None:
        text = N_("There is no task “%(task)s” that you report on.")
        raise Refusal(Reason("progress.sheet_task", text, {"task": str(values.get("task"))[:40]}, field="task"))
    percent, days = _number(values.get("percent"), "percent"), _number(values.get("remaining_days"), "remaining_days")
    start, finish = _moment(values.get("actual_start")), _moment(values.get("actual_finish"))
    said = Progress(
        percent=None if percent is None or int(percent) == task.percent else int(percent),
        remaining=None
        if days is None or percent == 100 or days * USUAL_DAY == task.remaining
        else round(days * USUAL_DAY),
        actual_start=start if start and start.date() != _day(task.actual_start) else None,
        actual_finish=finish if finish and finish.date() != _day(task.actual_finish) else None,
        hours=_number(values.get("hours"), "hours"),
        note=str(values.get("note") or ""),
    )
    if not said.moves and said.hours is None and not said.note:
        return 0
    try:
        report_progress(actor=actor, task_id=task.pk, said=said, today=today, source=ReportSource.SHEET)
    except Refusal as refusal:
        if not sure or any(reason.is_error for reason in refusal.reasons):
            raise
        codes = [reason.code for reason in refusal.reasons]
        report_progress(
            actor=actor, task_id=task.pk, said=said, today=today, source=ReportSource.SHEET, confirmed=codes
        )
    return 1


def _number(value: object, name: str) -> Decimal | None:
    if value in (None, ""):
        return None
    try:
        found = Decimal(str(value).strip().rstrip("%"))
    except InvalidOperation as error:
        raise Refusal(
            Reason("progress.number", N_("“%(value)s” is no number."), {"value": str(value)[:40]}, name)
        ) from error
    if not found.is_finite() or abs(found) > 10**9:
        raise Refusal(Reason("progress.number", N_("“%(value)s” is no number."), {"value": str(value)[:40]}, name))
    return found


def _moment(value: object) -> dt.datetime | None:
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, dt.date):
        return dt.datetime.combine(value, dt.time(8))
    try:
        return dt.datetime.fromisoformat(str(value).strip()) if value else None
    except ValueError as error:
        text = N_("“%(value)s” is no date; write 2026-02-14.")
        raise Refusal(Reason("progress.date", text, {"value": str(value)[:40]}, "actual_start")) from error


def code_png(address: str) -> bytes:
    """A QR code as PNG."""
    out = io.BytesIO()
    segno.make(address, error="m").save(out, kind="png", scale=6, border=2)
    return out.getvalue()


def task_sheet(tasks: Sequence[Task], *, base: str) -> bytes:
    """Tasks of one order on A4: name, dates, people, and the code that opens the task on a phone."""
    order = tasks[0].plan.order
    blocks: list[Any] = [
        Facts(
            [
                (_("Order"), order.label),
                (_("Customer"), order.customer),
                (_("Promised"), order.promised_date),
                (_("Planned"), order.planned_date),
            ]
        )
    ]
    for task in tasks:
        people = str(Listed(need.resource or need.skill for need in task.needs.all()))
        blocks += [
            Heading(f"{task.wbs} {task.name}"),
            Grid(
                [_("Start"), _("Finish"), _("Who"), _("Progress")],
                [[_day(task.start), _day(task.finish), people, f"{task.percent} %"]],
                (1, 1, 2, 1),
            ),
            Picture(code_png(f"{base}tasks/{task.pk}/?qr"), 24),
        ]
    blocks.append(Text(_("Scan a code with a phone, report, done."), small=True))
    return paper(title=_("Task sheet"), subtitle=order.label, blocks=blocks, footer=order.label)
