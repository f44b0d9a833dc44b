"""Change several records through their own service: each in a savepoint of one transaction. A preview asks the rules
of all rows at once where a field can tell them (``foresee``); elsewhere it is the same run, taken back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.bulk.models import BulkChange
from punctual.platform.records import get_or_not_found

MOST: Final = 500
"""Records in one go: each is a write of its own, and the page waits for it."""
KEPT_DAYS: Final = 7
OFFERED: Final = dt.timedelta(days=1)
"""So long a list names one's latest change and the way back."""


@dataclass(frozen=True, slots=True)
class BulkRow:
    """One record: what stands there, what will or does, or why not."""

    item: Any
    before: str
    after: str
    reasons: tuple[Reason, ...] = ()

    @property
    def changes(self) -> bool:
        return not self.reasons and self.before != self.after


Asked = Sequence[tuple[Any, str]]
Foreseen = dict[int, tuple[str, Sequence[Reason]]]
Foresee = Callable[[User, Asked, str], Foreseen]
"""(actor, items each with the text wanted, reason) → for each item, by its number, what would stand there and every
reason against it: the rules that the service itself asks, over facts that are read for all items together."""


def foreseen(asked: Asked, against: Callable[[Any, str], Sequence[Reason]]) -> Foreseen:
    """Each as it was wanted, with what ``against`` says or refuses."""
    told: Foreseen = {}
    for item, text in asked:
        try:
            told[item.pk] = text, against(item, text)
        except Refusal as refusal:
            told[item.pk] = text, refusal.reasons
    return told


@dataclass(frozen=True, slots=True)
class BulkField:
    """How one field is read and written: ``values`` gives for each of the items, by its number, the text that ``save``
    takes back (actor, item, text, reason); ``wanted`` makes of the wish and what stands there the text to write."""

    key: str
    values: Callable[[Sequence[Any]], dict[int, str]]
    save: Callable[[User, Any, str, str], object]
    wanted: Callable[[str, str], str]
    foresee: Foresee | None = None


def run(
    rows: QuerySet[Any],
    field: BulkField,
    *,
    actor: User,
    wish: str,
    reason: str,
    page: str,
    write: bool,
    name_of: Callable[[Any], str] = str,
) -> tuple[list[BulkRow], BulkChange | None]:
    """What becomes (``write``) or would become of each row. Refused ones stay as they are; the others are changed
    together or, when anything unforeseen fails, not at all."""
    with transaction.atomic():
        items = list(rows[: MOST + 1])
        if len(items) > MOST:
            text = N_("More than %(most)d are chosen. Narrow the list first.")
            raise Refusal(Reason("bulk.too_many", text, {"most": MOST}))
        if not write and field.foresee is not None:
            return _foreseen(field, field.foresee, items, actor, wish, reason), None
        found = _saved(rows, field, items, actor, wish, reason)
        if not write:
            transaction.set_rollback(True)
            return found, None
        done = [[one.item.pk, one.before, one.after, name_of(one.item)] for one in found if one.changes]
        if not done:
            return found, None
        BulkChange.objects.filter(user=actor, at__lt=timezone.now() - dt.timedelta(days=KEPT_DAYS)).delete()
        return found, BulkChange.objects.create(user=actor, page=page, field=field.key, rows=done)


def _foreseen(
    field: BulkField, foresee: Foresee, items: list[Any], actor: User, wish: str, reason: str
) -> list[BulkRow]:
    before = field.values(items)
    outcome: Foreseen = {}
    asked: list[tuple[Any, str]] = []
    for item in items:
        try:
            wanted = field.wanted(before[item.pk], wish)
            if wanted != before[item.pk]:
                asked.append((item, wanted))
        except Refusal as refusal:
            outcome[item.pk] = before[item.pk], refusal.reasons
    if asked:
        outcome |= foresee(actor, asked, reason)
    found = []
    for item in items:
        after, reasons = outcome.get(item.pk, (before[item.pk], ()))
        found.append(BulkRow(item, before[item.pk], before[item.pk] if reasons else after, tuple(reasons)))
    return found


def _saved(
    rows: QuerySet[Any], field: BulkField, items: list[Any], actor: User, wish: str, reason: str
) -> list[BulkRow]:
    before = field.values(items)
    refused: dict[int, tuple[Reason, ...]] = {}
    written: list[int] = []
    for item in items:
        try:
            wanted = field.wanted(before[item.pk], wish)
            if wanted != before[item.pk]:
                with transaction.atomic():
                    field.save(actor, item, wanted, reason)
                written.append(item.pk)
        except Refusal as refusal:
            refused[item.pk] = refusal.reasons
    # What stands there now is read again: the service decides what became of the wish.
    now = before | field.values(list(rows.model._default_manager.filter(pk__in=written)) if written else [])
    return [BulkRow(one, before[one.pk], now[one.pk], refused.get(one.pk, ())) for one in items]


def change_by_id(actor: User, page: str, pk: int) -> BulkChange:
    """One's own, not yet taken back."""
    return get_or_not_found(BulkChange.objects.filter(user=actor, page=page, undone_at=None), pk=pk)


def latest(actor: User, page: str) -> BulkChange | None:
    """One's own latest change of the last day, if it has not been taken back."""
    found = BulkChange.objects.filter(user=actor, page=page, at__gt=timezone.now() - OFFERED).first()
    return found if found and found.undone_at is None else None


@transaction.atomic
def undo(
    visible: QuerySet[Any], field: BulkField, *, actor: User, change: BulkChange, reason: str
) -> tuple[list[BulkRow], list[str]]:
    """As it was before, and the names of what the actor doesn't see any more; what somebody has changed since is left
    alone. Where nothing could be taken back it may be tried again."""
    change = BulkChange.objects.select_for_update().get(pk=change.pk)
    kept = {pk: (old, new) for pk, old, new, *_name in change.rows}
    items = list(visible.filter(pk__in=list(kept)))
    values = field.values(items)
    found: list[BulkRow] = []
    for item in items:
        (old, new), now = kept[item.pk], values[item.pk]
        try:
            if now != new:
                text = N_("Changed by somebody since; it is left as it is.")
                raise Refusal(Reason("bulk.changed_since", text))
            with transaction.atomic():
                field.save(actor, item, old, reason)
            found.append(BulkRow(item, now, old))
        except Refusal as refusal:
            found.append(BulkRow(item, now, now, refusal.reasons))
    if any(not one.reasons for one in found):
        change.undone_at = timezone.now()
        change.save(update_fields=["undone_at"])
    seen = {item.pk for item in items}
    return found, [str(name[0]) if name else str(pk) for pk, _old, _new, *name in change.rows if pk not in seen]


def sequence_of_ids(text: str) -> Sequence[int]:
    """The numbers of ``1,2,3``; what is none is left out."""
    return [int(one) for one in text.split(",") if one.isdecimal() and len(one) < 18]
