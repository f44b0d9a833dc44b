"""Progress, early warnings, forecasts through time, recovery, change notices and reports."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.platform.records import Versioned

PERSON: Final = settings.AUTH_USER_MODEL


class ReportSource(models.TextChoices):
    PAGE = "page", _("Page")
    QR = "qr", _("Scanned")
    SHEET = "sheet", _("Excel")
    API = "api", _("API")
    BOARD = "board", _("Board")


class ProgressReport(models.Model):
    """What somebody said about a task, and what followed. Never changed; taken back it stays on record.

    ``before`` the task's progress as it was {percent, remaining, actual_start, actual_finish}.
    ``doubts`` codes of the questions that were answered with "it is right".
    ``finish_before`` and ``finish_after`` are the planned delivery of the order.
    """

    task = models.ForeignKey("plans.Task", on_delete=models.CASCADE, related_name="reports")
    plan = models.ForeignKey("plans.Plan", on_delete=models.CASCADE, related_name="reports")
    by = models.ForeignKey(PERSON, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    day = models.DateField()
    percent = models.PositiveSmallIntegerField()
    remaining = models.PositiveIntegerField(null=True)
    actual_start = models.DateTimeField(null=True)
    actual_finish = models.DateTimeField(null=True)
    hours = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    note = models.CharField(max_length=400, blank=True)
    source = models.CharField(max_length=6, choices=ReportSource.choices, default=ReportSource.PAGE)
    before = models.JSONField(default=dict)
    doubts = models.JSONField(default=list)
    finish_before = models.DateField(null=True)
    finish_after = models.DateField(null=True)
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "progress report"
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["task", "-at"]),
            models.Index(fields=["plan", "-at"]),
            models.Index(fields=["by", "-at"]),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.percent}%"


class Block(models.Model):
    """A task that cannot go on, why, and whom it waits for. At most one open one a task."""

    task = models.ForeignKey("plans.Task", on_delete=models.CASCADE, related_name="blocks")
    reason = models.CharField(_("Reason"), max_length=200)
    waits_for = models.ForeignKey(PERSON, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    by = models.ForeignKey(PERSON, null=True, on_delete=models.SET_NULL, related_name="+")
    since = models.DateTimeField(default=timezone.now)
    cleared_at = models.DateTimeField(null=True, blank=True)
    cleared_by = models.ForeignKey(PERSON, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-since"]
        constraints = [
            models.UniqueConstraint(
                fields=["task"], condition=Q(cleared_at__isnull=True), name="monitoring_one_open_block"
            )
        ]

    def __str__(self) -> str:
        return self.reason


# --------------------------------------------------------------------------------------------------- warnings


class Thresholds(Versioned):
    """From where on something is a warning: of the whole company (``grade`` empty), or of customers of one grade."""

    grade = models.CharField(_("Customer grade"), max_length=1, blank=True, unique=True)
    float_days = models.PositiveSmallIntegerField(_("Float below, working days"), default=2)
    late_probability = models.PositiveSmallIntegerField(_("Chance of missing the promise, %"), default=20)
    spi = models.DecimalField(_("SPI below"), max_digits=4, decimal_places=2, default=Decimal("0.90"))
    cpi = models.DecimalField(_("CPI below"), max_digits=4, decimal_places=2, default=Decimal("0.90"))
    start_days = models.PositiveSmallIntegerField(_("Start missed by, days"), default=1)
    report_days = models.PositiveSmallIntegerField(_("No report for, days"), default=7)
    blocked_days = models.PositiveSmallIntegerField(_("Blocked for, days"), default=1)
    approval_hours = models.PositiveSmallIntegerField(_("Approval waiting for, hours"), default=24)
    milestone_days = models.PositiveSmallIntegerField(_("Milestone within, days"), default=7)
    budget_percent = models.PositiveSmallIntegerField(_("Budget line used up to, %"), default=90)
    grade_weight = models.DecimalField(
        _("Weight of a day late"), max_digits=4, decimal_places=2, default=Decimal("1.00")
    )
    usual_damages = models.DecimalField(
        _("Cost of a day late where the contract names none, %"),
        max_digits=5,
        decimal_places=3,
        default=Decimal("0.100"),
    )
    capital_percent = models.DecimalField(
        _("Cost of capital on a late margin, % a year"), max_digits=4, decimal_places=1, default=Decimal("8.0")
    )

    class Meta:
        verbose_name = "warning thresholds"
        ordering = ["grade"]

    def __str__(self) -> str:
        return self.grade or "*"


class WarningState(models.TextChoices):
    OPEN = "open", _("Open")
    SNOOZED = "snoozed", _("Later")
    RESOLVED = "resolved", _("Gone")


class Warning(Versioned):
    """One cause of danger. ``key`` names the cause: while it lasts there is one warning, whatever is seen of it again.

    ``facts`` fill the sentence of its ``kind`` (``rules.KINDS``); ``subject_type`` and ``subject_id`` name what it is
    about (``platform/targets``), ``url`` where it is dealt with. ``damage`` = ``probability`` × ``cost`` is what it may
    cost, in the company's currency; None where no money hangs on it.
    """

    key = models.CharField(max_length=120)
    kind = models.CharField(_("Kind"), max_length=30)
    source = models.CharField(max_length=30, default="rules")
    order = models.ForeignKey("orders.Order", null=True, on_delete=models.CASCADE, related_name="warnings")
    task = models.ForeignKey("plans.Task", null=True, on_delete=models.SET_NULL, related_name="+")
    subject_type = models.CharField(max_length=40, blank=True)
    subject_id = models.BigIntegerField(null=True)
    url = models.CharField(max_length=200, blank=True)
    facts = models.JSONField(default=dict)
    probability = models.FloatField(null=True)
    cost = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    damage = models.DecimalField(_("Expected damage"), max_digits=18, decimal_places=2, null=True)
    owner = models.ForeignKey(PERSON, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("Owner"))
    owner_is_set = models.BooleanField(default=False)
    first_seen = models.DateTimeField(_("First seen"), default=timezone.now)
    last_seen = models.DateTimeField(default=timezone.now)
    state = models.CharField(_("State"), max_length=10, choices=WarningState.choices, default=WarningState.OPEN)
    snoozed_until = models.DateField(null=True)
    snooze_reason = models.CharField(max_length=200, blank=True)
    snoozed_by = models.ForeignKey(PERSON, null=True, on_delete=models.SET_NULL, related_name="+")
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "warning"
        ordering = ["-damage", "first_seen", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=~Q(state="resolved"), name="monitoring_one_live_warning_a_cause"
            )
        ]
        indexes = [
            models.Index(fields=["state", "-damage"]),
            models.Index(fields=["order", "state"]),
            models.Index(fields=["owner", "state"]),
        ]

    def __str__(self) -> str:
        return str(self.order) if self.order else self.key


class Watch(models.Model):
    """An order that has to be looked at again; however many events ask for it, once."""

    order = models.OneToOneField("orders.Order", on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.order)


class WatchRun(models.Model):
    """One look at all orders; ``done_up_to`` is the last order id that is finished, so that a killed run goes on."""

    day = models.DateField(unique=True)
    started_at = models.DateTimeField(default=timezone.now)
    done_up_to = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.day)


class LastLook(models.Model):
    """Since when somebody's morning list counts what is new. A new look begins after half an hour away."""

    user = models.OneToOneField(PERSON, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.user)


