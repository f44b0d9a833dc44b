"""A list whose export is what its import reads back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext

from punctual.flows.master_import import SUBJECTS
from punctual.flows.master_import.columns import exported
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.custom_fields.selectors import shown, value_in_row
from punctual.web.master.cells import STATE_FILTER, STATE_TABS
from punctual.web.master.pages import actor_of
from punctual.web.shell.columns import BuiltInView, Filter
from punctual.web.shell.lists import MOST_EXPORTED, ListPage


class MasterList(ListPage):
    """``subject`` names the declared import; ``permission`` opens the page."""

    peeks = True
    subject: ClassVar[str]
    permission: ClassVar[str]
    template_name = "master/list.html"
    filters: ClassVar[Sequence[Filter]] = (STATE_FILTER,)
    tabs: ClassVar[Sequence[BuiltInView]] = STATE_TABS

    def everything(self, actor: User) -> QuerySet[Any]:
        """All the actor may see, archived ones included."""
        raise NotImplementedError

    def rows(self, actor: User) -> QuerySet[Any]:
        return self.everything(actor)

    def rows_under(self, actor: User, query: QueryDict) -> QuerySet[Any]:
        rows = self.everything(actor)
        return rows if "state" in query else rows.filter(archived_at=None)

    def edit_url_of(self, item: Any) -> str:
        return f"{self.url_of(item)}edit/" if self.create and may(self.request.user, self.create[2]) else ""

    def get(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        require(actor_of(request), self.permission)
        return super().get(request, *args, **kwargs)

    def exported(self, actor: User, rows: QuerySet[Any]) -> tuple[list[str], Iterable[Sequence[object]]]:
        def custom(item: Any) -> dict[str, object]:
            return {f"custom_{one.key}": shown(one, value_in_row(one, item)) or None for one in self.custom_fields}

        columns, lines = exported(SUBJECTS[self.subject], actor, rows[:MOST_EXPORTED], custom)
        return [gettext(column.label) for column in columns], lines
