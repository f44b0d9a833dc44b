"""Schedule runs over all orders, what came out for tasks and orders, promises, absences, scenarios, calibration.

Moments are stored with a zone and read on the site's clock; durations inside a run are whole slots (see ``axis``).
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.kernel.wording import N_
from punctual.platform.records import Versioned


def usual_confidence() -> dict[str, int]:
    """Percent that a promise to a customer of each grade must have."""
    return {"A": 80, "B": 75, "C": 70}


class SchedulingSettings(Versioned):
    """How the company schedules and promises; one row.

    ``frozen_days``     tasks that start within so many days stay where the last run put them, if that is possible.
    ``floor_percent``   a date with less probability is promised as an exception with a reason only.
    ``confidence``      customer grade → percent that a promise should have.
    ``use_calibration`` durations of finished tasks correct and spread those of open ones.
    ``win_percent``     share of quotations that become orders: how soft load is counted beside firm load.
    """

    frozen_days = models.PositiveIntegerField(_("Frozen window in days"), default=2)
    floor_percent = models.PositiveSmallIntegerField(_("Lowest probability of a promise, %"), default=70)
    confidence = models.JSONField(_("Probability a promise should have, %"), default=usual_confidence)
    use_calibration = models.BooleanField(_("Use the durations of finished tasks"), default=True)
    win_percent = models.PositiveSmallIntegerField(_("Quotations that become orders, %"), default=60)
    overtime_percent = models.PositiveSmallIntegerField(_("Cost of an hour of overtime, % of a usual one"), default=150)
    expedite_per_day = models.DecimalField(
        _("Usual price of a purchase arriving a day earlier"), max_digits=12, decimal_places=2, default=1500
    )
    quote_after = models.CharField(
        _("An expired quotation becomes"),
        max_length=10,
        choices=[("lost", _("Lost")), ("draft", _("a draft again"))],
        default="lost",
    )

    class Meta:
        verbose_name = N_("scheduling settings")

    def __str__(self) -> str:
        return "scheduling settings"


class RunState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    UNCHANGED = "unchanged", _("Nothing had changed")
    FAILED = "failed", _("Failed")


class ScheduleRun(models.Model):
    """One computation of everything that competes for capacity.

    ``why``         [{"kind": event, "label": what it was about}], every wish that this run answers.
    ``fingerprint`` of the inputs; a run is only stored when they are still the same at its end.
    ``inputs``      counts and settings it was made with. ``result``: what came out in figures.
    ``book``        everything that was scheduled and when, compressed JSON (``book.Book``); kept for the newest runs.
    ``is_current``  the schedule that everybody sees; at most one.
    """

    state = models.CharField(_("State"), max_length=10, choices=RunState.choices, default=RunState.QUEUED)
    why = models.JSONField(default=list)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    begun_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    today = models.DateField(null=True, blank=True)
    seconds = models.FloatField(_("Seconds"), default=0)
    repeats = models.PositiveSmallIntegerField(default=0)
    fingerprint = models.CharField(max_length=64, blank=True)
    inputs = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    verified = models.BooleanField(_("Verified"), default=False)
    is_current = models.BooleanField(default=False)
    job_id = models.UUIDField(null=True, blank=True)
    book = models.BinaryField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name = N_("schedule run")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_current"], condition=Q(is_current=True), name="scheduling_one_current_run"
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class ScheduledTask(models.Model):
    """When a task is done in a run. ``held_by``: what lets it start no earlier, as typed data (``holding``)."""

    run = models.ForeignKey(ScheduleRun, on_delete=models.CASCADE, related_name="tasks")
    task = models.ForeignKey("plans.Task", on_delete=models.CASCADE, related_name="scheduled")
    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="+")
    start = models.DateTimeField()
    finish = models.DateTimeField()
    held_by = models.JSONField(default=dict)

    class Meta:
        verbose_name = N_("scheduled task")
        ordering = ["run", "start", "id"]
        constraints = [models.UniqueConstraint(fields=["run", "task"], name="scheduling_one_row_a_task")]
        indexes = [models.Index(fields=["run", "order"])]

    def __str__(self) -> str:
        return f"{self.task_id} {self.start:%Y-%m-%d}"


class OrderForecast(models.Model):
    """What a run says about an order's delivery.

    ``planned``           the day of the schedule itself. ``p50`` … ``p95``: with that probability it is delivered.
    ``promise_percent``   probability that every line keeps its promise; ``request_percent`` likewise the request.
    ``expected_damages``  Σ over the simulated ends of days late × liquidated damages, capped, in the company's money.
    ``histogram``         [[ISO day, runs]] of the simulated deliveries.
    ``lines``             line id → [ISO day of its P50, of its P80], of the lines with open tasks.
    """

    run = models.ForeignKey(ScheduleRun, on_delete=models.CASCADE, related_name="forecasts")
    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="forecasts")
    planned = models.DateField()
    p50 = models.DateField()
    p80 = models.DateField()
    p95 = models.DateField()
    promise_percent = models.PositiveSmallIntegerField(null=True)
    request_percent = models.PositiveSmallIntegerField(null=True)
    expected_damages = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    histogram = models.JSONField(default=list)
    lines = models.JSONField(default=dict)
    is_soft = models.BooleanField(default=False)

    class Meta:
        verbose_name = N_("forecast")
        ordering = ["run", "order"]
        constraints = [models.UniqueConstraint(fields=["run", "order"], name="scheduling_one_forecast_an_order")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.p80}"


class TaskForecast(models.Model):
    """The days by which an open task, or the last open task of a phase, ends in half and in 80 % of a run's
    simulations."""

    run = models.ForeignKey(ScheduleRun, on_delete=models.CASCADE, related_name="task_forecasts")
    task = models.ForeignKey("plans.Task", on_delete=models.CASCADE, related_name="forecasts")
    p50 = models.DateField()
    p80 = models.DateField()

    class Meta:
        verbose_name = N_("forecast of a task")
        ordering = ["run", "task"]
        constraints = [models.UniqueConstraint(fields=["run", "task"], name="scheduling_one_forecast_a_task")]

    def __str__(self) -> str:
        return f"{self.task_id} {self.p80}"


class TaskPin(models.Model):
    """A task that schedules leave where it is. ``before_material``: its material is being hurried along, so it stays
    even where the confirmed day of arrival is later."""

    task = models.OneToOneField("plans.Task", on_delete=models.CASCADE, related_name="pin")
    start = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    before_material = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.task_id} {self.start:%Y-%m-%d}"


class LevelledTask(models.Model):
    """The start that an accepted proposal gave a task (as "start no earlier than"); no limit for later schedules."""

    task = models.OneToOneField("plans.Task", on_delete=models.CASCADE, related_name="levelled")
    start = models.DateTimeField()
    run = models.ForeignKey(ScheduleRun, null=True, on_delete=models.SET_NULL, related_name="+")

    def __str__(self) -> str:
        return f"{self.task_id} {self.start:%Y-%m-%d}"


class AbsenceKind(models.TextChoices):
    SICK = "sick", _("Sick")
    LEAVE = "leave", _("Leave")
    BREAKDOWN = "breakdown", _("Breakdown")
    MAINTENANCE = "maintenance", _("Maintenance")
    OTHER = "other", _("Other")


class Absence(Versioned):
    """A resource is not there from ``first`` to ``last``, both included; ``cancelled_at`` takes it back."""

    resource = models.ForeignKey(
        "resources.Resource", on_delete=models.PROTECT, related_name="absences", verbose_name=_("Resource")
    )
    kind = models.CharField(_("Kind"), max_length=12, choices=AbsenceKind.choices)
    first = models.DateField(_("From"))
    last = models.DateField(_("To"))
    note = models.CharField(_("Note"), max_length=200, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    cancelled_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = N_("absence")
        ordering = ["-first", "-pk"]

    def __str__(self) -> str:
        return f"{self.resource} {self.first} – {self.last}"


class ExtraShift(Versioned):
    """More of a resource, or of everybody with a skill, from ``first`` to ``last``: overtime, a hired machine.

    Exactly one of ``resource`` and ``skill``; ``units`` tasks more at once.
    """

    resource = models.ForeignKey(
        "resources.Resource", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    skill = models.ForeignKey("resources.Skill", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    units = models.PositiveIntegerField(_("Units"), default=1)
    first = models.DateField(_("From"))
    last = models.DateField(_("To"))
    note = models.CharField(_("Note"), max_length=200, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    cancelled_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = N_("extra capacity")
        ordering = ["-first", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(skill__isnull=True, resource__isnull=False) | Q(skill__isnull=False, resource__isnull=True),
                name="scheduling_extra_one",
            )
        ]

    def __str__(self) -> str:
        return f"{self.resource or self.skill} +{self.units}"


class Channel(models.TextChoices):
    """Through which the customer heard a date."""

    CONTRACT = "contract", _("Contract")
    QUOTATION = "quotation", _("Quotation")
    MAIL = "mail", _("E-mail")
    PHONE = "phone", _("Phone")
    MEETING = "meeting", _("Meeting")
    CHAT = "chat", _("WeCom or other chat")
    SYSTEM = "system", _("Entered with the order")


class PromiseCause(models.TextChoices):
    """Why a promised date was given or changed."""

    FIRST = "first", _("First promise")
    CUSTOMER = "customer", _("Customer's wish")
    CHANGE = "change", _("Change of the order")
    MATERIAL = "material", _("Material late")
    CAPACITY = "capacity", _("Capacity short")
    QUALITY = "quality", _("Quality")
    ESTIMATE = "estimate", _("Estimate was wrong")
    OTHER = "other", _("Other")


class Promise(models.Model):
    """A date that was told to the customer. Never changed: the next date is the next row.

    ``before`` is the date that stood until then; ``probability`` is that of ``date`` in ``run``, in percent.
    ``exception_reason``: why it was given below the company's floor.
    """

    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="promises")
    line = models.ForeignKey("orders.OrderLine", null=True, on_delete=models.SET_NULL, related_name="+")
    line_no = models.PositiveIntegerField(_("Line"))
    number = models.PositiveIntegerField(_("Number"))
    date = models.DateField(_("Promised"))
    before = models.DateField(_("Before"), null=True, blank=True)
    at = models.DateTimeField(_("When"), default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    channel = models.CharField(_("Channel"), max_length=12, choices=Channel.choices, default=Channel.SYSTEM)
    run = models.ForeignKey(ScheduleRun, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    probability = models.PositiveSmallIntegerField(_("Probability, %"), null=True, blank=True)
    cause = models.CharField(_("Cause"), max_length=12, choices=PromiseCause.choices, default=PromiseCause.FIRST)
    reason = models.CharField(_("Reason"), max_length=400, blank=True)
    exception_reason = models.CharField(_("Why below the floor"), max_length=400, blank=True)

    class Meta:
        verbose_name = N_("promise")
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["order", "line_no", "number"], name="scheduling_one_promise_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.order} {self.line_no}: {self.date}"


class AgreedPlan(models.Model):
    """Where the offer on which an order's last promise stands had its tasks, and those of others that made room.

    ``own``: a moment, or null, for each task in the order of the outline; ``others``: piece of the book → [its moment
    in ``run``, its moment in the offer]. ``is_used``: a run has begun there.
    """

    order = models.OneToOneField("orders.Order", on_delete=models.CASCADE, related_name="agreed_plan")
    run = models.ForeignKey(ScheduleRun, null=True, on_delete=models.SET_NULL, related_name="+")
    own = models.JSONField(default=list)
    others = models.JSONField(default=dict)
    is_used = models.BooleanField(default=False)

    def __str__(self) -> str:
        return str(self.order)


class ScenarioState(models.TextChoices):
    OPEN = "open", _("Open")
    APPLIED = "applied", _("Applied")
    DISCARDED = "discarded", _("Discarded")


class Scenario(Versioned):
    """A named what-if over the live schedule. ``delta``: [{"kind": …, …}] (``scenarios``); ``result``: what came out
    of it beside the live plan, with the run it was compared with. ``dates``: task → when it
    would be done. ``error``: why nothing came out of it, sentences with their ``params``."""

    name = models.CharField(_("Name"), max_length=80)
    delta = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=ScenarioState.choices, default=ScenarioState.OPEN)
    run = models.ForeignKey(ScheduleRun, null=True, on_delete=models.SET_NULL, related_name="+")
    result = models.JSONField(default=dict)
    dates = models.JSONField(default=dict)
    error = models.JSONField(default=list)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = N_("scenario")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name

    def delivery_of(self, order: int) -> tuple[dt.date, dt.date] | None:
        """The order's P80 in the live plan and in the scenario, where they differ."""
        row = next((row for row in self.result.get("rows", ()) if row["order"] == order and row["then"]), None)
        if row is None or row["before"]["p80"] == row["then"]["p80"]:
            return None
        return dt.date.fromisoformat(row["before"]["p80"]), dt.date.fromisoformat(row["then"]["p80"])


class DurationRatio(models.Model):
    """How long a finished task took against its estimate (both in working minutes of its calendar).

    ``type_key``: the template step, else the task's name: tasks of one type are compared.
    """

    task = models.OneToOneField("plans.Task", null=True, on_delete=models.SET_NULL, related_name="ratio")
    type_key = models.CharField(max_length=130, db_index=True)
    type_name = models.CharField(max_length=120)
    team = models.CharField(max_length=80, blank=True)
    supplier = models.CharField(max_length=80, blank=True)
    estimated = models.PositiveIntegerField()
    actual = models.PositiveIntegerField()
    finished_on = models.DateField()

    class Meta:
        ordering = ["-finished_on", "-pk"]

    def __str__(self) -> str:
        return f"{self.type_name} {self.actual}/{self.estimated}"
