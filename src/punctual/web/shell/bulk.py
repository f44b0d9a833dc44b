"""Change what is chosen in a list: choose a field, see what becomes of each row, apply, take back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from punctual.kernel.refusal import NotFound, Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.bulk.services import (
    MOST,
    Asked,
    BulkField,
    BulkRow,
    Foresee,
    Foreseen,
    change_by_id,
    latest,
    run,
    sequence_of_ids,
    undo,
)
from punctual.platform.custom_fields.models import CustomField, Kind
from punctual.platform.custom_fields.rules import Value
from punctual.platform.custom_fields.selectors import shown, values_of
from punctual.platform.custom_fields.services import against_values
from punctual.web.formatting import day_text, listed
from punctual.web.shell.navigation import Words
from punctual.web.shell.refusals import worded
from punctual.web.shell.undo import say_with_undo
from punctual.web.shell.views import safe_next

if TYPE_CHECKING:
    from punctual.web.shell.lists import ListPage


NAMED: Final = 5
"""Of the rows that could not be taken back."""


@dataclass(frozen=True)
class BulkEdit:
    """A field that can be changed on many rows. ``kind``: ``options`` (chosen from), ``day``, ``shift`` (by days),
    ``number``; ``words`` puts a kept text into what people read."""

    key: str
    label: Words
    value: Callable[[Any], str]
    save: Callable[[User, Any, str, str], object]
    kind: str = "options"
    options: Callable[[User], Sequence[tuple[str, Words]]] | None = None
    words: Callable[[str], str] | None = None
    asks_reason: bool = False
    may: Callable[[User], bool] = lambda actor: True
    values: Callable[[Sequence[Any]], dict[int, str]] | None = None
    """Those of many rows at once, where ``value`` would read one after the other."""
    foresee: Foresee | None = None
    """What would become of many rows, without writing them."""

    @property
    def field(self) -> BulkField:
        values = self.values or (lambda items: {item.pk: self.value(item) for item in items})
        return BulkField(self.key, values, self.save, _shifted if self.kind == "shift" else _as_wished, self.foresee)

    def reader(self, actor: User) -> Callable[[str], str]:
        """What puts a kept text into words; the options are built once for all rows."""
        if self.words is not None:
            words = self.words
        elif self.options is not None:
            options = dict(self.options(actor))
            words = lambda text: str(options.get(text, text))  # noqa: E731
        elif self.kind in ("day", "shift"):
            words = lambda text: str(day_text(dt.date.fromisoformat(text)))  # noqa: E731
        else:
            words = str
        return lambda text: words(text) if text else "—"


def _as_wished(before: str, wish: str) -> str:
    return wish


def _shifted(before: str, wish: str) -> str:
    if not before:
        raise Refusal(Reason("bulk.no_day", N_("There is no day yet that could be moved.")))
    try:
        days = int(wish)
        if not -3650 <= days <= 3650:
            raise ValueError(wish)
        return (dt.date.fromisoformat(before) + dt.timedelta(days=days)).isoformat()
    except (ValueError, OverflowError) as error:
        text = N_("“%(value)s” is no number of days; write 3 or -3.")
        raise Refusal(Reason("bulk.days", text, {"value": wish[:20]}, "value")) from error


def day_or_refuse(text: str) -> dt.date:
    """The day a bulk edit was told."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise Refusal(
            Reason("bulk.day", N_("“%(value)s” is no day; write it as 2026-03-19."), {"value": text[:20]}, "value")
        ) from error


def active_user(text: str) -> User | None:
    """Who may be handed something; None for what names nobody."""
    rows = User.objects.filter(is_active=True)
    return rows.filter(pk=int(text)).first() if text.isdecimal() and len(text) < 18 else None


def custom_edits(
    fields: Sequence[CustomField],
    set_values: Callable[[User, Any, dict[str, str]], object],
    may: Callable[[User], bool],
    against: Callable[[Any], Sequence[Reason]] | None = None,
) -> list[BulkEdit]:
    """Choices and yes/no of the company's own fields; ``against`` is what ``set_values`` says for a row before it reads
    the value."""
    return [
        _custom_edit(field, set_values, may, against) for field in fields if field.kind in (Kind.CHOICE, Kind.YES_NO)
    ]


def _custom_edit(
    field: CustomField,
    set_values: Callable[[User, Any, dict[str, str]], object],
    may: Callable[[User], bool],
    against: Callable[[Any], Sequence[Reason]] | None,
) -> BulkEdit:
    def values(items: Sequence[Any]) -> dict[int, str]:
        found = values_of([field], [item.pk for item in items])
        return {item.pk: _text_of(found.get(item.pk, {}).get(field.key)) for item in items}

    def foresee(actor: User, asked: Asked, reason: str) -> Foreseen:
        assert against is not None
        keys = [item.pk for item, _text in asked]
        said = against_values(subject=field.subject, target_ids=keys, given={field.key: asked[0][1]})
        return {item.pk: (text, against(item) or said[item.pk]) for item, text in asked}

    options: list[tuple[str, Words]] = list(field.choices)
    if field.kind == Kind.YES_NO:
        options = [("yes", _("Yes")), ("no", _("No"))]
    return BulkEdit(
        f"custom_{field.key}",
        field.label,
        lambda item: values([item])[item.pk],
        lambda actor, item, text, reason: set_values(actor, item, {field.key: text}),
        options=lambda actor: options,
        words=lambda text: shown(field, text == "yes" if field.kind == Kind.YES_NO else text),
        may=may,
        values=values,
        foresee=foresee if against else None,
    )


