"""The demo company's library of typical risks, and the registers of its running orders."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Final

from punctual.domain.orders.models import Order, OrderState
from punctual.domain.risks.facts import POINT_FIELDS, points_of, risk_settings
from punctual.domain.risks.models import Category, ResponseKind, Risk, RiskResponse, RiskState, TypicalRisk
from punctual.domain.risks.services.company import seed_register
from punctual.domain.risks.services.responses import choose_response
from punctual.flows.demo.people import demo_user
from punctual.platform.accounts.models import Role

C, K = Category, ResponseKind
LIBRARY: Final = (
    # title, cause, category, %, days, tasks, trigger, contingency, response kind, what, cost, % afterwards
    ("长周期件晚到", "供应商排产满，近几批都晚", C.SUPPLY, 35, (2, 5, 10), "采购", "到货前 10 天没有发货照片",
     "改空运", K.MITIGATE, "驻厂催交 2 人日", 8000, 15),
    ("外协件首件不合格", "外协厂第一次做这种结构", C.QUALITY, 25, (2, 4, 8), "外协", "首件检验超差",
     "回厂返修，自制关键面", K.MITIGATE, "派检验员驻厂做首件", 4500, 10),
    ("客户图纸确认慢", "客户工艺部门会签人多", C.CUSTOMER, 40, (1, 3, 6), "图纸", "送签后 5 天没有回复",
     "先下长周期件，锁定接口", K.AVOID, "带图上门一次会签", 3000, 15),
    ("钳工请假没有替补", "装配组只有两名高级钳工", C.PEOPLE, 30, (1, 2, 4), "装配", "请假单已提",
     "从机加组借 1 人", K.MITIGATE, "提前培训一名替补", 2000, 12),
    ("调试时样件没到", "客户样件由其供应商提供", C.CUSTOMER, 30, (2, 4, 7), "调试", "调试前 7 天样件没发出",
     "用模拟件先调节拍", K.TRANSFER, "合同约定样件晚到顺延", 0, 30),
    ("验收时客户不到场", "客户设备部排期冲突", C.CUSTOMER, 20, (1, 3, 5), "FAT", "两周前没有回复到场人",
     "录像见证，现场复验", K.ACCEPT, "接受", 0, 20),
    ("伺服固件不兼容", "新批次控制器换了固件", C.TECHNICAL, 12, (2, 4, 8), "电气", "到货固件号不同",
     "降级固件", K.MITIGATE, "样机先联调半天", 1500, 4),
)  # fmt: skip
COMPANY: Final = (
    ("铝型材涨价", C.MONEY, 45, (0, 0, 0), (20000, 60000, 120000), "季度锁价"),
    ("春节前后运力紧张", C.EXTERNAL, 60, (1, 2, 5), (5000, 12000, 30000), "提前两周订车"),
)
RUNNING: Final = (OrderState.CONFIRMED, OrderState.IN_PROGRESS, OrderState.PARTIALLY_DELIVERED)
REGISTERS: Final = 14
"""So many running orders have had their register seeded; the others are seeded when they are confirmed."""


def build_risks(today: dt.date) -> int:
    """Library, company risks, registers with some responses under way; returns how many risks there are."""
    manager = demo_user(Role.ORDER_MANAGER)
    risk_settings()
    _library()
    _company(today)
    orders = Order.objects.filter(state__in=RUNNING, plan__isnull=False).order_by("promised_date", "pk")[:REGISTERS]
    for place, order in enumerate(orders):
        for at, risk in enumerate(seed_register(actor=manager, order=order, today=today)):
            _settle(risk, place + at, today)
    return Risk.objects.count()


def _library() -> None:
    for title, cause, category, chance, days, words, trigger, contingency, kind, what, cost, after in LIBRARY:
        TypicalRisk.objects.create(
            title=title,
            cause=cause,
            category=category,
            probability=chance,
            days_low=days[0],
            days_mode=days[1],
            days_high=days[2],
            task_words=words,
            trigger=trigger,
            contingency=contingency,
            response_kind=kind,
            response_title=what,
            response_cost=cost,
            response_probability=after,
        )


def _company(today: dt.date) -> None:
    owner = demo_user(Role.SUPPLY_CHAIN)
    for number, (title, category, chance, days, cost, trigger) in enumerate(COMPANY, 1):
        Risk.objects.create(
            number=f"R-{today.year - 1}-{number:05d}",
            title=title,
            category=category,
            state=RiskState.ASSESSED,
            probability=chance,
            days_low=days[0],
            days_mode=days[1],
            days_high=days[2],
            cost_low=cost[0],
            cost_mode=cost[1],
            cost_high=cost[2],
            owner=owner,
            trigger=trigger,
            review_on=today + dt.timedelta(days=6),
        )


def _settle(risk: Risk, turn: int, today: dt.date) -> None:
    """Give each its own numbers, and let every third one be met by its response."""
    manager = demo_user(Role.ORDER_MANAGER)
    risk.probability = max(5, min(90, risk.probability + (turn * 7) % 25 - 10))
    risk.state = RiskState.ASSESSED if turn % 4 else RiskState.IDENTIFIED
    risk.review_on = today + dt.timedelta(days=(turn * 5) % 21 - 4)
    risk.basis = "近 12 个月同类订单"
    risk.save()
    response = risk.responses.first()
    if response is None:
        return
    RiskResponse.objects.filter(pk=response.pk).update(
        probability=min(response.probability, risk.probability), due=today + dt.timedelta(days=2 + turn % 9)
    )
    if risk.category == Category.SUPPLY:
        points = {name: getattr(points_of(risk), name) for name in POINT_FIELDS} | {"probability": 5}
        RiskResponse.objects.create(
            risk=risk, kind=K.MITIGATE, title="改空运", cost=Decimal(12600), owner=risk.owner, **points
        )
    if turn % 3 == 0:
        choose_response(actor=manager, risk_id=risk.pk, response_id=response.pk, today=today, expected_version=None)
