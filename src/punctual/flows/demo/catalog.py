"""Sixty products in six families."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Final

from punctual.domain.catalog.models import ListPrice, Product, ProductFamily, ProductRevision
from punctual.domain.catalog.services.products import document_of
from punctual.flows.demo.people import demo_user
from punctual.flows.demo.records import begin_stories, make_findable
from punctual.platform.accounts.models import Role

# model, name, list price in CNY, lead time in working days, revisions in order (the last one is current); unit 台
MACHINES: Final = {
    ("LI", "锂电装备"): (
        ("HC-FS200", "电芯注液密封主线", 4_320_000, 110, "ABC"),
        ("HC-FS120", "电芯注液机", 2_180_000, 90, "AB"),
        ("HC-HD40", "氦检机", 960_000, 70, "AB"),
        ("HC-WD60", "极耳焊接机", 1_280_000, 75, "A"),
        ("HC-DS24", "电测分选机", 1_060_000, 70, "AB"),
        ("HC-ST08", "硅片上下料机", 420_000, 50, "A"),
        ("HC-PK32", "模组堆叠线", 3_150_000, 100, "A"),
        ("HC-TW15", "托盘清洗机", 680_000, 60, "AB"),
        ("HC-BK20", "真空烘烤炉", 1_540_000, 85, "AB"),
        ("HC-FM64", "化成针床", 890_000, 65, "A"),
    ),
    ("VI", "视觉检测"): (
        ("HC-VI30", "连接器视觉检测机", 710_000, 55, "AB"),
        ("HC-VI50", "六面外观检测机", 980_000, 60, "A"),
        ("HC-AO10", "AOI 工位", 360_000, 40, "AB"),
        ("HC-LI06", "西林瓶灯检机", 1_350_000, 75, "AB"),
        ("HC-CG12", "玻璃盖板检测机", 1_120_000, 65, "A"),
        ("HC-3D20", "3D 平面度检测站", 540_000, 45, "A"),
        ("HC-OC08", "字符识别站", 180_000, 30, "AB"),
        ("HC-XR05", "X 射线检测机", 1_680_000, 90, "A"),
        ("HC-CB10", "标定台", 95_000, 25, "A"),
        ("HC-SR04", "线扫检测模块", 240_000, 35, "AB"),
    ),
    ("AS", "3C 装配"): (
        ("HC-FD12", "导管点胶组装机", 830_000, 60, "AB"),
        ("HC-SC16", "压缩机螺栓拧紧站", 460_000, 45, "ABC"),
        ("HC-LM22", "面板贴合设备", 1_240_000, 70, "AB"),
        ("HC-TP18", "端子插针机", 590_000, 50, "A"),
        ("HC-GA30", "转向器总成装配线", 3_860_000, 115, "A"),
        ("HC-IA20", "内机装配线", 2_640_000, 100, "AB"),
        ("HC-RW08", "机器人焊接夹具", 128_000, 30, "A"),
        ("HC-DB14", "五轴去毛刺单元", 920_000, 65, "A"),
        ("HC-PR06", "伺服压装机", 275_000, 35, "AB"),
        ("HC-LK10", "气密测试台", 156_000, 30, "AB"),
    ),
    ("LG", "物流输送"): (
        ("HC-TR16", "桁架上下料", 640_000, 55, "AB"),
        ("HC-CV10", "倍速链输送线", 210_000, 35, "AB"),
        ("HC-AG05", "AGV 小车", 168_000, 40, "A"),
        ("HC-ST40", "立体料库", 1_980_000, 95, "A"),
        ("HC-VB02", "供料振盘", 26_000, 20, "AB"),
        ("HC-PA12", "码垛机器人单元", 720_000, 60, "A"),
        ("HC-SO20", "交叉带分拣机", 2_240_000, 90, "A"),
        ("HC-LF06", "提升机", 145_000, 30, "A"),
        ("HC-TB08", "转台", 58_000, 25, "AB"),
        ("HC-BN04", "料框缓存架", 36_000, 20, "A"),
    ),
    ("MP", "医疗包装"): (
        ("HC-SF10", "胶塞供料系统", 380_000, 45, "AB"),
        ("HC-BL24", "泡罩包装机", 1_460_000, 80, "A"),
        ("HC-CT18", "装盒机", 890_000, 65, "AB"),
        ("HC-LB12", "贴标机", 320_000, 40, "AB"),
        ("HC-SY30", "注射器组装线", 3_420_000, 110, "A"),
        ("HC-CP08", "旋盖机", 260_000, 35, "A"),
        ("HC-FL16", "灌装机", 1_180_000, 75, "AB"),
        ("HC-TY06", "托盒成型机", 610_000, 55, "A"),
        ("HC-SE04", "热封机", 190_000, 30, "AB"),
        ("HC-TT10", "追溯码采集站", 150_000, 25, "A"),
    ),
}
SERVICES_AND_SPARES: Final = ("SV", "备件与服务")
# model, name, unit, list price in CNY, minimum, multiple, lead time in working days, revisions
OTHERS: Final = (
    ("HC-SP21", "备件柜", "台", "150000", "1", "1", 15, "A"),
    ("HC-BC03", "扫码枪", "把", "9300", "1", "1", 10, "ABC"),
    ("FKM-62X3", "氟橡胶密封圈", "个", "12.50", "100", "20", 8, "A"),
    ("OIL-V100", "真空油", "L", "86", "20", "20", 5, ""),
    ("BLT-T5", "同步带", "米", "64", "5", "0.5", 6, "A"),
    ("CYL-32", "气缸组件", "套", "780", "2", "2", 12, "AB"),
    ("SVC-INST", "安装调试", "人日", "2000", "1", "0.5", 5, ""),
    ("SVC-TRN", "操作培训", "人日", "1500", "1", "0.5", 5, ""),
    ("SVC-MNT", "年度保养", "次", "18000", "1", "1", 10, ""),
    ("SVC-UPG", "程序升级", "人日", "2400", "1", "0.5", 15, ""),
)
ABROAD: Final = {"USD": Decimal("0.145"), "EUR": Decimal("0.132")}
"""Currencies some products have a list price in, as a part of the one in CNY."""


def build_catalog(today: dt.date) -> None:
    """Families, products, revisions and list prices."""
    names = [*MACHINES, SERVICES_AND_SPARES]
    families = {
        family.code: family
        for family in ProductFamily.objects.bulk_create(ProductFamily(code=code, name=name) for code, name in names)
    }
    rows: list[tuple[Product, Decimal, str]] = []
    for (code, _), machines in MACHINES.items():
        for model, name, price, days, revisions in machines:
            product = Product(model=model, name=name, family=families[code], unit="台", lead_time_days=days)
            if model == "HC-FS200":
                product.unit = "套"
            rows.append((product, Decimal(price), revisions))
    for model, name, unit, amount, minimum, multiple, days, revisions in OTHERS:
        product = Product(
            model=model,
            name=name,
            family=families["SV"],
            unit=unit,
            minimum_order_quantity=Decimal(minimum),
            order_multiple=Decimal(multiple),
            lead_time_days=days,
            warranty_months=0 if model.startswith("SVC-") else 12,
        )
        rows.append((product, Decimal(amount), revisions))
    products = Product.objects.bulk_create([product for product, _, _ in rows])
    _revisions([(product, revisions) for product, _, revisions in rows], today)
    ListPrice.objects.bulk_create(
        price for number, (product, amount, _) in enumerate(rows) for price in _prices(product, amount, number, today)
    )
    begin_stories(products, demo_user(Role.ORDER_MANAGER))
    make_findable(products, document_of)


def _revisions(rows: list[tuple[Product, str]], today: dt.date) -> None:
    """Every letter half a year after the one before; the one before the last is retired for it."""
    made = ProductRevision.objects.bulk_create(
        ProductRevision(
            product=product,
            code=code,
            released_on=today - dt.timedelta(days=170 + 210 * (len(codes) - 1 - position)),
            retired_on=today - dt.timedelta(days=146 + 210 * (len(codes) - 2 - position))
            if position < len(codes) - 1
            else None,
        )
        for product, codes in rows
        for position, code in enumerate(codes)
    )
    newest = {item.product_id: item for item in made if item.retired_on is None}
    retired = [item for item in made if item.retired_on is not None]
    for item in retired:
        item.successor = newest[item.product_id]
    ProductRevision.objects.bulk_update(retired, ["successor"])


def _prices(product: Product, amount: Decimal, number: int, today: dt.date) -> list[ListPrice]:
    """In force since early this year; every third product also had another price before, every fourth one abroad."""
    since = today - dt.timedelta(days=300)
    prices = [ListPrice(product=product, currency="CNY", amount=amount, valid_from=since)]
    if number % 3 == 0:
        before = (amount * Decimal("0.96")).quantize(Decimal("0.01"))
        earlier = since - dt.timedelta(days=365)
        prices.append(ListPrice(product=product, currency="CNY", amount=before, valid_from=earlier))
    if number % 4 == 0:
        prices += [
            ListPrice(
                product=product, currency=currency, amount=(amount * part).quantize(Decimal("0.01")), valid_from=since
            )
            for currency, part in ABROAD.items()
        ]
    return prices
