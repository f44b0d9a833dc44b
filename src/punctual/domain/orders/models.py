"""What a customer has ordered, how it was checked and reviewed, and files on their way to become an order."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import models
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from punctual.kernel.money import MINOR_UNITS
from punctual.platform.accounts.models import Role
from punctual.platform.records import Versioned

CURRENCIES: Final = [(code, code) for code in MINOR_UNITS]


class OrderState(models.TextChoices):
    """The life of an order; which verb leads where stands in ``life.LIFE``."""

    DRAFT = "draft", _("Draft")
    QUOTED = "quoted", _("Quoted")
    IN_REVIEW = "in_review", _("In review")
    CONFIRMED = "confirmed", _("Confirmed")
    IN_PROGRESS = "in_progress", _("In progress")
    PARTIALLY_DELIVERED = "partially_delivered", _("Partially delivered")
    DELIVERED = "delivered", _("Delivered")
    ACCEPTED = "accepted", _("Accepted")
    CLOSED = "closed", _("Closed")
    ON_HOLD = "on_hold", _("On hold")
    CANCELLED = "cancelled", _("Cancelled")
    LOST = "lost", _("Lost")


class Priority(models.IntegerChoices):
    """Who goes first when two orders need the same thing; 1 first."""

    URGENT = 1, _("Urgent")
    HIGH = 2, _("High")
    NORMAL = 3, _("Normal")
    LOW = 4, _("Low")


class Order(Versioned):
    """A project order of one customer in one currency.

    ``number`` comes when it is submitted for review and never changes. ``stated_total`` is the total on the customer's
    own paper, kept to be compared. The amounts and dates at the end repeat what lines and plan say, so that a list of
    a hundred thousand orders sorts by them: amount = Σ quantity × price without tax; requested and promised date = the
    latest of the lines; planned dates come from the plan, the forecast and ``confidence`` (percent that the due day is
    kept) from the schedule over all orders; all are written by services only. ``said_health`` is what somebody answers
    for by name until a day, against the rules.
    """

    number = models.CharField(_("Number"), max_length=20, unique=True, null=True, blank=True, editable=False)
    state = models.CharField(_("State"), max_length=20, choices=OrderState.choices, default=OrderState.DRAFT)
    state_before_hold = models.CharField(max_length=20, choices=OrderState.choices, blank=True, editable=False)
    customer = models.ForeignKey(
        "parties.Customer", null=True, on_delete=models.PROTECT, related_name="orders", verbose_name=_("Customer")
    )
    contact = models.ForeignKey(
        "parties.Contact",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("Contact"),
    )
    customer_po_number = models.CharField(_("Customer PO number"), max_length=60, blank=True, db_index=True)
    contract_date = models.DateField(_("Contract date"), null=True, blank=True)
    currency = models.CharField(_("Currency"), max_length=3, choices=CURRENCIES, default="CNY")
    payment_terms = models.CharField(_("Payment terms"), max_length=200, blank=True)
    damages_percent_per_day = models.DecimalField(
        _("Liquidated damages, % a day"), max_digits=6, decimal_places=3, null=True, blank=True
    )
    damages_cap_percent = models.DecimalField(
        _("Liquidated damages, cap %"), max_digits=6, decimal_places=3, null=True, blank=True
    )
    delivery_place = models.CharField(_("Delivery place"), max_length=200, blank=True)
    notes = models.TextField(_("Notes"), blank=True)
    priority = models.PositiveSmallIntegerField(_("Priority"), choices=Priority.choices, default=Priority.NORMAL)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="orders",
        verbose_name=_("Owner"),
    )
    stated_total = models.DecimalField(
        _("Total on the customer's order"), max_digits=18, decimal_places=2, null=True, blank=True
    )
    quote_valid_until = models.DateField(_("Quotation valid until"), null=True, blank=True, editable=False)
    submitted_at = models.DateTimeField(null=True, blank=True, editable=False)
    confirmed_at = models.DateTimeField(null=True, blank=True, editable=False)

    total_amount = models.DecimalField(_("Amount"), max_digits=18, decimal_places=2, default=0, editable=False)
    line_count = models.PositiveIntegerField(_("Lines"), default=0, editable=False)
    progress = models.PositiveSmallIntegerField(_("Progress"), default=0, editable=False)
    requested_date = models.DateField(_("Requested"), null=True, blank=True, editable=False)
    promised_date = models.DateField(_("Promised"), null=True, blank=True, editable=False)
    planned_start = models.DateField(null=True, blank=True, editable=False)
    planned_date = models.DateField(_("Planned"), null=True, blank=True, editable=False)
    latest_start = models.DateField(null=True, blank=True, editable=False)
    forecast_p50 = models.DateField(null=True, blank=True, editable=False)
    forecast_p80 = models.DateField(_("P80"), null=True, blank=True, editable=False)
    forecast_p95 = models.DateField(null=True, blank=True, editable=False)
    confidence = models.PositiveSmallIntegerField(_("On time, %"), null=True, blank=True, editable=False)
    actual_date = models.DateField(_("Actual"), null=True, blank=True, editable=False)
    said_health = models.CharField(max_length=10, blank=True, editable=False)
    said_until = models.DateField(null=True, blank=True, editable=False)
    said_by = models.CharField(max_length=150, blank=True, editable=False)
    said_why = models.CharField(max_length=300, blank=True, editable=False)

    class Meta:
        verbose_name = "order"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state", "requested_date"]),
            models.Index(fields=["requested_date", "id"]),
            models.Index(fields=["promised_date", "id"]),
            models.Index(fields=["planned_date", "id"]),
            models.Index(fields=["total_amount", "id"]),
            models.Index(fields=["owner", "state"]),
            models.Index("customer", Upper("customer_po_number"), name="orders_same_po"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The number, or the provisional one of a draft: ``草稿-12``."""
        return self.number or gettext("Draft-%(id)s") % {"id": self.pk or 0}

    @property
    def key(self) -> str:
        """What stands in addresses: the number, or the id of what has none yet."""
        return self.number or str(self.pk)


