"""One file that holds everything: the database as SQLite's own backup or pg_dump's archive, and the attached files.

The database is copied first and the files after it: a file is never changed once stored, so every file that the
copied database names is there.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import connection, connections

from punctual import __version__
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_

MANIFEST: Final = "punctual-backup.json"
DATABASE: Final = "database"


def _refuse(code: str, text: str, **params: object) -> Refusal:
    return Refusal(Reason(f"backup.{code}", text, params))


def back_up(target: Path) -> dict[str, Any]:
    """Write the backup to ``target``; a file of that name appears only when it is complete."""
    if target.exists():
        raise _refuse("exists", N_("“%(file)s” exists already; choose another name."), file=str(target))
    if not target.parent.is_dir():
        raise _refuse("folder", N_("There is no folder “%(folder)s”."), folder=str(target.parent))
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        copy = Path(folder) / DATABASE
        _copy_database(copy)
        manifest = {
            "version": __version__,
            "database": connection.vendor,
            "made_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        }
        draft = Path(folder) / "backup.tar.gz"
        with tarfile.open(draft, "w:gz", compresslevel=6) as archive:
            _add_text(archive, MANIFEST, json.dumps(manifest))
            archive.add(copy, DATABASE)
            if Path(settings.MEDIA_ROOT).exists():
                archive.add(settings.MEDIA_ROOT, "files")
        draft.replace(target)
    return {"file": str(target), "bytes": target.stat().st_size, **manifest}


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    entry = tarfile.TarInfo(name)
    data = text.encode()
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))


def _copy_database(target: Path) -> None:
    if connection.vendor == "sqlite":
        source = sqlite3.connect(settings.DATABASES["default"]["NAME"])
        copy = sqlite3.connect(target)
        try:
            source.backup(copy)
        finally:
            copy.close()
            source.close()
        return
    _postgres(["pg_dump", "--format=custom", "--no-owner", f"--file={target}"])


def _postgres(command: list[str]) -> None:
    values = connections["default"].settings_dict
    environment = {
        "PGHOST": values["HOST"] or "",
        "PGPORT": str(values["PORT"] or ""),
        "PGUSER": values["USER"] or "",
        "PGPASSWORD": values["PASSWORD"] or "",
        "PGDATABASE": values["NAME"],
    }
    if not shutil.which(command[0]):
        raise _refuse("tool", N_("%(tool)s is needed for a PostgreSQL database; install its client."), tool=command[0])
    import os

    run = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)  # noqa: S603
    if run.returncode:
        raise _refuse("database", N_("The database refused: %(why)s"), why=run.stderr.strip()[:500])


def restore(source: Path, *, force: bool = False) -> dict[str, Any]:
    """Replace database and files by what ``source`` holds. Nothing is touched until the whole file has been read."""
    if not source.is_file():
        raise _refuse("missing", N_("There is no file “%(file)s”."), file=str(source))
    settings.DATA.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.DATA) as folder:
        try:
            with tarfile.open(source, "r:gz") as archive:
                archive.extractall(folder, filter="data")
            manifest: dict[str, Any] = json.loads((Path(folder) / MANIFEST).read_text())
        except (tarfile.TarError, OSError, ValueError, EOFError) as error:
            raise _refuse(
                "unreadable", N_("“%(file)s” is not a backup of Punctual, or it is damaged."), file=str(source)
            ) from error
        if manifest.get("database") != connection.vendor:
            raise _refuse(
                "vendor",
                N_("The backup is of %(theirs)s, this installation uses %(ours)s."),
                theirs=manifest.get("database", "?"),
                ours=connection.vendor,
            )
        if not force and "accounts_user" in connection.introspection.table_names() and _has_people():
            raise _refuse("not_empty", N_("The database is not empty. Add --force to replace all of it."))
        _put_back(Path(folder))
    return manifest


def _has_people() -> bool:
    from punctual.platform.accounts.models import User

    return User.objects.exists()


def _put_back(folder: Path) -> None:
    if connection.vendor == "sqlite":
        name = Path(settings.DATABASES["default"]["NAME"])
        connection.close()
        source, target = sqlite3.connect(folder / DATABASE), sqlite3.connect(name)
        try:
            # SQLite's backup replaces the content in one transaction, also under the eyes of open readers.
            source.backup(target)
        finally:
            target.close()
            source.close()
    else:
        _postgres(
            [
                "pg_restore",
                "--clean",
                "--if-exists",
                "--no-owner",
                "--single-transaction",
                "--dbname=" + str(connections["default"].settings_dict["NAME"]),
                str(folder / DATABASE),
            ]
        )
    files = folder / "files"
    if files.exists():
        shutil.copytree(files, settings.MEDIA_ROOT, dirs_exist_ok=True)
