"""Meetings with customers: the list, the pack, the minutes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from punctual.domain.customer_relations import pack, selectors
from punctual.domain.customer_relations.invitations import invitation
from punctual.domain.customer_relations.life import MEETING_LIFE
from punctual.domain.customer_relations.models import LineKind, Meeting, MeetingSeries, MeetingState
from punctual.domain.customer_relations.rules import against_taking_out
from punctual.domain.customer_relations.services import meetings as services
from punctual.domain.customer_relations.services import series as of_series
from punctual.domain.customer_relations.services.minutes import offered_kinds
from punctual.domain.orders.selectors import orders_of
from punctual.kernel.refusal import NotFound, Reason
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.records import get_or_not_found
from punctual.web.formatting import day_text
from punctual.web.master.cells import chip
from punctual.web.master.pages import Crumb, actor_of, edit, number
from punctual.web.orders.actions import as_download, done
from punctual.web.relations import packs
from punctual.web.relations.filters import customer_filter
from punctual.web.relations.forms import CallForm, MoveForm, SeriesForm, colleagues
from punctual.web.relations.minutes import KINDS, lines_of, lines_part, pack_of, settling, wanted_of
from punctual.web.relations.requests import _order
from punctual.web.shell.columns import BuiltInView, Column, choice_filter, link
from punctual.web.shell.lists import ListPage
from punctual.web.templatetags.punctual import moment

STATE_MARKS: Final = {
    MeetingState.PLANNED: ("calendar", "acc"),
    MeetingState.RUNNING: ("player-play", "warn"),
    MeetingState.HELD: ("pencil", "warn"),
    MeetingState.APPROVED: ("checks", "acc"),
    MeetingState.SENT: ("send", "ok"),
    MeetingState.CANCELLED: ("ban", ""),
}


def _url(found: Meeting) -> str:
    return reverse("meeting", args=[found.pk])


def _state_cell(one: Any) -> Any:
    name, css = STATE_MARKS[one.state]
    return chip(css, name, one.get_state_display())


class MeetingList(ListPage):
    peeks = True
    peek_fields = ("agenda",)
    key = "meetings"
    title = gettext_lazy("Meetings")
    icon = "users"
    create = ("meeting_new", gettext_lazy("Call a meeting"), "meetings.change")
    empty_text = gettext_lazy("Regular meetings with customers: the pack builds itself, decisions become actions.")
    default_sort = "-starts"
    tabs = (
        BuiltInView(gettext_lazy("All"), ""),
        BuiltInView(gettext_lazy("Coming"), "state=planned,running&sort=starts"),
        BuiltInView(gettext_lazy("Minutes to finish"), "state=held,approved"),
    )
    filters = (
        choice_filter("state", gettext_lazy("State"), MeetingState),
        customer_filter("series__customer"),
    )
    columns = (
        Column(
            "starts",
            gettext_lazy("Begins"),
            lambda one: one.starts_at,
            lambda one: moment(one.starts_at),
            sort=("starts_at",),
        ),
        Column(
            "title",
            gettext_lazy("Title"),
            lambda one: one.series.title,
            lambda one: link(reverse("meeting", args=[one.pk]), one.series.title),
        ),
        Column(
            "customer",
            gettext_lazy("Customer"),
            lambda one: str(one.series.customer),
            sort=("series__customer__name",),
        ),
        Column(
            "order", gettext_lazy("Order"), lambda one: one.series.order.label if one.series.order else "", fold=True
        ),
        Column("rhythm", gettext_lazy("Rhythm"), lambda one: one.series.get_rhythm_display(), fold=True),
        Column("chair", gettext_lazy("Chair"), lambda one: str(one.series.owner), fold=True),
        Column("lines", gettext_lazy("Lines of minutes"), lambda one: one.line_count or None, number=True, fold=True),
        Column("state", gettext_lazy("State"), lambda one: one.get_state_display(), _state_cell, sort=("state",)),
    )

    def rows(self, actor: User) -> QuerySet[Any]:
        return selectors.meetings_of(actor).annotate(line_count=Count("lines"))

    def url_of(self, item: Any) -> str:
        return _url(item)

    def get(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        require(actor_of(request), "meetings.view")
        return super().get(request, *args, **kwargs)


def new_meeting(request: HttpRequest) -> HttpResponse:
    """A series with its first meeting."""
    actor = actor_of(request)
    require(actor, "meetings.change")

    def save(facts: dict[str, Any], version: int | None) -> Meeting:
        order = _order(actor, facts.pop("order"))
        del facts["guests_of"]
        return services.call_series(actor=actor, order=order, **facts)

    key = request.GET.get("order", "")
    order = orders_of(actor).filter(number=key).first() if key else None
    initial: dict[str, Any] = {"customer": request.GET.get("customer"), "title": _("Regular meeting")}
    if order is not None:
        initial |= {"order": order.number, "customer": order.customer_id}
    return edit(
        request,
        CallForm(request.POST or None, initial=initial, actor=actor),
        save,
        title=_("Call a meeting"),
        crumbs=[Crumb(reverse("meetings"), _("Meetings"))],
        back=reverse("meetings"),
        done=_url,
        wide={"title": "w2x", "customer": "w2x", "agenda": "w4x", "place": "w2x", "contacts": "w4x", "users": "w4x"},
    )


def move_meeting(request: HttpRequest, pk: int) -> HttpResponse:
    """Another time, place or agenda."""
    actor = actor_of(request)
    found = selectors.meeting_by_id(actor, pk)
    require(actor, "meetings.change")

    def save(facts: dict[str, Any], version: int | None) -> Meeting:
        return services.move(actor=actor, meeting_id=pk, expected_version=version, **facts)

    initial = {
        "version": found.version,
        "starts_at": timezone.localtime(found.starts_at).strftime("%Y-%m-%dT%H:%M"),
        "minutes": found.minutes,
        "place": found.place,
        "agenda": found.agenda,
    }
    return edit(
        request,
        MoveForm(request.POST or None, initial=initial),
        save,
        title=_("Move the meeting"),
        crumbs=[Crumb(reverse("meetings"), _("Meetings")), Crumb(_url(found), found, is_data=True)],
        back=_url(found),
        done=_url,
        wide={"agenda": "w4x", "place": "w2x"},
    )


def change_series(request: HttpRequest, pk: int) -> HttpResponse:
    """Title, rhythm, order, length, place and chair of the meetings to come."""
    actor = actor_of(request)
    found = selectors.meeting_by_id(actor, pk)
    require(actor, "meetings.change")
    series = found.series

    def save(facts: dict[str, Any], version: int | None) -> MeetingSeries:
        order = _order(actor, facts.pop("order"))
        return of_series.change_series(actor=actor, series_id=series.pk, expected_version=version, order=order, **facts)

    plain = ("version", "title", "rhythm", "minutes", "place", "owner")
    initial = {name: getattr(series, name) for name in plain}
    initial["order"] = series.order.key if series.order is not None else ""
    return edit(
        request,
        SeriesForm(request.POST or None, initial=initial, chair=series.owner),
        save,
        title=_("Change the series"),
        crumbs=[Crumb(reverse("meetings"), _("Meetings")), Crumb(_url(found), found, is_data=True)],
        back=_url(found),
        done=lambda _series: _url(found),
        wide={"title": "w2x", "place": "w2x", "owner": "w2x"},
    )


def meeting(request: HttpRequest, pk: int) -> HttpResponse:
    """What is known at the left, what is said at the right. ``?view=customer`` is what goes onto the wall."""
    actor = actor_of(request)
    found = selectors.meeting_by_id(actor, pk)
    outside = request.GET.get("view") == "customer"
    seen = request.GET.get("lines", "")
    if seen.isdecimal() and len(seen) < 10:
        return lines_part(request, actor, found, int(seen))
    parts = packs.sections(pack_of(actor, found), internal=not outside, decided=packs.decided_of(found))
    verbs = set(MEETING_LIFE.verbs_from(found.state)) if may(actor, "meetings.change") else set()
    if not may(actor, "meetings.approve"):
        verbs -= {"approve", "send"}
    offered = offered_kinds()
    lines = lines_of(actor, found, outside=outside, seen=found.version)
    attendees = list(found.attendees.all())
    name, css = STATE_MARKS[MeetingState(found.state)]
    start, end = packs.from_to(found)
    orders = selectors.orders_of_meeting(actor, found)
    theirs_may = orders and may(actor, "tracking.change")
    context = {
        **lines,
        **wanted_of(actor, found, parts, live=lines["live"]),
        "title": str(found),
        "chip": chip(css, name, found.get_state_display()),
        "when": f"{day_text(start.date(), weekday=True)} {start:%H:%M}–{end:%H:%M}",
        "since": pack.since_of(found),
        "orders": orders,
        "choose_order": found.series.order_id is None and len(orders) > 1,
        "contacts": found.series.customer.contacts.filter(archived_at=None) if theirs_may else [],
        "satisfaction": selectors.satisfaction_of(actor, found.series.customer),
        "attendees": attendees,
        "present": sum(one.present for one in attendees),
        "settling": settling(actor, found, request.GET.get("settle", "")) if lines["live"] else None,
        "parts": [part for part in parts if part["name"] != "wanted"],
        "kinds": [
            {"kind": kind, "label": LineKind(kind).label, "icon": KINDS[kind][0], "key": KINDS[kind][2]}
            for kind in KINDS
            if kind in offered
        ],
        "verbs": verbs,
        "may_change_series": may(actor, "meetings.change"),
        "may_take_out": may(actor, "meetings.change") and not against_taking_out(found.state),
        "colleagues": colleagues() if "write" in verbs or "invite" in verbs else [],
        "following": found.series.meetings.filter(starts_at__gt=found.starts_at).order_by("starts_at").first(),
        "theirs": sum(1 for one in attendees if not one.is_ours and one.email),
        "ours": sum(1 for one in attendees if one.is_ours and one.email),
    }
    return render(request, "relations/meeting.html", context)


@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """One step of the meeting's life."""
    actor, version = actor_of(request), number(request, "version")
    found = selectors.meeting_by_id(actor, pk)
    verbs: dict[str, tuple[Callable[[], object], str]] = {
        "invite": (
            lambda: services.invite(actor=actor, meeting_id=pk, expected_version=version),
            _("The invitations are on their way."),
        ),
        "cancel": (
            lambda: services.cancel(actor=actor, meeting_id=pk, expected_version=version),
            _("Cancelled; whoever was invited is told."),
        ),
        "start": (
            lambda: services.start(actor=actor, meeting_id=pk, expected_version=version, today=timezone.localdate()),
            _("The meeting runs; the pack is kept as it is now."),
        ),
        "end": (lambda: services.end(actor=actor, meeting_id=pk, expected_version=version), _("The meeting is over.")),
        "approve": (
            lambda: services.approve(actor=actor, meeting_id=pk, expected_version=version),
            _("The minutes are approved."),
        ),
        "send": (
            lambda: services.send_minutes(
                actor=actor,
                meeting_id=pk,
                expected_version=version,
                text_for=packs.minutes_text,
                pdf_for=packs.minutes_pdf,
            ),
            _("The minutes are on their way."),
        ),
        "end_series": (
            lambda: of_series.end_series(actor=actor, series_id=found.series_id),
            _("No further meeting is prepared."),
        ),
        "resume_series": (
            lambda: of_series.resume_series(actor=actor, series_id=found.series_id),
            _("The series goes on; its next meeting is prepared."),
        ),
        "ask_in": (lambda: _ask_in(request, actor, pk), _("Added.")),
        "take_out": (
            lambda: services.take_out(actor=actor, meeting_id=pk, attendee_id=number(request, "attendee") or 0),
            _("Taken out of the meeting."),
        ),
    }
    if verb not in verbs:
        raise NotFound(Reason("meeting.verb", N_("A meeting can't “%(verb)s”."), {"verb": verb[:40]}))
    function, sentence = verbs[verb]
    function()
    return done(request, _url(found), sentence)


def _ask_in(request: HttpRequest, actor: User, pk: int) -> None:
    wish = number(request, "user")
    user = get_or_not_found(User.objects.filter(is_active=True), pk=wish) if wish else None
    services.add_attendee(
        actor=actor,
        meeting_id=pk,
        name=request.POST.get("name", ""),
        email=request.POST.get("email", ""),
        user=user,
    )


def paper(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """The pack or the minutes as PDF, the invitation as calendar file."""
    actor = actor_of(request)
    found = selectors.meeting_by_id(actor, pk)
    internal = request.GET.get("view") != "customer"
    day = timezone.localtime(found.starts_at).strftime("%Y%m%d")
    if what == "pack":
        content = packs.pack_pdf(found, pack_of(actor, found), internal=internal)
        return as_download(content, f"pack-{day}.pdf", "application/pdf")
    if what == "minutes":
        return as_download(packs.minutes_pdf(found, internal), f"minutes-{day}.pdf", "application/pdf")
    if what == "invitation":
        text, method = invitation(found)
        return as_download(text.encode(), "invite.ics", f"text/calendar; method={method}; charset=utf-8")
    raise NotFound(Reason("meeting.paper", N_("There is no such paper.")))
