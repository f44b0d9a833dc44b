"""What customers call the columns of their orders, and the labels above and below the table, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final


def _words(table: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(words.split("|")) for name, words in table.items()}


COLUMN_WORDS: Final[dict[str, tuple[str, ...]]] = _words(
    {
        "customer_line_no": "客户行号|行号|序号|项次|项目号|line|line no|line no.|item|pos|no.",
        "model": (
            "型号|产品型号|物料号|物料编码|料号|规格型号|产品编码|型号 · 版本|model|part no"
            "|part no.|part number|product|material"
        ),
        "revision": "版本|版本号|版次|图纸版本|rev|rev.|revision|version",
        "description": "品名|名称|产品名称|物料名称|描述|货物名称|description|product name|name",
        "quantity": "数量|订购数量|采购数量|订单数量|qty|quantity|order qty",
        "unit": "单位|计量单位|unit|uom",
        "unit_price": "单价|未税单价|不含税单价|单价（未税）|单价(不含税)|unit price|price",
        "amount": "金额|未税金额|小计|总价|不含税金额|amount|line total|total",
        "requested_date": (
            "要求到货|交货日期|要求交期|交期|到货日期|需求日期|客户要求交期|要求日期"
            "|delivery date|requested date|due date|need by"
        ),
        "delivery_place": "交货地|交货地点|收货地|收货地址|送货地址|delivery place|ship to|delivery address",
        "acceptance_criteria": "验收标准|验收要求|技术要求|acceptance|acceptance criteria",
        "remark": "备注|说明|remark|remarks|note|notes|comment",
        "customer": "客户|客户名称|客户编码|customer|customer code",
        "customer_po_number": "客户采购单|客户采购单号|采购单号|采购订单号|po number|customer po|po no|po no.",
    }
)
"""Field → what customers call its column. The first is ours."""

HEADER_WORDS: Final[dict[str, tuple[str, ...]]] = _words(
    {
        "customer_po_number": (
            "采购订单号|采购单号|订单号|订单编号|合同号|合同编号|PO号|PO No.|PO No|PO Number"
            "|Purchase Order|Order No.|单号"
        ),
        "customer": "采购方|需方|买方|甲方|客户|客户名称|购方|Buyer|Customer",
        "contract_date": "订单日期|下单日期|签订日期|采购日期|日期|Order date|PO date|Date",
        "currency": "币种|币别|货币|Currency",
        "payment_terms": "付款条件|付款方式|结算方式|付款|Payment terms|Payment",
        "delivery_place": "交货地点|交货地址|收货地址|收货地|送货地址|Ship to|Deliver to|Delivery address",
        "requested_date": "要求到货|交货日期|要求交期|交期|Delivery date|Due date",
        "stated_total": "合计|总计|总金额|合计金额|订单总额|未税合计|Total|Grand total|Total amount",
    }
)
"""Field → its label above (or the total below) the table."""

CURRENCY_WORDS: Final = {
    "人民币": "CNY",
    "RMB": "CNY",
    "元": "CNY",
    "美元": "USD",
    "美金": "USD",
    "欧元": "EUR",
    "港币": "HKD",
    "日元": "JPY",
    "英镑": "GBP",
}
