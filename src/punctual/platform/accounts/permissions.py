"""Who may do what: one table of permissions an app.

An app declares its permissions in its ``permissions.py`` with :func:`grant`; services call :func:`require`,
selectors ask :func:`may`. Pages use the same names to hide or grey; they never decide.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from punctual.kernel.refusal import Forbidden, Reason
from punctual.kernel.wording import N_, Word
from punctual.platform.accounts.models import Role, User

Actor = User | AnonymousUser

LABELS: Final[dict[str, str]] = {}
"""Permission → its English words (a catalogue key), in the order they were declared."""

ROLES_BY_PERMISSION: Final[dict[str, frozenset[str]]] = {}

EVERY_ROLE: Final = tuple(Role)
OFFICE: Final = tuple(role for role in Role if role is not Role.WORKER)
"""Everybody but the shop floor."""


def grant(permission: str, label: str, roles: Iterable[Role]) -> None:
    """Declare ``permission`` (``app.verb``). Administrators have every permission."""
    allowed = frozenset({Role.ADMINISTRATOR.value, *(role.value for role in roles)})
    if permission in ROLES_BY_PERMISSION:
        raise ValueError(f"permission {permission} is declared twice")
    LABELS[permission] = label
    ROLES_BY_PERMISSION[permission] = allowed


def may(actor: Actor, permission: str) -> bool:
    """True when the actor holds the permission; an undeclared name is a programming error and raises."""
    roles = ROLES_BY_PERMISSION.get(permission)
    if roles is None:
        raise KeyError(f"no such permission: {permission}")
    return actor.is_authenticated and actor.is_active and actor.role in roles


def who_may(permission: str) -> QuerySet[User]:
    """Everybody in the house who holds it."""
    return User.objects.filter(is_active=True, role__in=ROLES_BY_PERMISSION[permission])


def reasons_against(actor: Actor, permission: str) -> list[Reason]:
    """Empty when allowed, else the sentence that says who may."""
    if may(actor, permission):
        return []
    roles = [role.label for role in Role if role.value in ROLES_BY_PERMISSION[permission]]
    return [
        Reason(
            code="permission.missing",
            text=N_("You may not do this (%(what)s). These roles may: %(roles)s."),
            params={"what": Word(LABELS[permission]), "roles": Listed(roles)},
        )
    ]


def require(actor: Actor, permission: str) -> None:
    """Raise :class:`Forbidden` unless the actor holds the permission."""
    reasons = reasons_against(actor, permission)
    if reasons:
        raise Forbidden(*reasons)


class Listed:
    """Words joined when the sentence is worded, so that each comes in the reader's language."""

    def __init__(self, words: Iterable[object]) -> None:
        self.words = tuple(words)

    def __str__(self) -> str:
        return "、".join(map(str, self.words)) if _is_chinese() else ", ".join(map(str, self.words))


def _is_chinese() -> bool:
    from django.utils.translation import get_language

    return (get_language() or "").startswith("zh")


grant("accounts.manage", N_("manage people and roles"), [])
grant("settings.manage", N_("change company settings"), [])
