"""Status reports on their way: to people as PDF or Excel with what each may see, elsewhere without costs."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from punctual.domain.monitoring.models import ReportFiles, ReportSchedule, ReportSending
from punctual.domain.monitoring.selectors import schedules_of
from punctual.domain.monitoring.services.schedules import moved_on
from punctual.domain.orders.models import OrderState
from punctual.domain.orders.selectors import orders_of
from punctual.flows.status_report import Report, Worded, order_report, portfolio_report, report_pdf, report_xlsx
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.audit.services import record
from punctual.platform.jobs.services import call_soon
from punctual.platform.notifications.models import Delivery, Robot
from punctual.platform.notifications.outgoing import File, absolute, queue_mail, queue_robot
from punctual.platform.records import lock

LOG: Final = logging.getLogger(__name__)
ENDED: Final = (OrderState.CLOSED, OrderState.CANCELLED, OrderState.ACCEPTED)
ROBOT_BYTES: Final = 3_600
"""A WeCom robot takes no more than 4,096 bytes."""
ROWS_SAID: Final = 5
KINDS: Final = (
    (ReportFiles.PDF, report_pdf, "application/pdf"),
    (ReportFiles.XLSX, report_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
)


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


def _send_one(pk: int, worded: Worded, now: dt.datetime) -> bool:
    """The report is written before anything is locked; what has changed meanwhile waits for the next look."""
    schedule = _schedules().filter(pk=pk, is_active=True, next_at__lte=now).first()
    if schedule is None:
        return False
    left_out = _left_out(schedule)
    messages = [] if left_out else list(_messages(schedule, worded, timezone.localdate(now)))
    with transaction.atomic():
        still = _schedules().select_for_update(of=("self",))
        found = still.filter(pk=pk, is_active=True, next_at=schedule.next_at, version=schedule.version).first()
        if found is None:
            return False
        sending = ReportSending.objects.create(schedule=found, at=now)
        _queue(sending, messages, left_out)
        if sending.left_out == "ended":
            found.is_active = False
        if not sending.left_out:
            found.last_sent_on = timezone.localdate(now)
        moved_on(found, now)
    return not sending.left_out


@transaction.atomic
def ask_to_send(*, actor: User, schedule_id: int) -> ReportSending:
    """One more, soon; the next by the clock comes all the same."""
    require(actor, "reports.schedule")
    schedule = lock(schedules_of(actor), expected_version=None, pk=schedule_id)
    sending = ReportSending.objects.create(schedule=schedule, at=timezone.now(), by=actor)
    record(actor=actor, verb="send", target=schedule)
    call_soon("punctual.web.monitoring.scheduled.send_asked", sending.pk)
    return sending


def send_asked(sending_id: int, worded: Worded) -> None:
    """What somebody has asked for, in the background. A second call finds it done."""
    sending = ReportSending.objects.filter(pk=sending_id, title="").select_related("schedule").first()
    if sending is None:
        return
    schedule = _schedules().get(pk=sending.schedule_id)
    left_out = _left_out(schedule)
    messages = [] if left_out else list(_messages(schedule, worded, timezone.localdate(sending.at)))
    with transaction.atomic():
        found = ReportSending.objects.select_for_update(of=("self",)).filter(pk=sending_id, title="").first()
        if found is not None:
            _queue(found, messages, left_out)


def _schedules() -> QuerySet[ReportSchedule]:
    return ReportSchedule.objects.select_related("order", "owner")


@dataclass(frozen=True, slots=True)
class Message:
    """One receiver's: an address, or a chat group."""

    subject: str
    body: str
    to: str = ""
    robot: Robot | None = None
    files: Sequence[File] = ()


def _messages(schedule: ReportSchedule, worded: Worded, today: dt.date) -> Iterator[Message]:
    for user in schedule.people.filter(is_active=True).exclude(email="").order_by("pk"):
        if _may_read(user, schedule):
            language = user.language or schedule.language
            report = _report(schedule, user, language, today, worded, costs=True)
            yield _mail(schedule, user.email, report, language, today)
    if schedule.recipients or schedule.groups.exists():
        report = _report(schedule, schedule.owner, schedule.language, today, worded, costs=False)
        for address in schedule.recipients:
            yield _mail(schedule, address, report, schedule.language, today)
        with translation.override(schedule.language):
            text = _said(report, absolute(_address(schedule)))
        for robot in schedule.groups.filter(active=True).order_by("pk"):
            yield Message(report.title, text, robot=robot)


def _queue(sending: ReportSending, messages: Sequence[Message], left_out: str) -> None:
    """Each receiver's message under a name of its own, so that none goes out twice."""
    deliveries: list[Delivery] = []
    for one in messages:
        if one.robot is not None:
            key = f"report:{sending.pk}:robot:{one.robot.pk}"
            made = queue_robot(robot=one.robot, subject=one.subject, body=one.body, key=key)
        else:
            key = f"report:{sending.pk}:{one.to}"
            made = queue_mail(to=one.to, subject=one.subject, body=one.body, key=key, files=one.files)
        deliveries += [made] if made else []
    with translation.override(sending.schedule.language):
        sending.title = _title(sending.schedule, timezone.localdate(sending.at))
    sending.left_out = left_out or ("" if deliveries else "nobody")
    sending.save(update_fields=["title", "left_out"])
    sending.deliveries.set(deliveries)


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


def _mail(schedule: ReportSchedule, to: str, report: Report, language: str, today: dt.date) -> Message:
    with translation.override(language):
        files = [
            File(f"status-{today.isoformat()}.{kind}", write(report), media)
            for kind, write, media in KINDS
            if schedule.files in (kind, ReportFiles.BOTH)
        ]
        return Message(report.title, f"{report.lead}\n\n{absolute(_address(schedule))}", to=to, files=files)


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
