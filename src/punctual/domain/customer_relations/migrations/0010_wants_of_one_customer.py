from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def of_the_orders_customer(apps: Any, editor: Any) -> None:
    """What stands there from before is of the order's present customer."""
    present = apps.get_model("orders", "Order").objects.filter(pk=OuterRef("order")).values("customer")
    apps.get_model("customer_relations", "TrackingTask").objects.update(customer=Subquery(present))


class Migration(migrations.Migration):
    dependencies = [
        ("customer_relations", "0009_links_of_one_customer"),
        ("parties", "0002_language_and_photos"),
    ]

    operations = [
        migrations.AddField(
            model_name="trackingtask",
            name="customer",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="parties.customer"
            ),
        ),
        migrations.RunPython(of_the_orders_customer, migrations.RunPython.noop, elidable=True),
    ]
