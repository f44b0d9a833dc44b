"""Upload a sheet, look at every row with its errors in place, commit all good rows or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from punctual.flows.master_import import SUBJECTS
from punctual.flows.master_import.columns import MasterImport, Outcome
from punctual.flows.master_import.reading import (
    guess,
    read_rows,
    read_table,
    reasons_against_mapping,
    text_of,
)
from punctual.flows.master_import.running import ImportResult, RowResult, run
from punctual.kernel.refusal import NotFound, Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.attachments.services import path_of, store
from punctual.platform.sheets.reader import Table
from punctual.platform.sheets.writer import write_xlsx
from punctual.web.master.pages import actor_of
from punctual.web.shell.middleware import status_of
from punctual.web.shell.refusals import show_in, worded

SALT: Final = "punctual.import"
MOST_SHOWN: Final = 200
"""Rows on the page; the others are counted and in the error file."""


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
    )


def upload(request: HttpRequest, subject: str, back: str) -> HttpResponse:
    """Take the file, keep it, go on to its preview."""
    actor, noun = actor_of(request), SUBJECTS[subject]
    require(actor, noun.permission)
    form = UploadForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            read_table(noun, actor, file.read(), file.name)
            file.seek(0)
            sha256, _size = store(file)
        except Refusal as refusal:
            status = status_of(refusal)
            show_in(form, refusal)
        else:
            words = {"file": sha256, "name": file.name[:120], "user": actor.pk, "subject": subject}
            token = signing.dumps(words, salt=SALT, compress=True)
            return redirect(f"{subject.replace('-', '_')}_import_preview", token=token)
    context = {
        "title": _("Import: %(noun)s") % {"noun": _(noun.label)},
        "form": form,
        "back": reverse(back),
        "noun": _(noun.label),
        "columns": [(_(column.label), column.required) for column in noun.columns_for(actor)],
    }
    if request.GET.get("sample"):
        return _sheet(
            f"{subject}-empty.xlsx", _(noun.label), [_(column.label) for column in noun.columns_for(actor)], []
        )
    return render(request, "imports/upload.html", context, status=status)


@dataclass(frozen=True, slots=True)
class Upload:
    """The kept file as the preview needs it."""

    name: str
    table: Table
    mapping: dict[int, str]


def _open(request: HttpRequest, actor: User, noun: MasterImport, token: str) -> Upload:
    """The file behind the token; only for who uploaded it, only for this noun."""
    gone = NotFound(Reason("import.gone", N_("This upload is no longer here; choose the file again."), field="file"))
    try:
        words = signing.loads(token, salt=SALT, max_age=7 * 24 * 3600)
    except signing.BadSignature as error:
        raise gone from error
    if words["user"] != actor.pk or words["subject"] != noun.name:
        raise gone
    path = path_of(words["file"])
    if not path.exists():
        raise gone
    table = read_table(noun, actor, path.read_bytes(), words["name"])
    return Upload(words["name"], table, _mapping(request, actor, noun, table))


def _mapping(request: HttpRequest, actor: User, noun: MasterImport, table: Table) -> dict[int, str]:
    """As chosen in the address, else as guessed from the headers."""
    if "c0" not in request.GET:
        return guess(noun, actor, table.header)
    known = {column.field for column in noun.columns_for(actor)}
    chosen = {position: request.GET.get(f"c{position}", "") for position in range(len(table.header))}
    return {position: name for position, name in chosen.items() if name in known}


def preview(request: HttpRequest, token: str, subject: str, back: str) -> HttpResponse:
    """Every row as it would be; POST writes all rows, or with ``only_good`` the good ones."""
    actor, noun = actor_of(request), SUBJECTS[subject]
    require(actor, noun.permission)
    upload = _open(request, actor, noun, token)
    against = reasons_against_mapping(noun, upload.mapping)
    result: ImportResult | None = None
    if not against:
        write, only_good = request.method == "POST", bool(request.POST.get("only_good"))
        rows = read_rows(noun, upload.table, upload.mapping)
        result = run(noun, actor=actor, rows=rows, today=timezone.localdate(), write=write, only_good=only_good)
        if result.written:
            messages.success(request, _written(result))
            return redirect(back)
        if request.GET.get("errors"):
            return _error_file(subject, noun, upload.table, result)
    context = {
        "title": _("Import: %(noun)s") % {"noun": _(noun.label)},
        "name": upload.name,
        "back": reverse(back),
        "again": reverse(f"{subject.replace('-', '_')}_import"),
        "noun": _(noun.label),
        "against": against,
        "heads": _heads(actor, noun, upload),
        "count": len(upload.table.rows),
        "result": result,
        "only_errors": bool(request.GET.get("only")),
        **(_shown(result, upload, bool(request.GET.get("only"))) if result else {}),
    }
    return render(request, "imports/preview.html", context, status=422 if request.method == "POST" else 200)


def _written(result: ImportResult) -> str:
    return _("Imported: %(created)d new, %(changed)d changed, %(unchanged)d as they were, %(refused)d left out.") % {
        "created": result.count(Outcome.CREATED),
        "changed": result.count(Outcome.CHANGED),
        "unchanged": result.count(Outcome.UNCHANGED),
        "refused": result.refused,
    }


def _heads(actor: User, noun: MasterImport, upload: Upload) -> list[dict[str, Any]]:
    """Each column of the file with the choices of what it is taken for."""
    choices = [(column.field, _(column.label)) for column in noun.columns_for(actor)]
    return [
        {
            "text": text,
            "name": f"c{position}",
            "choices": [(field, label, upload.mapping.get(position) == field) for field, label in choices],
        }
        for position, text in enumerate(upload.table.header)
    ]


def _shown(result: ImportResult, upload: Upload, only_errors: bool) -> dict[str, Any]:
    wanted = [row for row in result.rows if not only_errors or row.outcome is Outcome.REFUSED]
    return {
        "rows": [_row(row, upload) for row in wanted[:MOST_SHOWN]],
        "not_shown": max(0, len(wanted) - MOST_SHOWN),
        "created": result.count(Outcome.CREATED),
        "changed": result.count(Outcome.CHANGED),
        "unchanged": result.count(Outcome.UNCHANGED),
    }


def _row(result: RowResult, upload: Upload) -> dict[str, Any]:
    """The cells with what is wrong at each; what belongs to no cell stands at the row."""
    by_field: dict[str, list[str]] = {}
    for reason in result.reasons:
        by_field.setdefault(reason.field, []).append(worded(reason))
    cells = []
    for position in range(len(upload.table.header)):
        value = text_of(result.row.cells[position]) if position < len(result.row.cells) else ""
        name = upload.mapping.get(position, "")
        cells.append((value, by_field.pop(name, []) if name else []))
    return {
        "number": result.row.number,
        "outcome": result.outcome.value,
        "cells": cells,
        "rest": [text for texts in by_field.values() for text in texts],
    }


def _error_file(subject: str, noun: MasterImport, table: Table, result: ImportResult) -> HttpResponse:
    """The refused rows as they came, with what is wrong in the last column: correct them there and import again."""
    header = [*table.header, _("What is wrong")]
    lines = [
        [
            *(text_of(cell) for cell in row.row.cells),
            *([""] * (len(table.header) - len(row.row.cells))),
            "\n".join(worded(reason) for reason in row.reasons),
        ]
        for row in result.rows
        if row.outcome is Outcome.REFUSED
    ]
    return _sheet(f"{subject}-errors.xlsx", _(noun.label), header, lines)


def _sheet(name: str, title: str, header: list[str], lines: list[list[str]]) -> HttpResponse:
    response = HttpResponse(
        write_xlsx(title, header, lines),
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