class OrderLine(models.Model):
    """One thing ordered. Where product or revision is not known, the customer's own text stands in ``*_text``.

    ``quantity`` in ``unit``; ``unit_price`` without tax in the order's currency. The four dates are separate facts.
    """

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    line_no = models.PositiveIntegerField(_("Line"))
    customer_line_no = models.CharField(_("Customer's line"), max_length=20, blank=True)
    product = models.ForeignKey(
        "catalog.Product", null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("Product")
    )
    model_text = models.CharField(_("Model"), max_length=80, blank=True)
    revision = models.ForeignKey(
        "catalog.ProductRevision",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("Revision"),
    )
    revision_text = models.CharField(_("Revision"), max_length=40, blank=True)
    description = models.CharField(_("Description"), max_length=400, blank=True)
    quantity = models.DecimalField(_("Quantity"), max_digits=18, decimal_places=6, null=True, blank=True)
    unit = models.CharField(_("Unit"), max_length=20, blank=True)
    unit_price = models.DecimalField(_("Unit price"), max_digits=18, decimal_places=4, null=True, blank=True)
    requested_date = models.DateField(_("Requested"), null=True, blank=True)
    promised_date = models.DateField(_("Promised"), null=True, blank=True)
    planned_date = models.DateField(_("Planned"), null=True, blank=True, editable=False)
    actual_date = models.DateField(_("Actual"), null=True, blank=True, editable=False)
    delivery_place = models.CharField(_("Delivery place"), max_length=200, blank=True)
    acceptance_criteria = models.TextField(_("Acceptance criteria"), blank=True)

    class Meta:
        verbose_name = "order line"
        ordering = ["order", "line_no"]
        constraints = [models.UniqueConstraint(fields=["order", "line_no"], name="orders_one_line_a_number")]

    def __str__(self) -> str:
        return f"{self.line_no} {self.model_text}"


