"""Looks the installation over and says in one line each what it found."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypedDict

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone


class Finding(TypedDict):
    check: str
    ok: bool
    finding: str


def _database() -> tuple[bool, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True, f"{connection.vendor} answers"


def _integrity() -> tuple[bool, str]:
    if connection.vendor != "sqlite":
        return True, "left to PostgreSQL"
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check")
        result = str(cursor.fetchone()[0])
        cursor.execute("PRAGMA foreign_key_check")
        orphans = len(cursor.fetchall())
    return result == "ok" and not orphans, f"quick check {result}, {orphans} rows point nowhere"


def _migrations() -> tuple[bool, str]:
    executor = MigrationExecutor(connection)
    pending = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    return not pending, f"{pending} pending" if pending else "all applied"


def _events() -> tuple[bool, str]:
    from punctual.platform.outbox.models import OutboxEvent
    from punctual.platform.outbox.services import MAX_ATTEMPTS

    waiting = OutboxEvent.objects.filter(handled_at=None)
    failed = waiting.filter(attempts__gte=MAX_ATTEMPTS).count()
    oldest = waiting.order_by("created_at").values_list("created_at", flat=True).first()
    age = int((timezone.now() - oldest).total_seconds()) if oldest else 0
    return not failed and age < 600, f"{waiting.count()} waiting, oldest {age} s, {failed} given up"


def _jobs() -> tuple[bool, str]:
    from punctual.platform.jobs.models import Job, JobState

    failed = Job.objects.filter(state=JobState.FAILED).count()
    waiting = Job.objects.filter(state=JobState.QUEUED).count()
    return True, f"{waiting} waiting, {failed} failed so far"


def _disk() -> tuple[bool, str]:
    free = shutil.disk_usage(settings.DATA if Path(settings.DATA).exists() else "/").free >> 20
    return free > 500, f"{free} MB free"


def _data_folder() -> tuple[bool, str]:
    return os.access(settings.DATA, os.W_OK), str(settings.DATA)


def _administrators() -> tuple[bool, str]:
    from punctual.platform.accounts.models import Role, User

    count = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).count()
    return count > 0, f"{count} active"


CHECKS: Final[dict[str, Callable[[], tuple[bool, str]]]] = {
    "data folder": _data_folder,
    "disk": _disk,
    "database": _database,
    "integrity": _integrity,
    "migrations": _migrations,
    "administrators": _administrators,
    "events": _events,
    "jobs": _jobs,
}


def examine() -> list[Finding]:
    """Every check; one that can't be made counts as failed and says why."""
    findings: list[Finding] = []
    for name, check in CHECKS.items():
        try:
            ok, text = check()
        except (DatabaseError, OSError) as error:
            ok, text = False, f"{type(error).__name__}: {error}"
        findings.append(Finding(check=name, ok=ok, finding=text))
    return findings
