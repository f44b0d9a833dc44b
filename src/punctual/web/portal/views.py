"""The portal: sign in, the customer's own orders, one order, requests. Nobody of ours signs in here, and who signs in
here opens nothing of ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from punctual.domain.customer_relations.models import PortalAccount
from punctual.domain.customer_relations.services import portal
from punctual.domain.customer_relations.services.tracking import Reader, rule_of
from punctual.domain.orders.models import Order
from punctual.domain.scheduling.models import OrderForecast
from punctual.flows.customer_signs import waiting_for_customer
from punctual.kernel.refusal import NotFound, Refusal
from punctual.platform.logs import client_address
from punctual.web.account.known import PORTAL
from punctual.web.shell.refusals import worded
from punctual.web.tracking.page import DONE, expected_from, requests_shown, state_of, verdict_of
from punctual.web.tracking.views import FILE_KINDS, order_page, quiet, sent_files_of

COOKIE: Final = "portal"
MOST_ORDERS: Final = 100
MOST_REQUESTS: Final = 50
KINDS: Final = {
    "question": gettext_lazy("Question"),
    "document": gettext_lazy("Document"),
    "schedule": gettext_lazy("Delivery dates"),
    "change": gettext_lazy("Wish to change"),
    "complaint": gettext_lazy("Complaint"),
    "suggestion": gettext_lazy("Suggestion"),
    "service": gettext_lazy("Service"),
}

Page = Callable[..., HttpResponse]


def _account(request: HttpRequest) -> PortalAccount | None:
    return portal.account_of_session(request.COOKIES.get(COOKIE, "")[:200])


def signed_in(view: Page) -> Page:
    """Whoever is not signed in is asked to; what is not theirs is the one quiet page."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        account = _account(request)
        if account is None:
            return redirect("portal_sign_in")
        return view(request, account, *args, **kwargs)

    return quiet(guarded)


