"""A row of a list at the side: what its columns tell, longer words, what was said about it, and what happened last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from punctual.platform.accounts.models import User
from punctual.platform.audit.services import target_type
from punctual.platform.comments.kinds import DISCUSSED
from punctual.platform.comments.services import comments_on
from punctual.platform.custom_fields.selectors import with_values
from punctual.platform.records import get_or_not_found
from punctual.web.shell.latest import latest

if TYPE_CHECKING:
    from punctual.web.shell.lists import ListPage

SAID: Final = 3
LATEST: Final = 4


def peek(page: ListPage, request: HttpRequest, number: str) -> HttpResponse:
    """The row of this number, for who may see it in the list."""
    actor = cast(User, request.user)
    rows = page.rows(actor)
    if page.custom_fields:
        rows = with_values(rows, page.custom_fields)
    item = get_or_not_found(rows, pk=int(number) if number.isdecimal() and len(number) < 18 else 0)
    kind = target_type(item)
    context = {
        "item": item,
        "name": page.name_of(item),
        "url": page.url_of(item),
        "edit_url": page.edit_url_of(item),
        "facts": page.facts(actor, item),
        "texts": [(label, text) for label, text in page.peek_texts(item) if text],
        "kind": kind if kind in DISCUSSED else "",
        "said": list(comments_on(item)[:SAID]) if kind in DISCUSSED else [],
        "latest": latest(item, LATEST),
        "back": request.path,
    }
    return render(request, "shell/peek.html", context)


def texts_of(item: Any, names: tuple[str, ...]) -> list[tuple[str, str]]:
    """The longer words of a record, each under its field's name."""
    return [(str(item._meta.get_field(name).verbose_name), getattr(item, name)) for name in names]