def _text_of(value: Value) -> str:
    return "" if value is None else ("yes" if value else "no") if isinstance(value, bool) else str(value)


# ------------------------------------------------------------------------------------------------------- the steps


def handle(view: ListPage, request: HttpRequest, actor: User) -> HttpResponse:
    """The posted step: a preview, the change itself (``apply``), or the way back (``undo``)."""
    if "bulk_undo" in request.POST:
        return _undo(view, request, actor)
    edit = _edit(view, actor, request.POST.get("bulk", ""))
    wish, reason = request.POST.get(f"value-{edit.key}", request.POST.get("value", "")).strip(), ""
    if edit.asks_reason:
        reason = request.POST.get("reason", "").strip()
    rows = _chosen(view, request, actor)
    write = "apply" in request.POST
    if edit.kind == "day":
        day_or_refuse(wish)
    found, change = run(
        rows, edit.field, actor=actor, wish=wish, reason=reason, page=view.key, write=write, name_of=view.name_of
    )
    if not write:
        return _preview(view, request, actor, edit, found, wish, reason)
    done = sum(one.changes for one in found)
    left = sum(bool(one.reasons) for one in found)
    sentence = ngettext("%(count)d changed.", "%(count)d changed.", done) % {"count": done}
    if left:
        sentence += " " + ngettext("%(count)d left as it was.", "%(count)d left as they were.", left) % {"count": left}
    back = safe_next(request)
    if change is not None:
        say_with_undo(request, sentence, request.path, bulk_undo=change.pk, next=back)
    return redirect(back)


def _edit(view: ListPage, actor: User, key: str) -> BulkEdit:
    for one in view.bulk_edits(actor):
        if one.key == key:
            return one
    raise NotFound(Reason("bulk.field", N_("There is nothing here that you can change. Reload the page.")))


def _chosen(view: ListPage, request: HttpRequest, actor: User) -> QuerySet[Any]:
    """The ticked rows, or all that the list shows under the address in ``matching``."""
    address = request.POST.get("matching", "")
    if address:
        rows = view.matching(actor, QueryDict(address.removeprefix("?"))).order_by().values_list("pk", flat=True)
        keys = list(rows[: MOST + 1])
    else:
        keys = list(sequence_of_ids(request.POST.get("ids", "")))[: MOST + 1]
    return view.rows(actor).filter(pk__in=keys)


def _preview(
    view: ListPage, request: HttpRequest, actor: User, edit: BulkEdit, found: list[BulkRow], wish: str, reason: str
) -> HttpResponse:
    read = edit.reader(actor)
    lines = [(one, view.name_of(one.item), view.url_of(one.item), read(one.before), read(one.after)) for one in found]
    context = {
        "title": _("Change several: %(what)s") % {"what": edit.label},
        "list": view,
        "edit": edit,
        "lines": lines,
        "wish": wish,
        "reason": reason,
        "change_count": sum(one.changes for one in found),
        "refused_count": sum(bool(one.reasons) for one in found),
        "same_count": sum(not one.reasons and not one.changes for one in found),
        "ids": ",".join(str(one.item.pk) for one in found),
        "back": safe_next(request),
    }
    return render(request, "shell/bulk.html", context)


def last_change(actor: User, page: str, edits: Sequence[BulkEdit]) -> dict[str, Any]:
    """The latest change of several rows that the reader can still take back, for its line above the list."""
    found = latest(actor, page) if edits else None
    label = next((one.label for one in edits if found and one.key == found.field), None)
    return {"last_change": found, "last_change_label": label} if label else {}


def _undo(view: ListPage, request: HttpRequest, actor: User) -> HttpResponse:
    from django.contrib import messages

    number = request.POST["bulk_undo"]
    change = change_by_id(actor, view.key, int(number) if number.isdecimal() and len(number) < 18 else 0)
    edit = _edit(view, actor, change.field)
    found, gone = undo(view.rows(actor), edit.field, actor=actor, change=change, reason=_("Taken back."))
    left = [one for one in found if one.reasons]
    whole = _("As it was before.")
    back = len(found) - len(left)
    parts = [ngettext("%(count)d taken back.", "%(count)d taken back.", back) % {"count": back}]
    if gone:
        text = ngettext(
            "%(count)d that you don't see any more is left as it is: %(names)s.",
            "%(count)d that you don't see any more are left as they are: %(names)s.",
            len(gone),
        )
        parts.append(text % {"count": len(gone), "names": listed(gone[:NAMED])})
    if left:
        text = ngettext("%(count)d left as it was.", "%(count)d left as they were.", len(left))
        parts.append(text % {"count": len(left)})
        parts += [
            f"{view.name_of(one.item)}: {' '.join(worded(reason) for reason in one.reasons)}" for one in left[:NAMED]
        ]
    say = messages.success if back else messages.warning
    say(request, " ".join(parts) if left or gone else whole)
    return redirect(safe_next(request))