def _let_in(session: str, email: str) -> HttpResponse:
    response = redirect("portal")
    PORTAL.remember(response, email)
    response.set_cookie(
        COOKIE,
        session,
        max_age=portal.SESSION_DAYS * 24 * 3600,
        path="/portal/",
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


# — the way in —


@quiet
def sign_in(request: HttpRequest) -> HttpResponse:
    """Mail address and password."""
    refused: list[str] = []
    email = request.POST.get("email", "")
    if request.method == "POST":
        password = request.POST.get("password", "")
        try:
            browser = PORTAL.known(request, email)
            session = portal.sign_in(
                email=email, password=password, place=client_address(request), known_browser=browser
            )
            return _let_in(session, email)
        except Refusal as refusal:
            refused = [worded(reason) for reason in refusal.reasons]
    elif _account(request) is not None:
        return redirect("portal")
    context = {"title": _("Sign in"), "refused": refused, "email": email[:254]}
    return render(request, "portal/sign_in.html", context, status=422 if refused else 200)


@require_POST
@quiet
def sign_out(request: HttpRequest) -> HttpResponse:
    portal.sign_out(request.COOKIES.get(COOKIE, "")[:200])
    response = redirect("portal_sign_in")
    response.delete_cookie(COOKIE, path="/portal/")
    return response


@quiet
def forgot(request: HttpRequest) -> HttpResponse:
    """A new password by mail; the answer is the same for every address."""
    if request.method == "POST":
        portal.forget_password(email=request.POST.get("email", ""), place=client_address(request))
    context = {"title": _("New password"), "asked": request.method == "POST"}
    return render(request, "portal/forgot.html", context)


@quiet
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """The address out of the mail: choose a password, once. Looking at it uses nothing up."""
    account = portal.account_by_invitation(token)
    refused: list[str] = []
    if request.method == "POST":
        data = request.POST
        try:
            session = portal.choose_password(
                text=token, password=data.get("password", "")[:200], again=data.get("again", "")[:200]
            )
            return _let_in(session, account.email)
        except NotFound:
            raise
        except Refusal as refusal:
            refused = [worded(reason) for reason in refusal.reasons]
    context = {"title": _("Choose your password"), "invited": account, "refused": refused}
    return render(request, "portal/welcome.html", context, status=422 if refused else 200)


# — what is shown —


@dataclass(frozen=True, slots=True)
class Row:
    """An order in the list: ``waiting`` counts what waits for the customer."""

    order: Order
    subject: str
    state: str
    verdict: dict[str, Any] | None
    expected: Any
    waiting: int


def _rows(orders: Sequence[Order], *, show_range: bool) -> list[Row]:
    forecasts = {one.order_id: one for one in OrderForecast.objects.filter(run__is_current=True, order__in=orders)}
    rows = []
    for order in orders:
        lines = list(order.lines.all())
        expected = expected_from(order, forecasts.get(order.pk)) if show_range else None
        sign = waiting_for_customer(order) if order.state not in DONE else None
        waiting = getattr(order, "open_wants", 0) + (len(sign.changes) + len(sign.documents) if sign else 0)
        rows.append(
            Row(
                order,
                (lines[0].description or lines[0].model_text) if lines else "",
                state_of(order),
                verdict_of(order, expected) if show_range else None,
                expected,
                waiting,
            )
        )
    return rows


@signed_in
def home(request: HttpRequest, account: PortalAccount) -> HttpResponse:
    """The customer's orders, what waits for them, and what they asked."""
    rule = rule_of(account.contact.customer)
    finished = "finished" in request.GET
    everything = portal.orders_for(account)
    orders = everything.filter(state__in=DONE) if finished else everything.exclude(state__in=DONE)
    theirs = Q(customer_tasks__done_at=None, customer_tasks__customer=account.contact.customer_id)
    wants = Count("customer_tasks", filter=theirs, distinct=True)
    shown = list(orders.annotate(open_wants=wants).prefetch_related("lines")[:MOST_ORDERS])
    asked = portal.requests_for(account).exclude(state="closed")
    context = {
        "title": _("Your orders"),
        "account": account,
        "customer": account.contact.customer,
        "rule": rule,
        "finished": finished,
        "rows": _rows(shown, show_range=rule.show_range),
        "running_count": everything.exclude(state__in=DONE).count(),
        "finished_count": everything.filter(state__in=DONE).count(),
        "open_requests": asked.count() if rule.show_requests else 0,
    }
    return render(request, "portal/home.html", context)


@signed_in
def order(request: HttpRequest, account: PortalAccount, number: str) -> HttpResponse:
    """One order, as on the page that a link opens."""
    found = portal.order_for(account, number)
    reader = Reader(found, account.contact.name, account.contact)
    return order_page(request, reader, here=reverse("portal_order", args=[number]), account=account)


@signed_in
def requests(request: HttpRequest, account: PortalAccount) -> HttpResponse:
    """Everything the customer has asked with its clock, and a new question."""
    rule = rule_of(account.contact.customer)
    refused: list[str] = []
    if request.method == "POST":
        try:
            messages.success(request, _ask(request, account))
            return redirect("portal_requests")
        except NotFound:
            raise
        except Refusal as refusal:
            refused = [worded(reason) for reason in refusal.reasons]
    rows = portal.requests_for(account) if rule.show_requests else portal.requests_for(account).none()
    context = {
        "title": _("Your requests"),
        "account": account,
        "customer": account.contact.customer,
        "requests": requests_shown(rows.select_related("order"), rule, most=MOST_REQUESTS),
        "orders": portal.orders_for(account)[:MOST_ORDERS],
        "kinds": KINDS.items(),
        "refused": refused,
        "typed": request.POST,
        "file_kinds": FILE_KINDS,
        "files_lost": bool(refused and request.FILES),
    }
    return render(request, "portal/requests.html", context, status=422 if refused else 200)


def _ask(request: HttpRequest, account: PortalAccount) -> str:
    data = request.POST
    if data.get("verb") == "say":
        portal.say_more(
            account=account,
            number=data.get("request", ""),
            text=data.get("text", ""),
            files=sent_files_of(request),
        )
        return _("Received; we will answer.")
    number = data.get("order", "")
    found = portal.ask_us(
        account=account,
        text=data.get("text", ""),
        order=portal.order_for(account, number) if number else None,
        kind=data.get("kind", ""),
        files=sent_files_of(request),
    )
    return _("Received as %(number)s; we will answer.") % {"number": found.number}
