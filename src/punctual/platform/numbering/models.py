"""One counter a series and year."""

from django.db import models


class NumberSeries(models.Model):
    """``last`` is the last number given in ``series`` (``SO``, ``CO``, …) for ``year``."""

    series = models.CharField(max_length=10)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "year"], name="numbering_one_counter_a_year")]

    def __str__(self) -> str:
        return f"{self.series}-{self.year}-{self.last:05d}"
