"""My tasks, on the desk and on the phone: one card a task, reported in seconds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from punctual.domain.monitoring import my_tasks
from punctual.domain.monitoring.models import ProgressReport, ReportSource
from punctual.domain.monitoring.selectors import report_by_id, reports_of
from punctual.domain.monitoring.services.progress import Progress, clear_block, effect_of, report_progress, take_back
from punctual.domain.plans.models import Task
from punctual.domain.plans.work_calendars import USUAL_DAY, plan_time
from punctual.domain.scheduling.models import ScheduledTask, TaskPin
from punctual.flows.progress_sheet import read_progress, sheet_of, task_sheet
from punctual.kernel.refusal import Forbidden, NotFound, Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.attachments.services import attachments_of, path_of
from punctual.platform.custom_fields.selectors import lines_of
from punctual.platform.records import get_or_not_found
from punctual.web.documents.box import box_of
from punctual.web.monitoring.ways import ways
from punctual.web.scheduling.allocation import who_does
from punctual.web.shell.navigation import Words
from punctual.web.shell.views import safe_next

TABS: Final = (
    ("today", gettext_lazy("Today")),
    ("week", gettext_lazy("This week")),
    ("blocked", gettext_lazy("Blocked")),
    ("reported", gettext_lazy("Reported")),
)
SCOPES: Final[tuple[tuple[str, Words], ...]] = (
    ("mine", gettext_lazy("Mine")),
    ("team", gettext_lazy("My team")),
    ("all", gettext_lazy("Everybody")),
)
PER_PAGE: Final = 12
SHOWN: Final = 60
STEPS: Final = (25, 50, 75, 90, 100)


def actor_of(request: HttpRequest) -> User:
    return cast(User, request.user)


def next_or(request: HttpRequest, fallback: str) -> str:
    """Where the form wants to go on, else ``fallback``."""
    return safe_next(request) if request.POST.get("next") else fallback


def card_of(task: Task, today: dt.date, **more: Any) -> dict[str, Any]:
    """What a task's card shows. Days are working days of eight hours."""
    finish, start = plan_time(task.finish), plan_time(task.start)
    due_today = finish is not None and finish.date() <= today
    left = task.remaining if task.remaining is not None else round(task.duration * (100 - task.percent) / 100)
    blocks = getattr(task, "open_blocks", [])
    return {
        "task": task,
        "order": task.plan.order,
        "start": start,
        "finish": finish,
        "started": task.actual_start is not None or task.percent > 0,
        "done": task.percent == 100,
        "block": blocks[0] if blocks else None,
        "due_today": due_today and task.percent < 100,
        "late": finish is not None and finish.date() < today and task.percent < 100,
        "float_days": round((task.total_float or 0) / USUAL_DAY, 1),
        "left_days": plain_number(left / USUAL_DAY),
        "bar": f"{task.percent * 2.72:.1f}",
        "steps": STEPS,
        "users": [need.resource.user for need in task.needs.all() if need.resource is not None and need.resource.user],
        "people": [need.resource.name for need in task.needs.all() if need.resource is not None],
        **more,
    }


def plain_number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _rows(actor: User, tab: str, scope: str, today: dt.date) -> QuerySet[Task]:
    rows = my_tasks.reportable(actor, scope)
    if tab == "week":
        return my_tasks.due_by(rows, today + dt.timedelta(days=6 - today.weekday()))
    return my_tasks.blocked(rows) if tab == "blocked" else my_tasks.due_by(rows, today)


