"""Importing a customer's order: upload, columns, settle the cells, take over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from punctual.domain.orders.column_words import COLUMN_WORDS
from punctual.domain.orders.import_custom import own_fields
from punctual.domain.orders.importing import Evaluated, RowView
from punctual.domain.orders.models import ImportState, Order, OrderImport
from punctual.domain.orders.rules import Finding
from punctual.domain.orders.selectors import imports_of
from punctual.domain.orders.services.imports import (
    HEADER_VALUES,
    choose_sheet,
    drop_import,
    error_rows,
    evaluated,
    leave_out,
    original,
    set_cell,
    set_header,
    set_mapping,
    take_over,
    upload,
)
from punctual.domain.parties.models import Customer
from punctual.kernel.quantity import NotANumber, parse_decimal
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.jobs.models import Job, JobState
from punctual.platform.records import get_or_not_found
from punctual.platform.sheets.writer import write_xlsx
from punctual.web.formatting import is_chinese
from punctual.web.orders.actions import as_download, version_of
from punctual.web.shell.navigation import Words
from punctual.web.shell.reading import whole
from punctual.web.shell.refusals import worded

PER_PAGE: Final = 100
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FIELD_WORDS: Final[dict[str, Words]] = {
    "customer_line_no": gettext_lazy("Customer's line"),
    "model": gettext_lazy("Model"),
    "revision": gettext_lazy("Revision"),
    "description": gettext_lazy("Product name"),
    "quantity": gettext_lazy("Quantity"),
    "unit": gettext_lazy("Unit"),
    "unit_price": gettext_lazy("Unit price"),
    "amount": gettext_lazy("Amount"),
    "requested_date": gettext_lazy("Requested"),
    "delivery_place": gettext_lazy("Delivery place"),
    "acceptance_criteria": gettext_lazy("Acceptance criteria"),
    "remark": gettext_lazy("Remark"),
    "customer": gettext_lazy("Customer"),
    "customer_po_number": gettext_lazy("Customer PO number"),
}
HEADER_WORDS: Final[dict[str, Words]] = {
    "customer_po_number": gettext_lazy("Customer PO number"),
    "contract_date": gettext_lazy("Contract date"),
    "currency": gettext_lazy("Currency"),
    "payment_terms": gettext_lazy("Payment terms"),
    "delivery_place": gettext_lazy("Delivery place"),
    "requested_date": gettext_lazy("Requested"),
    "stated_total": gettext_lazy("Total on the customer's order"),
}
NUMBERS: Final = frozenset({"quantity", "unit_price", "amount"})


def _actor(request: HttpRequest) -> User:
    return cast(User, request.user)


@dataclass(frozen=True, slots=True)
class CellView:
    field: str
    text: str
    shown: str
    was: str
    css: str
    icon: str
    short: str
    number: bool


@dataclass(frozen=True, slots=True)
class Line:
    row: RowView
    css: str
    icon: str
    cells: list[CellView]


@dataclass(frozen=True, slots=True)
class Problem:
    """The cell that is open for repair."""

    row: RowView
    field: str
    label: str
    finding: Finding
    text: str
    place: int
    count: int


def _own_words() -> dict[str, Words]:
    """The names of the company's own fields of an order."""
    own = own_fields()
    return {name: field.label for name, field in zip(own.names, own.fields, strict=True)}


def short_words(finding: Finding) -> str:
    """What stands in the cell."""
    sentence = _(finding.short)
    return sentence % finding.reason.params if finding.reason.params else sentence


def import_list(request: HttpRequest) -> HttpResponse:
    """Files on their way; with POST a new one."""
    actor = _actor(request)
    require(actor, "orders.change")
    reasons: tuple[Reason, ...] = ()
    if request.method == "POST":
        try:
            return redirect("import", _upload(request, actor).pk)
        except Refusal as refusal:
            reasons = refusal.reasons
    context = {
        "title": _("Import a customer's order"),
        "reasons": reasons,
        "customers": Customer.objects.filter(archived_at=None).order_by("name"),
        "page": Paginator(imports_of(actor), 30).get_page(request.GET.get("page")),
    }
    return render(request, "orders/imports.html", context, status=422 if reasons else 200)


def _upload(request: HttpRequest, actor: User) -> OrderImport:
    file = request.FILES.get("file")
    if file is None:
        raise Refusal(Reason("order.import.no_file", N_("Choose a file: .xlsx, .xls or .csv."), field="file"))
    wanted = request.POST.get("customer", "")
    return upload(
        actor=actor,
        content=file.read(),
        name=file.name or "file",
        today=timezone.localdate(),
        customer_id=whole(wanted) if wanted else None,
    )


def _item(request: HttpRequest, pk: int) -> OrderImport:
    actor = _actor(request)
    require(actor, "orders.change")
    return get_or_not_found(imports_of(actor), pk=pk)


