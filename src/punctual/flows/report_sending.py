"""Status reports on their way: to people as PDF with what each may see, to chat groups and addresses without costs."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from typing import Final

from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from punctual.domain.monitoring.models import ReportSchedule, ReportSending
from punctual.domain.monitoring.selectors import schedule_by_id, schedules_of
from punctual.domain.monitoring.services.schedules import moved_on
from punctual.domain.orders.models import OrderState
from punctual.domain.orders.selectors import orders_of
from punctual.flows.status_report import Report, Worded, order_report, portfolio_report, report_pdf
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.audit.services import record
from punctual.platform.jobs.services import call_soon
from punctual.platform.notifications.models import Delivery
from punctual.platform.notifications.outgoing import File, absolute, queue_mail, queue_robot
from punctual.platform.records import lock

LOG: Final = logging.getLogger(__name__)
ENDED: Final = (OrderState.CLOSED, OrderState.CANCELLED, OrderState.ACCEPTED)
ROBOT_BYTES: Final = 3_600
"""A WeCom robot takes no more than 4,096 bytes."""
ROWS_SAID: Final = 5


def send_due(worded: Worded, *, now: dt.datetime | None = None) -> int:
    """Send what is due; each once, also when the worker was away at the hour. Returns how many went out.

    One that fails is written to the log and tried again at the next look; the others go out.
    """
    now = now or timezone.now()
    due = ReportSchedule.objects.filter(is_active=True, next_at__lte=now).order_by("next_at", "pk")
    sent = 0
    for pk in list(due.values_list("pk", flat=True)):
        try:
            sent += _send_one(pk, worded, now)
        except Exception:
            LOG.exception("The scheduled report %s could not be written", pk)
    return sent


@transaction.atomic
def _send_one(pk: int, worded: Worded, now: dt.datetime) -> bool:
    rows = ReportSchedule.objects.select_for_update(of=("self",)).select_related("order", "owner")
    schedule = rows.filter(pk=pk, is_active=True, next_at__lte=now).first()
    if schedule is None:
        return False
    sending = _send(schedule, worded, now=now, by=None)
    if sending.left_out == "ended":
        schedule.is_active = False
    if not sending.left_out:
        schedule.last_sent_on = timezone.localdate(now)
    moved_on(schedule, now)
    return not sending.left_out


@transaction.atomic
def send_now(*, actor: User, schedule_id: int, worded: Worded) -> ReportSending:
    """One more, at once; the next by the clock comes all the same."""
    require(actor, "reports.schedule")
    schedule = lock(schedules_of(actor), expected_version=None, pk=schedule_id)
    sending = _send(schedule, worded, now=timezone.now(), by=actor)
    record(actor=actor, verb="send", target=schedule)
    return sending


def ask_to_send(*, actor: User, schedule_id: int) -> None:
    """The same in the background."""
    require(actor, "reports.schedule")
    schedule = schedule_by_id(actor, schedule_id)
    call_soon("punctual.web.monitoring.scheduled.send_asked", schedule.pk, actor.pk)


def _send(schedule: ReportSchedule, worded: Worded, *, now: dt.datetime, by: User | None) -> ReportSending:
    sending = ReportSending.objects.create(schedule=schedule, at=now, by=by, left_out=_left_out(schedule))
    if sending.left_out:
        return sending
    today = timezone.localdate(now)
    deliveries: list[Delivery] = []
    for user in schedule.people.filter(is_active=True).exclude(email="").order_by("pk"):
        if _may_read(user, schedule):
            report = _report(schedule, user, user.language or schedule.language, today, worded, costs=True)
            deliveries += _mail(sending, user.email, report, user.language or schedule.language, today)
    if schedule.recipients or schedule.groups.exists():
        report = _report(schedule, schedule.owner, schedule.language, today, worded, costs=False)
        for address in schedule.recipients:
            deliveries += _mail(sending, address, report, schedule.language, today)
        with translation.override(schedule.language):
            text = _said(report, absolute(_address(schedule)))
        for robot in schedule.groups.filter(active=True).order_by("pk"):
            made = queue_robot(
                robot=robot, subject=report.title, body=text, key=f"report:{sending.pk}:robot:{robot.pk}"
            )
            deliveries += [made] if made else []
    with translation.override(schedule.language):
        sending.title = _title(schedule, today)
    sending.left_out = "" if deliveries else "nobody"
    sending.save(update_fields=["title", "left_out"])
    sending.deliveries.set(deliveries)
    return sending


def _left_out(schedule: ReportSchedule) -> str:
    """Why there is nothing to send."""
    if not schedule.owner.is_active or not may(schedule.owner, "reports.schedule"):
        return "owner"
    if schedule.order is None:
        return ""
    if schedule.order.state in ENDED:
        return "ended"
    return "" if _may_read(schedule.owner, schedule) else "owner"


def _may_read(user: User, schedule: ReportSchedule) -> bool:
    if not may(user, "reports.view"):
        return False
    return schedule.order_id is None or orders_of(user).filter(pk=schedule.order_id).exists()


def _report(
    schedule: ReportSchedule, reader: User, language: str, today: dt.date, worded: Worded, *, costs: bool
) -> Report:
    with translation.override(language):
        if schedule.order is not None:
            return order_report(reader, schedule.order, today=today, worded=worded, costs=costs)
        return portfolio_report(reader, today=today, worded=worded, costs=costs)


def _mail(sending: ReportSending, to: str, report: Report, language: str, today: dt.date) -> list[Delivery]:
    with translation.override(language):
        file = File(f"status-{today.isoformat()}.pdf", report_pdf(report), "application/pdf")
        body = f"{report.lead}\n\n{absolute(_address(sending.schedule))}"
        made = queue_mail(to=to, subject=report.title, body=body, key=f"report:{sending.pk}:{to}", files=[file])
    return [made] if made else []


def _address(schedule: ReportSchedule) -> str:
    if schedule.order is None:
        return reverse("report_portfolio")
    return reverse("report_order", args=[schedule.order.key])


def _title(schedule: ReportSchedule, today: dt.date) -> str:
    if schedule.order is None:
        return _("Status report of all orders")
    return _("Status report %(order)s") % {"order": schedule.order.label}


def _said(report: Report, address: str) -> str:
    """The report as a message of a chat group: how it stands, what is in danger, and where all of it is."""
    text = "\n\n".join(_paragraphs(report))
    room = ROBOT_BYTES - len(address.encode())
    if len(text.encode()) > room:
        text = f"{text.encode()[:room].decode(errors='ignore')}…"
    return f"{text}\n\n{address}"


def _paragraphs(report: Report) -> Iterator[str]:
    yield f"{report.title} · {report.subtitle}"
    yield report.lead
    yield " · ".join(f"{name} {value}" for name, value in report.facts if value not in (None, ""))
    for section in report.sections:
        if section.is_urgent and section.rows:
            yield f"{section.title}:"
            for row in section.rows[:ROWS_SAID]:
                yield "– " + " · ".join(str(cell) for cell in row if cell not in (None, ""))
