"""Writes ``tests/data/older_company.db.xz``: the demo company as the product wrote it on 26 November 2026, before
sealed secrets, hashed session keys, warranties of products and papers of returns.
``tests/platform/test_upgrade_of_a_company.py`` brings it up to date.

Run once, on the sources of that day (commit be261451), and not again: what an older state wrote can't be made by a
newer one. ``rules`` 3.5 was among the packages then.

    git archive be261451 src | tar x -C OLD
    PYTHONPATH=OLD/src PUNCTUAL_DATA=FOLDER PUNCTUAL_SYNC_JOBS=1 PUNCTUAL_SECRET=… python tests/older_company.py

The secret is :data:`SECRET`. The rows of each table and the orders' figures are written beside it as JSON.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import lzma
import os
import sqlite3
from contextlib import closing
from pathlib import Path

SECRET = "the-signing-secret-of-the-kept-company-0123456789abcdef"
DAY = dt.date(2026, 11, 26)
ROBOT = "https://robot.example.com/hook?key=typed-then"
WEBHOOK = "https://erp.example.com/in/typed-then"
FILE = "客户现场照片.txt".encode()
HERE = Path(__file__).resolve().parent / "data"
_FIGURES = HERE / "older_company.json"
KEPT = json.loads(_FIGURES.read_text()) if _FIGURES.exists() else {}
"""Rows of each table, the orders, and the key of the session: how it was then."""


def build() -> None:
    """The company and the few things that the demo has not."""
    from punctual.flows.demo import build_forecasts, build_records

    build_records(DAY)
    build_forecasts(DAY)


def add_what_the_demo_has_not() -> None:
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from punctual.domain.orders.models import Order
    from punctual.platform.accounts.models import ApiToken, User
    from punctual.platform.attachments.services import attach
    from punctual.platform.audit.chain import seal
    from punctual.platform.notifications import channels

    admin = User.objects.get(username="admin")
    channels.add_robot(actor=admin, name="群", kind="feishu", address=ROBOT, secret="SECtyped")
    channels.add_webhook(actor=admin, url=WEBHOOK)
    attach(actor=admin, target=Order.objects.order_by("pk")[0], file=io.BytesIO(FILE), name="现场.txt", kind="other")
    ApiToken.issue(user=admin, name="ERP")
    session = SessionStore()
    session.update(
        {
            SESSION_KEY: str(admin.pk),
            BACKEND_SESSION_KEY: "allauth.account.auth_backends.AuthenticationBackend",
            HASH_SESSION_KEY: admin.get_session_auth_hash(),
        }
    )
    session.set_expiry(365 * 24 * 3600 * 50)
    session.save()
    seal()


def figures(database: sqlite3.Connection) -> dict[str, int]:
    """Rows of each table."""
    names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1"
    rows = [name for (name,) in database.execute(names)]
    return {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in rows}


def keep(data: Path) -> None:
    """One file without a log beside it, compressed."""
    HERE.mkdir(exist_ok=True)
    smaller = data / "kept.db"
    with closing(sqlite3.connect(data / "punctual.db")) as source, closing(sqlite3.connect(smaller)) as target:
        source.backup(target)
        target.execute("DELETE FROM django_q_task")
        target.commit()
        target.execute("PRAGMA journal_mode=DELETE")
        target.execute("VACUUM")
        orders = "SELECT number, total_amount, state FROM orders_order WHERE number IS NOT NULL ORDER BY number"
        kept: dict[str, object] = {"rows": figures(target), "orders": target.execute(orders).fetchall()}
        kept["session"] = target.execute("SELECT session_key FROM django_session").fetchone()[0]
    (HERE / "older_company.db.xz").write_bytes(lzma.compress(smaller.read_bytes(), preset=9 | lzma.PRESET_EXTREME))
    _FIGURES.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "punctual.config.settings")
    from punctual.cli.setup import migrate, set_up

    set_up()
    migrate()
    build()
    add_what_the_demo_has_not()
    keep(Path(os.environ["PUNCTUAL_DATA"]))


if __name__ == "__main__":
    main()
