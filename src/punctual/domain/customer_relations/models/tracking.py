"""What a customer may follow without signing in."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.kernel.wording import N_


class TrackingRule(models.Model):
    """What a customer's tracking pages show. Without one everything here is shown but the name of whom to ask."""

    customer = models.OneToOneField("parties.Customer", on_delete=models.CASCADE, related_name="tracking_rule")
    show_range = models.BooleanField(_("Expected range"), default=True)
    show_milestones = models.BooleanField(_("Milestones"), default=True)
    show_progress = models.BooleanField(_("Progress in percent"), default=True)
    show_requests = models.BooleanField(_("Requests"), default=True)
    show_deliveries = models.BooleanField(_("Deliveries and acceptance"), default=True)
    show_survey = models.BooleanField(_("Survey"), default=True)
    show_contact = models.BooleanField(_("Name and phone of the order manager"), default=False)

    def __str__(self) -> str:
        return str(self.customer)


class TrackingLink(models.Model):
    """A way to an order's tracking page for its ``customer``; when the order becomes another's it opens nothing. Only
    the hashes are kept.

    ``link_hash`` is of the token in the address that was sent: it works once and is exchanged for the reader's own,
    ``session_hash``, kept in a cookie of that browser. Who forwards the used address forwards nothing. ``disowned_at``:
    whoever it reached said that it was not meant for them.
    """

    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="tracking_links")
    customer = models.ForeignKey("parties.Customer", null=True, on_delete=models.CASCADE, related_name="+")
    contact = models.ForeignKey("parties.Contact", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(_("For whom"), max_length=120, blank=True)
    link_hash = models.CharField(max_length=64, unique=True)
    session_hash = models.CharField(max_length=64, unique=True, null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(_("Valid until"))
    exchanged_at = models.DateTimeField(null=True, blank=True)
    disowned_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    seen = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = N_("tracking link")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name or f"#{self.pk}"


class TrackingTask(models.Model):
    """Something we wait for from ``customer``, shown on the tracking page until they say it is done; when the order
    becomes another's it is nobody's to see."""

    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="customer_tasks")
    customer = models.ForeignKey("parties.Customer", null=True, on_delete=models.CASCADE, related_name="+")
    title = models.CharField(_("What we need"), max_length=160)
    due = models.DateField(_("By when"))
    consequence = models.CharField(_("What a delay costs"), max_length=200, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=120, blank=True)
    answer = models.CharField(max_length=400, blank=True)

    class Meta:
        verbose_name = N_("wish to the customer")
        ordering = ["due", "id"]

    def __str__(self) -> str:
        return self.title
