"""Much that is read and has to fit together, without keeping writers waiting while it is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from django.db import connection, transaction


@contextmanager
def one_picture() -> Iterator[None]:
    """Everything read inside is of one moment, and others write meanwhile. Nothing is written inside but a settings row
    that is made the first time it is asked for.

    Within a transaction nothing more is begun: what it reads, it reads as its own statements do.
    """
    if connection.in_atomic_block:
        yield
        return
    if connection.vendor == "sqlite":
        without_lock = getattr(connection, "only_reading", nullcontext)  # Django's own backend has none
        with without_lock(), transaction.atomic():
            yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield
