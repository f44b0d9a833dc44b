"""What is said by hand stands on the order too, so that lists show and filter it."""

from typing import Any

from django.db import migrations
from django.utils import timezone


def copy(apps: Any, schema_editor: Any) -> None:
    rows = apps.get_model("monitoring", "HealthOverride").objects.filter(
        until__gte=timezone.localdate(), withdrawn_at=None
    )
    for one in rows.select_related("by").order_by("at"):
        apps.get_model("orders", "Order").objects.filter(pk=one.order_id).update(
            said_health=one.health,
            said_until=one.until,
            said_by=one.by.display_name or one.by.username,
            said_why=one.reason,
        )


class Migration(migrations.Migration):
    dependencies = [
        ("monitoring", "0002_report_receivers_and_history"),
        ("orders", "0002_health_by_hand"),
    ]

    operations = [migrations.RunPython(copy, migrations.RunPython.noop, elidable=True)]