def import_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The file with every problem at its cell."""
    item = _item(request, pk)
    job = Job.objects.filter(pk=item.job_id).first() if item.job_id else None
    if item.state == ImportState.OPEN and job is not None and job.state in (JobState.QUEUED, JobState.RUNNING):
        part = "_body" if request.headers.get("HX-Request") else ""
        return render(request, f"orders/import_job{part}.html", {"title": item.name, "item": item, "job": job})
    if job is not None and request.headers.get("HX-Request") and "at" not in request.GET:
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("import", args=[item.pk])})
    return _show(request, item, job)


def _show(
    request: HttpRequest,
    item: OrderImport,
    job: Job | None = None,
    *,
    reasons: tuple[Reason, ...] = (),
    keep: QueryDict | None = None,
) -> HttpResponse:
    """``keep``: the filter and page that stay after a change."""
    query = request.GET if keep is None else keep
    result = evaluated(item, today=timezone.localdate())
    show = query.get("show", "")
    page = Paginator(_chosen(result, show), PER_PAGE).get_page(query.get("page"))
    columns = _columns(item)
    shown = [name for _index, _header, name in columns if name]
    good, live = len(result.good), sum(1 for row in result.rows if not row.skip)
    if job is not None and job.state == JobState.FAILED:
        reasons = (*reasons, Reason("order.import.job", N_("Not taken over: %(why)s"), {"why": job.error[:400]}))
    context = {
        "title": _("Import a customer's order"),
        "item": item,
        "result": result,
        "is_open": item.state == ImportState.OPEN,
        "may_promise": may(_actor(request), "scheduling.view"),
        "columns": columns,
        "lines": [_line(row, shown) for row in page],
        "page": page,
        "show": show,
        "problem": _problem(result, query.get("at", ""), shown) if item.state == ImportState.OPEN else None,
        "good": good,
        "live": live,
        "cells": sum(len(row["cells"]) for row in item.rows),
        "header_values": [
            (name, words, item.header_values.get(name, "")) for name, words in (HEADER_WORDS | _own_words()).items()
        ],
        "customers": Customer.objects.filter(archived_at=None).order_by("name"),
        "field_choices": list((FIELD_WORDS | _own_words()).items()),
        "reasons": reasons,
        "waiting": result.findings,
        "total": result.data,
        "query": urlencode({name: str(query[name]) for name in ("show", "page") if name in query}),
    }
    part = "_body" if request.headers.get("HX-Request") else ""
    return render(request, f"orders/import{part}.html", context)


def _chosen(result: Evaluated, show: str) -> list[RowView]:
    kept: dict[str, list[RowView]] = {
        "errors": [row for row in result.rows if row.errors],
        "warnings": [row for row in result.rows if row.warnings],
        "fixed": [row for row in result.rows if row.was],
    }
    return kept.get(show, result.rows)


def _columns(item: OrderImport) -> list[tuple[str, str, str]]:
    """(index, header as written, field it means) for every column that has a header, or means something."""
    columns = [
        (str(index), name, item.mapping.get(str(index), ""))
        for index, name in enumerate(item.header)
        if name or str(index) in item.mapping
    ]
    if "revision" not in item.mapping.values():
        place = next((at + 1 for at, (_i, _h, field) in enumerate(columns) if field == "model"), len(columns))
        columns.insert(place, ("", _("Revision"), "revision"))
    return columns


def _line(row: RowView, fields: list[str]) -> Line:
    found: dict[str, Finding] = {}
    for finding in row.findings:
        kept = found.get(finding.reason.field)
        if kept is None or (finding.reason.is_error and not kept.reason.is_error):
            found[finding.reason.field] = finding
    cells = []
    for name in fields:
        finding_here = found.get(name)
        css = icon = short = ""
        if finding_here is not None:
            css, icon = ("er", "alert-circle") if finding_here.reason.is_error else ("df", "arrows-diff")
            short = short_words(finding_here)
        elif name in row.was:
            css, icon = "fx", "circle-check"
        text = row.texts.get(name, "")
        shown = _grouped(text) if name in NUMBERS else text
        cells.append(CellView(name, text, shown, row.was.get(name, ""), css, icon, short, name in NUMBERS))
    if row.skip:
        return Line(row, "skip", "ban", cells)
    mark = "alert-circle" if row.errors else "arrows-diff" if row.warnings else "circle-check"
    return Line(row, "late" if row.errors else "warn" if row.warnings else "ok", mark, cells)


def _grouped(text: str) -> str:
    """A number with thousands separators; what is none stays as it was written."""
    try:
        return f"{parse_decimal(text):,f}" if text else ""
    except NotANumber:
        return text


def _problem(result: Evaluated, at: str, shown: list[str]) -> Problem | None:
    """The cell named by ``at`` (``12.quantity``), or the first error, or the first difference."""
    places = [(row, finding) for row in result.rows for finding in row.errors]
    places += [(row, finding) for row in result.rows for finding in row.warnings]
    if not places:
        return None
    head, _dot, name = at.partition(".")
    wanted = [
        place
        for place, (row, finding) in enumerate(places)
        if str(row.index) == head and (not name or finding.reason.field == name)
    ]
    index = wanted[0] if wanted else 0
    row, finding = places[index]
    errors = sum(len(one.errors) for one in result.rows)
    count = errors if finding.reason.is_error else len(places) - errors
    place = index + 1 if finding.reason.is_error else index + 1 - errors
    field = finding.reason.field
    words = (FIELD_WORDS | _own_words()).get(field)
    text = row.texts.get(field, "")
    return Problem(row, field, str(words) if words is not None else field, finding, text, place, count)


def _changed(request: HttpRequest, item: OrderImport) -> HttpResponse:
    """After a change: the page again, in place with htmx, else by redirect with the same filter."""
    keep = request.POST.get("query", "")
    if request.headers.get("HX-Request"):
        return _show(request, item, keep=QueryDict(keep))
    return redirect(f"{reverse('import', args=[item.pk])}?{keep}")


@require_POST
def change_cell(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a cell right, or leave its row out."""
    actor, today, version = _actor(request), timezone.localdate(), version_of(request)
    item = _item(request, pk)
    index = request.POST.get("index", "")
    row = int(index) if index.isdecimal() and len(index) < 9 else -1
    choice = request.POST.get("choice", "")
    if choice in {"skip", "take"}:
        item = leave_out(
            actor=actor, import_id=pk, index=row, skip=choice == "skip", today=today, expected_version=version
        )
        return _changed(request, item)
    value = request.POST.get("value", "")
    if choice.startswith("fix:"):
        value = choice[4:]
    item = set_cell(
        actor=actor,
        import_id=item.pk,
        index=row,
        field=request.POST.get("field", ""),
        value=value,
        today=today,
        remember=bool(request.POST.get("remember")),
        expected_version=version,
    )
    return _changed(request, item)


