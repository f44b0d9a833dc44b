from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def of_the_orders_customer(apps: Any, editor: Any) -> None:
    """Links of before are of the customer whose contact they were made for, else of the order's present one."""
    link, order, contact = (
        apps.get_model(*name)
        for name in (("customer_relations", "TrackingLink"), ("orders", "Order"), ("parties", "Contact"))
    )
    present = order.objects.filter(pk=OuterRef("order")).values("customer")
    link.objects.filter(contact=None).update(customer=Subquery(present))
    of_contact = contact.objects.filter(pk=OuterRef("contact")).values("customer")
    link.objects.exclude(contact=None).update(customer=Subquery(of_contact))


class Migration(migrations.Migration):
    dependencies = [
        ("customer_relations", "0008_decided_in_meetings"),
    ]

    operations = [
        migrations.AddField(
            model_name="trackinglink",
            name="customer",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="parties.customer"
            ),
        ),
        migrations.RunPython(of_the_orders_customer, migrations.RunPython.noop, elidable=True),
    ]
