"""One file that holds everything: the database as SQLite's own backup or pg_dump's archive, and the attached files.

The database is copied first and the files after it: a file is never changed once stored, so every file that the
copied database names is there.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from punctual import __version__
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.jobs.services import Progress
from punctual.platform.moving import database_refused, move_in

MANIFEST: Final = "punctual-backup.json"
DATABASE: Final = "database"
VARIABLES: Final = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "service": "PGSERVICE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}
"""What a connection is told → the environment variable that tells PostgreSQL's programs the same."""


def _refuse(code: str, text: str, **params: object) -> Refusal:
    return Refusal(Reason(f"backup.{code}", text, params))


def back_up(target: Path) -> dict[str, Any]:
    """Write the backup to ``target``; a file of that name appears only when it is complete and has been read again."""
    if target.exists():
        raise _refuse("exists", N_("“%(file)s” exists already; choose another name."), file=str(target))
    if not target.parent.is_dir():
        raise _refuse("folder", N_("There is no folder “%(folder)s”."), folder=str(target.parent))
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        copy = Path(folder) / DATABASE
        _copy_database(copy)
        sums: dict[str, str] = {}
        draft = Path(folder) / "backup.tar.gz"
        with tarfile.open(draft, "w:gz", compresslevel=6) as archive:
            _add_file(archive, copy, DATABASE, sums)
            root = Path(settings.MEDIA_ROOT)
            for path in sorted(root.rglob("*")) if root.exists() else []:
                if path.is_file():
                    _add_file(archive, path, f"files/{path.relative_to(root).as_posix()}", sums)
            manifest = {
                "version": __version__,
                "database": connection.vendor,
                "made_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
                "migrations": _applied(),
                "sha256": sums,
            }
            _add_text(archive, MANIFEST, json.dumps(manifest))
        verify(draft)
        draft.replace(target)
    told = {name: manifest[name] for name in ("version", "database", "made_at")}
    return {"file": str(target), "bytes": target.stat().st_size, "files": len(sums) - 1, "verified": True, **told}


def _applied() -> list[str]:
    """The database's state: every applied migration."""
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in applied)


def _add_file(archive: tarfile.TarFile, path: Path, name: str, sums: dict[str, str]) -> None:
    """Hashed as it is written, so that the sum is of what stands in the archive."""
    entry = archive.gettarinfo(path, name)
    with path.open("rb") as file:
        reader = _Hashing(file)
        archive.addfile(entry, reader)
    sums[name] = reader.digest.hexdigest()


class _Hashing:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self.digest.update(piece)
        return piece


def verify(source: Path) -> dict[str, Any]:
    """Read the whole backup: every file is there with the sum it had, and SQLite finds its database whole."""
    if not source.is_file():
        raise _refuse("missing", N_("There is no file “%(file)s”."), file=str(source))
    with tempfile.TemporaryDirectory(dir=source.parent) as folder:
        manifest = _unpack(source, Path(folder))
    return {
        "file": str(source),
        "verified": True,
        "files": len(manifest["sha256"]) - 1,
        **{name: manifest[name] for name in ("version", "database", "made_at")},
    }


