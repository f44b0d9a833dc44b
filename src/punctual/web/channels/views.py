"""My choices; the company's robots and webhooks with a test button and the log of what was sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.customer_relations.models import ReplyTemplate, RequestKind, SlaRule
from punctual.domain.customer_relations.models.requests import Phase
from punctual.domain.customer_relations.services import policy
from punctual.domain.parties.models import Grade
from punctual.kernel.quantity import NotANumber, parse_decimal
from punctual.kernel.refusal import NotFound, Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.permissions import may, require
from punctual.platform.notifications import channels, own_robot
from punctual.platform.notifications.kinds import EVENTS, KINDS
from punctual.platform.notifications.models import DeliveryState, Mode, RobotKind, Way
from punctual.platform.notifications.services import (
    Choice,
    bring_back,
    choices_of,
    choose,
    mark_done,
    quiet_hours_of,
    snooze,
)
from punctual.web.channels.feeds import feed_address, new_feed_token
from punctual.web.master.pages import actor_of, number
from punctual.web.orders.actions import done_here
from punctual.web.shell.refusals import worded


def _time(text: str) -> dt.time | None:
    try:
        return dt.time.fromisoformat(text) if text else None
    except ValueError:
        return None


def my_notifications(request: HttpRequest) -> HttpResponse:
    """What stands in the inbox and what comes by mail too; quiet hours; the calendar feed's address."""
    actor = actor_of(request)
    refused: list[str] = []
    if request.method == "POST" and "new_feed" in request.POST:
        request.session["feed_token"] = new_feed_token(actor)
        messages.success(request, _("The feed has a new address; the old one works no more."))
        return redirect("my_notifications")
    if request.method == "POST":
        post = request.POST
        choices = {
            kind: Choice(
                post.get(f"mode-{kind}", Mode.OFF.value),
                inbox=f"inbox-{kind}" in post,
                robot=post.get(f"robot-{kind}", before.robot),
            )
            for kind, before in choices_of(actor).items()
        }
        try:
            choose(
                actor=actor,
                choices=choices,
                quiet_begin=_time(post.get("quiet_begin", "")),
                quiet_end=_time(post.get("quiet_end", "")),
            )
        except Refusal as refusal:
            refused = [worded(reason) for reason in refusal.reasons]
        else:
            messages.success(request, _("Saved."))
            return redirect("my_notifications")
    token = request.session.pop("feed_token", "")
    context = {
        "title": _("What I am told, and how"),
        "kinds": [(kind, _(KINDS[kind]), chosen) for kind, chosen in choices_of(actor).items()],
        "modes": Mode.choices,
        "quiet": quiet_hours_of(actor),
        "refused": refused,
        "feed_address": feed_address(token) if token else "",
        "robot": own_robot.chosen_robot(actor),
        "own": own_robot.own_robot(actor),
        "offered": own_robot.offered(actor),
        "robot_kinds": [(kind.value, kind.label) for kind in own_robot.OWN_KINDS],
        "sent": own_robot.sent_to(actor)[:8],
    }
    return render(request, "channels/mine.html", context, status=422 if refused else 200)


def _step(
    request: HttpRequest, verbs: Mapping[str, tuple[Callable[[], object], str]], verb: str, *, back: str
) -> HttpResponse:
    """Does what the verb stands for and says so."""
    if verb not in verbs:
        raise NotFound(Reason("channel.verb", N_("There is no such step.")))
    function, sentence = verbs[verb]
    function()
    return done_here(request, back, sentence)


@require_POST
def my_robot(request: HttpRequest, verb: str) -> HttpResponse:
    """Choose who tells me, keep or drop my own robot, send a test, try again."""
    actor, post = actor_of(request), request.POST
    verbs: dict[str, tuple[Callable[[], object], str]] = {
        "choose": (lambda: own_robot.choose_robot(actor=actor, robot_id=number(request, "robot")), _("Saved.")),
        "keep": (
            lambda: own_robot.keep_own_robot(
                actor=actor,
                kind=post.get("kind", ""),
                address=post.get("address", ""),
                secret=post.get("secret", ""),
            ),
            _("Added. Send a test to see whether it arrives."),
        ),
        "drop": (lambda: own_robot.drop_own_robot(actor=actor), _("Removed.")),
        "test": (
            lambda: own_robot.test_chosen(actor=actor),
            _("A test is on its way; the log below tells what came of it."),
        ),
        "again": (
            lambda: own_robot.repeat_mine(actor=actor, delivery_id=post.get("delivery", "")),
            _("It is tried again."),
        ),
    }
    return _step(request, verbs, verb, back=f"{reverse('my_notifications')}#robot")


@require_POST
def inbox_step(request: HttpRequest) -> HttpResponse:
    """Put notifications away, or out of sight until tomorrow morning or next week."""
    actor = actor_of(request)
    ids = [int(one) for one in request.POST.getlist("id") if one.isdecimal() and len(one) < 18]
    verb = request.POST.get("verb", "")
    now = timezone.localtime()
    morning = now.replace(hour=8, minute=0, second=0, microsecond=0)
    if verb == "done":
        mark_done(actor=actor, ids=ids)
    elif verb == "tomorrow":
        snooze(actor=actor, ids=ids, until=morning + dt.timedelta(days=1))
    elif verb == "week":
        snooze(actor=actor, ids=ids, until=morning + dt.timedelta(days=7 - now.weekday()))
    elif verb == "back":
        bring_back(actor=actor, ids=ids)
        messages.success(request, _("Back in the inbox."))
    kept = {name: request.POST[name] for name in ("standing", "kind") if request.POST.get(name)}
    return redirect(f"{reverse('inbox')}?{urlencode(kept)}" if kept else "inbox")


