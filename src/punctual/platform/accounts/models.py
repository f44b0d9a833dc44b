"""User, role, API token."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a person is here for; permissions hang on it (``permissions.py``)."""

    ADMINISTRATOR = "administrator", _("Administrator")
    ORDER_MANAGER = "order_manager", _("Order manager")
    SALES = "sales", _("Sales")
    SUPPLY_CHAIN = "supply_chain", _("Supply chain")
    PLANNER = "planner", _("Planner")
    QUALITY = "quality", _("Quality")
    FINANCE = "finance", _("Finance")
    WORKER = "worker", _("Worker")
    MANAGER = "manager", _("Manager")


class Theme(models.TextChoices):
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")
    SYSTEM = "system", _("As the system")


class User(AbstractUser):
    """A person who signs in, by name or e-mail. ``display_name`` is what others read."""

    display_name = models.CharField(_("Name"), max_length=80, blank=True)
    role = models.CharField(_("Role"), max_length=20, choices=Role.choices, default=Role.WORKER)
    department = models.CharField(_("Department"), max_length=80, blank=True)
    phone = models.CharField(_("Phone"), max_length=40, blank=True)
    language = models.CharField(_("Language"), max_length=10, blank=True)
    theme = models.CharField(_("Theme"), max_length=10, choices=Theme.choices, default=Theme.SYSTEM)
    time_zone = models.CharField(_("Time zone"), max_length=64, default="Asia/Shanghai")
    session_round = models.PositiveIntegerField(default=0, editable=False)
    """Counts how often this person was signed out everywhere; a session of an earlier round is none."""

    objects: ClassVar[UserManager[Any]] = UserManager()

    class Meta:
        db_table = "accounts_user"
        ordering = ["username"]

    def __str__(self) -> str:
        return self.name

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        key = "punctual.accounts.session"
        return salted_hmac(key, f"{self.password}:{self.session_round}", secret=secret, algorithm="sha256").hexdigest()

    @property
    def name(self) -> str:
        return self.display_name or self.username

    @property
    def initial(self) -> str:
        """The character in the avatar: the last of a Chinese name, else the first letters of two words."""
        name = self.name.strip()
        if any("一" <= character <= "鿿" for character in name):
            return name[-1]
        return "".join(word[0] for word in name.replace(".", " ").split()[:2]).upper()

    @property
    def shade(self) -> int:
        """1…5, the avatar's tint; the same for a person everywhere."""
        return (self.pk or 0) % 5 + 1


class TokenScope(models.TextChoices):
    """What a token may do at most; its owner's permissions hold besides."""

    WRITE = "write", _("Read and change")
    PROPOSE = "propose", _("Read and suggest")
    """For assistants: what they suggest waits until the person confirms it."""
    READ = "read", _("Read only")


class ApiToken(models.Model):
    """A bearer token of a user or an integration. Only its SHA-256 is kept; the text is shown once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("Name"), max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    scope = models.CharField(_("Scope"), max_length=10, choices=TokenScope.choices, default=TokenScope.WRITE)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.user}: {self.name}"

    @staticmethod
    def digest_of(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    @classmethod
    def issue(
        cls, *, user: User, name: str, scope: str = TokenScope.WRITE, expires_at: dt.datetime | None = None
    ) -> tuple[ApiToken, str]:
        """Make a token; returns it and its text, which cannot be read again."""
        text = f"pt_{secrets.token_urlsafe(32)}"
        made = cls.objects.create(user=user, name=name, digest=cls.digest_of(text), scope=scope, expires_at=expires_at)
        return made, text
