"""Give the next number; rolled back together with the caller's transaction, so that no gap appears."""

from django.db import connection

from punctual.platform.numbering.models import NumberSeries


def next_number(*, series: str, year: int, digits: int = 5) -> str:
    """``SO-2026-00001``. Called inside the transaction that uses it; the counter stays locked until that ends."""
    if not connection.in_atomic_block:
        raise RuntimeError("next_number needs the caller's transaction: outside of it a failure would leave a gap")
    counters = NumberSeries.objects.select_for_update().filter(series=series, year=year)
    counter = counters.first()
    if counter is None:
        NumberSeries.objects.get_or_create(series=series, year=year)
        counter = counters.get()
    counter.last += 1
    counter.save(update_fields=["last"])
    return f"{series}-{year}-{counter.last:0{digits}d}"
