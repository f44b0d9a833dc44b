"""Every request as a table, and the inbox of messages that hang on nothing yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from punctual.domain.customer_relations import selectors
from punctual.domain.customer_relations.models import RequestKind, RequestState, Urgency
from punctual.domain.customer_relations.services.mailbox import assign, set_aside
from punctual.domain.parties.models import Customer
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.records import get_or_not_found
from punctual.web.master.pages import actor_of, number
from punctual.web.orders.actions import done
from punctual.web.relations import clocks
from punctual.web.relations.bulk import request_edits
from punctual.web.relations.filters import customer_filter
from punctual.web.shell.bulk import BulkEdit
from punctual.web.shell.columns import BuiltInView, Column, Filter, choice_filter
from punctual.web.shell.lists import ListPage
from punctual.web.templatetags.punctual import moment


def _url(number: str) -> str:
    return reverse("request", args=[number])


def _minutes(name: str) -> Callable[[Any], object]:
    return lambda one: getattr(one, name)


MESSAGES_AT_SIDE: Final = 3


class RequestTable(ListPage):
    """Every request as a table: search, filters, views, export."""

    peeks = True
    key = "requests"
    title = gettext_lazy("All requests")
    icon = "message-circle"
    search_kind = "customerrequest"
    search_hint = gettext_lazy("Number, words, customer, order")
    create = ("request_new", gettext_lazy("Record a request"), "requests.change")
    empty_text = gettext_lazy("What customers ask arrives here: recorded by you, by mail or from their tracking page.")
    tabs = (
        BuiltInView(gettext_lazy("All"), ""),
        BuiltInView(gettext_lazy("Open"), "state=open,waiting"),
        BuiltInView(gettext_lazy("Complaints"), "kind=complaint"),
    )
    filters = (
        choice_filter("state", gettext_lazy("State"), RequestState),
        choice_filter("kind", gettext_lazy("Kind"), RequestKind),
        choice_filter("urgency", gettext_lazy("Urgency"), Urgency),
        Filter(
            "breach",
            gettext_lazy("Clock"),
            lambda actor: [("over", gettext_lazy("Overdue now"))],
            lambda rows, values: selectors.breached(rows, timezone.now()),
        ),
        customer_filter(),
    )
    columns = (
        Column(
            "number",
            gettext_lazy("Number"),
            lambda one: one.number,
            lambda one: format_html('<a class="n b" href="{}">{}</a>', _url(one.number), one.number),
            sort=("number",),
        ),
        Column("title", gettext_lazy("Subject"), lambda one: one.title),
        Column("customer", gettext_lazy("Customer"), lambda one: str(one.customer), sort=("customer__name",)),
        Column("order", gettext_lazy("Order"), lambda one: one.order.label if one.order else "", fold=True),
        Column("kind", gettext_lazy("Kind"), lambda one: one.get_kind_display(), sort=("kind",)),
        Column("urgency", gettext_lazy("Urgency"), lambda one: one.get_urgency_display(), fold=True),
        Column("channel", gettext_lazy("Channel"), lambda one: one.get_channel_display(), fold=True),
        Column("owner", gettext_lazy("Owner"), lambda one: str(one.owner or ""), fold=True),
        Column(
            "received",
            gettext_lazy("Came in"),
            lambda one: one.received_at,
            lambda one: moment(one.received_at),
            ("received_at",),
        ),
        Column("state", gettext_lazy("State"), lambda one: one.get_state_display(), sort=("state",)),
        Column(
            "clock",
            gettext_lazy("Clock"),
            lambda one: "",
            lambda one: clocks.due_chip(one, now=timezone.now()),
            exported=False,
        ),
        Column(
            "response", gettext_lazy("First response, working min"), _minutes("response_used"), number=True, fold=True
        ),
        Column(
            "resolution", gettext_lazy("Resolution, working min"), _minutes("resolution_used"), number=True, fold=True
        ),
    )

    def rows(self, actor: User) -> QuerySet[Any]:
        return selectors.listed_requests(actor).order_by("-received_at", "-pk")

    def name_of(self, item: Any) -> str:
        return f"{item.number} {item.title}"

    def peek_texts(self, item: Any) -> list[tuple[str, str]]:
        """The latest that was said, the newest first."""
        return [(one.get_author_display(), one.text) for one in item.messages.order_by("-at", "-pk")[:MESSAGES_AT_SIDE]]

    def bulk(self, actor: User) -> Sequence[BulkEdit]:
        return request_edits()

    def url_of(self, item: Any) -> str:
        return _url(item.number)

    def get(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        require(actor_of(request), "requests.view")
        return super().get(request, *args, **kwargs)


# — the inbox of messages —


def inbox(request: HttpRequest) -> HttpResponse:
    """What came by mail and hangs on nothing yet."""
    actor = actor_of(request)
    require(actor, "requests.change")
    if request.method == "POST":
        incoming = get_or_not_found(selectors.inbox_messages(actor), pk=number(request, "message") or 0)
        if request.POST.get("verb") == "set_aside":
            set_aside(actor=actor, incoming_id=incoming.pk)
            messages.success(request, _("Set aside, in your name."))
            return redirect("requests_inbox")
        wish = request.POST.get("request", "").strip()
        customer = number(request, "customer")
        made = assign(
            actor=actor,
            incoming_id=incoming.pk,
            to=selectors.request_by_key(actor, wish) if wish else None,
            customer=get_or_not_found(Customer.objects.all(), pk=customer) if customer else None,
        )
        return done(request, _url(made.number), _("Assigned."))
    context = {
        "title": _("Messages to be assigned"),
        "items": selectors.inbox_messages(actor)[:100],
        "customers": Customer.objects.filter(archived_at=None),
    }
    return render(request, "relations/inbox.html", context)
