"""Tables of one row: the company's own facts and its settings of each subject."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final, TypeVar

from django.db.models import Model
from django.http import HttpRequest, HttpResponse

M = TypeVar("M", bound=Model)

_READ: Final[ContextVar[dict[type[Model], Model] | None]] = ContextVar("rows_read", default=None)


def the_row(model: type[M], **defaults: Any) -> M:
    """The only row of ``model``, made with ``defaults`` the first time. While a page is shown it is read once."""
    read = _READ.get()
    found = read.get(model) if read is not None else None
    if isinstance(found, model):
        return found
    row = model._default_manager.get_or_create(pk=1, defaults=defaults)[0]
    if read is not None:
        read[model] = row
    return row


class ReadOnceMiddleware:
    """A request that only looks reads each such row once; one that changes something always reads it as it is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return self.get_response(request)
        held = _READ.set({})
        try:
            return self.get_response(request)
        finally:
            _READ.reset(held)
