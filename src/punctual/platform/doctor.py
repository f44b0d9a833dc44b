"""Looks the installation over and says in one line each, in the active language, what it found."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypedDict

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.translation import gettext as _

from punctual.platform.clock import clock_words

LONG_WAIT: Final = 900
"""Seconds after which a job that nobody has taken is a fault."""


class Finding(TypedDict):
    check: str
    ok: bool
    finding: str


def _database() -> tuple[bool, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True, _("%(database)s answers") % {"database": connection.vendor}


def _integrity() -> tuple[bool, str]:
    if connection.vendor != "sqlite":
        return True, _("left to PostgreSQL")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check")
        result = str(cursor.fetchone()[0])
        cursor.execute("PRAGMA foreign_key_check")
        orphans = len(cursor.fetchall())
    return result == "ok" and not orphans, _("quick check %(result)s, %(n)d rows point nowhere") % {
        "result": result,
        "n": orphans,
    }


def _migrations() -> tuple[bool, str]:
    executor = MigrationExecutor(connection)
    pending = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    return not pending, _("%(n)d pending") % {"n": pending} if pending else _("all applied")


def _events() -> tuple[bool, str]:
    from punctual.platform.outbox.models import OutboxEvent
    from punctual.platform.outbox.services import MAX_ATTEMPTS

    waiting = OutboxEvent.objects.filter(handled_at=None)
    failed = waiting.filter(attempts__gte=MAX_ATTEMPTS).count()
    oldest = waiting.order_by("created_at").values_list("created_at", flat=True).first()
    age = int((timezone.now() - oldest).total_seconds()) if oldest else 0
    return not failed and age < 600, _("%(n)d waiting, oldest %(age)d s, %(failed)d given up") % {
        "n": waiting.count(),
        "age": age,
        "failed": failed,
    }


def _jobs() -> tuple[bool, str]:
    from punctual.platform.jobs.models import Job, JobState

    failed = Job.objects.filter(state=JobState.FAILED).count()
    waiting = Job.objects.filter(state=JobState.QUEUED)
    oldest = waiting.order_by("created_at").values_list("created_at", flat=True).first()
    age = int((timezone.now() - oldest).total_seconds()) if oldest else 0
    text = _("%(n)d waiting, oldest %(age)d s, %(failed)d failed so far")
    if age >= LONG_WAIT:
        text = _("%(n)d waiting, oldest %(age)d s, %(failed)d failed so far: does a worker of each queue run?")
    return age < LONG_WAIT, text % {"n": waiting.count(), "age": age, "failed": failed}


def _disk() -> tuple[bool, str]:
    free = shutil.disk_usage(settings.DATA if Path(settings.DATA).exists() else "/").free >> 20
    return free > 500, _("%(size)d MB free") % {"size": free}


def _data_folder() -> tuple[bool, str]:
    return os.access(settings.DATA, os.W_OK), str(settings.DATA)


def _administrators() -> tuple[bool, str]:
    from punctual.platform.accounts.models import Role, User

    count = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).count()
    return count > 0, _("%(n)d active") % {"n": count}


def _audit() -> tuple[bool, str]:
    """Only whether the sealing goes on; ``doctor --audit`` reads every row."""
    from punctual.platform.audit.chain import LATE
    from punctual.platform.audit.models import AuditCheckpoint, AuditEntry

    last = AuditCheckpoint.objects.order_by("-id").first()
    if last is None:
        return True, _("not sealed yet")
    waiting = AuditEntry.objects.filter(pk__gt=last.last_entry).count()
    late = waiting > 0 and timezone.now() - last.at > LATE and _oldest_is_late(last.last_entry)
    return not late, _("sealed up to row %(last)d, %(n)d rows wait") % {"last": last.last_entry, "n": waiting}


def _oldest_is_late(after: int) -> bool:
    from punctual.platform.audit.chain import LATE
    from punctual.platform.audit.models import AuditEntry

    return AuditEntry.objects.filter(pk__gt=after, at__lt=timezone.now() - LATE).exists()


def audit_trail() -> Finding:
    """Every row of the audit trail against its seal."""
    from punctual.platform.audit.chain import verify

    verdict = verify()
    text = verdict.first_altered or (
        f"{verdict.sealed} rows fit their seals, {verdict.checkpoints} checkpoints, {verdict.unsealed} rows wait"
        + (f", {verdict.late} of them too long: does the worker run?" if verdict.late else "")
        + (f", root {verdict.root}" if verdict.root else "")
    )
    return Finding(check="audit trail", ok=verdict.ok, finding=text)


def _versions() -> tuple[bool, str]:
    import platform
    import sqlite3

    import django

    from punctual import __version__

    engine = sqlite3.sqlite_version if connection.vendor == "sqlite" else _server_version()
    python = platform.python_version()
    return True, f"Punctual {__version__}, Python {python}, Django {django.__version__}, {connection.vendor} {engine}"


def _server_version() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return str(cursor.fetchone()[0])


def _storage() -> tuple[bool, str]:
    """How large the database and the files are."""
    if connection.vendor == "sqlite":
        name = Path(str(settings.DATABASES["default"]["NAME"]))
        size = sum(path.stat().st_size for path in name.parent.glob(name.name + "*") if path.is_file())
    else:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            size = int(cursor.fetchone()[0])
    files = [path.stat().st_size for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
    text = _("database %(size)d MB, %(n)d files of %(files)d MB")
    return True, text % {"size": size >> 20, "n": len(files), "files": sum(files) >> 20}


def _clock() -> tuple[bool, str]:
    """The worker's schedule: what should have run by now and has not."""
    from django_q.models import Schedule

    overdue = Schedule.objects.filter(next_run__lt=timezone.now() - dt.timedelta(minutes=15), repeats__lt=0)
    names = [str(name) for name in overdue.values_list("name", flat=True)[:3]]
    return not names, _("on time") if not names else _("late: %(names)s; does the worker run?") % {
        "names": ", ".join(map(clock_words, names))
    }