class HealthOverride(models.Model):
    """Somebody answers for another health than the rules give, with a reason and until a day."""

    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="health_overrides")
    health = models.CharField(max_length=10)
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    until = models.DateField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["order", "until"])]

    def __str__(self) -> str:
        return f"{self.order} {self.health}"


# -------------------------------------------------------------------------------------------------- forecasts


class ForecastPoint(models.Model):
    """What was forecast for an order on a day; the last word of the day stays."""

    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="forecast_points")
    day = models.DateField()
    planned = models.DateField(null=True)
    p50 = models.DateField(null=True)
    p80 = models.DateField(null=True)
    promised = models.DateField(null=True)
    progress = models.PositiveSmallIntegerField(default=0)
    confidence = models.FloatField(null=True)

    class Meta:
        ordering = ["order", "day"]
        constraints = [models.UniqueConstraint(fields=["order", "day"], name="monitoring_one_forecast_a_day")]

    def __str__(self) -> str:
        return f"{self.order} {self.day}"


class MilestonePoint(models.Model):
    """Where a milestone stood on a day."""

    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="+")
    task_ref = models.BigIntegerField()
    name = models.CharField(max_length=120)
    day = models.DateField()
    date = models.DateField()
    done = models.BooleanField(default=False)

    class Meta:
        ordering = ["order", "task_ref", "day"]
        constraints = [models.UniqueConstraint(fields=["task_ref", "day"], name="monitoring_one_milestone_a_day")]

    def __str__(self) -> str:
        return f"{self.name} {self.day}"


