"""Make and change people, their settings and their API tokens."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Final

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import ApiToken, Role, Theme, TokenScope, User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.audit.services import differences, record
from punctual.platform.records import get_or_not_found


def people(actor: User) -> QuerySet[User]:
    """Everybody is a colleague: names and roles are known to all who sign in."""
    return User.objects.filter(is_active=True).order_by("role", "username")


def all_people(actor: User) -> QuerySet[User]:
    """With those who left; only for who manages people, else the active ones."""
    return User.objects.order_by("-is_active", "username") if may(actor, "accounts.manage") else people(actor)


def _reasons_against_person(*, username: str, role: str, taken: bool) -> list[Reason]:
    reasons = []
    if not username or len(username) > 60 or not all(c.isalnum() or c in "._-@" for c in username):
        reasons.append(
            Reason(
                "account.name",
                N_("A sign-in name has 1 to 60 letters, digits, dots, dashes or underscores."),
                field="username",
            )
        )
    if taken:
        reasons.append(
            Reason(
                "account.taken",
                N_("The sign-in name “%(name)s” is taken; choose another."),
                {"name": username},
                field="username",
            )
        )
    if role not in Role.values:
        reasons.append(
            Reason(
                "account.role",
                N_("There is no role “%(role)s”; there are %(roles)s."),
                {"role": role, "roles": ", ".join(Role.values)},
                field="role",
            )
        )
    return reasons


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Refusal(
            *(Reason("account.password", str(message), field="password") for message in error.messages)
        ) from error


@transaction.atomic
def create_person(
    *,
    actor: User | None,
    username: str,
    password: str | None,
    role: str,
    display_name: str = "",
    email: str = "",
    department: str = "",
) -> User:
    """A new person who can sign in. ``actor`` None is the command line of the machine itself."""
    if actor is not None:
        require(actor, "accounts.manage")
    taken = User.objects.filter(username__iexact=username).exists()
    refuse_if(_reasons_against_person(username=username, role=role, taken=taken))
    user = User(
        username=username,
        role=role,
        display_name=display_name.strip(),
        email=email.strip(),
        department=department.strip(),
        is_staff=role == Role.ADMINISTRATOR,
    )
    if password is None:
        user.set_unusable_password()
    else:
        _check_password(password, user)
        user.set_password(password)
    user.save()
    record(actor=actor, verb="create", target=user)
    return user


@transaction.atomic
def change_person(
    *, actor: User, user_id: int, role: str, display_name: str, email: str, department: str, is_active: bool
) -> User:
    """Change role, name or whether the person may sign in. Nobody takes away their own access."""
    require(actor, "accounts.manage")
    user: User = get_or_not_found(User.objects.select_for_update(), pk=user_id)
    reasons = _reasons_against_person(username=user.username, role=role, taken=False)
    if user.pk == actor.pk and (not is_active or role != user.role):
        reasons.append(
            Reason("account.self", N_("You can't take away your own role or access; ask another administrator."))
        )
    refuse_if(reasons)
    wish = {
        "role": role,
        "display_name": display_name.strip(),
        "email": email.strip(),
        "department": department.strip(),
        "is_active": is_active,
    }
    changes = differences({name: getattr(user, name) for name in wish}, wish)
    if changes:
        for name, value in wish.items():
            setattr(user, name, value)
        user.is_staff = role == Role.ADMINISTRATOR
        user.save()
        record(actor=actor, verb="change", target=user, changes=changes)
    return user


def change_my_settings(*, actor: User, language: str, theme: str, time_zone: str, display_name: str) -> User:
    """One's own language, theme, time zone and name."""
    reasons = []
    if language not in {"", *dict(settings.LANGUAGES)}:
        reasons.append(Reason("account.language", N_("This language is not offered."), field="language"))
    if theme not in Theme.values:
        reasons.append(Reason("account.theme", N_("This theme is not offered."), field="theme"))
    if time_zone not in zoneinfo.available_timezones():
        reasons.append(
            Reason("account.time_zone", N_("“%(zone)s” is not a time zone."), {"zone": time_zone}, field="time_zone")
        )
    refuse_if(reasons)
    actor.language, actor.theme, actor.time_zone = language, theme, time_zone
    actor.display_name = display_name.strip()[:80]
    actor.save(update_fields=["language", "theme", "time_zone", "display_name"])
    return actor


LONGEST_TOKEN_DAYS: Final = 3650


def issue_token(
    *, actor: User | None, user: User, name: str, scope: str = TokenScope.WRITE, days: int | None = None
) -> str:
    """A new API token for ``user``; the text is shown this once. People make only their own."""
    if actor is not None and actor.pk != user.pk:
        require(actor, "accounts.manage")
    reasons = []
    if scope not in TokenScope.values:
        reasons.append(
            Reason("token.scope", N_("A token reads only, reads and suggests, or reads and changes."), field="scope")
        )
    if days is not None and not 1 <= days <= LONGEST_TOKEN_DAYS:
        reasons.append(Reason("token.days", N_("A token is valid from 1 to 3650 days."), field="days"))
    refuse_if(reasons)
    until = timezone.now() + dt.timedelta(days=days) if days else None
    token, text = ApiToken.issue(user=user, name=name.strip()[:80] or "API", scope=scope, expires_at=until)
    record(actor=actor, verb="issue_token", target=user, reason=token.name)
    return text


@transaction.atomic
def sign_out_everywhere(*, actor: User, user_id: int) -> User:
    """End every session of this person; one's own, or another's by who manages people. API tokens stay."""
    if actor.pk != user_id:
        require(actor, "accounts.manage")
    user: User = get_or_not_found(User.objects.select_for_update(), pk=user_id)
    user.session_round += 1
    user.save(update_fields=["session_round"])
    record(actor=actor, verb="sign_out_everywhere", target=user)
    return user


def revoke_token(*, actor: User, token_id: int) -> None:
    """A token that is known to others, or not needed any more."""
    tokens = ApiToken.objects.filter(revoked_at=None)
    if not may(actor, "accounts.manage"):
        tokens = tokens.filter(user=actor)
    token = get_or_not_found(tokens, pk=token_id)
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    record(actor=actor, verb="revoke_token", target=token.user, reason=token.name)


def valid_token(text: str) -> ApiToken | None:
    """The token of this text, if it is valid and its owner may still sign in. Notes its use once a minute."""
    now = timezone.now()
    token = (
        ApiToken.objects.filter(digest=ApiToken.digest_of(text), revoked_at=None, user__is_active=True)
        .exclude(expires_at__lte=now)
        .select_related("user")
        .first()
    )
    if token is None:
        return None
    if token.last_used_at is None or (now - token.last_used_at).total_seconds() > 60:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def user_of_token(text: str) -> User | None:
    """Whose token this is, whatever it may do; see :func:`valid_token`."""
    token = valid_token(text)
    return token.user if token else None
