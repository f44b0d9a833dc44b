"""What the demo company keeps beside the standard: how orders travel, which industry customers are in."""

from __future__ import annotations

from typing import Final

from punctual.domain.orders.models import Order
from punctual.domain.parties.models import Customer
from punctual.domain.plans.models import Task
from punctual.platform.accounts.models import Role, User
from punctual.platform.custom_fields.models import CustomField, CustomValue
from punctual.platform.custom_fields.rules import FieldFacts
from punctual.platform.custom_fields.services import define_field

SHIPPING: Final = (
    ("整车直送", "Full truck"),
    ("零担物流", "Part load"),
    ("海运", "Sea freight"),
    ("客户自提", "Collected"),
)
INDUSTRIES: Final = (
    ("锂电", "Batteries"),
    ("电子", "Electronics"),
    ("医疗", "Medical"),
    ("汽车", "Automotive"),
    ("光伏", "Photovoltaics"),
    ("其他", "Other"),
)
FIELDS: Final = (
    FieldFacts("order", "shipping_mode", "运输方式", "Shipping mode", "choice", SHIPPING, in_list=False, position=10),
    FieldFacts("order", "export_license", "出口许可证号", "Export licence", "text", in_list=False, position=20),
    FieldFacts("customer", "industry", "行业", "Industry", "choice", INDUSTRIES, position=10),
    FieldFacts("task", "customer_present", "客户见证", "Customer present", "yes_no", position=10),
)
WITNESSED: Final = ("出厂验收", "终验", "FAT", "SAT", "验收")


def build_custom_fields() -> None:
    """The fields, and values in most orders, every customer and the tasks that the customer attends."""
    admin = User.objects.filter(role=Role.ADMINISTRATOR).order_by("pk")[0]
    made = {facts.key: define_field(actor=admin, facts=facts) for facts in FIELDS}
    values: list[CustomValue] = []
    for number, pk in enumerate(Order.objects.order_by("pk").values_list("pk", flat=True)):
        if number % 7 != 6:
            values.append(_value(made["shipping_mode"], pk, SHIPPING[number * number % len(SHIPPING)][0]))
    for number, pk in enumerate(Customer.objects.order_by("pk").values_list("pk", flat=True)):
        values.append(_value(made["industry"], pk, INDUSTRIES[number % len(INDUSTRIES)][0]))
    for pk, name in Task.objects.filter(is_summary=False).values_list("pk", "name"):
        if any(word in name for word in WITNESSED):
            values.append(_value(made["customer_present"], pk, "yes"))
    CustomValue.objects.bulk_create(values, batch_size=500)


def _value(field: CustomField, target_id: int, text: str) -> CustomValue:
    return CustomValue(field=field, target_id=target_id, text=text)