class ProgressRule(models.TextChoices):
    """How progress of a task becomes earned value."""

    PERCENT = "percent", _("Percent complete")
    ZERO_HUNDRED = "0/100", "0/100"
    FIFTY_FIFTY = "50/50", "50/50"
    MILESTONES = "milestones", _("Milestones")


class EarningRule(models.Model):
    """The progress rule of an order; without a row it is percent complete."""

    order = models.OneToOneField("orders.Order", on_delete=models.CASCADE, related_name="earning_rule")
    rule = models.CharField(max_length=12, choices=ProgressRule.choices, default=ProgressRule.PERCENT)

    def __str__(self) -> str:
        return f"{self.order} {self.rule}"


# --------------------------------------------------------------------------------------------------- recovery


class RecoveryState(models.TextChoices):
    COMPUTING = "computing", _("Being computed")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Failed")
    APPLIED = "applied", _("Applied")
    UNDONE = "undone", _("Undone")


class RecoveryRun(Versioned):
    """Ways out for a late order as they were computed.

    ``options`` the options as data (``flows/recover``), ``before`` the forecast without any; ``versions`` plan id →
    version that they were computed on: an option applies only while these plans are as they were.
    ``applied`` what was written when option ``chosen`` was applied: plan edits, notices, drafts.
    """

    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="recovery_runs")
    state = models.CharField(max_length=10, choices=RecoveryState.choices, default=RecoveryState.COMPUTING)
    asked_by = models.ForeignKey(PERSON, null=True, on_delete=models.SET_NULL, related_name="+")
    day = models.DateField()
    options = models.JSONField(default=list)
    before = models.JSONField(default=dict)
    left_out = models.JSONField(default=list)
    versions = models.JSONField(default=dict)
    seconds = models.FloatField(default=0)
    error = models.JSONField(default=list)
    chosen = models.PositiveSmallIntegerField(null=True)
    applied = models.JSONField(default=dict)
    applied_by = models.ForeignKey(PERSON, null=True, on_delete=models.SET_NULL, related_name="+")
    applied_at = models.DateTimeField(null=True)
    check_on = models.DateField(null=True)
    held = models.BooleanField(null=True)

    class Meta:
        verbose_name = "recovery"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.order} #{self.pk}"


class NoticeState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SENT = "sent", _("Sent")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class ChangeNotice(Versioned):
    """What moved, why, and for whom. The people concerned acknowledge it.

    ``moves`` [{"task", "wbs", "name", "order", "from", "to"}]: what moved by which days.
    """

    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="change_notices")
    title = models.CharField(_("Change notice"), max_length=200)
    why = models.TextField(_("Why"), blank=True)
    moves = models.JSONField(default=list)
    state = models.CharField(_("State"), max_length=10, choices=NoticeState.choices, default=NoticeState.DRAFT)
    source_type = models.CharField(max_length=40, blank=True)
    source_id = models.BigIntegerField(null=True)
    created_by = models.ForeignKey(PERSON, null=True, on_delete=models.SET_NULL, related_name="+")
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "change notice"
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title