def _unpack(source: Path, folder: Path) -> dict[str, Any]:
    """Unpack into ``folder`` and compare every sum; refused when anything is missing, altered or not to be read."""
    damaged = _refuse("unreadable", N_("“%(file)s” is not a backup of Punctual, or it is damaged."), file=str(source))
    try:
        with tarfile.open(source, "r:gz") as archive:
            _extract(archive, folder)
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        sums: dict[str, str] = manifest["sha256"]
    except (tarfile.TarError, OSError, ValueError, KeyError, EOFError, zlib.error) as error:
        raise damaged from error
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    if found != {*sums, MANIFEST}:
        raise damaged
    for name, expected in sums.items():
        with (folder / name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != expected:
                raise damaged
    if manifest.get("database") == "sqlite":
        if not _whole(folder / DATABASE):
            raise damaged
    else:
        _postgres(["pg_restore", "--list", str(folder / DATABASE)])
    return manifest


def _extract(archive: tarfile.TarFile, folder: Path) -> None:
    """Plain files inside ``folder``, which is all that a backup holds; tarfile's own filter is younger than some of the
    Pythons that this runs on (Debian 12 has 3.11.2)."""
    for entry in archive:
        target = (folder / entry.name).resolve()
        reader = archive.extractfile(entry) if entry.isreg() else None
        if reader is None or not target.is_relative_to(folder.resolve()):
            raise tarfile.TarError(entry.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        with reader, target.open("wb") as file:
            shutil.copyfileobj(reader, file)


def _whole(database: Path) -> bool:
    with closing(sqlite3.connect(database)) as opened:
        return bool(opened.execute("PRAGMA quick_check").fetchone()[0] == "ok")


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
    """One of PostgreSQL's programs, told by its environment where the database is: by a socket, a service or a host."""
    if not shutil.which(command[0]):
        raise _refuse("tool", N_("%(tool)s is needed for a PostgreSQL database; install its client."), tool=command[0])
    values = connection.get_connection_params()
    told = {variable: str(values[name]) for name, variable in VARIABLES.items() if values.get(name)}
    run = subprocess.run(command, env=os.environ | told, capture_output=True, text=True, check=False)  # noqa: S603
    if run.returncode:
        raise database_refused(run.stderr)


def restore(source: Path, *, force: bool = False) -> dict[str, Any]:
    """Replace database and files by what ``source`` holds. Nothing is touched until the whole file has been read.

    A backup of SQLite may be restored into PostgreSQL, which is how a company moves there."""
    if not source.is_file():
        raise _refuse("missing", N_("There is no file “%(file)s”."), file=str(source))
    settings.DATA.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.DATA) as folder:
        manifest = _unpack(source, Path(folder))
        _refuse_newer(manifest)
        theirs = manifest.get("database", "?")
        moves = (theirs, connection.vendor) == ("sqlite", "postgresql")
        if theirs != connection.vendor and not moves:
            raise _refuse(
                "vendor",
                N_("The backup is of %(theirs)s, this installation uses %(ours)s."),
                theirs=theirs,
                ours=connection.vendor,
            )
        if not force and "accounts_user" in connection.introspection.table_names() and _has_people():
            raise _refuse("not_empty", N_("The database is not empty. Add --force to replace all of it."))
        if moves:
            manifest["moved_rows"] = move_in(Path(folder) / DATABASE)
        else:
            _put_back(Path(folder))
        files = Path(folder) / "files"
        if files.exists():
            shutil.copytree(files, settings.MEDIA_ROOT, dirs_exist_ok=True)
    return manifest


def _refuse_newer(manifest: dict[str, Any]) -> None:
    """An older backup is brought up to date after it; what a newer program wrote is not understood here."""
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    unknown = [name for name in manifest.get("migrations", []) if name not in known]
    if unknown:
        raise _refuse(
            "newer",
            N_("The backup is of a newer version (%(version)s); install that first."),
            version=manifest.get("version", "?"),
        )


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
                "--dbname=" + str(connection.get_connection_params()["dbname"]),
                str(folder / DATABASE),
            ]
        )


def scheduled(now: dt.datetime | None = None) -> str:
    """The night's backup into the configured folder, then the policy; nothing where no folder is configured."""
    if not settings.BACKUP_DIR:
        return ""
    folder = Path(settings.BACKUP_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    at = now or dt.datetime.now(dt.UTC)
    target = folder / f"punctual-{at:%Y%m%d-%H%M%S}.tar.gz"
    back_up(target)
    days, weeks, months = (int(part) for part in settings.BACKUP_KEEP.split(","))
    for path in to_forget(sorted(folder.glob("punctual-*.tar.gz")), days=days, weeks=weeks, months=months):
        path.unlink()
    return str(target)


def backup_job(progress: Progress) -> dict[str, Any]:
    """The same as a background job, for who asks for it between two nights."""
    progress.tell(0, 1)
    return {"file": scheduled()}


@dataclass(frozen=True, slots=True)
class Kept:
    name: str
    at: dt.datetime
    megabytes: int


def kept_backups() -> list[Kept]:
    """The schedule's backups, newest first."""
    if not settings.BACKUP_DIR:
        return []
    paths = Path(settings.BACKUP_DIR).glob("punctual-*.tar.gz")
    found = [Kept(path.name, at, path.stat().st_size >> 20) for path in paths if (at := made_at(path))]
    return sorted(found, key=lambda one: one.at, reverse=True)


def made_at(path: Path) -> dt.datetime | None:
    """When a backup of the schedule was made, by its name; None for a name that is not the schedule's."""
    try:
        return dt.datetime.strptime(path.name, "punctual-%Y%m%d-%H%M%S.tar.gz").replace(tzinfo=dt.UTC)
    except ValueError:
        return None


def to_forget(paths: Sequence[Path], *, days: int, weeks: int, months: int) -> list[Path]:
    """Kept are the newest of each of the last so many days, weeks and months that have one; never the newest of all.

    Counted are days that have a backup, so that a machine that stood still for a month still has its last ones.
    Files whose names are not the schedule's are left alone.
    """
    dated = sorted(((at, path) for path in paths if (at := made_at(path))), reverse=True)
    kept = {path for _, path in dated[:1]}
    for most, period in ((days, "%Y-%m-%d"), (weeks, "%G-%V"), (months, "%Y-%m")):
        newest: dict[str, Path] = {}
        for at, path in dated:
            newest.setdefault(f"{at:{period}}", path)
        kept |= set(list(newest.values())[:most])
    return [path for _, path in dated if path not in kept]
