"""Answers are kept for two days: long enough for every retry."""

import datetime as dt

from django.utils import timezone

from punctual.platform.idempotency.models import DoneRequest

KEPT = dt.timedelta(days=2)


def forget_old() -> int:
    """Drop what no client repeats any more; returns how many."""
    return DoneRequest.objects.filter(at__lt=timezone.now() - KEPT).delete()[0]
