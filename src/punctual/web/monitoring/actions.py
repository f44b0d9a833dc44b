"""Action items: one list for everything somebody must do, whatever caused it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from punctual.domain.actions.life import LIFE
from punctual.domain.actions.models import ActionItem, ActionState, Effect
from punctual.domain.actions.selectors import action_by_id, actions_of
from punctual.domain.actions.services import (
    cancel_action,
    change_action,
    check_effect,
    complete_action,
    open_action,
    reopen_action,
)
from punctual.domain.orders.selectors import order_by_key
from punctual.kernel.refusal import NotFound, Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform import targets
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.audit.services import story_of
from punctual.web.master.history import story
from punctual.web.monitoring.bulk import action_edits
from punctual.web.monitoring.tasks import actor_of, next_or
from punctual.web.shell.bulk import BulkEdit
from punctual.web.shell.columns import BuiltInView, Column, Filter, choice_filter, link
from punctual.web.shell.inline import Editor
from punctual.web.shell.lists import ListPage
from punctual.web.templatetags.punctual import avatar, day


def _due_cell(item: ActionItem) -> SafeString:
    late = item.state == ActionState.OPEN and item.due < timezone.localdate()
    return format_html('<span class="{}">{}</span>', "late b" if late else "", day(item.due))


def _order_cell(item: ActionItem) -> SafeString:
    return link(f"/orders/{item.order.key}/", item.order.label, "ono") if item.order else SafeString("—")


def _owners(actor: User) -> list[tuple[str, str]]:
    rows = actions_of(actor).order_by().values_list("owner_id", "owner__display_name").distinct()
    return [(str(pk), name) for pk, name in rows]


def _people() -> QuerySet[User]:
    return User.objects.filter(is_active=True).order_by("display_name")


def _person(text: str) -> User | None:
    return _people().filter(pk=int(text)).first() if text.isdecimal() and len(text) < 18 else None


def _mine(actor: User, item: ActionItem) -> bool:
    """Whether the reader may move it."""
    return actor.pk in {item.owner_id, item.created_by_id} or may(actor, "actions.steer")


def _changeable(actor: User, item: ActionItem) -> bool:
    return _mine(actor, item) and LIFE.allows(item.state, "change")


def _changed(actor: User, item: ActionItem, version: int, **new: Any) -> None:
    facts = {name: getattr(item, name) for name in ("title", "detail", "owner", "due", "check_effect_on")}
    change_action(actor=actor, action_id=item.pk, expected_version=version, **facts | new)


class Actions(ListPage):
    """Every action item that the reader may see."""

    peeks = True
    peek_fields = ("detail", "done_note")
    key = "actions"
    title = gettext_lazy("Action items")
    icon = "checklist"
    template_name = "monitoring/actions.html"
    columns = (
        Column(
            "title",
            gettext_lazy("Action item"),
            lambda one: one.title,
            lambda one: link(reverse("action", args=[one.pk]), one.title),
            ("title",),
        ),
        Column("order", gettext_lazy("Order"), lambda one: one.order.label if one.order else "", _order_cell),
        Column(
            "owner",
            gettext_lazy("Owner"),
            lambda one: one.owner.name,
            lambda one: format_html("{} {}", avatar(one.owner), one.owner.name),
            ("owner__display_name",),
            editor=Editor(
                value=lambda one: str(one.owner_id),
                may=_changeable,
                save=lambda actor, one, text, version: _changed(actor, one, version, owner=_person(text)),
                options=lambda actor: [(str(one.pk), one.name) for one in _people()],
            ),
        ),
        Column(
            "due",
            gettext_lazy("Due"),
            lambda one: one.due,
            _due_cell,
            ("due",),
            editor=Editor(
                value=lambda one: one.due.isoformat(),
                may=_changeable,
                save=lambda actor, one, text, version: _changed(actor, one, version, due=_day(text, "due")),
                kind="date",
            ),
        ),
        Column("state", gettext_lazy("State"), lambda one: one.get_state_display(), sort=("state",)),
        Column("effect", gettext_lazy("Effect"), lambda one: one.get_effect_display(), sort=("effect",), fold=True),
    )
    filters = (
        choice_filter("state", gettext_lazy("State"), ActionState),
        Filter(
            "due",
            gettext_lazy("Due"),
            lambda actor: [("overdue", gettext_lazy("Overdue"))],
            lambda rows, values: rows.filter(state=ActionState.OPEN, due__lt=timezone.localdate()),
        ),
        choice_filter("effect", gettext_lazy("Effect"), Effect),
        Filter(
            "owner",
            gettext_lazy("Owner"),
            _owners,
            lambda rows, values: rows.filter(owner__in=[int(v) for v in values if v.isdecimal() and len(v) < 18]),
        ),
    )
    tabs = (
        BuiltInView(gettext_lazy("Mine"), "mine=yes"),
        BuiltInView(gettext_lazy("Open"), "state=open"),
        BuiltInView(gettext_lazy("Overdue"), "due=overdue"),
        BuiltInView(gettext_lazy("Effect to check"), "state=done&effect=waiting"),
        BuiltInView(gettext_lazy("All"), ""),
    )
    default_sort = "due"
    create = ("action_new", gettext_lazy("New action item"), "actions.open")
    empty_text = gettext_lazy(
        "What must be done because of a warning, a risk, a meeting or an inspection appears here."
    )

    def rows(self, actor: User) -> QuerySet[ActionItem]:
        require(actor, "actions.own")
        return actions_of(actor)

    def rows_under(self, actor: User, query: QueryDict) -> QuerySet[ActionItem]:
        rows = self.rows(actor)
        return rows.filter(owner=actor, state=ActionState.OPEN) if query.get("mine") == "yes" else rows

    def bulk(self, actor: User) -> Sequence[BulkEdit]:
        return action_edits()

    def url_of(self, item: ActionItem) -> str:
        return reverse("action", args=[item.pk])


def _day(text: str, name: str) -> dt.date | None:
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise Refusal(
            Reason("action_item.date", N_("“%(value)s” is no date; write 2026-02-14."), {"value": text[:20]}, name)
        ) from error


def _given(request: HttpRequest) -> dict[str, Any]:
    return {
        "title": request.POST.get("title", ""),
        "detail": request.POST.get("detail", ""),
        "owner": _person(request.POST.get("owner", "")),
        "due": _day(request.POST.get("due", ""), "due"),
        "check_effect_on": _day(request.POST.get("check_effect_on", ""), "check_effect_on"),
    }


@require_http_methods(["GET", "POST"])
def new_action(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    require(actor, "actions.open")
    errors: list[Reason] = []
    if request.method == "POST":
        try:
            key = request.POST.get("order", "").strip()
            order = order_by_key(actor, key) if key else None
            made = open_action(actor=actor, order=order, **_given(request))
            return redirect("action", pk=made.pk)
        except Refusal as refusal:
            errors = list(refusal.reasons)
    context = {
        "title": _("New action item"),
        "people": _people(),
        "errors": errors,
        "given": request.POST,
        "order_key": request.POST.get("order") or request.GET.get("order", ""),
    }
    return render(request, "monitoring/action_new.html", context, status=422 if errors else 200)


def _cause(actor: User, item: ActionItem) -> dict[str, str] | None:
    if not item.cause_type or item.cause_id is None:
        return None
    try:
        found = targets.fetch(actor, item.cause_type, item.cause_id)
        target = targets.TARGETS[item.cause_type]
        return {
            "label": str(found),
            "noun": target.label,
            "url": reverse(target.url_name, args=[getattr(found, target.url_key)]),
        }
    except (NotFound, NoReverseMatch):
        return None


def action_page(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    item = action_by_id(actor, pk)
    mine = _mine(actor, item)
    context = {
        "title": item.title,
        "item": item,
        "cause": _cause(actor, item),
        "verbs": [verb for verb in LIFE.verbs_from(item.state) if mine],
        "late": item.state == ActionState.OPEN and item.due < timezone.localdate(),
        "people": _people(),
        "story": story(story_of(item)[:20], [ActionItem]),
    }
    return render(request, "monitoring/action.html", context)


@require_POST
def do_action(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """change, complete, cancel, reopen, effective, ineffective."""
    actor, note = actor_of(request), request.POST.get("note", "")
    text = request.POST.get("version", "")
    version = int(text) if text.isdecimal() and len(text) < 10 else None
    if verb == "change":
        change_action(actor=actor, action_id=pk, expected_version=version, **_given(request))
    elif verb == "complete":
        complete_action(actor=actor, action_id=pk, expected_version=version, note=note)
    elif verb == "cancel":
        cancel_action(actor=actor, action_id=pk, expected_version=version, note=note)
    elif verb == "reopen":
        reopen_action(actor=actor, action_id=pk, expected_version=version, note=note)
    elif verb in ("effective", "ineffective"):
        check_effect(actor=actor, action_id=pk, expected_version=version, effective=verb == "effective", note=note)
    else:
        raise NotFound(Reason("action_item.verb", N_("An action item can't “%(verb)s”."), {"verb": verb[:40]}))
    messages.success(request, _("Saved."))
    return redirect(next_or(request, reverse("action", args=[pk])))


def action_board(request: HttpRequest) -> HttpResponse:
    """Open items by how soon they are due, and what is done and to be checked."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "actions.own")
    rows = list(actions_of(actor).filter(state=ActionState.OPEN)[:400])
    week = today + dt.timedelta(days=7)
    checks = actions_of(actor).filter(state=ActionState.DONE, effect=Effect.WAITING)[:60]
    columns = [
        (_("Overdue"), "late", [one for one in rows if one.due < today]),
        (_("This week"), "", [one for one in rows if today <= one.due <= week]),
        (_("Later"), "", [one for one in rows if one.due > week]),
        (_("Effect to check"), "", list(checks)),
    ]
    return render(request, "monitoring/action_board.html", {"title": _("Action items"), "columns": columns})
