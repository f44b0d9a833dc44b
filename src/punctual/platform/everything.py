"""All data in open formats, for whoever wants to leave, archive or look: a ZIP with a table a file.

``tables/<app>.<model>.jsonl`` holds a JSON object a row, exact; ``tables/<app>.<model>.csv`` the same for a
spreadsheet, with formulas neutralised; ``schema.json`` says what each column is and where it points; ``files/`` are
the attachments under their real names. Left out are keys that open doors (password hashes, tokens, sessions) and the
product's own plumbing.
"""

from __future__ import annotations

import base64
import csv
import datetime as dt
import io
import json
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from django.apps import apps
from django.db import models, transaction

from punctual import __version__
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.logs import without_secrets
from punctual.platform.sealing import SecretField
from punctual.platform.sheets.writer import harmless

LEFT_OUT: Final = frozenset(
    {
        "accounts.apitoken",
        "idempotency.donerequest",
        "notifications.feedtoken",
        "outbox.handledevent",
        "outbox.outboxevent",
        "search.searchdocument",
    }
)
SECRET_FIELDS: Final = frozenset({"password", "secret", "digest", "session_round"})
LETTERS: Final = frozenset({"notifications.Delivery.body"})
"""Sealed, since links that open doors stand in them; without those they are exported."""
BATCH: Final = 2000


def exported_models() -> list[type[models.Model]]:
    """Every table of the product itself that holds the company's data."""
    return [
        model
        for model in apps.get_models()
        if model.__module__.startswith("punctual.")
        and model._meta.label_lower not in LEFT_OUT
        and not model._meta.proxy
    ]


def columns_of(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    return [
        field
        for field in model._meta.concrete_fields
        if (field.name not in SECRET_FIELDS and not isinstance(field, SecretField))
        or str(field) in LETTERS
        or model._meta.app_label == "audit"
    ]


def _plain(value: object) -> object:
    """As JSON holds it without loss: decimals and times as text, bytes in base 64."""
    if isinstance(value, dt.date | dt.datetime | dt.time):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode()
    if value is None or isinstance(value, bool | int | float | str | list | dict):
        return value
    return str(value)


def _rows(model: type[models.Model]) -> Iterator[dict[str, object]]:
    columns = columns_of(model)
    names = [field.attname for field in columns]
    letters = {field.attname for field in columns if str(field) in LETTERS}
    rows = model._default_manager.order_by("pk").values(*names).iterator(chunk_size=BATCH)
    for row in rows:
        yield {name: without_secrets(row[name]) if name in letters else _plain(row[name]) for name in names}


def _as_text(value: object) -> str:
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)


@transaction.atomic
def export_everything(target: Path) -> dict[str, Any]:
    """Write the ZIP; it appears under its name only when it is complete. One moment of the database, in one piece."""
    if target.exists():
        raise Refusal(
            Reason("export.exists", N_("“%(file)s” exists already; choose another name."), {"file": str(target)})
        )
    schema: dict[str, Any] = {}
    counts: dict[str, int] = {}
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        draft = Path(folder) / "export.zip"
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
            for model in exported_models():
                label = model._meta.label_lower
                schema[label] = _schema(model)
                counts[label] = _write_table(archive, model, label)
            _write_files(archive)
            about = {
                "product": "Punctual",
                "version": __version__,
                "made_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
                "rows": counts,
                "tables": schema,
            }
            archive.writestr("schema.json", json.dumps(about, ensure_ascii=False, indent=1))
        draft.replace(target)
    return {"file": str(target), "bytes": target.stat().st_size, "tables": len(counts), "rows": sum(counts.values())}


def _schema(model: type[models.Model]) -> dict[str, Any]:
    columns = {
        field.attname: {
            "type": field.get_internal_type(),
            "null": field.null,
            **({"points_to": field.related_model._meta.label_lower} if field.related_model else {}),
            **({"choices": [str(value) for value, _ in field.flatchoices]} if field.flatchoices else {}),
        }
        for field in columns_of(model)
    }
    return {"about": (model.__doc__ or "").strip().split("\n")[0], "key": model._meta.pk.attname, "columns": columns}


def _write_table(archive: zipfile.ZipFile, model: type[models.Model], label: str) -> int:
    names = [field.attname for field in columns_of(model)]
    count = 0
    with archive.open(f"tables/{label}.jsonl", "w") as file:
        for row in _rows(model):
            file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
            count += 1
    with archive.open(f"tables/{label}.csv", "w") as file:
        text = io.TextIOWrapper(file, "utf-8-sig", newline="")
        writer = csv.writer(text)
        writer.writerow(names)
        for row in _rows(model):
            writer.writerow([harmless(_as_text(value)) for value in row.values()])
        text.flush()
        text.detach()
    return count


def _write_files(archive: zipfile.ZipFile) -> None:
    from punctual.platform.attachments.models import Attachment
    from punctual.platform.attachments.services import path_of

    for item in Attachment.objects.order_by("pk").iterator():
        path = path_of(item.sha256)
        if path.is_file():
            archive.write(path, f"files/{item.pk}/{Path(item.name).name}")
