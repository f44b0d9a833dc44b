"""Commands that need the database set Django up here, late, so that the engine's commands start without it."""

from __future__ import annotations

import os


def set_up(data: str | None = None) -> None:
    """Load the settings. ``data`` is the folder of database and files (default: the settings' own)."""
    if data:
        os.environ["PUNCTUAL_DATA"] = os.path.abspath(data)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "punctual.config.settings")
    import django

    from punctual.platform.catalogues import compile_catalogues

    # Before Django looks for them: a catalogue that is not there when it looks counts as empty for good.
    compile_catalogues()
    django.setup()


def migrate() -> bool:
    """Bring the database up to date; returns whether nobody has an account in it yet."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    from punctual.platform.first_tables import make_first_tables

    settings.DATA.mkdir(parents=True, exist_ok=True)
    make_first_tables()
    call_command("migrate", interactive=False, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM accounts_user LIMIT 1")
        return cursor.fetchone() is None
