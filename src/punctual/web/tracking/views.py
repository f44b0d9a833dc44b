"""Pages for customers who do not sign in. Whatever does not work gets one quiet page that tells nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from punctual.domain.customer_relations import tokens
from punctual.domain.customer_relations.models import Survey, TrackingLink
from punctual.domain.customer_relations.rules import SCALE, TAKEN
from punctual.domain.customer_relations.services import feedback, tracking
from punctual.domain.customer_relations.services.sent_files import SentFile
from punctual.domain.customer_relations.services.tracking import Reader
from punctual.domain.orders.models import Order
from punctual.flows.customer_signs import sign_at
from punctual.kernel.refusal import NotFound, Refusal
from punctual.platform.logs import client_address
from punctual.platform.records import get_or_not_found
from punctual.web.shell.refusals import worded
from punctual.web.tracking.page import page_of

COOKIE: Final = "track"
MOST_LINKS: Final = 10
YEAR: Final = 365 * 24 * 3600

DRIVERS: Final = {
    "on_time": gettext_lazy("Delivery on time"),
    "quality": gettext_lazy("Quality"),
    "response": gettext_lazy("How fast you answered"),
    "price": gettext_lazy("Price"),
    "service": gettext_lazy("Service on site"),
}

View = Callable[..., HttpResponse]

FILE_KINDS: Final = ",".join(TAKEN)
"""What the browser's own choice of files offers."""


def sent_files_of(request: HttpRequest) -> list[SentFile]:
    """What was chosen on the page."""
    given = request.FILES.getlist("file")
    return [SentFile(one.name or "", one.size or 0, one.file) for one in given if one.file is not None]


def quiet(view: View) -> View:
    """Not found is the same page whatever the reason; nothing of it is kept by proxies or found by search engines."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NotFound:
            return render(request, "tracking/quiet.html", {"title": _("Not valid"), "quiet": True}, status=404)

    return never_cache(guarded)


def _sessions(request: HttpRequest) -> list[str]:
    return [one for one in request.COOKIES.get(COOKIE, "").split(".") if one][:MOST_LINKS]


@quiet
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """The address out of the mail. It is exchanged by a button, so that a mail scanner does not use it up."""
    known = tracking.links_for(_sessions(request))
    mine = next((link for link in known if link.link_hash == tokens.digest(token)), None)
    if mine is not None:
        return redirect("track_order", number=mine.order.number)
    if request.method != "POST":
        return render(request, "tracking/enter.html", {"title": _("Your order"), "token": token})
    session = tracking.exchange(token)
    response = redirect("track")
    found = tracking.links_for([session])
    if found:
        response = redirect("track_order", number=found[0].order.number)
    value = ".".join([session, *_sessions(request)][:MOST_LINKS])
    response.set_cookie(
        COOKIE, value, max_age=YEAR, path="/", httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )
    return response


def _link(request: HttpRequest, number: str) -> TrackingLink:
    """This browser's own link to that order."""
    for link in tracking.links_for(_sessions(request)):
        if link.order.number and link.order.number == number:
            return link
    raise tracking.quiet()


@quiet
def enter_not_mine(request: HttpRequest, token: str) -> HttpResponse:
    """It came to somebody else, who says so before opening it."""
    return _disown(request, tracking.link_by_token(token), back=reverse("track_enter", args=[token]))


@quiet
def not_mine(request: HttpRequest, number: str) -> HttpResponse:
    """The same after it was opened in this browser."""
    return _disown(request, _link(request, number), back=reverse("track_order", args=[number]))


def _disown(request: HttpRequest, link: TrackingLink, *, back: str) -> HttpResponse:
    """Asks once, so that no mail scanner says it; the page names neither order nor customer."""
    refused: list[str] = []
    done = False
    if request.method == "POST":
        try:
            tracking.disown_link(link=link, place=client_address(request))
            done = True
        except NotFound:
            raise
        except Refusal as refusal:
            refused = [worded(reason) for reason in refusal.reasons]
    context = {"title": _("Not meant for you?"), "done": done, "refused": refused, "back": back, "quiet": done}
    return render(request, "tracking/not_mine.html", context, status=422 if refused else 200)


@quiet
def overview(request: HttpRequest) -> HttpResponse:
    """The orders this browser may follow."""
    links = {link.order.number: link for link in tracking.links_for(_sessions(request))}
    if not links:
        raise tracking.quiet()
    if len(links) == 1:
        return redirect("track_order", number=next(iter(links)))
    return render(request, "tracking/overview.html", {"title": _("Your orders"), "links": list(links.values())})


