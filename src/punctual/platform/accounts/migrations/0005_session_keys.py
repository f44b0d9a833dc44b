"""Of the keys of sessions only hashes are kept from now on; who is signed in stays so."""

from typing import Any

from django.db import migrations

from punctual.platform.sealed_sessions import kept_key
from punctual.platform.sealing import overwrite_what_is_freed


def hash_all(apps: Any, editor: Any) -> None:
    sessions = apps.get_model("sessions", "Session").objects
    for key in sessions.values_list("session_key", flat=True).iterator():
        if len(key) < len(kept_key(key)):
            sessions.filter(session_key=key).update(session_key=kept_key(key))


def end_all(apps: Any, editor: Any) -> None:
    """No key comes back from its hash."""
    apps.get_model("sessions", "Session").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_sealed_second_factors"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(overwrite_what_is_freed, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(hash_all, end_all, elidable=True),
    ]
