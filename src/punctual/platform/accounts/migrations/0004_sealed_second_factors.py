"""The keys of second factors are sealed from now on."""

from typing import Any

from django.db import migrations

from punctual.platform.sealing import overwrite_what_is_freed, seal, unseal


def _each(apps: Any, change: Any) -> None:
    for one in apps.get_model("mfa", "Authenticator").objects.iterator():
        texts = {name: change(one.data[name]) for name in ("secret", "seed") if isinstance(one.data.get(name), str)}
        if texts:
            one.data = {**one.data, **texts}
            one.save(update_fields=["data"])


def seal_all(apps: Any, editor: Any) -> None:
    _each(apps, lambda text: seal(unseal(text)))


def plain_again(apps: Any, editor: Any) -> None:
    _each(apps, unseal)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_tokens_that_suggest"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [
        migrations.RunPython(overwrite_what_is_freed, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(seal_all, plain_again, elidable=True),
    ]
