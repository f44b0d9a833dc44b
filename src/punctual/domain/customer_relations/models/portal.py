"""Contacts of customers who sign in to see their orders. They are no users: nothing of ours opens for them but the
portal."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.kernel.wording import N_


class PortalAccount(models.Model):
    """A contact's way in. ``email`` is in small letters; ``invite_hash`` is of the token that was mailed, by which a
    password is chosen once; ``activated_at`` is when that was done first."""

    contact = models.OneToOneField("parties.Contact", on_delete=models.CASCADE, related_name="portal_account")
    email = models.EmailField(_("E-mail"), unique=True)
    password = models.CharField(max_length=128, blank=True)
    invite_hash = models.CharField(max_length=64, unique=True, null=True, blank=True)
    invite_until = models.DateTimeField(null=True, blank=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    invited_at = models.DateTimeField(default=timezone.now)
    activated_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = N_("portal account")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.email


class PortalSession(models.Model):
    """One browser that is signed in; only the hash of its cookie is kept."""

    account = models.ForeignKey(PortalAccount, on_delete=models.CASCADE, related_name="sessions")
    session_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.account} {self.created_at:%F}"
