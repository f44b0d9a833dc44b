"""Backup while running, restore that compares every sum, the policy of keeping, and everything in open formats."""

from __future__ import annotations

import datetime as dt
import io
import json
import shutil
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from migrated import migrated_database
from punctual.kernel.refusal import Refusal
from punctual.platform import backup, everything
from punctual.platform.attachments.services import attach
from punctual.platform.company.services import company

Person = Callable[[str], Any]

pytestmark = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="pg_dump is needed beside a server")


@pytest.fixture
def installation(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A database file of its own with one person, and a folder with one attached file."""
    shutil.copyfile(migrated_database(), tmp_path / "punctual.db")
    with sqlite3.connect(tmp_path / "punctual.db") as database:
        database.execute("CREATE TABLE proof (n INTEGER)")
        database.execute("INSERT INTO proof VALUES (1)")
    settings.DATA = tmp_path
    settings.MEDIA_ROOT = tmp_path / "files"
    (tmp_path / "files" / "ab").mkdir(parents=True)
    (tmp_path / "files" / "ab" / "cd").write_bytes(b"drawing")
    monkeypatch.setitem(settings.DATABASES["default"], "NAME", str(tmp_path / "punctual.db"))
    monkeypatch.setattr(backup, "_applied", lambda: ["audit.0001_initial"])
    monkeypatch.setattr(backup, "_has_people", lambda: False)
    monkeypatch.setattr(connection, "close", lambda: None)
    return tmp_path


def _proof(path: Path) -> list[int]:
    with sqlite3.connect(path) as database:
        return [n for (n,) in database.execute("SELECT n FROM proof ORDER BY n")]


def test_a_backup_is_read_again_and_brings_everything_back(installation: Path, db: None) -> None:
    told = backup.back_up(installation / "b.tar.gz")
    assert (told["files"], told["verified"]) == (1, True)
    with sqlite3.connect(installation / "punctual.db") as database:
        database.execute("INSERT INTO proof VALUES (2)")
    (installation / "files" / "ab" / "cd").unlink()
    backup.restore(installation / "b.tar.gz")
    assert _proof(installation / "punctual.db") == [1]
    assert (installation / "files" / "ab" / "cd").read_bytes() == b"drawing"


def test_a_backup_while_somebody_writes_holds_what_was_committed(installation: Path, db: None) -> None:
    writer = sqlite3.connect(installation / "punctual.db", isolation_level=None)
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("INSERT INTO proof VALUES (2)")
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO proof VALUES (3)")
    backup.back_up(installation / "b.tar.gz")
    writer.execute("COMMIT")
    writer.close()
    with tarfile.open(installation / "b.tar.gz") as archive:
        kept = archive.extractfile("database")
        assert kept is not None
        (installation / "kept").write_bytes(kept.read())
    assert _proof(installation / "kept") == [1, 2]


def _rewritten(source: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    with tarfile.open(source) as old, tarfile.open(target, "w:gz") as new:
        for entry in old:
            file = old.extractfile(entry)
            content = change(entry.name, file.read() if file else b"")
            if content is not None:
                entry.size = len(content)
                new.addfile(entry, io.BytesIO(content))
    return target


@pytest.mark.parametrize(
    "change",
    [
        lambda name, content: content.replace(b"drawing", b"drawinG") if name.startswith("files/") else content,
        lambda name, content: None if name.startswith("files/") else content,
        lambda name, content: content[:-1] + b"\x01" if name == "database" else content,
        lambda name, content: b"{}" if name.endswith(".json") else content,
        lambda name, content: (
            content.replace(b"audit.0001_initial", b"audit.9999_of_later") if name.endswith(".json") else content
        ),
    ],
    ids=["a byte of a file", "a file", "a byte of the database", "the sums", "a later version"],
)
def test_an_altered_backup_is_refused_and_nothing_is_touched(
    installation: Path, db: None, change: Callable[[str, bytes], bytes | None]
) -> None:
    backup.back_up(installation / "b.tar.gz")
    bad = _rewritten(installation / "b.tar.gz", installation / "bad.tar.gz", change)
    with sqlite3.connect(installation / "punctual.db") as database:
        database.execute("INSERT INTO proof VALUES (2)")
    with pytest.raises(Refusal):
        backup.restore(bad)
    assert _proof(installation / "punctual.db") == [1, 2]


@pytest.mark.parametrize("keep", [0, 10, 200])
def test_a_cut_backup_is_refused(installation: Path, db: None, keep: int) -> None:
    backup.back_up(installation / "b.tar.gz")
    whole = (installation / "b.tar.gz").read_bytes()
    (installation / "cut.tar.gz").write_bytes(whole[:keep])
    with pytest.raises(Refusal):
        backup.verify(installation / "cut.tar.gz")
    assert backup.verify(installation / "b.tar.gz")["verified"]


@pytest.mark.parametrize("kind", ["outside", "absolute", "link", "folder"])
def test_a_backup_that_would_write_elsewhere_is_refused_before_it_does(installation: Path, kind: str, db: None) -> None:
    made = installation / "b.tar.gz"
    backup.back_up(made)
    entry = tarfile.TarInfo({"outside": "../evil", "absolute": str(installation / "evil")}.get(kind, "evil"))
    entry.type = {"link": tarfile.SYMTYPE, "folder": tarfile.DIRTYPE}.get(kind, tarfile.REGTYPE)
    entry.linkname = str(installation / "punctual.db") if kind == "link" else ""
    with tarfile.open(made) as old, tarfile.open(installation / "evil.tar.gz", "w:gz") as new:
        new.addfile(entry, io.BytesIO(b""))
        for one in old:
            new.addfile(one, old.extractfile(one))
    before = sorted(path.name for path in installation.iterdir())
    with pytest.raises(Refusal) as refused:
        backup.verify(installation / "evil.tar.gz")
    assert refused.value.codes == {"backup.unreadable"}
    assert sorted(path.name for path in installation.iterdir()) == before


def test_the_nights_backups_are_kept_by_policy(installation: Path, db: None, settings: Any) -> None:
    settings.BACKUP_DIR, settings.BACKUP_KEEP = str(installation / "kept"), "3,2,2"
    (installation / "kept").mkdir()
    (installation / "kept" / "mine.tar.gz").touch()
    night = dt.datetime(2026, 11, 23, 2, tzinfo=dt.UTC)
    for days in range(1, 100):
        (installation / "kept" / f"punctual-{night - dt.timedelta(days):%Y%m%d-%H%M%S}.tar.gz").touch()
    made = Path(backup.scheduled(night))
    assert backup.verify(made)["verified"]
    left = sorted(path.name for path in (installation / "kept").iterdir())
    assert left == [
        "mine.tar.gz",
        "punctual-20261031-020000.tar.gz",
        "punctual-20261121-020000.tar.gz",
        "punctual-20261122-020000.tar.gz",
        "punctual-20261123-020000.tar.gz",
    ]


def test_without_a_folder_there_is_no_nightly_backup(settings: Any) -> None:
    settings.BACKUP_DIR = ""
    assert backup.scheduled() == ""


def test_everything_is_exported_in_open_formats_without_keys(person: Person, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"
    user = person("sales")
    user.display_name = '=HYPERLINK("http://x")'
    user.save()
    attach(actor=user, target=company(), file=io.BytesIO(b"drawing"), name="图纸.pdf")
    told = everything.export_everything(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        schema = json.loads(archive.read("schema.json"))
        rows = [json.loads(line) for line in archive.read("tables/accounts.user.jsonl").splitlines()]
        table = archive.read("tables/accounts.user.csv").decode("utf-8-sig")
        assert [archive.read(name) for name in archive.namelist() if name.startswith("files/")] == [b"drawing"]
    assert told["tables"] == len(schema["tables"]) == len(everything.exported_models())
    assert rows[0]["display_name"] == '=HYPERLINK("http://x")'
    assert "'=HYPERLINK" in table
    assert "password" not in rows[0]
    assert not [
        name for table_ in schema["tables"].values() for name in table_["columns"] if name in {"password", "secret"}
    ]
    assert schema["tables"]["orders.orderline"]["columns"]["order_id"]["points_to"] == "orders.order"
    with pytest.raises(Refusal):
        everything.export_everything(tmp_path / "all.zip")
