"""The reviews that wait for me."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from punctual.domain.orders.selectors import signs_waiting_for
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.web.orders import marks

SHOWN = 50


def my_reviews(request: HttpRequest) -> HttpResponse:
    """Each open signature with what it is about and the three answers."""
    actor = cast(User, request.user)
    require(actor, "orders.view")
    waiting = signs_waiting_for(actor).prefetch_related("review__order__lines__product", "review__signs__user")
    now = timezone.now()
    items = []
    for sign in waiting[:SHOWN]:
        order = sign.review.order
        lines = list(order.lines.all())
        items.append(
            {
                "sign": sign,
                "order": order,
                "amount": marks.full_amount(order),
                "lines": lines[:4],
                "more": max(0, len(lines) - 4),
                "signs": sign.review.signs.all(),
                "overdue": sign.review.due_at is not None and sign.review.due_at < now,
            }
        )
    context = {"title": _("Reviews"), "items": items, "count": waiting.count(), "back_to": reverse("reviews")}
    return render(request, "orders/reviews.html", context)


def waiting_count(actor: User) -> int:
    """For the navigation."""
    return signs_waiting_for(actor).count()
