"""Our side of the tracking page: give and take back links, say what we need, decide what is shown."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from punctual.domain.customer_relations.services import tracking
from punctual.domain.orders.selectors import order_by_key
from punctual.domain.parties.models import Contact
from punctual.domain.parties.selectors import get_customer
from punctual.kernel.dates import NotADay, parse_day
from punctual.platform.accounts.permissions import may, require
from punctual.platform.records import get_or_not_found
from punctual.web.master.pages import actor_of, number
from punctual.web.orders.actions import done_here
from punctual.web.shell.changes import register_labels

LABELS = {
    "show_range": gettext_lazy("When it is expected, and whether the agreed date is kept"),
    "show_milestones": gettext_lazy("Milestones"),
    "show_progress": gettext_lazy("Progress in percent"),
    "show_requests": gettext_lazy("Requests and our answers"),
    "show_deliveries": gettext_lazy("Deliveries and acceptance"),
    "show_survey": gettext_lazy("Survey"),
    "show_contact": gettext_lazy("Names, phone and mail of our people"),
}
register_labels(LABELS)


def _back(key: str) -> str:
    return f"{reverse('order', args=[key])}#tracking"


@require_POST
def give_link(request: HttpRequest, key: str) -> HttpResponse:
    """A new link; its address is shown once."""
    actor = actor_of(request)
    order = order_by_key(actor, key)
    wish = number(request, "contact")
    contact = get_or_not_found(Contact.objects.filter(customer=order.customer), pk=wish) if wish else None
    link, address = tracking.give_link(
        actor=actor,
        order=order,
        contact=contact,
        name=request.POST.get("name", ""),
        days=number(request, "days") or tracking.VALID_DAYS,
        send=bool(request.POST.get("send")),
    )
    request.session["tracking_address"] = {"link": link.pk, "address": address}
    sentence = _("The link is sent.") if request.POST.get("send") else _("The link is made.")
    return done_here(request, _back(order.key), sentence)


@require_POST
def revoke_link(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    actor = actor_of(request)
    order = order_by_key(actor, key)
    get_or_not_found(tracking.links_of(actor, order), pk=pk) if may(actor, "tracking.change") else None
    tracking.revoke_link(actor=actor, link_id=pk)
    messages.success(request, _("The link is taken back."))
    return redirect(_back(order.key))


@require_POST
def want(request: HttpRequest, key: str) -> HttpResponse:
    """Something we need from the customer."""
    actor = actor_of(request)
    order = order_by_key(actor, key)
    try:
        due = parse_day(request.POST.get("due", ""))
    except NotADay:
        due = None
    tracking.want(
        actor=actor,
        order=order,
        title=request.POST.get("title", ""),
        due=due,
        consequence=request.POST.get("consequence", ""),
    )
    return done_here(request, _back(order.key), _("The customer sees it on the tracking page."))


@require_POST
def settle_want(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    actor = actor_of(request)
    order = order_by_key(actor, key)
    require(actor, "tracking.change")
    task = get_or_not_found(tracking.wants_of(order), pk=pk)
    tracking.settle_want(task=task, by=actor.name, answer=request.POST.get("answer", ""), actor=actor)
    messages.success(request, _("Done."))
    return redirect(_back(order.key))


def rule(request: HttpRequest, pk: int) -> HttpResponse:
    """What this customer's tracking pages show."""
    actor = actor_of(request)
    customer = get_customer(actor, pk)
    require(actor, "tracking.change")
    if request.method == "POST":
        shown = {name: name in request.POST for name in tracking.SHOWN}
        tracking.set_rule(actor=actor, customer=customer, shown=shown)
        messages.success(request, _("Saved."))
        return redirect("customer", pk=pk)
    found = tracking.rule_of(customer)
    context = {
        "title": _("What the tracking page shows"),
        "customer": customer,
        "choices": [(name, LABELS[name], getattr(found, name)) for name in tracking.SHOWN],
    }
    return render(request, "tracking/rule.html", context)