def my_task_page(request: HttpRequest) -> HttpResponse:
    """What I have to do; ``scope`` widens it to the team or to everybody."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "progress.own")
    sees_all = may(actor, "plans.report")
    scope: str = request.GET.get("scope", "")
    if scope not in my_tasks.SCOPES or (scope == "all" and not sees_all):
        scope = "mine" if my_tasks.reportable(actor, "mine").exists() or not sees_all else "all"
        if scope == "mine" and not my_tasks.reportable(actor, "mine").exists():
            scope = "team"
    tab = request.GET.get("tab", "today")
    if tab not in dict(TABS) or ("tab" not in request.GET and not _rows(actor, "today", scope, today).exists()):
        tab = "week" if tab == "today" and "tab" not in request.GET else "today"
    reports = list(my_tasks.reports_by(actor, since=today - dt.timedelta(days=7))[:SHOWN])
    rows = Task.objects.none() if tab == "reported" else my_tasks.with_details(_rows(actor, tab, scope, today))
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "title": _("My tasks"),
        "ways": ways(request, "mine"),
        "today": today,
        "tabs": [(key, words, _count(actor, key, scope, today, reports)) for key, words in TABS],
        "tab": tab,
        "scopes": [one for one in SCOPES if one[0] != "all" or sees_all],
        "scope": scope,
        "page": page,
        "cards": [card_of(task, today) for task in page],
        "reports": reports,
        "undo": next((one for one in reports if one.day == today), None),
    }
    return render(request, "monitoring/tasks.html", context)


def _count(actor: User, tab: str, scope: str, today: dt.date, reports: list[ProgressReport]) -> int:
    return len(reports) if tab == "reported" else _rows(actor, tab, scope, today).count()


def task_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One task: what a scanned code opens. Who sees its plan but doesn't report on it reads it."""
    actor, today = actor_of(request), timezone.localdate()
    task = my_tasks.task_seen(actor, pk)
    reports = reports_of(actor).filter(task=task)[:30]
    context = {
        "title": str(task),
        "card": card_of(task, today, open=True, reads=not my_tasks.reportable(actor).filter(pk=pk).exists()),
        "sees_plan": may(actor, "plans.view"),
        "reports": [(one, list(attachments_of(one))) for one in reports],
        "scanned": "qr" in request.GET,
        "from": "qr" if "qr" in request.GET else "page",
        **_placed(actor, task),
        **who_does(actor, task),
        **box_of(request, task),
        "custom_lines": lines_of("task", task.pk),
        "fill_url": reverse("task_fields", args=[pk]) if may(actor, "plans.edit") else "",
    }
    return render(request, "monitoring/task.html", context)


def _placed(actor: User, task: Task) -> dict[str, Any]:
    """Where the schedule over all orders has it, and whether somebody has locked it there."""
    if not may(actor, "scheduling.view"):
        return {}
    placed = ScheduledTask.objects.filter(run__is_current=True, task=task).first()
    locked = TaskPin.objects.filter(task=task).select_related("by").first()
    open_still = task.actual_start is None and task.percent == 0 and not task.is_summary
    return {
        "placed": placed,
        "locked": locked,
        "may_lock": may(actor, "scheduling.level") and (locked is not None or (placed is not None and open_still)),
    }


def progress_report(request: HttpRequest, pk: int) -> HttpResponse:
    """A report lives on its task's page."""
    return redirect("task", pk=report_by_id(actor_of(request), pk).task_id)


# ------------------------------------------------------------------------------------------------------ reporting


def _number(text: str, name: str) -> Decimal | None:
    text = text.strip().replace("，", ".")
    if not text:
        return None
    try:
        found = Decimal(text)
    except InvalidOperation as error:
        raise Refusal(Reason("progress.number", N_("“%(value)s” is no number."), {"value": text[:40]}, name)) from error
    if not found.is_finite() or not 0 <= found <= 100_000:
        raise Refusal(Reason("progress.number", N_("“%(value)s” is no number."), {"value": text[:40]}, name))
    return found


def _moment(text: str, name: str) -> dt.datetime | None:
    if not text.strip():
        return None
    try:
        return dt.datetime.fromisoformat(text.strip()[:19]).replace(tzinfo=None)
    except ValueError as error:
        raise Refusal(
            Reason("progress.date", N_("“%(value)s” is no date; write 2026-02-14."), {"value": text[:40]}, name)
        ) from error


def said_in(data: Mapping[str, str]) -> Progress:
    """The report out of a form. ``remaining_days`` are working days."""
    percent = _number(data.get("percent", ""), "percent")
    days = _number(data.get("remaining_days", ""), "remaining")
    verb = data.get("verb", "")
    if verb == "done":
        percent, days = Decimal(100), None
    elif verb == "start" and percent is None:
        percent = Decimal(5)
    blocked = None
    if verb == "unblock":
        blocked = ""
    elif data.get("blocked", "").strip():
        blocked = data["blocked"]
    elif verb == "block":
        raise Refusal(Reason("progress.blocked", N_("Say what holds it."), field="blocked"))
    return Progress(
        percent=None if percent is None else int(percent),
        remaining=None if days is None or percent == 100 else round(days * USUAL_DAY),
        actual_start=_moment(data.get("actual_start", ""), "actual_start"),
        actual_finish=_moment(data.get("actual_finish", ""), "actual_finish"),
        hours=_number(data.get("hours", ""), "hours"),
        blocked=blocked,
        note=data.get("note", ""),
    )


@require_POST
def effect(request: HttpRequest, pk: int) -> HttpResponse:
    """What the report would do, before it is sent."""
    actor, today = actor_of(request), timezone.localdate()
    try:
        found = effect_of(actor=actor, task_id=pk, said=said_in(request.POST), today=today)
    except (NotFound, Forbidden):
        raise
    except Refusal as refusal:
        return render(request, "monitoring/effect.html", {"reasons": refusal.reasons})
    return render(request, "monitoring/effect.html", {"effect": found})


