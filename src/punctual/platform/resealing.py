"""Everything that is sealed in the database: how it stands with it, and sealing it anew under the present secret."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypedDict

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connection, models, transaction
from django.db.models.functions import Cast

from punctual.platform.audit.services import record
from punctual.platform.notifications.models import Delivery, DeliveryState
from punctual.platform.sealing import MARK, SecretField, Unreadable, empty_the_log, seal, unseal

FACTOR: Final = Authenticator._meta.label_lower


class Kept(TypedDict):
    """How much is kept at one ``place``: under the present signing secret, a former one, one unknown here, plain."""

    place: str
    present: int
    former: int
    unreadable: int
    plain: int


@dataclass(frozen=True, slots=True)
class _Text:
    """One sealed text as it stands in the database."""

    place: str
    model: type[models.Model]
    pk: Any
    column: str
    kept: str

    @property
    def state(self) -> str:
        if not self.kept.startswith(MARK):
            return "plain"
        try:
            unseal(self.kept, present_only=True)
        except Unreadable:
            return "former" if self.is_readable else "unreadable"
        return "present"

    @property
    def is_readable(self) -> bool:
        try:
            unseal(self.kept)
        except Unreadable:
            return False
        return True


def _sealed_fields() -> list[SecretField]:
    fields = (field for model in apps.get_models() for field in model._meta.concrete_fields)
    return [field for field in fields if isinstance(field, SecretField)]


def _columns(*, needed_only: bool) -> Iterator[_Text]:
    for field in _sealed_fields():
        model = field.model
        rows = model._base_manager.annotate(kept=Cast(field.name, models.TextField())).exclude(kept="")
        if needed_only and model is Delivery:
            rows = rows.exclude(state=DeliveryState.SENT)  # what has arrived is not sent again
        place = f"{model._meta.label_lower}.{field.name}"
        for pk, kept in rows.order_by("pk").values_list("pk", "kept").iterator():
            yield _Text(place, model, pk, field.name, kept)


def seeds_of(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What of a second factor opens: the key of the codes, or what the recovery codes are made from."""
    for name in ("secret", "seed"):
        if isinstance(data.get(name), str):
            yield name, data[name]


def _factors() -> Iterator[_Text]:
    for one in Authenticator.objects.order_by("pk").iterator():
        for name, kept in seeds_of(one.data):
            yield _Text(FACTOR, Authenticator, one.pk, name, kept)


def survey() -> list[Kept]:
    """How it stands, place by place; of messages those that are still to be sent."""
    found: dict[str, Kept] = {}
    for text in (*_columns(needed_only=True), *_factors()):
        empty = Kept(place=text.place, present=0, former=0, unreadable=0, plain=0)
        found.setdefault(text.place, empty)[text.state] += 1  # type: ignore[literal-required]
    return list(found.values())


def unreadable_count() -> int:
    return sum(kept["unreadable"] for kept in survey())


def renew() -> int:
    """Seal anew under the present signing secret whatever is not and can be read; returns how much."""
    count = 0
    for text in (*_columns(needed_only=False), *_factors()):
        if text.state in ("former", "plain"):
            count += _write(text)
    return count


def leave_no_trace() -> None:
    """What holds secrets is written anew, so that nothing of a former state is left where it frees room. PostgreSQL's
    log keeps it for as long as it keeps a log."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("VACUUM")
            empty_the_log()
            return
        from psycopg import sql

        for model in (*{field.model for field in _sealed_fields()}, Authenticator, Session):
            cursor.execute(sql.SQL("VACUUM FULL {}").format(sql.Identifier(model._meta.db_table)))


@transaction.atomic
def _write(text: _Text) -> bool:
    """Whether it was still as it was read."""
    anew = seal(unseal(text.kept))
    if text.place == FACTOR:
        factor = Authenticator.objects.select_for_update().filter(pk=text.pk).first()
        if factor is None or factor.data.get(text.column) != text.kept:
            return False
        factor.data = {**factor.data, text.column: anew}
        factor.save(update_fields=["data"])
        return True
    rows = text.model._base_manager.annotate(kept=Cast(text.column, models.TextField()))
    value = models.Value(anew, output_field=models.TextField())
    return bool(rows.filter(pk=text.pk, kept=text.kept).update(**{text.column: value}))


@transaction.atomic
def forget_second_factors() -> int:
    """Drop those that nobody can use any more, so that their owners get in and set them up anew; returns how many
    people that are."""
    lost = {text.pk for text in _factors() if not text.is_readable}
    owners = {one.user_id: one.user for one in Authenticator.objects.filter(pk__in=lost).select_related("user")}
    for user in owners.values():
        record(actor=None, verb="change", target=user, reason="second factor that can not be read was removed")
        Authenticator.objects.filter(user=user).delete()
    return len(owners)
