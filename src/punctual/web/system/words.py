"""What the doctor's checks are called on the page."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CHECKS: Final[dict[str, Promise]] = {
    "versions": _("Versions"),
    "data folder": _("Data folder"),
    "disk": _("Disk"),
    "database": _("Database"),
    "integrity": _("Integrity of the database"),
    "storage": _("Storage"),
    "migrations": _("Table changes"),
    "administrators": _("Administrators"),
    "events": _("Events"),
    "jobs": _("Background jobs"),
    "clock": _("Work by the clock"),
    "audit": _("Audit trail"),
    "backup": _("Backups"),
    "secrets": _("Sealed secrets"),
    "limits": _("Limits of requests"),
}


def check_words(name: str) -> str:
    """In the reader's language."""
    return str(CHECKS.get(name, name))
