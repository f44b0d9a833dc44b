"""Edit and archive pages: one way for every noun of the master data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import Model, QuerySet
from django.forms import MultipleChoiceField
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from punctual.kernel.refusal import Conflict, Refusal
from punctual.platform.accounts.models import User
from punctual.web.master.forms import FactsForm
from punctual.web.shell.changes import changed
from punctual.web.shell.columns import Filter
from punctual.web.shell.middleware import status_of
from punctual.web.shell.reading import MOST_DIGITS
from punctual.web.shell.refusals import show_in
from punctual.web.shell.undo import say_with_undo


def actor_of(request: HttpRequest) -> User:
    """Who asks; every page here is behind the sign-in."""
    return cast(User, request.user)


@dataclass(frozen=True, slots=True)
class Crumb:
    url: str
    text: object
    is_data: bool = False


def edit(
    request: HttpRequest,
    form: FactsForm,
    save: Callable[[dict[str, Any], int | None], Model],
    *,
    title: str,
    crumbs: Sequence[Crumb],
    back: str,
    done: Callable[[Any], str],
    wide: Mapping[str, str] | None = None,
    more: Mapping[str, object] | None = None,
) -> HttpResponse:
    """Show the form; on POST let ``save`` write its facts and go to ``done``. Every reason comes back at its field.

    Somebody else's change in between is shown with what it changed; saving once more keeps one's own.
    """
    conflict: Conflict | None = None
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            found = save(form.facts(), form.cleaned_data.get("version"))
        except Refusal as refusal:
            status = status_of(refusal)
            show_in(form, refusal)
            if isinstance(refusal, Conflict) and isinstance(form.data, QueryDict):
                conflict = refusal
                form.data = {**form.data.dict(), **_lists(form), "version": str(refusal.current_version)}
        else:
            messages.success(request, _("Saved."))
            return redirect(done(found))
    elif request.method == "POST":
        status = 422
    context = {
        "title": title,
        "form": form,
        "crumbs": crumbs,
        "back": back,
        "conflict": conflict,
        "changes": changed(conflict.changes) if conflict else [],
        "fields": [(bound, (wide or {}).get(bound.name, "")) for bound in form.visible_fields()],
        **(more or {}),
    }
    return render(request, "master/form.html", context, status=status)


def _lists(form: FactsForm) -> dict[str, Any]:
    """The choices of fields that hold several."""
    return {name: form[name].value() for name, field in form.fields.items() if isinstance(field, MultipleChoiceField)}


def number(request: HttpRequest, name: str) -> int | None:
    """A whole number out of the posted form, None where it is not told."""
    text = request.POST.get(name, "")
    if not text:
        return None
    if len(text) > MOST_DIGITS:
        raise BadRequest(name)
    try:
        return int(text)
    except ValueError as error:
        raise BadRequest(name) from error


def archive(
    request: HttpRequest,
    *,
    archive: Callable[[int | None], Model],
    restore: Callable[[int | None], Model],
    done: str,
) -> HttpResponse:
    """Archive, or with ``restore`` in the form bring back; a refusal is shown as a page of its own."""
    version = number(request, "version")
    if request.POST.get("restore"):
        found = restore(version)
        sentence, way_back = _("Restored."), {}
    else:
        found = archive(version)
        sentence, way_back = _("Archived. It can be restored at any time."), {"restore": "1"}
    say_with_undo(request, sentence, request.path, version=getattr(found, "version", ""), **way_back)
    return redirect(done)


def _by_state(rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
    wanted = set(values)
    if wanted == {"archived"}:
        return rows.exclude(archived_at=None)
    return rows if wanted == {"active", "archived"} else rows.filter(archived_at=None)


def state_filter(label: Any, active: Any, archived: Any) -> Filter:
    """In use or archived."""
    return Filter("state", label, lambda actor: [("active", active), ("archived", archived)], _by_state)
