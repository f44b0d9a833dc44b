"""What customers ask for, how fast we answer, and what was said."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.domain.parties.models import Grade, Language
from punctual.kernel.wording import N_
from punctual.platform.records import Versioned


class RequestKind(models.TextChoices):
    QUESTION = "question", _("Question")
    DOCUMENT = "document", _("Document")
    SCHEDULE = "schedule", _("Delivery dates")
    CHANGE = "change", _("Wish to change")
    COMPLAINT = "complaint", _("Complaint")
    SUGGESTION = "suggestion", _("Suggestion")
    SERVICE = "service", _("Service")


class Urgency(models.TextChoices):
    NORMAL = "normal", _("Normal")
    HIGH = "high", _("High")
    URGENT = "urgent", _("Urgent")


class Channel(models.TextChoices):
    """How it came in."""

    FORM = "form", _("Form")
    MAIL = "mail", _("Mail")
    PORTAL = "portal", _("Tracking page")
    PHONE = "phone", _("Phone")
    CHAT = "chat", _("WeChat")
    MEETING = "meeting", _("Meeting")
    SURVEY = "survey", _("Survey")
    API = "api", _("API")


class RequestState(models.TextChoices):
    OPEN = "open", _("Open")
    WAITING = "waiting", _("Waiting for the customer")
    RESOLVED = "resolved", _("Resolved")
    CLOSED = "closed", _("Closed")
    MERGED = "merged", _("Merged")


class Phase(models.TextChoices):
    """Where the order stands when the customer asks."""

    TAKING = "taking", _("Before confirmation")
    MAKING = "making", _("In production")
    DELIVERING = "delivering", _("Delivery and acceptance")
    SERVICE = "service", _("After acceptance")


class SlaRule(models.Model):
    """How fast we answer, in working minutes of the company calendar. Empty grade, kind or phase = any; the rule
    that names most of them counts."""

    grade = models.CharField(_("Grade"), max_length=1, choices=Grade.choices, blank=True)
    kind = models.CharField(_("Kind"), max_length=12, choices=RequestKind.choices, blank=True)
    phase = models.CharField(_("Phase"), max_length=12, choices=Phase.choices, blank=True)
    response_minutes = models.PositiveIntegerField(_("First response"))
    resolution_minutes = models.PositiveIntegerField(_("Resolution"))

    class Meta:
        ordering = ["grade", "kind", "phase", "id"]
        constraints = [
            models.UniqueConstraint(fields=["grade", "kind", "phase"], name="customer_relations_one_sla_rule")
        ]

    def __str__(self) -> str:
        return f"{self.grade or '*'} {self.kind or '*'} {self.phase or '*'}"


class CustomerRequest(Versioned):
    """One thing a customer wants from us.

    ``response_minutes`` and ``resolution_minutes`` are the policy as it was when the request came in;
    ``response_due`` and ``resolution_due`` follow from it, the calendar and the pauses (None while paused).
    """

    number = models.CharField(max_length=20, unique=True)
    title = models.CharField(_("Subject"), max_length=200)
    kind = models.CharField(_("Kind"), max_length=12, choices=RequestKind.choices, default=RequestKind.QUESTION)
    urgency = models.CharField(_("Urgency"), max_length=8, choices=Urgency.choices, default=Urgency.NORMAL)
    channel = models.CharField(_("Channel"), max_length=8, choices=Channel.choices, default=Channel.FORM)
    state = models.CharField(_("State"), max_length=10, choices=RequestState.choices, default=RequestState.OPEN)
    phase = models.CharField(_("Phase"), max_length=12, choices=Phase.choices, blank=True)
    customer = models.ForeignKey(
        "parties.Customer", on_delete=models.PROTECT, related_name="requests", verbose_name=_("Customer")
    )
    contact = models.ForeignKey(
        "parties.Contact", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("Contact")
    )
    order = models.ForeignKey(
        "orders.Order",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="customer_requests",
        verbose_name=_("Order"),
    )
    order_line = models.ForeignKey(
        "orders.OrderLine", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="customer_requests",
        verbose_name=_("Owner"),
    )
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="merged")
    received_at = models.DateTimeField(_("Came in"), default=timezone.now)
    response_minutes = models.PositiveIntegerField(default=0)
    resolution_minutes = models.PositiveIntegerField(default=0)
    response_due = models.DateTimeField(null=True, blank=True)
    resolution_due = models.DateTimeField(null=True, blank=True)
    responded_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    response_used = models.PositiveIntegerField(null=True, blank=True)
    resolution_used = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = N_("request")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state", "response_due"]),
            models.Index(fields=["state", "resolution_due"]),
            models.Index(fields=["owner", "state"]),
            models.Index(fields=["customer", "-received_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def key(self) -> str:
        return self.number


class Pause(models.Model):
    """We wait for the customer; the clock stands."""

    request = models.ForeignKey(CustomerRequest, on_delete=models.CASCADE, related_name="pauses")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["since", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["request"], condition=models.Q(until=None), name="customer_relations_one_open_pause"
            )
        ]

    def __str__(self) -> str:
        return f"{self.request_id} {self.since:%F %R}"


class Author(models.TextChoices):
    CUSTOMER = "customer", _("Customer")
    REPLY = "reply", _("Reply to the customer")
    INTERNAL = "internal", _("Internal note")


class RequestMessage(models.Model):
    """What was said. Customers read their own words and our replies, never an internal note."""

    request = models.ForeignKey(CustomerRequest, on_delete=models.CASCADE, related_name="messages")
    author = models.CharField(max_length=10, choices=Author.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    name = models.CharField(max_length=120, blank=True)
    text = models.TextField()
    channel = models.CharField(max_length=8, choices=Channel.choices, blank=True)
    message_id = models.CharField(max_length=200, blank=True, db_index=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return self.text[:80]


class RequestLink(models.Model):
    """What the request has to do with: a task, a nonconformity, a change order (``platform/targets``)."""

    request = models.ForeignKey(CustomerRequest, on_delete=models.CASCADE, related_name="links")
    target_type = models.CharField(max_length=40)
    target_id = models.BigIntegerField()
    label = models.CharField(max_length=200)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["request", "target_type", "target_id"], name="customer_relations_one_link_a_thing"
            )
        ]

    def __str__(self) -> str:
        return self.label


class ClockNotice(models.Model):
    """What was told about a clock, so that it is told once: ``warned``, ``breached``, ``escalated``."""

    request = models.ForeignKey(CustomerRequest, on_delete=models.CASCADE, related_name="notices")
    clock = models.CharField(max_length=10)
    level = models.CharField(max_length=10)
    told = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["request", "clock", "level"], name="customer_relations_told_once")
        ]

    def __str__(self) -> str:
        return f"{self.request_id} {self.clock} {self.level}"


class ReplyTemplate(models.Model):
    """A text for what is asked again and again; ``{order}``, ``{contact}`` and ``{due}`` are filled in. Contacts whose
    language is English get ``text_en`` where there is one."""

    name = models.CharField(_("Name"), max_length=80, unique=True)
    text = models.TextField(_("Text"))
    text_en = models.TextField(_("Text in English"), blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name

    def text_in(self, language: str) -> str:
        return self.text_en if self.text_en and language == Language.ENGLISH else self.text


class Incoming(models.Model):
    """A message as it came in. None is lost: it hangs on a request, lies in the inbox, or was set aside by name."""

    message_id = models.CharField(max_length=200, unique=True)
    sender = models.CharField(max_length=200)
    subject = models.CharField(max_length=300, blank=True)
    text = models.TextField(blank=True)
    received_at = models.DateTimeField(default=timezone.now)
    customer = models.ForeignKey("parties.Customer", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    request = models.ForeignKey(
        CustomerRequest, null=True, blank=True, on_delete=models.SET_NULL, related_name="incoming"
    )
    set_aside_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = N_("message")
        ordering = ["-received_at", "-id"]

    def __str__(self) -> str:
        return self.subject or self.message_id
