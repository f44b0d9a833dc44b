"""Seal the stories and find the first row that was altered since.

Every minute the new entries are chained: each seal's digest covers the digest before it in the story of the same
target, so no row of an order's story can be changed, taken away or put between others unnoticed. A checkpoint closes
each round over all stories with this installation's signing key.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from punctual.platform.audit.models import AuditCheckpoint, AuditEntry, AuditSeal

logger = logging.getLogger(__name__)

BATCH: Final = 2000
LOOK_BACK: Final = 20_000
"""Numbers below the last sealed one that are looked at again: a slow transaction commits after a quicker one with a
higher number."""
LATE: Final = dt.timedelta(minutes=15)

Target = tuple[str, int]


def content_of(entry: AuditEntry) -> str:
    """What an entry says, written one way only."""
    said = {
        "id": entry.pk,
        "at": entry.at.astimezone(dt.UTC).isoformat(),
        "actor": entry.actor_id,
        "verb": entry.verb,
        "target": [entry.target_type, entry.target_id, entry.target_version],
        "label": entry.target_label,
        "changes": entry.changes,
        "reason": entry.reason,
    }
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def link(before: str, entry: AuditEntry) -> str:
    return hashlib.sha256(f"{before}\n{content_of(entry)}".encode()).hexdigest()


def _sign(root: str, secret: str) -> str:
    return hmac.new(f"audit:{secret}".encode(), root.encode(), hashlib.sha256).hexdigest()


def _signed_here(checkpoint: AuditCheckpoint) -> bool:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(hmac.compare_digest(_sign(checkpoint.root, secret), checkpoint.mac) for secret in secrets)


def _heads(targets: set[Target]) -> dict[Target, str]:
    """The last digest of each of these stories."""
    numbers = {number for _, number in targets}
    last = (
        AuditSeal.objects.filter(target_id__in=numbers)
        .order_by()
        .values("target_type", "target_id")
        .annotate(last=Max("id"))
        .values_list("last", flat=True)
    )
    found = AuditSeal.objects.filter(pk__in=last).values_list("target_type", "target_id", "digest")
    return {(kind, number): digest for kind, number, digest in found if (kind, number) in targets}


def seal() -> int:
    """Chain what is new, all of it; returns how many entries."""
    sealed = 0
    while True:
        done = _seal_batch()
        sealed += done
        if done < BATCH:
            return sealed


@transaction.atomic
def _seal_batch() -> int:
    before = AuditCheckpoint.objects.order_by("-id").first()
    floor = before.last_entry - LOOK_BACK if before else 0
    entries = list(AuditEntry.objects.filter(pk__gt=floor, seal=None).order_by("id")[:BATCH])
    if not entries:
        return 0
    heads = _heads({(entry.target_type, entry.target_id) for entry in entries})
    root = hashlib.sha256((before.root if before else "").encode())
    seals = []
    for entry in entries:
        target = (entry.target_type, entry.target_id)
        heads[target] = digest = link(heads.get(target, ""), entry)
        seals.append(AuditSeal(entry_id=entry.pk, target_type=target[0], target_id=target[1], digest=digest))
        root.update(digest.encode())
    AuditSeal.objects.bulk_create(seals)
    checkpoint = AuditCheckpoint.objects.create(
        last_seal=seals[-1].pk,
        last_entry=max(entries[-1].pk, before.last_entry if before else 0),
        count=len(entries),
        root=root.hexdigest(),
        mac=_sign(root.hexdigest(), settings.SECRET_KEY),
    )
    # Kept outside of the database too: who rewrites the database can't rewrite the logs of another machine.
    logger.info("audit checkpoint %d root %s", checkpoint.pk, checkpoint.root)
    return len(entries)


@dataclass(slots=True)
class Verdict:
    """``first_altered`` names the row, empty when there is none."""

    sealed: int = 0
    checkpoints: int = 0
    unsealed: int = 0
    late: int = 0
    root: str = ""
    first_altered: str = ""
    _heads: dict[Target, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.first_altered and not self.late


def verify() -> Verdict:
    """Read every seal and its entry again, in order; stops at the first that does not fit."""
    verdict = Verdict()
    now = timezone.now()
    checkpoints = iter(AuditCheckpoint.objects.order_by("id").iterator(chunk_size=BATCH))
    open_one = next(checkpoints, None)
    root = hashlib.sha256(b"")
    for seal_, entry in _sealed():
        verdict.first_altered = _against(verdict, seal_, entry)
        if verdict.first_altered:
            return verdict
        verdict.sealed += 1
        root.update(seal_.digest.encode())
        if open_one is not None and seal_.pk == open_one.last_seal:
            if root.hexdigest() != open_one.root or not _signed_here(open_one):
                verdict.first_altered = f"checkpoint {open_one.pk} of {open_one.at:%Y-%m-%d %H:%M} does not fit"
                return verdict
            verdict.checkpoints += 1
            verdict.root = open_one.root
            root = hashlib.sha256(open_one.root.encode())
            open_one = next(checkpoints, None)
    if open_one is not None:
        verdict.first_altered = f"checkpoint {open_one.pk} of {open_one.at:%Y-%m-%d %H:%M}: its seals were taken away"
        return verdict
    waiting = AuditEntry.objects.filter(seal=None)
    verdict.unsealed = waiting.count()
    last = AuditCheckpoint.objects.order_by("-id").first()
    if last is not None and last.at < now - LATE:
        verdict.late = waiting.filter(at__lt=now - LATE).count()
    return verdict


def _sealed() -> Iterator[tuple[AuditSeal, AuditEntry | None]]:
    """Seals in order with their entries, a batch at a time."""
    seals = AuditSeal.objects.order_by("id").iterator(chunk_size=BATCH)
    while batch := list(islice(seals, BATCH)):
        entries = AuditEntry.objects.in_bulk([one.entry_id for one in batch])
        yield from ((one, entries.get(one.entry_id)) for one in batch)


def _against(verdict: Verdict, seal_: AuditSeal, entry: AuditEntry | None) -> str:
    """What is wrong with this row, or nothing; carries the chain on."""
    target = (seal_.target_type, seal_.target_id)
    if entry is None:
        return f"row {seal_.entry_id} ({seal_.target_type} {seal_.target_id}) was taken away"
    expected = link(verdict._heads.get(target, ""), entry)
    if (entry.target_type, entry.target_id) != target or expected != seal_.digest:
        return f"row {entry.pk} was altered: {entry.at:%Y-%m-%d %H:%M} {entry.verb} {entry.target_label}"
    verdict._heads[target] = seal_.digest
    return ""