class Waiver(models.Model):
    """Somebody answers for a warning by name. It counts only while the value it was given for is unchanged:
    ``fingerprint`` is made of that value (``rules.fingerprint``)."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="waivers")
    code = models.CharField(max_length=80)
    field = models.CharField(max_length=40, blank=True)
    line = models.ForeignKey(OrderLine, null=True, blank=True, on_delete=models.CASCADE, related_name="waivers")
    fingerprint = models.CharField(max_length=64)
    value_text = models.CharField(max_length=200, blank=True)
    reason = models.TextField(_("Reason"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["order", "id"]

    def __str__(self) -> str:
        return f"{self.order}: {self.code}"


class ReviewRule(models.Model):
    """Which roles must sign an order: of ``family`` (empty: of any) from ``minimum_amount`` (company currency) on.
    Every rule that fits adds its roles."""

    family = models.ForeignKey(
        "catalog.ProductFamily",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("Family"),
    )
    minimum_amount = models.DecimalField(_("From an amount of"), max_digits=18, decimal_places=2, default=0)
    roles = models.JSONField(_("Roles that sign"), default=list)

    class Meta:
        ordering = ["family__code", "minimum_amount", "id"]

    def __str__(self) -> str:
        return f"{self.family or '*'} ≥ {self.minimum_amount}"


class CheckSettings(Versioned):
    """What the order checks tolerate; one row for the company. Percent of the list price, both ways."""

    price_tolerance_percent = models.DecimalField(
        _("Tolerance around the list price, %"), max_digits=5, decimal_places=2, default=5
    )
    review_hours = models.PositiveIntegerField(_("Hours to sign a review"), default=24)
    at_risk_days = models.PositiveIntegerField(_("At risk when fewer days remain to the promise"), default=5)
    quote_days = models.PositiveIntegerField(_("Days a quotation stays valid"), default=30)

    class Meta:
        verbose_name = "order checks"

    def __str__(self) -> str:
        return "order checks"


class Review(models.Model):
    """One round of the order review; a returned order starts the next round when it is submitted again."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="reviews")
    round = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "order review"
        ordering = ["order", "-round"]
        constraints = [models.UniqueConstraint(fields=["order", "round"], name="orders_one_review_a_round")]

    def __str__(self) -> str:
        return f"{self.order} #{self.round}"


class SignState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    SIGNED = "signed", _("Signed")
    RETURNED = "returned", _("Returned")
    ASKED = "asked", _("Asked")


class ReviewSign(models.Model):
    """What one role has said in a round; ``on_behalf_of`` the absent person whose stand-in ``user`` is."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="signs")
    role = models.CharField(_("Role"), max_length=20, choices=Role.choices)
    state = models.CharField(_("State"), max_length=10, choices=SignState.choices, default=SignState.WAITING)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    on_behalf_of = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    comment = models.TextField(_("Comment"), blank=True)
    at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["review", "id"]
        constraints = [models.UniqueConstraint(fields=["review", "role"], name="orders_one_sign_a_role")]
        indexes = [models.Index(fields=["role", "state"])]

    def __str__(self) -> str:
        return f"{self.review}: {self.role} {self.state}"


class ImportMapping(models.Model):
    """What a customer's columns are called, and which of its own values mean which of ours.

    ``columns`` loosened header → field; ``values`` {field: {the customer's word, loosened: ours}}.
    """

    customer = models.OneToOneField("parties.Customer", on_delete=models.CASCADE, related_name="import_mapping")
    columns = models.JSONField(default=dict)
    values = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return str(self.customer)


class ImportState(models.TextChoices):
    READING = "reading", _("Being read")
    OPEN = "open", _("Being settled")
    DONE = "done", _("Taken over")
    FAILED = "failed", _("Not readable")


class OrderImport(Versioned):
    """A file of a customer on its way to become a draft order.

    ``mapping`` column index → field. ``header_values`` what stands above the table (PO number, total …) as it was read
    or put right. ``rows`` [{"row": sheet row, "cells": {field: text as read}, "fixed": {field: text}, "skip": bool,
    "choices": [codes settled as "keep ours" …]}].
    """

    name = models.CharField(_("File"), max_length=255)
    sha256 = models.CharField(max_length=64)
    sheet = models.CharField(_("Sheet"), max_length=120, blank=True)
    sheets = models.JSONField(default=list)
    header_row = models.PositiveIntegerField(default=0)
    header = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)
    header_values = models.JSONField(default=dict)
    rows = models.JSONField(default=list)
    customer = models.ForeignKey("parties.Customer", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.OPEN)
    problem_count = models.PositiveIntegerField(default=0)
    row_count = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    order = models.ForeignKey(Order, null=True, blank=True, on_delete=models.SET_NULL, related_name="imports")
    job_id = models.UUIDField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = "order import"
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name
