"""Change several records through their own service: each in a savepoint of one transaction. A preview is the same run
taken back, so it knows exactly what will happen and why some are refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone

from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.bulk.models import BulkChange
from punctual.platform.records import get_or_not_found

MOST: Final = 500
"""Records in one go: each is a write of its own, and the page waits for it."""
KEPT_DAYS: Final = 7


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


@dataclass(frozen=True, slots=True)
class BulkField:
    """How one field is read and written: ``value`` gives the text that ``save`` takes back (actor, item, text,
    reason); ``wanted`` makes of the wish and what stands there the text to write."""

    key: str
    value: Callable[[Any], str]
    save: Callable[[User, Any, str, str], object]
    wanted: Callable[[str, str], str]


def run(
    rows: QuerySet[Any], field: BulkField, *, actor: User, wish: str, reason: str, page: str, write: bool
) -> tuple[list[BulkRow], BulkChange | None]:
    """What becomes (``write``) or would become of each row. Refused ones stay as they are; the others are changed
    together or, when anything unforeseen fails, not at all."""
    items = list(rows[: MOST + 1])
    if len(items) > MOST:
        raise Refusal(
            Reason("bulk.too_many", N_("More than %(most)d are chosen. Narrow the list first."), {"most": MOST})
        )
    with transaction.atomic():
        found = [_save(rows, field, item, actor, wish, reason) for item in items]
        if not write:
            transaction.set_rollback(True)
            return found, None
        done = [[one.item.pk, one.before, one.after] for one in found if one.changes]
        if not done:
            return found, None
        BulkChange.objects.filter(user=actor, at__lt=timezone.now() - dt.timedelta(days=KEPT_DAYS)).delete()
        return found, BulkChange.objects.create(user=actor, page=page, field=field.key, rows=done)


def _save(rows: QuerySet[Any], field: BulkField, item: Model, actor: User, wish: str, reason: str) -> BulkRow:
    before = field.value(item)
    try:
        after = field.wanted(before, wish)
        if after == before:
            return BulkRow(item, before, after)
        with transaction.atomic():
            field.save(actor, item, after, reason)
            # What stands there now is read again: the service decides what became of the wish.
            return BulkRow(item, before, field.value(rows.model._default_manager.get(pk=item.pk)))
    except Refusal as refusal:
        return BulkRow(item, before, before, refusal.reasons)


def change_by_id(actor: User, page: str, pk: int) -> BulkChange:
    """One's own, not yet taken back."""
    return get_or_not_found(BulkChange.objects.filter(user=actor, page=page, undone_at=None), pk=pk)


@transaction.atomic
def undo(visible: QuerySet[Any], field: BulkField, *, actor: User, change: BulkChange, reason: str) -> list[BulkRow]:
    """As it was before; what somebody has changed since is left alone and named."""
    change = BulkChange.objects.select_for_update().get(pk=change.pk)
    before = {pk: (old, new) for pk, old, new in change.rows}
    found: list[BulkRow] = []
    for item in visible.filter(pk__in=list(before)):
        old, new = before[item.pk]
        now = field.value(item)
        if now != new:
            text = N_("Changed by somebody since; it is left as it is.")
            found.append(BulkRow(item, now, now, (Reason("bulk.changed_since", text),)))
            continue
        try:
            with transaction.atomic():
                field.save(actor, item, old, reason)
            found.append(BulkRow(item, now, old))
        except Refusal as refusal:
            found.append(BulkRow(item, now, now, refusal.reasons))
    change.undone_at = timezone.now()
    change.save(update_fields=["undone_at"])
    return found


def sequence_of_ids(text: str) -> Sequence[int]:
    """The numbers of ``1,2,3``; what is none is left out."""
    return [int(one) for one in text.split(",") if one.isdecimal() and len(one) < 18]
