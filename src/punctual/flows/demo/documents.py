"""Documents of the demo company: a drawing that the customer has to approve while a task waits for it, and a protocol
that waits for whoever signs in to the portal."""

from __future__ import annotations

import datetime as dt
import io
from typing import Final

from punctual.domain.delivery.services.documents import ask_customer, attach_document
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.plans.models import Task
from punctual.flows.demo.people import demo_user
from punctual.platform.accounts.models import Role
from punctual.platform.attachments.models import DocumentKind
from punctual.platform.papers import Facts, Text, paper

WAITING: Final = ("图纸会签", "设计确认（DQ）")
"""Tasks that need the customer's yes, the usual one first."""


def build_documents(today: dt.date) -> None:
    """Its second version waits for the customer, after the first was sent too early."""
    tasks = Task.objects.filter(
        name__in=WAITING, percent=0, plan__order__state=OrderState.IN_PROGRESS, plan__order__customer__isnull=False
    )
    task = tasks.select_related("plan__order__customer").order_by("start", "pk").first()
    if task is None:
        return
    engineer, manager = demo_user(Role.PLANNER), demo_user(Role.ORDER_MANAGER)
    order = task.plan.order
    for version, words in ((1, "总装图，待内部校对"), (2, "总装图，按技术协议修订接口尺寸")):
        content = paper(
            title=f"{order.label} 总装图 A{version}",
            subtitle=str(order.customer),
            blocks=[Facts([("图号", f"{order.label}-00"), ("版本", f"A{version}"), ("日期", today)]), Text(words)],
        )
        document = attach_document(
            actor=engineer,
            holder="task",
            pk=task.pk,
            file=io.BytesIO(content),
            name="总装图.pdf",
            kind=DocumentKind.DRAWING.value,
            needs_approval=version == 2,
        )
    ask_customer(actor=manager, holder="task", pk=task.pk, attachment_id=document.pk, task_id=task.pk)


def ask_for_protocol(order: Order, today: dt.date) -> None:
    """What will be shown at the factory acceptance is agreed with the customer before."""
    standards = list(order.lines.exclude(product=None).values_list("product__name", flat=True)[:3])
    content = paper(
        title=f"{order.label} 出厂验收大纲 V1",
        subtitle=str(order.customer),
        blocks=[
            Facts([("订单", order.label), ("设备", " / ".join(standards)), ("版本", "V1"), ("日期", today)]),
            Text("连续运行 8 小时，节拍、良率与安全联锁按技术协议逐项演示；不合格项当场登记并约定关闭日期。"),
        ],
    )
    document = attach_document(
        actor=demo_user(Role.QUALITY),
        holder="order",
        pk=order.pk,
        file=io.BytesIO(content),
        name="出厂验收大纲.pdf",
        kind=DocumentKind.AGREEMENT.value,
        needs_approval=True,
    )
    ask_customer(actor=demo_user(Role.ORDER_MANAGER), holder="order", pk=order.pk, attachment_id=document.pk)
