"""Reports that go out by themselves: the list, one schedule with what it has sent, and the form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from punctual.domain.monitoring.models import ReportFiles, ReportSchedule
from punctual.domain.monitoring.selectors import schedule_by_id, schedules_of, sendings_of
from punctual.domain.monitoring.services.schedules import (
    Wish,
    change_schedule,
    drop_schedule,
    schedule_report,
    switch_schedule,
)
from punctual.domain.parties.models import Language
from punctual.flows.report_sending import ask_to_send
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require, who_may
from punctual.platform.audit.services import story_of
from punctual.platform.notifications.channels import groups
from punctual.web.formatting import listed
from punctual.web.master.cells import chip
from punctual.web.master.forms import CheckGroup, FactsForm
from punctual.web.master.history import story
from punctual.web.master.pages import Crumb, edit
from punctual.web.monitoring.tasks import actor_of
from punctual.web.shell.columns import BuiltInView, Column, Filter, link
from punctual.web.shell.lists import ListPage
from punctual.web.templatetags.punctual import day, moment

WEEKDAYS: Final = (
    (1, gettext_lazy("Monday")),
    (2, gettext_lazy("Tuesday")),
    (3, gettext_lazy("Wednesday")),
    (4, gettext_lazy("Thursday")),
    (5, gettext_lazy("Friday")),
    (6, gettext_lazy("Saturday")),
    (7, gettext_lazy("Sunday")),
)
LEFT_OUT: Final = {
    "ended": gettext_lazy("The order has ended; it is switched off."),
    "owner": gettext_lazy("Who answers for it may not see this report any more. Edit it to answer for it yourself."),
    "nobody": gettext_lazy("No receiver is left who may have it. Name others."),
}


def what_of(one: ReportSchedule) -> str:
    return one.order.label if one.order else _("All running orders")


def when_of(one: ReportSchedule) -> str:
    return _("%(weekday)s %(hour)02d:00") % {"weekday": dict(WEEKDAYS)[one.weekday], "hour": one.hour}


def receivers_of(one: ReportSchedule) -> list[str]:
    people = [user.name for user in one.people.all()]
    return [*people, *(group.name for group in one.groups.all()), *one.recipients]


def _state(one: ReportSchedule) -> SafeString:
    if one.is_active:
        return chip("ok", "circle-check", _("Active"))
    return chip("", "player-pause", _("Switched off"))


def _by_state(rows: QuerySet[ReportSchedule], values: Any) -> QuerySet[ReportSchedule]:
    return rows.filter(is_active__in=[value == "on" for value in values])


class Schedules(ListPage):
    """What goes out by itself, to whom, when."""

    key = "report_schedules"
    title = gettext_lazy("Reports by schedule")
    icon = "calendar-time"
    create = ("report_schedule_new", gettext_lazy("New"), "reports.schedule")
    empty_text = gettext_lazy("The weekly status report goes to people, chat groups and mail addresses by itself.")
    columns = (
        Column(
            "what",
            gettext_lazy("Status report"),
            what_of,
            lambda one: link(reverse("report_schedule", args=[one.pk]), what_of(one)),
            ("order",),
        ),
        Column("when", gettext_lazy("Every week"), when_of, sort=("weekday", "hour")),
        Column("receivers", gettext_lazy("Receivers"), lambda one: listed(receivers_of(one))),
        Column("language", gettext_lazy("Language"), lambda one: Language(one.language).label, fold=True),
        Column("next", gettext_lazy("Next time"), lambda one: one.next_at, lambda one: _next(one), ("next_at",)),
        Column(
            "last",
            gettext_lazy("Last sent"),
            lambda one: one.last_sent_on,
            lambda one: day(one.last_sent_on),
            ("last_sent_on",),
            fold=True,
        ),
        Column("state", gettext_lazy("State"), lambda one: _("Active") if one.is_active else _("Switched off"), _state),
    )
    filters = (
        Filter(
            "state",
            gettext_lazy("State"),
            lambda actor: [("on", gettext_lazy("Active")), ("off", gettext_lazy("Switched off"))],
            _by_state,
        ),
    )
    tabs = (BuiltInView(gettext_lazy("All"), ""), BuiltInView(gettext_lazy("Active"), "state=on"))

    def rows(self, actor: User) -> QuerySet[ReportSchedule]:
        require(actor, "reports.schedule")
        return schedules_of(actor).prefetch_related("people", "groups")

    def url_of(self, item: Any) -> str:
        return reverse("report_schedule", args=[item.pk])


def _next(one: ReportSchedule) -> SafeString:
    return moment(one.next_at if one.is_active else None)


class ScheduleForm(FactsForm):
    """Which report goes to whom and when."""

    order = forms.CharField(
        label=gettext_lazy("Order"), required=False, max_length=40, help_text=gettext_lazy("Empty: all running orders")
    )
    weekday = forms.TypedChoiceField(label=gettext_lazy("Weekday"), choices=WEEKDAYS, coerce=int)
    hour = forms.IntegerField(label=gettext_lazy("Hour"), min_value=0, max_value=23)
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=Language.choices,
        help_text=gettext_lazy("People get it in the language they have chosen for themselves."),
    )
    attached = forms.ChoiceField(label=gettext_lazy("Attached"), choices=ReportFiles.choices)
    people = forms.TypedMultipleChoiceField(
        label=gettext_lazy("People"),
        required=False,
        coerce=int,
        widget=CheckGroup,
        help_text=gettext_lazy("Each gets what he or she may see, by mail."),
    )
    groups = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Chat groups"),
        required=False,
        coerce=int,
        widget=CheckGroup,
        help_text=gettext_lazy("Groups are set up under Settings, channels. They get it without costs."),
    )
    recipients = forms.CharField(
        label=gettext_lazy("Mail addresses, separated by commas"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy("Addresses outside get it without costs."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = who_may("reports.view").exclude(email="").order_by("display_name", "username")
        self.fields["people"].choices = [(one.pk, one.name) for one in people]  # type: ignore[attr-defined]
        self.fields["groups"].choices = [(one.pk, one.name) for one in groups()]  # type: ignore[attr-defined]
        if not groups().exists():
            del self.fields["groups"]


def wish_of(facts: Mapping[str, Any]) -> Wish:
    words = str(facts["recipients"]).replace("；", ",").replace(";", ",").replace("，", ",").replace("\n", ",")
    return Wish(
        order=facts["order"].strip(),
        weekday=facts["weekday"],
        hour=facts["hour"],
        language=facts["language"],
        files=facts["attached"],
        people=facts["people"],
        groups=facts.get("groups", ()),
        recipients=words.split(","),
    )


def _form_page(request: HttpRequest, form: ScheduleForm, save: Any, *, title: str, back: str) -> HttpResponse:
    return edit(
        request,
        form,
        save,
        title=title,
        crumbs=[Crumb(reverse("report_schedules"), _("Reports by schedule"))],
        back=back,
        done=lambda found: reverse("report_schedule", args=[found.pk]),
        wide={"people": "w4x", "groups": "w4x", "recipients": "w4x"},
    )


def new(request: HttpRequest) -> HttpResponse:
    """Set one up."""
    actor = actor_of(request)
    require(actor, "reports.schedule")
    initial = {
        "order": request.GET.get("order", ""),
        "weekday": 5,
        "hour": 16,
        "language": actor.language or "zh-hans",
        "attached": ReportFiles.PDF,
        "people": [actor.pk],
    }

    def save(facts: dict[str, Any], version: int | None) -> ReportSchedule:
        return schedule_report(actor=actor, wish=wish_of(facts))

    form = ScheduleForm(request.POST or None, initial=initial)
    return _form_page(request, form, save, title=_("Have a report sent"), back=reverse("report_schedules"))


def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Another time, other receivers."""
    actor = actor_of(request)
    found = schedule_by_id(actor, pk)
    initial = {
        "version": found.version,
        "order": found.order.key if found.order else "",
        "weekday": found.weekday,
        "hour": found.hour,
        "language": found.language,
        "attached": found.files,
        "people": [one.pk for one in found.people.all()],
        "groups": [one.pk for one in found.groups.all()],
        "recipients": ", ".join(found.recipients),
    }

    def save(facts: dict[str, Any], version: int | None) -> ReportSchedule:
        return change_schedule(actor=actor, schedule_id=pk, wish=wish_of(facts), expected_version=version)

    form = ScheduleForm(request.POST or None, initial=initial)
    return _form_page(request, form, save, title=_("Edit"), back=reverse("report_schedule", args=[pk]))


