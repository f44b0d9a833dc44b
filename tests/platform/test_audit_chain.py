"""The story of a thing can't be rewritten unnoticed; the doctor names the first row that was."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from migrated import migrated_database
from punctual.platform.audit.chain import seal, verify
from punctual.platform.audit.models import AppendOnly, AuditCheckpoint, AuditEntry, AuditSeal
from punctual.platform.audit.services import Change, record
from punctual.platform.company.services import company
from punctual.platform.doctor import audit_trail

Person = Callable[[str], Any]


@pytest.fixture
def told(person: Person) -> list[int]:
    """Two stories of three steps each, sealed in two rounds; the numbers of their rows."""
    boss, thing = person("administrator"), company()
    rows = []
    for step in range(3):
        for target in (boss, thing):
            change = Change(field="name", old=str(step), new=str(step + 1))
            rows.append(record(actor=boss, verb="change", target=target, changes=[change], reason="改").pk)
        if step == 1:
            assert seal() == 4
    assert seal() == 2
    assert seal() == 0
    return rows


def _by_sql(statement: str, *values: object) -> None:
    """As somebody would who holds the database, past every guard of the program."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values)
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = origin")


def test_an_untouched_trail_fits(told: list[int]) -> None:
    verdict = verify()
    assert verdict.ok
    assert (verdict.sealed, verdict.checkpoints, verdict.unsealed) == (6, 2, 0)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("reason", "nothing"),
        ("verb", "create"),
        ("changes", "[]"),
        ("actor_id", None),
        ("target_label", "somebody else"),
        ("at", "2020-01-01 00:00:00+00:00"),
        ("target_id", 999),
    ],
)
def test_every_altered_field_is_found_and_its_row_named(told: list[int], column: str, value: object) -> None:
    _by_sql(f"UPDATE audit_auditentry SET {column} = %s WHERE id = %s", value, told[2])
    _by_sql("UPDATE audit_auditentry SET verb = %s WHERE id = %s", "x", told[4])
    finding = audit_trail()
    assert not finding["ok"]
    assert finding["finding"].startswith(f"row {told[2]} ")


def test_a_row_taken_away_is_named(told: list[int]) -> None:
    _by_sql("DELETE FROM audit_auditentry WHERE id = %s", told[3])
    assert verify().first_altered.startswith(f"row {told[3]} ")


def test_rows_taken_away_with_their_seals_are_missed_by_the_checkpoint(told: list[int]) -> None:
    for pk in told[4:]:
        _by_sql("DELETE FROM audit_auditseal WHERE entry_id = %s", pk)
        _by_sql("DELETE FROM audit_auditentry WHERE id = %s", pk)
    assert "taken away" in verify().first_altered


def test_who_seals_again_without_the_key_is_found(told: list[int], settings: Any) -> None:
    _by_sql("UPDATE audit_auditentry SET reason = %s WHERE id = %s", "x", told[0])
    _by_sql("DELETE FROM audit_auditseal WHERE id > %s", 0)
    _by_sql("DELETE FROM audit_auditcheckpoint WHERE id > %s", 0)
    settings.SECRET_KEY, own = "guessed", settings.SECRET_KEY
    seal()
    assert verify().ok
    settings.SECRET_KEY = own
    assert "checkpoint" in verify().first_altered


def test_a_changed_key_still_knows_the_old_one(told: list[int], settings: Any) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "new"
    assert verify().ok


def test_the_program_itself_changes_and_deletes_no_row(told: list[int]) -> None:
    entry = AuditEntry.objects.get(pk=told[0])
    for attempt in (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(verb="x"),
        lambda: AuditEntry.objects.bulk_update([entry], ["verb"]),
        AuditSeal.objects.all().delete,
        AuditCheckpoint.objects.all().delete,
    ):
        with pytest.raises(AppendOnly):
            attempt()
    assert verify().sealed == 6


def test_the_database_refuses_it_too(tmp_path: Path) -> None:
    shutil.copyfile(migrated_database(), tmp_path / "db")
    with sqlite3.connect(tmp_path / "db") as database:
        for table in ("audit_auditentry", "audit_auditseal", "audit_auditcheckpoint"):
            for verb in ("update", "delete"):
                found = database.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [f"{table}_no_{verb}"])
                assert found.fetchone()
        database.execute(
            "INSERT INTO audit_auditcheckpoint (at, last_seal, last_entry, count, root, mac) "
            "VALUES (0, 0, 0, 0, '', '')"
        )
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            database.execute("DELETE FROM audit_auditcheckpoint")
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            database.execute("UPDATE audit_auditcheckpoint SET root = 'x'")
