"""Meetings with customers: series, who comes, what was said."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from punctual.kernel.wording import N_
from punctual.platform.records import Versioned


class Rhythm(models.TextChoices):
    ONCE = "once", _("Once")
    WEEKLY = "weekly", _("Weekly")
    FORTNIGHTLY = "fortnightly", _("Every two weeks")
    MONTHLY = "monthly", _("Monthly")


class MeetingSeries(Versioned):
    """Meetings of one customer, about one order or all of the customer's running ones."""

    title = models.CharField(_("Title"), max_length=120)
    customer = models.ForeignKey(
        "parties.Customer", on_delete=models.PROTECT, related_name="meeting_series", verbose_name=_("Customer")
    )
    order = models.ForeignKey(
        "orders.Order",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="meeting_series",
        verbose_name=_("Order"),
    )
    rhythm = models.CharField(_("Rhythm"), max_length=12, choices=Rhythm.choices, default=Rhythm.FORTNIGHTLY)
    minutes = models.PositiveSmallIntegerField(_("Length, minutes"), default=60)
    place = models.CharField(_("Place or link"), max_length=200, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Chair")
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = N_("meeting series")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title


class MeetingState(models.TextChoices):
    PLANNED = "planned", _("Planned")
    RUNNING = "running", _("Running")
    HELD = "held", _("Took place")
    APPROVED = "approved", _("Minutes approved")
    SENT = "sent", _("Minutes sent")
    CANCELLED = "cancelled", _("Cancelled")


class Meeting(Versioned):
    """One meeting. ``uid`` and ``sequence`` are the calendar event's: a move updates the event, it makes no second.
    ``slot`` is when the rhythm has it, where a holiday or a move put it elsewhere: the next one counts from there.

    ``pack`` is the material as it was when the meeting began; before that it is built when it is looked at.
    """

    series = models.ForeignKey(MeetingSeries, on_delete=models.CASCADE, related_name="meetings")
    starts_at = models.DateTimeField(_("Starts"))
    slot = models.DateTimeField(null=True, blank=True, editable=False)
    minutes = models.PositiveSmallIntegerField(_("Length, minutes"), default=60)
    place = models.CharField(_("Place or link"), max_length=200, blank=True)
    agenda = models.TextField(_("Agenda"), blank=True)
    state = models.CharField(_("State"), max_length=10, choices=MeetingState.choices, default=MeetingState.PLANNED)
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sequence = models.PositiveIntegerField(default=0, editable=False)
    invited_at = models.DateTimeField(null=True, blank=True)
    pack = models.JSONField(null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = N_("meeting")
        ordering = ["-starts_at", "-id"]
        indexes = [models.Index(fields=["state", "starts_at"])]

    def __str__(self) -> str:
        return self.series.title


class Attendee(models.Model):
    """Somebody invited: a colleague, a contact, or somebody by name and address."""

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="attendees")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    contact = models.ForeignKey("parties.Contact", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    email = models.EmailField(blank=True)
    present = models.BooleanField(default=False)

    class Meta:
        ordering = ["contact_id", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_ours(self) -> bool:
        return self.user_id is not None


class LineKind(models.TextChoices):
    """What a line of the minutes became."""

    NOTE = "note", _("Note")
    DECISION = "decision", _("Decision")
    ACTION = "action", _("Action item")
    REQUEST = "request", _("Request")
    CHANGE = "change", _("Change order")
    RISK = "risk", _("Risk")
    INTERNAL = "internal", _("Internal")


class MinuteLine(models.Model):
    """One thing that was said. ``target_*`` is what it became, ``who`` does it by ``due`` as it was agreed then.
    ``settles`` is the key of what the customer decided with it. Internal lines stay out of the customer's minutes."""

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="lines")
    kind = models.CharField(max_length=10, choices=LineKind.choices, default=LineKind.NOTE)
    text = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    order = models.ForeignKey("orders.Order", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    who = models.CharField(max_length=80, blank=True)
    due = models.DateField(null=True, blank=True)
    target_type = models.CharField(max_length=40, blank=True)
    target_id = models.BigIntegerField(null=True, blank=True)
    target_label = models.CharField(max_length=200, blank=True)
    settles = models.CharField(max_length=60, blank=True)
    settles_label = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return self.text[:80]