@quiet
def track(request: HttpRequest, number: str) -> HttpResponse:
    """The page of one order."""
    link = _link(request, number)
    response = order_page(request, tracking.reader_of(link), here=reverse("track_order", args=[number]))
    if response.status_code == 200:
        tracking.note_visit(link)
    return response


def order_page(request: HttpRequest, reader: Reader, *, here: str, **more: object) -> HttpResponse:
    """What somebody of the customer sees of an order and does there, however they came in."""
    order = reader.order
    refused: list[str] = []
    if request.method == "POST" and request.POST.get("verb") == "sign":
        wish = request.POST.get("key", "")
        key = int(wish) if wish.isdecimal() and len(wish) < 18 else 0
        what, token = sign_at(order, what=request.POST.get("what", ""), key=key)
        page = reverse("change_sign" if what == "change" else "document_sign", args=[token])
        return redirect(f"{page}?{urlencode({'back': here})}")
    if request.method == "POST":
        try:
            messages.success(request, _act(request, reader))
        except NotFound:
            raise
        except Refusal as refusal:
            refused = [worded(reason) for reason in refusal.reasons]
        else:
            return redirect(here)
    context = page_of(reader)
    survey = _survey_of(order) if context["rule"].show_survey else None
    typed = request.POST if refused else {}
    context |= {"refused": refused, "typed": typed, "survey": survey, "file_kinds": FILE_KINDS}
    context["files_lost"] = bool(refused and request.FILES)
    context |= {"stars": range(1, 6), **more}
    return render(request, "tracking/page.html", context, status=422 if refused else 200)


def _survey_of(order: Order) -> Survey | None:
    """The newest question about this order to its present customer."""
    return Survey.objects.filter(order=order, customer=order.customer_id, kind="csat").order_by("-asked_at").first()


def _act(request: HttpRequest, reader: Reader) -> str:
    """What the customer does on the page; every one within this order only."""
    verb, text = request.POST.get("verb", ""), request.POST.get("text", "")
    if verb == "ask":
        found = tracking.ask_us(reader=reader, text=text, files=sent_files_of(request))
        return _("Received as %(number)s; we will answer.") % {"number": found.number}
    if verb == "say":
        number = request.POST.get("request", "")
        tracking.say_more(reader=reader, number=number, text=text, files=sent_files_of(request))
        return _("Received; we will answer.")
    if verb == "done":
        wish = request.POST.get("task", "")
        task = get_or_not_found(
            tracking.wants_of(reader.order), pk=int(wish) if wish.isdecimal() and len(wish) < 18 else 0
        )
        tracking.settle_want(task=task, by=reader.name, answer=text)
        return _("Thank you, noted.")
    if verb == "rate":
        score = request.POST.get("score", "")
        survey = _survey_of(reader.order)
        if survey is None:
            raise tracking.quiet()
        feedback.answer(
            survey=survey,
            score=int(score) if score.isdecimal() and len(score) < 3 else -1,
            comment=text,
            language=get_language() or "",
        )
        return _("Thank you for your answer.")
    raise tracking.quiet()


@quiet
def survey(request: HttpRequest, token: str) -> HttpResponse:
    """One click answers; a comment may follow. ``?score=`` only chooses beforehand: a mail scanner answers nothing."""
    found = feedback.survey_by_token(token)
    refused: list[str] = []
    if request.method == "POST":
        score = request.POST.get("score", "")
        try:
            feedback.answer(
                survey=found,
                score=int(score) if score.isdecimal() and len(score) < 3 else -1,
                comment=request.POST.get("comment", ""),
                drivers=request.POST.getlist("drivers"),
                language=get_language() or "",
            )
        except Refusal as refusal:
            refused = [worded(reason) for reason in refusal.reasons]
        else:
            return redirect(f"{reverse('survey', args=[token])}?thanks")
    low, high = SCALE[found.kind]  # type: ignore[index]
    context: dict[str, Any] = {
        "survey": found,
        "scores": range(low, high + 1),
        "chosen": request.GET.get("score", ""),
        "drivers": list(DRIVERS.items()),
        "thanks": "thanks" in request.GET and found.answered_at is not None,
        "refused": refused,
    }
    chosen = settings.LANGUAGE_COOKIE_NAME in request.COOKIES
    language = found.contact.language if found.contact is not None and not chosen else ""
    with override(language or get_language() or settings.LANGUAGE_CODE):
        context["title"] = _("How did we do?")
        response = render(request, "tracking/survey.html", context, status=422 if refused else 200)
        response["Content-Language"] = get_language() or ""
    return response
