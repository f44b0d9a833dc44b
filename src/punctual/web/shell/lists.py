"""A list page, declared and not written: columns, filters as chips, search, sort, pages, saved views, export.

A subject's ``tables.py`` declares the columns and filters, its ``views.py`` a subclass of :class:`ListPage`.
"""

from __future__ import annotations

import datetime as dt
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, cast
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import escape, format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views import View

from punctual.platform.accounts.models import Role, User
from punctual.platform.accounts.permissions import may
from punctual.platform.bulk.services import MOST, sequence_of_ids
from punctual.platform.custom_fields.models import CustomField
from punctual.platform.custom_fields.selectors import (
    fields_of,
    with_values,
)
from punctual.platform.records import get_or_not_found
from punctual.platform.saved_views.services import first_view, views_for
from punctual.platform.search.services import ids
from punctual.platform.sheets.writer import write_csv, write_xlsx
from punctual.web.formatting import listed
from punctual.web.shell.bulk import BulkEdit, last_change
from punctual.web.shell.bulk import handle as bulk_step
from punctual.web.shell.columns import BuiltInView, Column, Filter
from punctual.web.shell.inline import Editor, cell_form, cell_saved, no_such_cell, pencil
from punctual.web.shell.navigation import Words
from punctual.web.shell.own_fields import custom_columns, custom_filters
from punctual.web.shell.peek import peek, texts_of
from punctual.web.shell.waiting import counted

MOST_EXPORTED = 20_000
MOST_COUNTED = 1000
"""Beyond it a tab says 999+, so that many rows do not make the page slow."""


@dataclass
class Chip:
    label: Words
    value: str
    remove: str


@dataclass
class Tab:
    label: Words
    url: str
    active: bool
    own_id: int | None = None
    count: str = ""
    view_id: int | None = None
    is_first: bool = False


@dataclass
class Head:
    column: Column
    url: str = ""
    direction: str = ""


@dataclass
class Row:
    item: Any
    html: SafeString
    """The whole ``tr``: a template's loop over some hundred cells would take half of the page's time."""


