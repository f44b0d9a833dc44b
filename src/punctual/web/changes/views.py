"""List, form and buttons of change orders."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from punctual.domain.changes.life import LIFE
from punctual.domain.changes.models import ChangeOrder, ChangeSource, CustomerAnswer
from punctual.domain.changes.rules import against_order
from punctual.domain.changes.selectors import change_by_number, listed_changes
from punctual.domain.changes.services.customer import answer_by_paper, ask_customer
from punctual.domain.changes.services.raising import change_draft, raise_change, reopen, submit, withdraw
from punctual.domain.customer_relations.models import CustomerRequest
from punctual.domain.customer_relations.selectors import request_by_key
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import order_by_key
from punctual.flows.asked_change import raise_asked, words_of
from punctual.flows.change_order import analyse_change, apply_change, reverse_change
from punctual.kernel.refusal import Conflict, NotFound, Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.web.changes import form as sheets
from punctual.web.changes.tables import COLUMNS, FILTERS, TABS
from punctual.web.master.pages import actor_of
from punctual.web.orders.actions import done, version_of
from punctual.web.shell.lists import ListPage
from punctual.web.shell.middleware import status_of


class ChangeList(ListPage):
    """Every change order the reader may see."""

    peeks = True
    peek_fields = ("reason", "words")
    key = "changes"
    title = gettext_lazy("Change orders")
    icon = "git-pull-request"
    columns = COLUMNS
    filters = FILTERS
    tabs = TABS
    search_kind = "changeorder"
    search_hint = gettext_lazy("Number, what changes, order")
    default_sort = "-number"
    template_name = "changes/list.html"
    empty_text = gettext_lazy("A confirmed order is changed by a change order; raise it on the order's page.")
    from_orders = True

    def rows(self, actor: User) -> QuerySet[Any]:
        require(actor, "changes.view")
        return listed_changes(actor)

    def url_of(self, item: Any) -> str:
        return f"/changes/{item.number}/"


def page_url(change: ChangeOrder) -> str:
    return reverse("change", args=[change.number])


def new_change(request: HttpRequest, key: str) -> HttpResponse:
    """Raise a change order for an order."""
    actor = actor_of(request)
    require(actor, "changes.raise")
    order = order_by_key(actor, key)
    refuse_if(against_order(order.state))
    if request.method == "POST":
        return _save(request, order, None)
    facts = {"title": "", "reason": "", "words": "", "source": ChangeSource.CUSTOMER, "needs_customer": True}
    asked = _asked(actor, request.GET)
    if asked is not None:
        facts |= {"title": asked.title[:120], "words": words_of(asked), "request": asked.number}
    return _form(request, order, sheets.blank_sheet(order), facts)


def _asked(actor: User, told: QueryDict) -> CustomerRequest | None:
    """The request that a change is raised from."""
    key = told.get("request", "")
    return request_by_key(actor, key) if key else None


def edit_change(request: HttpRequest, number: str) -> HttpResponse:
    """Write a draft anew."""
    actor = actor_of(request)
    require(actor, "changes.raise")
    change = change_by_number(actor, number)
    refuse_if(LIFE.reasons(change.state, "change"))
    if request.method == "POST":
        return _save(request, change.order, change)
    facts = {name: getattr(change, name) for name in ("title", "reason", "words", "source")}
    facts["needs_customer"] = change.customer_answer != CustomerAnswer.NOT_NEEDED
    return _form(request, change.order, sheets.sheet_of(change), facts, change=change)


def _save(request: HttpRequest, order: Order, change: ChangeOrder | None) -> HttpResponse:
    actor, post, today = actor_of(request), request.POST, timezone.localdate()
    sheet = sheets.posted_sheet(order, post)
    names = {pk: words for pk, words, _percent in sheets.plan_choices(order)[1]}
    items = sheets.items_of_sheet(sheet, names) + sheets.header_items(sheet, order)
    facts: dict[str, Any] = {name: post.get(name, "") for name in ("title", "reason", "words", "source")}
    facts["needs_customer"] = "needs_customer" in post
    asked = _asked(actor, post) if change is None else None
    try:
        # What is refused is taken back as a whole before the form is drawn anew.
        with transaction.atomic():
            if asked is not None:
                made = raise_asked(actor=actor, order=order, request_id=asked.pk, today=today, items=items, **facts)
            elif change is None:
                made = raise_change(actor=actor, order_id=order.pk, today=today, items=items, **facts)
            else:
                made = change_draft(
                    actor=actor, change_id=change.pk, expected_version=version_of(request), items=items, **facts
                )
            if "analyse" in post:
                made, _found = analyse_change(actor=actor, change_id=made.pk, today=today)
    except Conflict:
        raise
    except Refusal as refusal:
        facts["request"] = asked.number if asked is not None else ""
        return _form(request, order, sheet, facts, change=change, refusal=refusal)
    return redirect(page_url(made))


def _form(
    request: HttpRequest,
    order: Order,
    sheet: sheets.Sheet,
    facts: dict[str, Any],
    *,
    change: ChangeOrder | None = None,
    refusal: Refusal | None = None,
) -> HttpResponse:
    tasks, done_tasks = sheets.plan_choices(order)
    redo = [(pk, words, percent, sheet.redo.get(pk, "")) for pk, words, percent in done_tasks]
    sheet.pad()
    context = {
        "title": change.number if change else _("New change order"),
        "order": order,
        "change": change,
        "sheet": sheet,
        "facts": facts,
        "sources": ChangeSource.choices,
        "tasks": tasks,
        "redo": redo,
        "kinds": sheets.KINDS,
        "reasons": refusal.reasons if refusal else (),
        "action": reverse("change_edit", args=[change.number]) if change else reverse("change_new", args=[order.key]),
    }
    return render(request, "changes/form.html", context, status=status_of(refusal) if refusal else 200)


@require_POST
def do(request: HttpRequest, number: str, verb: str) -> HttpResponse:
    """One step of the change order's life."""
    actor, today = actor_of(request), timezone.localdate()
    change = change_by_number(actor, number)
    wish: dict[str, Any] = {"actor": actor, "change_id": change.pk, "expected_version": version_of(request)}
    reason = request.POST.get("reason", "")
    if verb == "analyse":
        analyse_change(**wish, today=today)
        return done(request, page_url(change), _("The impact is computed; nothing is changed yet."))
    if verb == "submit":
        submit(**wish, today=today)
        return done(request, page_url(change), _("Submitted; those who approve have been told."))
    if verb == "reopen":
        reopen(**wish)
        return done(request, page_url(change), _("Back to draft."))
    if verb == "withdraw":
        withdraw(**wish, reason=reason)
        return done(request, page_url(change), _("Withdrawn."))
    if verb == "apply":
        apply_change(**wish, today=today)
        return done(request, page_url(change), _("Applied: the order has its next revision, the plan its baseline."))
    if verb == "reverse":
        reverse_change(**wish, reason=reason, today=today)
        return done(request, page_url(change), _("Taken back: order and plan are as before."))
    raise NotFound(Reason("change.verb", N_("A change order can't “%(verb)s”."), {"verb": verb[:40]}))


@require_POST
def make_link(request: HttpRequest, number: str) -> HttpResponse:
    """A new link for the customer; it is shown once."""
    actor = actor_of(request)
    change = change_by_number(actor, number)
    change, token = ask_customer(actor=actor, change_id=change.pk, expected_version=version_of(request))
    request.session[f"link-{change.pk}"] = request.build_absolute_uri(reverse("change_sign", args=[token]))
    return done(request, f"{page_url(change)}#customer", _("The link is ready; copy it now, it is shown once."))


@require_POST
def paper(request: HttpRequest, number: str) -> HttpResponse:
    """The customer has answered on paper."""
    actor = actor_of(request)
    change = change_by_number(actor, number)
    file = request.FILES.get("file")
    answer_by_paper(
        actor=actor,
        change_id=change.pk,
        agree=request.POST.get("answer") == "agree",
        name=request.POST.get("name", ""),
        note=request.POST.get("note", ""),
        file=file,
        file_name=file.name or "" if file else "",
        expected_version=version_of(request),
    )
    return done(request, page_url(change), _("Recorded."))
