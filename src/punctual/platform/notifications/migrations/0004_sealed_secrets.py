"""Addresses and secrets of robots, webhooks' signing secrets and texts of messages are sealed from now on."""

from typing import Any

from django.db import migrations
from django.db.models import TextField, Value

import punctual.platform.sealing
from punctual.platform.sealing import Locked, overwrite_what_is_freed

SEALED = {"robot": ["address", "secret"], "webhook": ["secret"], "delivery": ["body"]}


def seal_all(apps: Any, editor: Any) -> None:
    for name, columns in SEALED.items():
        model = apps.get_model("notifications", name)
        for row in model.objects.only(*columns).iterator():
            row.save(update_fields=columns)


def plain_again(apps: Any, editor: Any) -> None:
    for name, columns in SEALED.items():
        model = apps.get_model("notifications", name)
        for row in model.objects.only(*columns).iterator():
            texts = {column: getattr(row, column) for column in columns}
            if any(isinstance(text, Locked) for text in texts.values()):
                raise RuntimeError(f"{name} {row.pk} can't be read: name its signing secret in PUNCTUAL_OLD_SECRETS")
            plain = {column: Value(text, output_field=TextField()) for column, text in texts.items()}
            model.objects.filter(pk=row.pk).update(**plain)


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0003_own_robots"),
    ]

    operations = [
        migrations.RunPython(overwrite_what_is_freed, migrations.RunPython.noop, elidable=True),
        migrations.AlterField("delivery", "body", punctual.platform.sealing.SecretField(blank=True)),
        migrations.AlterField("robot", "address", punctual.platform.sealing.SecretField(verbose_name="Address")),
        migrations.AlterField(
            "robot", "secret", punctual.platform.sealing.SecretField(blank=True, verbose_name="Signing secret")
        ),
        migrations.AlterField("webhook", "secret", punctual.platform.sealing.SecretField()),
        migrations.RunPython(seal_all, plain_again, elidable=True),
    ]