class ListPage(ABC, View):
    """Subclass and declare; :meth:`rows` fetches what the actor may see."""

    key: ClassVar[str]
    title: ClassVar[Words]
    icon: ClassVar[str] = "list"
    columns: ClassVar[Sequence[Column]]
    filters: ClassVar[Sequence[Filter]] = ()
    tabs: ClassVar[Sequence[BuiltInView]] = ()
    search_kind: ClassVar[str] = ""
    search_hint: ClassVar[Words] = ""
    default_sort: ClassVar[str] = ""
    per_page: ClassVar[int] = 50
    template_name: ClassVar[str] = "shell/list.html"
    """How the table looks; ``ol`` places the columns of orders on phones."""
    create: ClassVar[tuple[str, Words, str] | None] = None
    """(url name, words, permission) of the page's primary button."""
    import_url: ClassVar[tuple[str, str] | None] = None
    """(url name, permission)"""
    custom_subject: ClassVar[str] = ""
    """Whose custom fields are columns and filters: ``order``, ``task``, ``customer``."""
    peeks: ClassVar[bool] = False
    """Whether a row opens at the side, on the desk; its page is behind its link."""
    peek_fields: ClassVar[tuple[str, ...]] = ()
    """Longer words of a record that are read at the side."""
    always_chosen: ClassVar[bool] = False
    """Whether rows are chosen even by who may not change them, for a sum or an export."""
    empty_text: ClassVar[Words] = ""
    """What belongs here and how it begins, shown when there is nothing at all."""
    from_orders: ClassVar[bool] = False
    """Whether work on orders fills the list; they are linked while it is empty."""

    @abstractmethod
    def rows(self, actor: User) -> QuerySet[Any]:
        """All that the actor may see; filters and search narrow it."""

    def rows_under(self, actor: User, query: QueryDict) -> QuerySet[Any]:
        """What an address of the page begins with, where it says more than the filters do. :meth:`rows` never looks at
        the address: a posted step has another one."""
        return self.rows(actor)

    def prepared(self, items: Iterable[Any]) -> Iterable[Any]:
        """The rows of a page with what their cells need besides, read for all at once."""
        return items

    def url_of(self, item: Any) -> str:
        return ""

    def name_of(self, item: Any) -> str:
        """What people call a row."""
        return str(item)

    def bulk(self, actor: User) -> Sequence[BulkEdit]:
        """What can be changed on several rows at once; empty: rows are not chosen here."""
        return ()

    def bulk_edits(self, actor: User) -> list[BulkEdit]:
        return [edit for edit in self.bulk(actor) if edit.may(actor)]

    def row_data(self, item: Any) -> dict[str, object]:
        """More for the page's script, as ``data-`` attributes of the row."""
        return {}

    def edit_url_of(self, item: Any) -> str:
        """Where E leads from a row; empty where the reader may not change it."""
        return ""

    def peek_texts(self, item: Any) -> list[tuple[str, str]]:
        """Longer words at the side, each with its heading."""
        return texts_of(item, self.peek_fields)

    def facts(self, actor: User, item: Any) -> list[tuple[Words, SafeString]]:
        """What the columns tell of a row, for its side."""
        linked = may(actor, "orders.view")
        cells = [(one.label, _told(one, item)) for one in self.shown_columns(actor) if one.on_page]
        return cells if linked else [(label, mark_safe(_unlinked(cell))) for label, cell in cells]  # noqa: S308

    def shown_columns(self, actor: User) -> list[Column]:
        """The columns that the reader may see."""
        own = custom_columns(self.custom_fields)
        return [column for column in (*self.columns, *own) if not column.permission or may(actor, column.permission)]

    @cached_property
    def custom_fields(self) -> list[CustomField]:
        """The fields that the company has added to what is listed."""
        return list(fields_of(self.custom_subject)) if self.custom_subject else []

    @cached_property
    def all_filters(self) -> list[Filter]:
        return [*self.filters, *custom_filters(self.custom_fields)]

    def _seen(self, actor: User) -> QuerySet[Any]:
        """The rows, or those of them that the address names, with the values of their custom fields."""
        rows = self._named(actor, self.request.GET)
        return with_values(rows, self.custom_fields) if self.custom_fields else rows

    def _named(self, actor: User, query: QueryDict) -> QuerySet[Any]:
        """What the address begins with, or the rows whose numbers stand in it."""
        rows = self.rows_under(actor, query)
        chosen = sequence_of_ids(query.get("ids", ""))
        return rows.filter(pk__in=chosen[:MOST]) if chosen else rows

    def exported(self, actor: User, rows: QuerySet[Any]) -> tuple[list[str], Iterable[Sequence[object]]]:
        """Header and lines of the export: the page's columns, unless a subject exports what its import reads back."""
        columns = [column for column in self.shown_columns(actor) if column.exported]
        lines = ([_exported(column.value(item)) for column in columns] for item in rows[:MOST_EXPORTED])
        return [str(column.label) for column in columns], lines

    def more(self, request: HttpRequest, rows: QuerySet[Any]) -> dict[str, Any]:
        """More for the template."""
        return {}

    def get(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        actor = cast(User, request.user)
        if not request.GET and (first := first_view(actor, self.key)) is not None and first.query:
            return redirect(f"{request.path}?{first.query}")
        self._columns = [column for column in self.shown_columns(actor) if column.on_page]
        if "cell" in request.GET:
            column, editor, item = self._cell(actor, request.GET["cell"])
            return cell_form(request, cell=request.GET["cell"], label=column.label, editor=editor, item=item)
        if self.peeks and "peek" in request.GET:
            return peek(self, request, request.GET["peek"])
        wish = request.GET.get("sort", self.default_sort)
        rows = self._sorted(self._filtered(request.GET, self._seen(actor)), wish)
        export = request.GET.get("export", "")
        if export in {"xlsx", "csv"}:
            return self._export(actor, rows, export)
        page = Paginator(rows, self.per_page).get_page(request.GET.get("page"))
        if page.paginator.count > MOST_COUNTED:
            # Of many, the keys are sorted first: whole rows with all that is joined to them would be sorted for a page.
            keys = list(rows.values_list("pk", flat=True)[page.start_index() - 1 : page.end_index()])
            page.object_list = self._sorted(self._seen(actor).filter(pk__in=keys), wish)
        chips = self.chips(actor, request.GET)
        edits = self.bulk_edits(actor)
        context = {
            "list": self,
            "title": self.title,
            "heads": self._heads(request.GET),
            "page": page,
            "page_rows": self._rows(actor, page, chosen=bool(edits) or self.always_chosen),
            "chips": chips,
            "list_tabs": self._tabs(actor, request.GET, page.paginator.count),
            "filter_choices": self._filter_choices(actor, request.GET),
            "q": request.GET.get("q", ""),
            "can_create": self.create and may(actor, self.create[2]),
            "create_url": reverse(self.create[0]) if self.create else "",
            "orders_url": reverse("orders") if self.from_orders and may(actor, "orders.view") else "",
            "can_import": self.import_url and may(actor, self.import_url[1]),
            "import_href": reverse(self.import_url[0]) if self.import_url else "",
            "bulk_edits": [(one, one.options(actor) if one.options else ()) for one in edits],
            **last_change(actor, self.key, edits),
            "is_filtered": bool(chips or request.GET.get("q")),
            **self.more(request, rows),
        }
        return render(request, self.template_name, context)

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """One cell, changed where it stands, or a step of changing several rows."""
        actor = cast(User, request.user)
        if self.bulk_edits(actor) and {"bulk", "bulk_undo"} & request.POST.keys():
            return bulk_step(self, request, actor)
        if not any(column.editor for column in self.columns):
            return self.http_method_not_allowed(request, *args, **kwargs)
        self._columns = [column for column in self.shown_columns(actor) if column.on_page]
        cell = request.POST.get("cell", "")
        column, editor, item = self._cell(actor, cell)

        def shown() -> SafeString:
            fresh = get_or_not_found(self._seen(actor), pk=item.pk)
            return format_html("<span data-user-content>{}</span>{}", _cell(column, fresh), pencil(column.label))

        return cell_saved(request, cell=cell, label=column.label, editor=editor, item=item, shown=shown)

    def _cell(self, actor: User, name: str) -> tuple[Column, Editor, Any]:
        """``number:column`` of a cell that can be changed."""
        number, _colon, key = name.partition(":")
        item = get_or_not_found(self.rows(actor), pk=int(number) if number.isdecimal() and len(number) < 18 else 0)
        for column in self._columns:
            if column.key == key and column.editor:
                return column, column.editor, item
        raise no_such_cell()

    def matching(self, actor: User, query: QueryDict) -> QuerySet[Any]:
        """What the list shows under this address, on all its pages."""
        return self._filtered(query, self._named(actor, query))

    # — rows —

    def _filtered(self, query: QueryDict, rows: QuerySet[Any]) -> QuerySet[Any]:
        for item in self.all_filters:
            values = [value for value in query.get(item.key, "").split(",") if value]
            if values:
                rows = item.apply(rows, values if item.multiple else values[:1])
        text = query.get("q", "").strip()
        if text and self.search_kind:
            rows = rows.filter(pk__in=ids(text, self.search_kind))
        return rows

    def _sorted(self, rows: QuerySet[Any], wish: str) -> QuerySet[Any]:
        key, descending = wish.lstrip("-"), wish.startswith("-")
        column = next((column for column in self._columns if column.key == key and column.sort), None)
        if column is None:
            return rows
        return rows.order_by(
            *(f"-{name}" if descending else name for name in column.sort), "-pk" if descending else "pk"
        )

    def _rows(self, actor: User, page: Page[Any], *, chosen: bool) -> list[Row]:
        openings = [(column, _opening(column)) for column in self._columns]
        pencils = {column.key: pencil(column.label) for column in self._columns if column.editor}
        linked = may(actor, "orders.view")
        choose = str(escape(_("Select %(number)s"))) if chosen else ""
        rows = []
        for item in self.prepared(page):
            cells = "".join(
                f"{opening}{_cell(column, item)}</span></td>"
                if column.editor is None or not column.editor.may(actor, item)
                else f'<td data-cell="{item.pk}:{column.key}"{opening[3:]}{_cell(column, item)}</span>'
                f"{pencils[column.key]}</td>"
                for column, opening in openings
            )
            row = self._opened(item, choose) + (cells if linked else _unlinked(cells)) + "</tr>"
            rows.append(Row(item, mark_safe(row)))  # noqa: S308 - made of safe parts
        return rows

    def _opened(self, item: Any, choose: str) -> str:
        """The beginning of a row: what the page's script knows of it, and the box that chooses it, with its words."""
        told = {"href": self.url_of(item), "edit": self.edit_url_of(item), **self.row_data(item)}
        if self.peeks:
            told["peek-url"] = f"?peek={item.pk}"
        if choose or self.peeks:
            told["id"] = item.pk
        data = "".join(f' data-{name}="{escape(value)}"' for name, value in told.items() if value != "")
        if not choose:
            return f"<tr{data}>"
        words = choose % {"number": escape(self.name_of(item))}
        box = f'<input type="checkbox" class="ckb" data-user-content value="{item.pk}" aria-label="{words}">'
        return f'<tr{data}><td class="ckc">{box}</td>'

    # — what stands above them —

    def _heads(self, query: QueryDict) -> list[Head]:
        wish = query.get("sort", self.default_sort)
        heads = []
        for column in self._columns:
            if not column.sort:
                heads.append(Head(column))
                continue
            active = wish.lstrip("-") == column.key
            next_wish = f"-{column.key}" if active and not wish.startswith("-") else column.key
            direction = ("descending" if wish.startswith("-") else "ascending") if active else ""
            heads.append(Head(column, _changed(query, sort=next_wish, page=""), direction))
        return heads

    def chips(self, actor: User, query: QueryDict) -> list[Chip]:
        """The filters of an address, each with the address without it."""
        chips = []
        for item in self.all_filters:
            values = [value for value in query.get(item.key, "").split(",") if value]
            if values:
                words = (
                    {value: item.name_of(actor, value) for value in values}
                    if item.name_of
                    else dict(item.options(actor))
                )
                shown = [str(words.get(value, value)) for value in values]
                text = (
                    listed(shown)
                    if len(shown) <= 2
                    else _("%(first)s and %(more)d more")
                    % {
                        "first": shown[0],
                        "more": len(shown) - 1,
                    }
                )
                chips.append(Chip(item.label, text, _changed(query, **{item.key: "", "page": ""})))
        return chips

    def _filter_choices(self, actor: User, query: QueryDict) -> list[dict[str, Any]]:
        return [
            {
                "key": item.key,
                "label": str(item.label),
                "multiple": item.multiple,
                "typed": str(item.typed),
                "value": query.get(item.key, ""),
                "options": [
                    (value, str(words), value in query.get(item.key, "").split(","))
                    for value, words in item.options(actor)
                ],
            }
            for item in self.all_filters
            if item.name_of is None
        ]

    def _tabs(self, actor: User, query: QueryDict, listed: int) -> list[Tab]:
        """With how many rows each has: of the open one what is listed, of others what was counted lately."""
        current = _canonical(query)
        named: list[tuple[Words, str, Any]] = [(tab.label, tab.query, None) for tab in self.tabs]
        named += [(view.name, view.query, view) for view in views_for(actor, self.key)]
        first = first_view(actor, self.key)
        texts = [text for _label, text, _own in named]
        counts = counted(actor, self.key, texts, lambda text: self._count(actor, QueryDict(text)))
        tabs = []
        for label, text, view in named:
            active = _canonical(QueryDict(text)) == current
            count = listed if active else counts[text]
            shown = str(count) if count < MOST_COUNTED else f"{MOST_COUNTED - 1}+"
            address = f"?{text}" if text or first is None else f"?{EVERYTHING}=1"
            made = Tab(label, address, active, count=shown)
            if view is not None:
                may_drop = view.user_id == actor.pk or actor.role == Role.ADMINISTRATOR
                made.own_id, made.view_id, made.is_first = view.pk if may_drop else None, view.pk, view == first
            tabs.append(made)
        return tabs

    def _count(self, actor: User, wish: QueryDict) -> int:
        """At most :data:`MOST_COUNTED`."""
        return self._filtered(wish, self.rows_under(actor, wish)).order_by()[:MOST_COUNTED].count()

    # — export —

    def _export(self, actor: User, rows: QuerySet[Any], kind: str) -> HttpResponse:
        header, lines = self.exported(actor, rows)
        stamp = timezone.localdate().isoformat()
        if kind == "csv":
            content, content_type = write_csv(header, lines), "text/csv; charset=utf-8"
        else:
            content = write_xlsx(str(self.title), header, lines)
            content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        response = HttpResponse(content, content_type=content_type)
        response["Content-Disposition"] = f'attachment; filename="{self.key}-{stamp}.{kind}"'
        return response


def _exported(value: object) -> object:
    if isinstance(value, dt.datetime) and timezone.is_aware(value):
        return timezone.localtime(value)
    return str(value) if isinstance(value, Model) else value


def _cell(column: Column, item: Any) -> SafeString:
    if column.html:
        return column.html(item)
    value = column.value(item)
    return escape("—" if value in (None, "") else value)


def _told(column: Column, item: Any) -> SafeString:
    """The cell where there is room: a person with the name beside the picture."""
    cell, value = _cell(column, item), column.value(item)
    bare = column.html and isinstance(value, User) and str(value) not in strip_tags(cell)
    return format_html("{} {}", cell, value) if bare else cell


def _opening(column: Column) -> SafeString:
    """What stands before each cell of the column; on phones its label stands beside the value."""
    css = f"k-{column.key}{' r n' if column.number else ''}{' fold' if column.fold else ''}"
    return format_html('<td class="{}" data-label="{}"><span data-user-content>', css, column.label)


ORDER_LINK: Final = re.compile(r'<a ([^>]*)href="/orders/[^"]*"([^>]*)>(.*?)</a>', re.DOTALL)


def _unlinked(cells: str) -> str:
    """Without links to orders, for who may not open one: their number alone."""
    return ORDER_LINK.sub(r"<b \1\2>\3</b>", cells)


def _changed(query: QueryDict, **changes: str) -> str:
    values = {name: query.get(name, "") for name in query} | changes
    return "?" + urlencode([(name, str(value)) for name, value in values.items() if value])


EVERYTHING: Final = "all"
"""Asks for the list without its first view."""


def _canonical(query: QueryDict) -> tuple[tuple[str, str], ...]:
    """The parts of an address that make a view: filters, search and sort order."""
    return tuple(
        sorted(
            (name, str(value)) for name, value in query.items() if value and name not in {"page", "peek", EVERYTHING}
        )
    )
