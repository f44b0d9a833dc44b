"""Calendar feeds under a private address: my tasks and visits, meetings, the milestones of my orders, deliveries.

The same thing keeps its UID, so that a reader moves it and makes no second one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache

from punctual.domain.actions.selectors import open_for
from punctual.domain.aftersales.selectors import visits_ahead
from punctual.domain.customer_relations import tokens
from punctual.domain.customer_relations.invitations import Entry, calendar_text, entry_of
from punctual.domain.customer_relations.selectors import meetings_of
from punctual.domain.monitoring.my_tasks import reportable, unfinished
from punctual.domain.orders.life import IN_HAND
from punctual.domain.orders.selectors import orders_of
from punctual.domain.plans.models import Task
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.notifications.models import FeedToken
from punctual.platform.notifications.outgoing import absolute

AHEAD: Final = dt.timedelta(days=400)
BEHIND: Final = dt.timedelta(days=60)


def new_feed_token(user: User) -> str:
    """The text of a new private address; the one before works no more."""
    text, hashed = tokens.make()
    FeedToken.objects.update_or_create(user=user, defaults={"token_hash": hashed, "created_at": timezone.now()})
    return text


def feed_address(token: str) -> str:
    return absolute(f"/feeds/{token}/calendar.ics")


def _uid(kind: str, pk: int) -> str:
    return f"{kind}-{pk}@{settings.MAIL_DOMAIN}"


@never_cache
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The reader's calendar program asks with the token alone; what the person may not see is not in it."""
    found = FeedToken.objects.filter(token_hash=tokens.digest(token), user__is_active=True).select_related("user")
    owner = found.first()
    if owner is None:
        return HttpResponse(status=404)
    only = request.GET.get("only", "")
    order = request.GET.get("order", "")
    with override(owner.user.language or settings.LANGUAGE_CODE):
        text = calendar_text(entries(owner.user, only=only, order=order), name=_("Punctual"))
    return HttpResponse(text, content_type="text/calendar; charset=utf-8")


def entries(user: User, *, only: str = "", order: str = "") -> Iterator[Entry]:
    """``only``: tasks, meetings, milestones or deliveries; ``order``: one order's number."""
    today = timezone.localdate()
    if only in ("", "tasks") and not order:
        yield from _tasks(user)
    if only in ("", "meetings"):
        yield from _meetings(user, order)
    if only in ("", "milestones") and may(user, "plans.view"):
        yield from _milestones(user, order, today)
    if only in ("", "deliveries"):
        yield from _deliveries(user, order)


def _tasks(user: User) -> Iterator[Entry]:
    for action in open_for(user)[:300]:
        yield Entry(
            _uid("action", action.pk),
            action.due,
            action.title,
            url=absolute(f"/actions/{action.pk}/"),
            sequence=action.version,
            changed=action.updated_at,
        )
    for task in unfinished(reportable(user, "mine")).filter(is_milestone=False).select_related("plan__order")[:300]:
        if task.start is not None and task.finish is not None:
            yield Entry(
                _uid("work", task.pk),
                task.start,
                f"{task.plan.order.label} {task.name}",
                end=task.finish,
                url=absolute(f"/tasks/{task.pk}/"),
                sequence=task.plan.version,
                changed=task.plan.updated_at,
            )
    for visit in visits_ahead(user).filter(engineer=user)[:200]:
        yield Entry(
            _uid("visit", visit.pk),
            visit.day,
            f"{visit.customer} {visit.purpose}".strip(),
            location=visit.customer.address,
            url=absolute(f"/visits/{visit.pk}/"),
            sequence=visit.version,
            changed=visit.updated_at,
        )


def _meetings(user: User, order: str) -> Iterator[Entry]:
    now = timezone.now()
    rows = meetings_of(user).filter(starts_at__range=(now - BEHIND, now + AHEAD))
    rows = (
        rows.filter(series__order__number=order)
        if order
        else rows.filter(Q(attendees__user=user) | Q(series__owner=user))
    )
    for meeting in rows.distinct()[:300]:
        yield entry_of(meeting, description=absolute(f"/meetings/{meeting.pk}/"))


def _milestones(user: User, order: str, today: dt.date) -> Iterator[Entry]:
    mine = orders_of(user).filter(state__in=IN_HAND)
    mine = mine.filter(number=order) if order else mine.filter(owner=user)
    rows = Task.objects.filter(plan__order__in=mine, is_milestone=True, finish__isnull=False)
    for task in rows.select_related("plan__order").order_by("finish")[:500]:
        finish = task.actual_finish or task.finish
        assert finish is not None
        yield Entry(
            _uid("task", task.pk),
            timezone.localtime(finish).date(),
            f"{task.plan.order.label} {task.name}",
            url=absolute(f"/plans/{task.plan.order.key}/"),
            sequence=task.plan.version,
            changed=task.plan.updated_at,
        )


def _deliveries(user: User, order: str) -> Iterator[Entry]:
    rows = orders_of(user).filter(state__in=IN_HAND).select_related("customer")
    rows = rows.filter(number=order) if order else rows.filter(owner=user)
    for one in rows.order_by("pk")[:500]:
        due = one.promised_date or one.requested_date
        if due is not None:
            yield Entry(
                _uid("order", one.pk),
                due,
                _("Deliver %(order)s, %(customer)s") % {"order": one.label, "customer": one.customer or ""},
                url=absolute(f"/orders/{one.key}/"),
                sequence=one.version,
                changed=one.updated_at,
            )
