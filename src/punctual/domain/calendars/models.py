"""When work is done."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from punctual.kernel.wording import N_
from punctual.platform.records import Versioned


class WorkingCalendar(Versioned):
    """A weekly pattern of shifts with exceptions over it.

    ``weekly`` maps the ISO weekday "1" (Monday) … "7" to shifts ``[["08:00", "12:00"], ["13:00", "17:00"]]``; a missing
    day is free; a shift that ends at "24:00" touches midnight. ``region`` (``CN``) brings the public holidays and
    make-up working days of each year as exceptions; it is empty where no holidays are kept.
    """

    code = models.CharField(_("Code"), max_length=20, unique=True)
    name = models.CharField(_("Name"), max_length=80)
    region = models.CharField(_("Public holidays of"), max_length=2, blank=True, default="CN")
    weekly = models.JSONField(_("Shifts"), default=dict)
    is_default = models.BooleanField(_("Company calendar"), default=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = N_("calendar")
        ordering = ["-is_default", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="calendars_one_default"
            )
        ]

    def __str__(self) -> str:
        return self.name


class ExceptionSource(models.TextChoices):
    """Where a day's exception comes from."""

    OFFICIAL = "official", _("Official notice")
    ESTIMATED = "estimated", _("Estimated, not published")
    COMPANY = "company", _("Company")


class CalendarException(models.Model):
    """A day that differs from the pattern: free, or worked in ``shifts`` (empty: as on a normal workday)."""

    calendar = models.ForeignKey(WorkingCalendar, on_delete=models.CASCADE, related_name="exceptions")
    date = models.DateField(_("Date"))
    is_working = models.BooleanField(_("Working day"), default=False)
    shifts = models.JSONField(_("Shifts"), default=list, blank=True)
    name = models.CharField(_("Name"), max_length=80, blank=True)
    source = models.CharField(max_length=10, choices=ExceptionSource.choices, default=ExceptionSource.COMPANY)

    class Meta:
        ordering = ["calendar", "date"]
        constraints = [models.UniqueConstraint(fields=["calendar", "date"], name="calendars_one_exception_a_day")]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"
