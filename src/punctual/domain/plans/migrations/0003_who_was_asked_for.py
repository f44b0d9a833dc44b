from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("plans", "0002_template_editions"),
        ("resources", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="assignment",
            name="asked",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="resources.skill",
                verbose_name="Skill asked for",
            ),
        ),
    ]
