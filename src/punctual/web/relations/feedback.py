"""What customers think of us: answers, trend, what drives it; ask and answer."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any, Final

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from punctual.domain.customer_relations.models import Survey, SurveyKind
from punctual.domain.customer_relations.rules import is_low
from punctual.domain.customer_relations.selectors import surveys_of
from punctual.domain.customer_relations.services import feedback as services
from punctual.domain.orders.selectors import order_by_key
from punctual.domain.parties.models import Contact, Customer
from punctual.domain.parties.selectors import get_customer
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.records import get_or_not_found
from punctual.web.formatting import listed
from punctual.web.master.cells import chip
from punctual.web.master.pages import actor_of, number
from punctual.web.relations.filters import customer_filter
from punctual.web.shell.columns import BuiltInView, Column, Filter, choice_filter
from punctual.web.shell.lists import ListPage
from punctual.web.templatetags.charts import Picture
from punctual.web.templatetags.punctual import moment
from punctual.web.tracking.views import DRIVERS

MONTHS: Final = 12


def _score(one: Survey) -> str:
    if one.score is None:
        return ""
    return f"{one.score} / {5 if one.kind == SurveyKind.CSAT else 10}"


def _score_cell(one: Any) -> SafeString:
    if one.score is None:
        return chip("", "hourglass", _("not answered"))
    low = is_low(one.kind, one.score)
    return chip("late" if low else "ok", "alert-triangle" if low else "star", _score(one))


def _request_cell(one: Any) -> SafeString:
    if one.request is None:
        return SafeString("")
    return format_html('<a href="{}">{}</a>', reverse("request", args=[one.request.number]), one.request.number)


def _driver_words(one: Any) -> str:
    return listed(str(DRIVERS[name]) for name in one.drivers if name in DRIVERS)


class FeedbackList(ListPage):
    key = "feedback"
    title = gettext_lazy("Feedback")
    icon = "star"
    template_name = "relations/feedback.html"
    empty_text = gettext_lazy("Customers are asked after the final acceptance, or when you ask; one click answers.")
    default_sort = "-answered"
    tabs = (
        BuiltInView(gettext_lazy("All"), ""),
        BuiltInView(gettext_lazy("Low scores"), "score=low"),
        BuiltInView(gettext_lazy("Not answered"), "score=none"),
    )
    filters = (
        Filter(
            "score",
            gettext_lazy("Score"),
            lambda actor: [("low", gettext_lazy("Low")), ("none", gettext_lazy("Not answered"))],
            lambda rows, values: rows.filter(score__isnull=True) if values == ["none"] else _low(rows),
        ),
        choice_filter("kind", gettext_lazy("Question"), SurveyKind),
        customer_filter(),
    )
    columns = (
        Column("customer", gettext_lazy("Customer"), lambda one: str(one.customer), sort=("customer__name",)),
        Column("order", gettext_lazy("Order"), lambda one: one.order.label if one.order else ""),
        Column("question", gettext_lazy("Question"), lambda one: one.get_kind_display(), fold=True),
        Column("score", gettext_lazy("Score"), _score, _score_cell, sort=("score",)),
        Column("occasion", gettext_lazy("Asked after"), lambda one: one.why, fold=True),
        Column("why", gettext_lazy("Why"), _driver_words, fold=True),
        Column("comment", gettext_lazy("Comment"), lambda one: one.comment),
        Column(
            "answered",
            gettext_lazy("Answered"),
            lambda one: one.answered_at,
            lambda one: moment(one.answered_at),
            ("answered_at",),
        ),
        Column(
            "request",
            gettext_lazy("Request"),
            lambda one: one.request.number if one.request else "",
            _request_cell,
        ),
        Column("answer", gettext_lazy("Our answer"), lambda one: one.answer, fold=True),
    )

    def rows(self, actor: User) -> QuerySet[Any]:
        return surveys_of(actor)

    def get(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        require(actor_of(request), "feedback.view")
        return super().get(request, *args, **kwargs)

    def more(self, request: HttpRequest, rows: QuerySet[Any]) -> dict[str, Any]:
        actor = actor_of(request)
        given = rows.filter(score__isnull=False).order_by("answered_at")
        answered = list(given.values_list("kind", "score", "answered_at", "drivers"))
        nps = [score for kind, score, _at, _why in answered if kind == SurveyKind.NPS]
        promoters, detractors = sum(score >= 9 for score in nps), sum(score <= 6 for score in nps)
        csat = [score for kind, score, _at, _why in answered if kind == SurveyKind.CSAT]
        drivers = Counter(
            name for kind, score, _at, why in answered if is_low(kind, score) for name in why if name in DRIVERS
        )
        return {
            "trend": _trend(answered),
            "csat": sum(csat) / len(csat) if csat else None,
            "nps": round(100 * (promoters - detractors) / len(nps)) if nps else None,
            "low_drivers": [(DRIVERS[name], count) for name, count in drivers.most_common()],
            "may_ask": may(actor, "feedback.change"),
            "may_set": may(actor, "delivery.settings"),
            "customers": Customer.objects.filter(archived_at=None) if may(actor, "feedback.change") else [],
            "kinds": SurveyKind.choices,
        }


def _low(rows: QuerySet[Any]) -> QuerySet[Any]:
    from django.db.models import Q

    return rows.filter(Q(kind="csat", score__lte=2) | Q(kind="nps", score__lte=6))


def _trend(answered: list[Any]) -> Picture | None:
    """Mean satisfaction a month."""
    months: dict[dt.date, list[int]] = {}
    for kind, score, at, _why in answered:
        if kind == SurveyKind.CSAT and at is not None:
            months.setdefault(timezone.localtime(at).date().replace(day=1), []).append(score)
    names = sorted(months)[-MONTHS:]
    if len(names) < 2:
        return None
    values = [round(sum(months[name]) / len(months[name]), 2) for name in names]
    words = _("Satisfaction by month: %(first)s in %(from)s, %(last)s in %(to)s")
    return Picture(
        {
            "grid": {"left": 34, "right": 12, "top": 14, "bottom": 24},
            "xAxis": {"type": "category", "data": [f"{name:%Y-%m}" for name in names]},
            "yAxis": {"type": "value", "min": 1, "max": 5},
            "series": [{"type": "line", "data": values, "color": "@accent-fill"}],
        },
        words % {"first": values[0], "from": f"{names[0]:%Y-%m}", "last": values[-1], "to": f"{names[-1]:%Y-%m}"},
        head=[_("Month"), _("Satisfaction"), _("Answers")],
        rows=[(f"{name:%Y-%m}", value, len(months[name])) for name, value in zip(names, values, strict=True)],
        size="s",
    )


@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Send one question."""
    actor = actor_of(request)
    customer = get_customer(actor, number(request, "customer") or 0)
    key = request.POST.get("order", "").strip()
    order = order_by_key(actor, key) if key else None
    contact = customer.contacts.filter(archived_at=None).exclude(email="").first()
    wish = number(request, "contact")
    if wish:
        contact = get_or_not_found(Contact.objects.filter(customer=customer), pk=wish)
    services.ask(
        actor=actor,
        customer=customer,
        order=order,
        contact=contact,
        kind=request.POST.get("kind", ""),
        occasion=request.POST.get("occasion", ""),
    )
    messages.success(request, _("The question is on its way."))
    return redirect("feedback")


@require_POST
def reply(request: HttpRequest, pk: int) -> HttpResponse:
    services.reply_to_feedback(actor=actor_of(request), survey_id=pk, text=request.POST.get("text", ""))
    messages.success(request, _("Answered; the customer reads it on the tracking page."))
    return redirect("feedback")
