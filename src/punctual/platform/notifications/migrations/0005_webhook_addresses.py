"""Addresses of webhooks are sealed from now on; what was sent to them names the machine alone."""

from typing import Any
from urllib.parse import urlsplit

from django.db import migrations
from django.db.models import TextField, Value

from punctual.platform.sealing import Locked, SecretField, overwrite_what_is_freed


def seal_all(apps: Any, editor: Any) -> None:
    sent = apps.get_model("notifications", "Delivery").objects
    for row in apps.get_model("notifications", "Webhook").objects.only("url").iterator():
        row.save(update_fields=["url"])
        sent.filter(webhook=row).update(address=urlsplit(row.url).netloc[:500])


def plain_again(apps: Any, editor: Any) -> None:
    sent = apps.get_model("notifications", "Delivery").objects
    webhooks = apps.get_model("notifications", "Webhook").objects
    for row in webhooks.only("url").iterator():
        if isinstance(row.url, Locked):
            raise RuntimeError(f"webhook {row.pk} can't be read: name its signing secret in PUNCTUAL_OLD_SECRETS")
        sent.filter(webhook=row).update(address=row.url)
        webhooks.filter(pk=row.pk).update(url=Value(row.url, output_field=TextField()))


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0004_sealed_secrets"),
    ]

    operations = [
        migrations.RunPython(overwrite_what_is_freed, migrations.RunPython.noop, elidable=True),
        migrations.AlterField("webhook", "url", SecretField(verbose_name="Address")),
        migrations.RunPython(seal_all, plain_again, elidable=True),
    ]