@require_POST
def change_header(request: HttpRequest, pk: int) -> HttpResponse:
    """Customer and what stands above the table."""
    values = {
        name: text for name, text in request.POST.items() if name in {*HEADER_VALUES, *own_fields().names, "customer"}
    }
    item = set_header(
        actor=_actor(request),
        import_id=_item(request, pk).pk,
        values=cast(Mapping[str, str], values),
        today=timezone.localdate(),
        expected_version=version_of(request),
    )
    return _changed(request, item)


@require_POST
def change_columns(request: HttpRequest, pk: int) -> HttpResponse:
    """What the columns mean, or which sheet is read."""
    actor, today, version = _actor(request), timezone.localdate(), version_of(request)
    item = _item(request, pk)
    if "sheet" in request.POST:
        row = request.POST.get("header_row", "")
        item = choose_sheet(
            actor=actor,
            import_id=pk,
            sheet=request.POST["sheet"],
            header_row=int(row) if row.isdecimal() and len(row) < 9 else None,
            today=today,
            expected_version=version,
        )
    else:
        mapping = {name[4:]: str(value) for name, value in request.POST.items() if name.startswith("col-") and value}
        item = set_mapping(actor=actor, import_id=pk, mapping=mapping, today=today, expected_version=version)
    return _changed(request, item)


@require_POST
def take_over_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the draft order: all rows, or the good ones."""
    made = take_over(
        actor=_actor(request),
        import_id=_item(request, pk).pk,
        today=timezone.localdate(),
        only_good=request.POST.get("which") == "good",
        expected_version=version_of(request),
    )
    if isinstance(made, Order):
        messages.success(
            request, _("%(order)s with %(lines)d lines.") % {"order": made.label, "lines": made.line_count}
        )
        return redirect("order", made.key)
    return redirect("import", pk)


@require_POST
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    drop_import(actor=_actor(request), import_id=_item(request, pk).pk, expected_version=version_of(request))
    messages.success(request, _("The file is given up; nothing of it was taken over."))
    return redirect("imports")


def original_file(request: HttpRequest, pk: int) -> HttpResponse:
    item = _item(request, pk)
    return as_download(original(item), item.name)


def error_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The rows with problems as they came, with the sentences at the end, to be sent back or put right."""
    item = _item(request, pk)
    header, rows = error_rows(item, evaluated(item, today=timezone.localdate()))
    header[0], header[-1] = _("Row"), _("What is wrong")
    lines = [[*row[:-1], "\n".join(worded(reason) for reason in cast(Any, row[-1]))] for row in rows]
    stem = item.name.rsplit(".", 1)[0]
    return as_download(write_xlsx(_("Problems"), header, lines), f"{stem}-{_('problems')}.xlsx", XLSX)


def template_file(request: HttpRequest) -> HttpResponse:
    """An empty sheet whose columns the import knows, with the company's own fields."""
    require(_actor(request), "orders.change")
    header = [_column_word(name) for name in FIELD_WORDS if name not in {"amount", "remark"}]
    own = [field.label for field in own_fields().fields]
    return as_download(write_xlsx(_("Orders"), [*header, *own], []), f"{_('Orders')}.xlsx", XLSX)


def _column_word(name: str) -> str:
    """What a column is called in the reader's language, in words that are read back."""
    words = COLUMN_WORDS[name]
    return words[0] if is_chinese() else next(word for word in words if word.isascii()).capitalize()
