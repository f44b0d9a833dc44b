"""Change notices: the list, one notice with who has acknowledged, and drafts to customers."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from punctual.domain.monitoring.models import ChangeNotice, NoticeState
from punctual.domain.monitoring.selectors import drafts_of, listed_notices, notice_by_id, to_acknowledge
from punctual.domain.monitoring.services.notices import acknowledge, send_notice, settle_draft, withdraw_notice
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.web.monitoring.tasks import actor_of, next_or
from punctual.web.shell.columns import BuiltInView, Column, Filter, link
from punctual.web.shell.lists import ListPage
from punctual.web.templatetags.punctual import moment


def _answers(notice: ChangeNotice) -> SafeString:
    asked, answered = notice.asked, notice.answered  # type: ignore[attr-defined]
    css = "ok" if asked == answered else "warn"
    return format_html('<span class="{}">{} / {}</span>', css, answered, asked)


class Notices(ListPage):
    """Every notice with its open acknowledgements."""

    peeks = True
    key = "notices"
    title = gettext_lazy("Change notices")
    icon = "bell"
    columns = (
        Column(
            "title",
            gettext_lazy("Change notice"),
            lambda one: one.title,
            lambda one: link(reverse("notice", args=[one.pk]), one.title),
        ),
        Column(
            "order",
            gettext_lazy("Order"),
            lambda one: one.order.label,
            lambda one: link(f"/orders/{one.order.key}/", one.order.label, "ono"),
            ("order",),
        ),
        Column("state", gettext_lazy("State"), lambda one: one.get_state_display(), sort=("state",)),
        Column(
            "answers", gettext_lazy("Acknowledged"), lambda one: f"{one.answered} / {one.asked}", _answers, number=True
        ),
        Column(
            "sent",
            gettext_lazy("Sent on"),
            lambda one: one.sent_at,
            lambda one: moment(one.sent_at),
            ("sent_at",),
            fold=True,
        ),
        Column("by", gettext_lazy("From"), lambda one: one.created_by, fold=True),
    )
    filters = (
        Filter(
            "state",
            gettext_lazy("State"),
            lambda actor: NoticeState.choices,
            lambda rows, values: rows.filter(state__in=values),
        ),
    )
    tabs = (BuiltInView(gettext_lazy("All"), ""), BuiltInView(gettext_lazy("Sent"), "state=sent"))
    empty_text = gettext_lazy("When a way out or a change is applied, those concerned are told here and acknowledge.")

    def rows(self, actor: User) -> QuerySet[ChangeNotice]:
        require(actor, "notices.view")
        return listed_notices(actor)

    def url_of(self, item: ChangeNotice) -> str:
        return reverse("notice", args=[item.pk])


def notice_page(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    notice = notice_by_id(actor, pk)
    answers = list(notice.acknowledgements.select_related("user"))
    context = {
        "title": notice.title,
        "notice": notice,
        "answers": answers,
        "mine": to_acknowledge(actor).filter(notice=notice).exists(),
        "may_send": may(actor, "notices.send") and notice.state != NoticeState.WITHDRAWN,
        "people": User.objects.filter(is_active=True)
        .exclude(pk__in=[one.user_id for one in answers])
        .order_by("display_name")
        if may(actor, "notices.send")
        else [],
        "drafts": drafts_of(actor).filter(order=notice.order, state=NoticeState.DRAFT),
    }
    return render(request, "monitoring/notice.html", context)


@require_POST
def acknowledge_notice(request: HttpRequest, pk: int) -> HttpResponse:
    acknowledge(actor=actor_of(request), notice_id=pk)
    messages.success(request, _("Acknowledged."))
    return redirect(next_or(request, reverse("notice", args=[pk])))


@require_POST
def send(request: HttpRequest, pk: int) -> HttpResponse:
    ids = [int(one) for one in request.POST.getlist("people") if one.isdecimal() and len(one) < 18]
    send_notice(actor=actor_of(request), notice_id=pk, people=User.objects.filter(pk__in=ids))
    messages.success(request, _("Sent."))
    return redirect("notice", pk=pk)


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    withdraw_notice(actor=actor_of(request), notice_id=pk)
    messages.success(request, _("Withdrawn."))
    return redirect("notice", pk=pk)


def drafts(request: HttpRequest) -> HttpResponse:
    """Messages to customers that wait for an eye."""
    actor = actor_of(request)
    require(actor, "notices.send")
    rows = drafts_of(actor).filter(state=NoticeState.DRAFT)
    return render(request, "monitoring/drafts.html", {"title": _("Messages to customers"), "drafts": rows[:100]})


@require_POST
def draft_done(request: HttpRequest, pk: int) -> HttpResponse:
    sent = request.POST.get("verb") == "sent"
    settle_draft(actor=actor_of(request), draft_id=pk, sent=sent, text=request.POST.get("text"))
    messages.success(request, _("Noted as sent.") if sent else _("Thrown away."))
    return redirect(next_or(request, reverse("message_drafts")))
