"""The register as a list, with the matrix above it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from punctual.domain.risks.facts import in_force, matrix
from punctual.domain.risks.life import LIVE
from punctual.domain.risks.models import Category, Risk, RiskState
from punctual.domain.risks.rules import Matrix
from punctual.domain.risks.selectors import listed, risks_of
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.web.master.pages import actor_of
from punctual.web.risks.marks import level_chip, levels, state_chip, three
from punctual.web.risks.pictures import matrix_picture
from punctual.web.shell.columns import BuiltInView, Column, Filter, link
from punctual.web.shell.lists import MOST_EXPORTED, ListPage
from punctual.web.shell.navigation import Words
from punctual.web.templatetags.punctual import avatar, day

WORST: Final = 6


def _by_state(rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
    return rows.filter(state__in=values)


def _by_category(rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
    return rows.filter(category__in=values)


def _by_scope(rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
    return rows.filter(order__isnull=values[0] == "company")


def _by_review(rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
    return rows.filter(state__in=LIVE, review_on__lte=timezone.localdate())


def _response_text(item: Risk) -> str:
    chosen = in_force(item)
    return f"{chosen.get_kind_display()} · {chosen.title}" if chosen else ""


def _order_cell(item: Risk) -> SafeString:
    if item.order is None:
        return format_html('<span class="t2">{}</span>', _("Company"))
    return link(reverse("order_risks", args=[item.order.key]), item.order.label, "nw")


def _number_cell(item: Risk) -> SafeString:
    return link(reverse("risk", args=[item.pk]), item.number, "ono n")


def _owner_cell(item: Risk) -> SafeString:
    return format_html('<span class="who">{}<span data-user-content>{}</span></span>', avatar(item.owner), item.owner)


def _review_cell(item: Risk) -> SafeString:
    due = item.review_on is not None and item.review_on <= timezone.localdate() and item.state in LIVE
    return format_html('<span class="{}">{}</span>', "warn b" if due else "", day(item.review_on))


def with_matrix(items: Iterable[Any]) -> Iterable[Any]:
    """The same items, each carrying the company's matrix, so that a column needs no query of its own."""
    shown = matrix()
    for item in items:
        item.matrix = shown
    return items


def top_risks(actor: User, most: int) -> list[tuple[Risk, SafeString]]:
    """What stays highest after the chosen responses, over all orders that the actor may see."""
    shown = matrix()
    live = risks_of(actor).filter(state__in=LIVE).prefetch_related("responses")  # all that ranking them needs
    names = [one.pk for one in _worst(live, shown, most)]
    rows = listed(actor).in_bulk(names)
    return [(rows[name], level_chip(rows[name], shown)) for name in names]


def _worst(live: Iterable[Risk], shown: Matrix, most: int) -> list[Risk]:
    return sorted(live, key=lambda one: (-levels(one, shown)[1], -one.days_mode, one.pk))[:most]


def _highest(live: list[Risk], shown: Matrix, most: int) -> list[tuple[Risk, SafeString]]:
    return [(one, level_chip(one, shown)) for one in _worst(live, shown, most)]


class RiskList(ListPage):
    peeks = True
    peek_fields = ("cause",)
    key = "risks"
    title = gettext_lazy("Risks")
    icon = "target-arrow"
    template_name = "risks/list.html"
    search_kind = "risk"
    search_hint = gettext_lazy("Number, risk, cause, pinyin initials")
    create = ("risk_new", gettext_lazy("New risk"), "risks.write")
    default_sort = "-level"
    empty_text = gettext_lazy("What may go wrong with an order or the company: enter the first risk.")
    tabs = (
        BuiltInView(gettext_lazy("May happen"), "state=identified,assessed,responding"),
        BuiltInView(gettext_lazy("To review"), "review=due"),
        BuiltInView(gettext_lazy("Company"), "scope=company"),
        BuiltInView(gettext_lazy("All"), ""),
    )
    filters = (
        Filter("state", gettext_lazy("State"), lambda actor: RiskState.choices, _by_state),
        Filter("category", gettext_lazy("Category"), lambda actor: Category.choices, _by_category),
        Filter(
            "scope",
            gettext_lazy("Belongs to"),
            lambda actor: [("order", gettext_lazy("Orders")), ("company", gettext_lazy("Company"))],
            _by_scope,
            multiple=False,
        ),
        Filter(
            "review",
            gettext_lazy("Review"),
            lambda actor: [("due", gettext_lazy("Due"))],
            _by_review,
            multiple=False,
        ),
    )
    columns = (
        Column("number", gettext_lazy("Number"), lambda item: item.number, _number_cell, sort=("number",)),
        Column("title", gettext_lazy("Risk"), lambda item: item.title, sort=("title",)),
        Column("order", gettext_lazy("Order"), lambda item: item.order, _order_cell, sort=("order__number",)),
        Column("category", gettext_lazy("Category"), lambda item: item.get_category_display(), sort=("category",)),
        Column(
            "probability",
            gettext_lazy("Probability, %"),
            lambda item: item.probability,
            sort=("probability",),
            number=True,
        ),
        Column(
            "days",
            gettext_lazy("Delay, days"),
            lambda item: three(item.days_low, item.days_mode, item.days_high),
            sort=("days_mode",),
        ),
        Column(
            "level",
            gettext_lazy("Level"),
            lambda item: levels(item, item.matrix)[0],
            lambda item: level_chip(item, item.matrix),
            sort=("probability", "days_mode"),
        ),
        Column("response", gettext_lazy("Response"), _response_text, fold=True),
        Column("owner", gettext_lazy("Owner"), lambda item: item.owner, _owner_cell, sort=("owner__display_name",)),
        Column(
            "review_on", gettext_lazy("Next review"), lambda item: item.review_on, _review_cell, sort=("review_on",)
        ),
        Column("state", gettext_lazy("State"), lambda item: item.get_state_display(), state_chip, sort=("state",)),
    )

    def rows(self, actor: User) -> QuerySet[Risk]:
        return listed(actor)

    def prepared(self, items: Iterable[Any]) -> Iterable[Any]:
        return with_matrix(items)

    def facts(self, actor: User, item: Any) -> list[tuple[Words, SafeString]]:
        return super().facts(actor, next(iter(with_matrix([item]))))

    def exported(self, actor: User, rows: QuerySet[Any]) -> tuple[list[str], Iterable[Sequence[object]]]:
        columns = self.shown_columns(actor)
        items = with_matrix(rows[:MOST_EXPORTED])
        return [str(one.label) for one in columns], ([str(one.value(item)) for one in columns] for item in items)

    def url_of(self, item: Any) -> str:
        return reverse("risk", args=[item.pk])

    def get(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        require(actor_of(request), "risks.view")
        return super().get(request, *args, **kwargs)

    def more(self, request: HttpRequest, rows: QuerySet[Any]) -> dict[str, Any]:
        shown = matrix()
        live = list(listed(actor_of(request)).filter(state__in=LIVE))
        due = sum(1 for one in live if one.review_on and one.review_on <= timezone.localdate())
        return {
            "picture": matrix_picture(live, shown, as_counts=True),
            "worst": _highest(live, shown, WORST),
            "live_count": len(live),
            "due_count": due,
        }
