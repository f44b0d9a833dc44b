from django.db import migrations


def to_code(apps, schema_editor):
    """What the confirmation stored in one language becomes a code that is worded when it is read."""
    apps.get_model("plans", "Baseline").objects.filter(name="订单确认", number=1).update(name="order.confirmed")


class Migration(migrations.Migration):
    dependencies = [("plans", "0001_initial")]
    operations = [migrations.RunPython(to_code, migrations.RunPython.noop)]