@require_POST
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a report. What is unlikely comes back as a question on the task's page."""
    actor, today = actor_of(request), timezone.localdate()
    photo = request.FILES.get("photo")
    source = request.POST.get("source", "")
    try:
        said = said_in(request.POST)
        made = report_progress(
            actor=actor,
            task_id=pk,
            said=said,
            today=today,
            confirmed=request.POST.getlist("confirmed"),
            source=source if source in ReportSource.values else ReportSource.PAGE,
            photo=(photo.file, photo.name or "photo.jpg") if photo is not None and photo.file is not None else None,
        )
    except (NotFound, Forbidden):
        raise
    except Refusal as refusal:
        return _asked_back(request, pk, refusal, today)
    words = {"task": made.task.name, "percent": made.percent}
    messages.success(request, _("Reported: %(task)s %(percent)d %%.") % words)
    return redirect(next_or(request, reverse("my_tasks")))


def _asked_back(request: HttpRequest, pk: int, refusal: Refusal, today: dt.date) -> HttpResponse:
    task = my_tasks.task_to_report(actor_of(request), pk)
    questions = [one for one in refusal.reasons if not one.is_error]
    card = card_of(
        task,
        today,
        open=True,
        given=request.POST,
        errors=[one for one in refusal.reasons if one.is_error],
        questions=questions,
        confirmed=[*request.POST.getlist("confirmed"), *(one.code for one in questions)],
    )
    context = {"title": str(task), "card": card, "reports": [], "from": request.POST.get("source", "page")}
    return render(request, "monitoring/task.html", context, status=422)


@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back my last report of today."""
    made = take_back(actor=actor_of(request), report_id=pk, today=timezone.localdate())
    messages.success(request, _("Taken back: %(task)s.") % {"task": made.task.name})
    return redirect(next_or(request, reverse("my_tasks")))


@require_POST
def unblock(request: HttpRequest, pk: int) -> HttpResponse:
    clear_block(actor=actor_of(request), task_id=pk)
    messages.success(request, _("It can go on."))
    return redirect(next_or(request, reverse("task", args=[pk])))


def photo(request: HttpRequest, pk: int, file: int) -> HttpResponse:
    """A photo of a report; always downloaded, never run."""
    found = get_or_not_found(attachments_of(report_by_id(actor_of(request), pk)), pk=file)
    response = HttpResponse(path_of(found.sha256).read_bytes(), content_type="application/octet-stream")
    response["Content-Disposition"] = (
        content_disposition_header(as_attachment=True, filename=found.name) or "attachment"
    )
    return response


# --------------------------------------------------------------------------------------------- sheets on paper


def paper_sheet(request: HttpRequest, key: str) -> HttpResponse:
    """The tasks of an order on paper, each with the code that opens it on a phone."""
    actor = actor_of(request)
    tasks = list(my_tasks.with_details(my_tasks.unfinished(my_tasks.tasks_of_order(actor, key)))[:80])
    if not tasks:
        raise NotFound(Reason("task.none", N_("There is no open task of “%(key)s” for you."), {"key": key}))
    base = request.build_absolute_uri("/")
    response = HttpResponse(task_sheet(tasks, base=base), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="tasks-{tasks[0].plan.order.key}.pdf"'
    return response


@require_http_methods(["GET", "POST"])
def import_sheet(request: HttpRequest) -> HttpResponse:
    """Progress by Excel: download my tasks, fill in, give back; all rows or none."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "progress.own")
    if request.GET.get("export") == "xlsx":
        rows = my_tasks.with_details(my_tasks.unfinished(my_tasks.reportable(actor)))[:2000]
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        response = HttpResponse(sheet_of(rows), content_type=kind)
        response["Content-Disposition"] = f'attachment; filename="progress-{today.isoformat()}.xlsx"'
        return response
    context: dict[str, Any] = {"title": _("Progress by Excel")}
    if request.method == "POST":
        given = request.FILES.get("file")
        if given is None:
            raise Refusal(Reason("sheet.missing", N_("Choose a file."), field="file"))
        outcome = read_progress(
            actor=actor,
            content=given.read(),
            name=given.name or "",
            today=today,
            sure="sure" in request.POST,
        )
        if not outcome.problems:
            messages.success(request, _("%(count)d tasks reported.") % {"count": outcome.count})
            return redirect("my_tasks")
        context |= {"outcome": outcome}
        return render(request, "monitoring/import.html", context, status=422)
    return render(request, "monitoring/import.html", context)
