"""Secrets that must be used again, as the database holds them: sealed under a key derived from the signing secret.

What is only compared is kept as a hash where it belongs; passwords of mail servers and directories stand in the
settings and never in the database. A secret that was sealed under a former signing secret is read as long as that one
is named in PUNCTUAL_OLD_SECRETS; ``punctual secrets --renew`` seals everything anew.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.db import connection, models, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from punctual.kernel.wording import N_

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

MARK: Final = "sealed:1:"
"""Before everything that is sealed; whatever stands without it is still plain."""
LABEL: Final = b"punctual: secrets at rest, 1"
UNREADABLE: Final = N_(
    "It was kept under another signing secret and can’t be read: name that one in PUNCTUAL_OLD_SECRETS, or set it up "
    "again."
)


class Unreadable(Exception):
    """Sealed under a signing secret that is not known here, or altered since."""


class Locked(str):
    """A secret that can't be read here. It reads as empty text, and is written back as it was found."""

    __slots__ = ("sealed",)
    sealed: str

    def __new__(cls, sealed: str) -> Locked:
        made = super().__new__(cls, "")
        made.sealed = sealed
        return made

    def __getnewargs__(self) -> tuple[str]:
        return (self.sealed,)


@lru_cache(maxsize=8)
def _box(signing: tuple[str, ...]) -> MultiFernet:
    """Seals under the first of these signing secrets and opens under any."""
    from cryptography.fernet import Fernet, MultiFernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    keys = (HKDF(SHA256(), length=32, salt=None, info=LABEL).derive(one.encode()) for one in signing)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])


def seal_bytes(plain: bytes) -> bytes:
    signing = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MARK.encode() + _box(signing).encrypt(plain) if plain else plain


def unseal_bytes(kept: bytes, *, present_only: bool = False) -> bytes:
    """What was sealed; what is not sealed as it is. ``present_only`` leaves former signing secrets aside."""
    from cryptography.fernet import InvalidToken

    if not kept.startswith(MARK.encode()):
        return kept
    former = () if present_only else tuple(settings.SECRET_KEY_FALLBACKS)
    try:
        return _box((settings.SECRET_KEY, *former)).decrypt(kept[len(MARK) :])
    except InvalidToken as error:
        raise Unreadable from error


def seal(plain: str) -> str:
    return seal_bytes(plain.encode()).decode()


def unseal(kept: str, *, present_only: bool = False) -> str:
    return unseal_bytes(kept.encode(), present_only=present_only).decode()


class SecretField(models.TextField):  # type: ignore[type-arg]  # Django's own takes none when it runs
    """Text that is sealed in the database and plain in the program. What can't be read comes as :class:`Locked`.

    Nothing can be searched in it; export and dump leave it out or keep it sealed.
    """

    description = "a sealed secret"

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str | None:
        if value is None:
            return None
        try:
            return unseal(value)
        except Unreadable:
            return Locked(value)

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Locked):
            return value.sealed
        plain = super().get_prep_value(value)
        return plain if plain is None else seal(plain)

    def get_lookup(self, lookup_name: str) -> Any:
        """None is offered: every sealing of a text differs, so that a comparison could only ever fail."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.get_prep_value(self.value_from_object(obj)) or "")

    def to_python(self, value: Any) -> Any:
        return self.from_db_value(super().to_python(value), None, None)


def overwrite_what_is_freed(apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    """For a migration that seals what stood plain: SQLite leaves nothing of it in pages and log that it frees."""
    if editor.connection.vendor != "sqlite":
        return
    editor.execute("PRAGMA secure_delete=ON")
    transaction.on_commit(empty_the_log)


def empty_the_log() -> None:
    """Everything into SQLite's file itself, and nothing left in the log beside it."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