def _secrets() -> tuple[bool, str]:
    """Whether what is kept sealed can be read."""
    from punctual.platform.resealing import survey

    places = survey()
    lost = {kept["place"]: kept["unreadable"] for kept in places if kept["unreadable"]}
    if lost:
        text = _("kept under another signing secret and not readable: %(what)s; name it in PUNCTUAL_OLD_SECRETS")
        return False, text % {"what": ", ".join(f"{place} × {count}" for place, count in lost.items())}
    former = sum(kept["former"] + kept["plain"] for kept in places)
    text = _("%(n)d readable")
    if former:
        text = _("%(n)d readable, %(former)d of them to be sealed anew: punctual secrets --renew")
    return True, text % {"n": sum(kept["present"] for kept in places) + former, "former": former}


def _limits() -> tuple[bool, str]:
    cache.set("doctor", 1, 60)
    if cache.get("doctor") == 1:
        return True, _("counted together by all web processes")
    return False, _("nothing can be counted now: limits of requests and of tries do not hold")


def _backups() -> tuple[bool, str]:
    """Whether the last nightly backup is of the last two days."""
    from punctual.platform.backup import kept_backups

    if not settings.BACKUP_DIR:
        return True, _("no folder is set (PUNCTUAL_BACKUP_DIR)")
    kept = kept_backups()
    if not kept:
        return False, _("none in %(folder)s") % {"folder": settings.BACKUP_DIR}
    age = timezone.now() - kept[0].at
    text = _("%(n)d kept, the last %(hours)d h old")
    return age < dt.timedelta(days=2), text % {"n": len(kept), "hours": int(age.total_seconds() // 3600)}


CHECKS: Final[dict[str, Callable[[], tuple[bool, str]]]] = {
    "versions": _versions,
    "data folder": _data_folder,
    "disk": _disk,
    "database": _database,
    "integrity": _integrity,
    "storage": _storage,
    "migrations": _migrations,
    "administrators": _administrators,
    "events": _events,
    "jobs": _jobs,
    "clock": _clock,
    "audit": _audit,
    "backup": _backups,
    "secrets": _secrets,
    "limits": _limits,
}


LONG: Final = frozenset({"integrity"})
"""Checks that read the whole database: for the command line, not for a page."""


def examine(*, thorough: bool = True) -> list[Finding]:
    """Every check; one that can't be made counts as failed and says why."""
    findings: list[Finding] = []
    for name, check in CHECKS.items():
        if name in LONG and not thorough:
            continue
        try:
            ok, text = check()
        except (DatabaseError, OSError) as error:
            ok, text = False, f"{type(error).__name__}: {error}"
        findings.append(Finding(check=name, ok=ok, finding=text))
    return findings
