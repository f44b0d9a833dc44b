"""Two customers with an order and a request each, and on them everything that the customer must not see."""

from __future__ import annotations

from typing import Any

from ordering import TODAY, confirmed, customer, draft, sign_all
from punctual.domain.customer_relations.services import requests, tracking
from punctual.domain.customer_relations.services.requests import RequestInput
from punctual.domain.orders.models import Order
from punctual.domain.orders.services.review import submit_for_review
from punctual.flows.confirm_order import confirm_order
from punctual.platform.comments.services import add_comment

SECRETS = ("内部底价", "毛利 31%", "苏州恒拓", "710,000", "710000", "1,420,000", "经理林某")


def two_customers(person: Any) -> tuple[Order, Order]:
    """The order of customer A and the order of customer B."""
    manager = person("order_manager")
    manager.display_name = "经理林某"
    manager.save()
    a = confirmed(manager)
    other = customer("C002", "苏州恒拓电子股份有限公司")
    b = submit_for_review(actor=manager, order_id=draft(manager, customer=other.pk).pk, today=TODAY)
    sign_all(b)
    b = confirm_order(order_id=b.pk, actor=manager, today=TODAY)
    for order, words in ((a, "什么时候发货"), (b, "恒拓的秘密问题")):
        assert order.customer is not None
        asked = RequestInput(order.customer, words, order=order, owner=manager)
        found = requests.record_request(actor=manager, data=asked)
        requests.add_note(actor=manager, request_id=found.pk, text="内部底价 毛利 31%")
        requests.reply(actor=manager, request_id=found.pk, text=f"{order.number} 周五")
        for target in (order, order.customer, found, order.lines.all()[0].product):
            add_comment(actor=manager, target=target, text="内部底价 毛利 31%")
        tracking.want(actor=manager, order=order, title=f"样件给 {order.number}", due=TODAY)
    return a, b