def one_schedule(request: HttpRequest, pk: int) -> HttpResponse:
    """When and to whom, and what went out with what became of it."""
    actor = actor_of(request)
    found = schedule_by_id(actor, pk)
    sendings = [
        {"one": one, "left_out": LEFT_OUT.get(one.left_out, ""), "deliveries": list(one.deliveries.all())}
        for one in sendings_of(actor, found)[:30]
    ]
    context = {
        "title": what_of(found),
        "found": found,
        "when": when_of(found),
        "state": _state(found),
        "receivers": receivers_of(found),
        "sendings": sendings,
        "language": Language(found.language).label,
        "story": story(story_of(found)[:10], [ReportSchedule]),
    }
    return render(request, "monitoring/schedule.html", context)


@require_POST
def do(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Send it now, switch it off or on, remove it."""
    actor = actor_of(request)
    schedule_by_id(actor, pk)
    if verb == "send":
        ask_to_send(actor=actor, schedule_id=pk)
        messages.success(request, _("It is on its way; below stands what became of it."))
    elif verb in ("on", "off"):
        switch_schedule(actor=actor, schedule_id=pk, on=verb == "on")
        messages.success(request, _("It goes out again.") if verb == "on" else _("It is not sent any more."))
    elif verb == "drop":
        drop_schedule(actor=actor, schedule_id=pk)
        messages.success(request, _("It is not sent any more."))
        return redirect("report_schedules")
    return redirect("report_schedule", pk)