def company_channels(request: HttpRequest) -> HttpResponse:
    """Robots, webhooks, and everything that was sent."""
    actor = actor_of(request)
    require(actor, "channels.manage")
    rows = channels.deliveries_of(actor)
    state = request.GET.get("state", "")
    if state in DeliveryState.values:
        rows = rows.filter(state=state)
    context = {
        "title": _("Channels"),
        "robots": channels.robots_of(actor),
        "webhooks": channels.webhooks_of(actor),
        "page": Paginator(rows, 30).get_page(request.GET.get("page")),
        "state": state,
        "states": DeliveryState.choices,
        "robot_kinds": RobotKind.choices,
        "kinds": [(kind, _(words)) for kind, words in KINDS.items()],
        "events": [(kind, _(words)) for kind, words in EVENTS.items()],
        "secret": request.session.pop("webhook_secret", ""),
        "ways": {way.value: way.label for way in Way},
    }
    return render(request, "channels/company.html", context)


@require_POST
def change_channels(request: HttpRequest, verb: str) -> HttpResponse:
    """Add, test, drop, send again."""
    actor, post = actor_of(request), request.POST
    pk = number(request, "pk") or 0

    def add_webhook() -> None:
        _made, secret = channels.add_webhook(
            actor=actor,
            url=post.get("url", ""),
            description=post.get("description", ""),
            kinds=post.getlist("kinds"),
        )
        request.session["webhook_secret"] = secret

    verbs: dict[str, tuple[Callable[[], object], str]] = {
        "add-robot": (
            lambda: channels.add_robot(
                actor=actor,
                name=post.get("name", ""),
                kind=post.get("kind", ""),
                address=post.get("address", ""),
                secret=post.get("secret", ""),
                kinds=post.getlist("kinds"),
                personal="personal" in post,
            ),
            _("Added. Send a test to see whether it arrives."),
        ),
        "allow-robot": (
            lambda: channels.allow_robot(actor=actor, robot_id=pk, personal="personal" in post),
            _("Saved."),
        ),
        "drop-robot": (lambda: channels.drop_robot(actor=actor, robot_id=pk), _("Removed.")),
        "test-robot": (
            lambda: channels.test_robot(actor=actor, robot_id=pk),
            _("A test is on its way; the log below tells what came of it."),
        ),
        "add-webhook": (add_webhook, _("Added. Send a test to see whether it arrives.")),
        "drop-webhook": (lambda: channels.drop_webhook(actor=actor, webhook_id=pk), _("Removed.")),
        "test-webhook": (
            lambda: channels.test_webhook(actor=actor, webhook_id=pk),
            _("A test is on its way; the log below tells what came of it."),
        ),
        "again": (
            lambda: channels.repeat(actor=actor, delivery_id=post.get("delivery", "")),
            _("It is tried again."),
        ),
    }
    return _step(request, verbs, verb, back=reverse("company_channels"))


def response_times(request: HttpRequest) -> HttpResponse:
    """How fast we answer whom, and the reply templates."""
    actor = actor_of(request)
    require(actor, "requests.view")
    refused: list[str] = []
    typed: dict[str, str] = {}
    if request.method == "POST":
        try:
            _change_policy(request)
        except Refusal as refusal:
            refused = [worded(reason) for reason in refusal.reasons]
            if request.POST.get("verb") == "set_template":
                typed = {name: request.POST.get(name, "") for name in ("pk", "name", "text", "text_en")}
        else:
            messages.success(request, _("Saved."))
            return redirect("response_times")
    may_change = may(actor, "requests.rules")
    rules = [
        {"rule": rule, "response": rule.response_minutes / 60, "resolution": rule.resolution_minutes / 60}
        for rule in SlaRule.objects.all()
    ]
    context = {
        "title": _("Response times"),
        "rules": rules,
        "templates": ReplyTemplate.objects.all(),
        "typed": typed,
        "grades": Grade.choices,
        "kinds": RequestKind.choices,
        "phases": Phase.choices,
        "may_change": may_change,
        "refused": refused,
    }
    return render(request, "channels/response_times.html", context, status=422 if refused else 200)


def _change_policy(request: HttpRequest) -> None:
    actor, post, verb = actor_of(request), request.POST, request.POST.get("verb", "")
    if verb == "set_rule":
        policy.set_rule(
            actor=actor,
            grade=post.get("grade", ""),
            kind=post.get("kind", ""),
            phase=post.get("phase", ""),
            response=round(60 * _hours(post.get("response", ""))),
            resolution=round(60 * _hours(post.get("resolution", ""))),
        )
    elif verb == "drop_rule":
        policy.drop_rule(actor=actor, rule_id=number(request, "pk") or 0)
    elif verb == "set_template":
        policy.set_template(
            actor=actor,
            name=post.get("name", ""),
            text=post.get("text", ""),
            text_en=post.get("text_en", ""),
            template_id=number(request, "pk"),
        )
    elif verb == "drop_template":
        policy.drop_template(actor=actor, template_id=number(request, "pk") or 0)


def _hours(text: str) -> Decimal:
    try:
        return parse_decimal(text)
    except NotANumber:
        return Decimal(0)