class Acknowledgement(models.Model):
    """One person concerned; ``at`` None = not yet acknowledged."""

    notice = models.ForeignKey(ChangeNotice, on_delete=models.CASCADE, related_name="acknowledgements")
    user = models.ForeignKey(PERSON, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["notice", "user"]
        constraints = [
            models.UniqueConstraint(fields=["notice", "user"], name="monitoring_one_acknowledgement_a_person")
        ]

    def __str__(self) -> str:
        return f"{self.notice} {self.user}"


class MessageDraft(Versioned):
    """A message to the customer that waits for somebody's eye; nothing is sent by itself."""

    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="message_drafts")
    subject = models.CharField(_("Subject"), max_length=200)
    text = models.TextField(_("Text"))
    state = models.CharField(_("State"), max_length=10, choices=NoticeState.choices, default=NoticeState.DRAFT)
    created_by = models.ForeignKey(PERSON, null=True, on_delete=models.SET_NULL, related_name="+")
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "customer message"
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.subject


class ReportFiles(models.TextChoices):
    """As what a scheduled report is attached to its mail."""

    PDF = "pdf", "PDF"
    XLSX = "xlsx", "Excel"
    BOTH = "both", _("PDF and Excel")


class ReportSchedule(Versioned):
    """A report that goes out by itself: of one order, or of the portfolio (``order`` empty).

    ``people`` get what they themselves may see; ``recipients`` (addresses outside) and ``groups`` get it without costs,
    as nobody knows who reads there. ``next_at``: when it goes out next.
    """

    order = models.ForeignKey(
        "orders.Order", null=True, blank=True, on_delete=models.CASCADE, related_name="report_schedules"
    )
    weekday = models.PositiveSmallIntegerField(_("Weekday"), default=5)
    hour = models.PositiveSmallIntegerField(_("Hour"), default=16)
    language = models.CharField(_("Language"), max_length=10, default="zh-hans")
    files = models.CharField(_("Attached"), max_length=10, choices=ReportFiles.choices, default=ReportFiles.PDF)
    people = models.ManyToManyField("accounts.User", related_name="+", verbose_name=_("People"))
    groups = models.ManyToManyField("notifications.Robot", related_name="+", verbose_name=_("Chat groups"))
    recipients = models.JSONField(_("Recipients"), default=list)
    owner = models.ForeignKey(PERSON, on_delete=models.CASCADE, related_name="+")
    is_active = models.BooleanField(_("Active"), default=True)
    next_at = models.DateTimeField(null=True)
    last_sent_on = models.DateField(null=True)

    class Meta:
        verbose_name = "report schedule"
        ordering = ["id"]
        indexes = [models.Index(fields=["is_active", "next_at"])]

    def __str__(self) -> str:
        return str(self.order or "*")


class ReportSending(models.Model):
    """A report that went out: by the clock (``by`` empty) or because somebody asked; ``deliveries`` one a receiver.

    ``left_out``: why nothing went out although it was due. Without a title it was asked for and is still to be written.
    """

    schedule = models.ForeignKey(ReportSchedule, on_delete=models.CASCADE, related_name="sendings")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(PERSON, null=True, on_delete=models.SET_NULL, related_name="+")
    title = models.CharField(max_length=200)
    left_out = models.CharField(max_length=20, blank=True)
    deliveries = models.ManyToManyField("notifications.Delivery", related_name="+")

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.title


class BoardLimit(models.Model):
    """How many tasks a column of the board may hold in a lane."""

    column = models.CharField(max_length=12, unique=True)
    most = models.PositiveSmallIntegerField()

    def __str__(self) -> str:
        return f"{self.column} {self.most}"
