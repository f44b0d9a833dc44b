"""Hand several orders to somebody else, and take it back."""

from __future__ import annotations

from collections import defaultdict
from typing import Final, cast

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.orders.services.states import give_to
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.records import get_or_not_found
from punctual.web.orders.actions import done
from punctual.web.orders.views import OrderList
from punctual.web.shell.undo import say_with_undo
from punctual.web.shell.views import safe_next

MOST: Final = 2000


def _numbers(text: str) -> list[int]:
    return [int(one) for one in text.split(",") if one.isdecimal() and len(one) < 18]


def _chosen(request: HttpRequest, actor: User) -> list[int]:
    """The ticked orders, or all that the list shows under the address in ``matching``."""
    address = request.POST.get("matching", "")
    if not address:
        return _numbers(request.POST.get("ids", ""))
    view = OrderList()
    view.setup(request)
    rows = view.matching(actor, QueryDict(address.removeprefix("?"))).order_by()
    found = list(rows.values_list("pk", flat=True)[: MOST + 1])
    if len(found) > MOST:
        text = N_("More than %(most)d orders match. Narrow the list first.")
        raise Refusal(Reason("order.too_many", text, {"most": MOST}))
    return found


@require_POST
def change_owner(request: HttpRequest) -> HttpResponse:
    """Hand the selected orders to somebody."""
    actor = cast(User, request.user)
    if "back" in request.POST:
        return _give_back(request, actor)
    owner = _user(request.POST.get("owner", ""))
    before = give_to(actor=actor, order_ids=_chosen(request, actor), owner=owner)
    sentence = _("%(owner)s now owns %(count)d more orders.") % {"count": len(before), "owner": owner.name}
    by_owner: dict[int | None, list[str]] = defaultdict(list)
    for order_id, old in before.items():
        by_owner[old].append(str(order_id))
    if before and None not in by_owner:
        back = ";".join(f"{old}:{','.join(ids)}" for old, ids in by_owner.items())
        say_with_undo(request, sentence, request.path, back=back, next=safe_next(request))
    else:
        messages.success(request, sentence)
    return done(request, safe_next(request))


def _user(text: str) -> User:
    active: QuerySet[User] = User.objects.filter(is_active=True)
    return get_or_not_found(active, pk=int(text) if text.isdecimal() and len(text) < 18 else 0)


def _give_back(request: HttpRequest, actor: User) -> HttpResponse:
    """``owner:order,order;owner:order``: as it was before."""
    with transaction.atomic():
        for part in request.POST["back"].split(";"):
            owner, _colon, orders = part.partition(":")
            give_to(actor=actor, order_ids=_numbers(orders), owner=_user(owner))
    return done(request, safe_next(request), _("As it was before."))
