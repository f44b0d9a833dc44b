"""A cell of a list changed where it stands: the pencil in it, or E on its row; Enter keeps, Esc leaves it as it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from punctual.kernel.refusal import NotFound, Reason
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.web.shell.navigation import Words
from punctual.web.shell.undo import say_with_undo
from punctual.web.shell.views import safe_next
from punctual.web.templatetags.punctual import icon


@dataclass(frozen=True)
class Editor:
    """How one column's cells are changed. ``save`` goes through the service, which decides; it gets actor, item, the
    text that was given, and the version that the form was opened on."""

    value: Callable[[Any], str]
    may: Callable[[User, Any], bool]
    save: Callable[[User, Any, str, int], object]
    options: Callable[[User], Sequence[tuple[str, Words]]] | None = None
    kind: str = "text"
    """Of the input, where there are no options."""


def no_such_cell() -> NotFound:
    """There is none, or the reader may not change it."""
    return NotFound(Reason("list.cell", N_("There is nothing here that you can change. Reload the page.")))


def pencil(label: Words) -> SafeString:
    """Shown where the mouse is; the keyboard has E, so it is no stop of the Tab key."""
    words = _("Change %(what)s") % {"what": label}
    return format_html(
        '<button type="button" class="cpen" data-cell-edit tabindex="-1" aria-label="{}" title="{}">{}</button>',
        words,
        words,
        icon("pencil", "s"),
    )


def cell_form(request: HttpRequest, *, cell: str, label: Words, editor: Editor, item: Any) -> HttpResponse:
    """The small form in the cell's place."""
    actor = request.user
    assert isinstance(actor, User)
    if not editor.may(actor, item):
        raise no_such_cell()
    context = {
        "cell": cell,
        "label": label,
        "editor": editor,
        "value": editor.value(item),
        "options": editor.options(actor) if editor.options else None,
        "version": item.version,
    }
    return render(request, "shell/cell_form.html", context)


def cell_saved(
    request: HttpRequest, *, cell: str, label: Words, editor: Editor, item: Any, shown: Callable[[], SafeString]
) -> HttpResponse:
    """Keeps what was given and answers with the cell as it is now, and a notice with the way back."""
    actor = request.user
    assert isinstance(actor, User)
    before = editor.value(item)
    text = request.POST.get("version", "")
    editor.save(actor, item, request.POST.get("value", ""), int(text) if text.isdecimal() and len(text) < 10 else -1)
    item.refresh_from_db()
    if not request.headers.get("HX-Request"):
        return redirect(safe_next(request))
    sentence = _("%(what)s changed.") % {"what": label}
    back = {"cell": cell, "value": before, "version": item.version, "next": request.POST.get("next", "")}
    say_with_undo(request, sentence, request.path, **back)
    return render(request, "shell/cell_saved.html", {"shown": shown()})
