"""Writes the three customer orders of this folder: a clean one, one with eight mistakes, one of 500 lines.

    python demo/make_workbooks.py [FOLDER]

The products and customers are those of the demo company. The dates are fixed, so that the files never change by
themselves; change ``WANTED`` when it has passed.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import xlsxwriter

WANTED: Final = dt.date(2027, 8, 11)
"""A Wednesday far enough ahead for every standard lead time."""

Row = tuple[str, str, str, object, str, float, object, str]
COLUMNS: Final = ("客户行号", "品名", "型号", "版本", "数量", "单位", "未税单价", "金额", "要求到货", "备注")

CLEAN: Final[list[Row]] = [
    ("连接器视觉检测机", "HC-VI30", "B", 2, "台", 710_000, WANTED, ""),
    ("供料振盘", "HC-VB02", "B", 4, "台", 26_000, WANTED, ""),
    ("倍速链输送线", "HC-CV10", "B", 1, "台", 210_000, WANTED, ""),
    ("扫码枪", "HC-BC03", "C", 6, "把", 9_300, WANTED, "含支架"),
    ("安装调试", "SVC-INST", "", 12, "人日", 2_000, WANTED + dt.timedelta(days=14), ""),
    ("操作培训", "SVC-TRN", "", 3, "人日", 1_500, WANTED + dt.timedelta(days=21), ""),
]

FAULTY: Final[list[Row]] = [
    ("电芯注液密封主线", "HC-FS200", "C", 1, "套", 4_320_000, WANTED, ""),
    ("备件柜", "HC-SP21", "A", 2, "台", 131_000, WANTED, "价格按 9 月邮件"),
    ("扫码枪", "HC-BC03", "B", 2, "把", 9_300, WANTED, "增补"),
    ("安装调试", "SVC-INST", "", 12, "人日", 2_000, WANTED + dt.timedelta(days=14), ""),
    ("氟橡胶密封圈", "FKM-62X3", "A", 50, "个", 12.5, "8/11", "易损件"),
    ("操作培训", "SVC-TRN", "", 2, "天", 1_500, WANTED + dt.timedelta(days=21), ""),
    ("氦检机", "HC-HD4O", "B", 1, "台", 960_000, WANTED, "型号最后一位是字母 O"),
    ("真空油", "OIL-V100", "", 20, "L", 86, WANTED + dt.timedelta(days=3), "星期六"),
]

SPARES: Final = (
    ("扫码枪", "HC-BC03", "C", 1, 2, "把", 9_300),
    ("氟橡胶密封圈", "FKM-62X3", "A", 100, 20, "个", 12.5),
    ("真空油", "OIL-V100", "", 20, 20, "L", 86),
    ("同步带", "BLT-T5", "A", 5, 0.5, "米", 64),
    ("气缸组件", "CYL-32", "B", 2, 2, "套", 780),
    ("供料振盘", "HC-VB02", "B", 1, 1, "台", 26_000),
    ("转台", "HC-TB08", "B", 1, 1, "台", 58_000),
)


def many() -> list[Row]:
    """Five hundred lines of spares for one plant, all of them in order."""
    rows: list[Row] = []
    for number in range(500):
        name, model, revision, least, step, unit, price = SPARES[number % len(SPARES)]
        quantity = least + step * (number * 7 % 9)
        day = WANTED + dt.timedelta(days=7 * (number % 5))
        rows.append((name, model, revision, quantity, unit, price, day, f"工位 {number // 10 + 1:02d}"))
    return rows


def write(path: Path, buyer: str, number: str, terms: str, place: str, rows: Sequence[Row], *, off: float = 0) -> None:
    """One sheet as a buyer's ERP prints it; ``off`` is what its total is wrong by."""
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"title": number, "created": dt.datetime(2026, 11, 23)})  # noqa: DTZ001
        sheet = book.add_worksheet("采购订单")
        title = book.add_format({"bold": True, "font_size": 16, "align": "center"})
        head = book.add_format({"bold": True, "bg_color": "#DDE6F5", "border": 1})
        cell, money = book.add_format({"border": 1}), book.add_format({"border": 1, "num_format": "#,##0.00"})
        date = book.add_format({"border": 1, "num_format": "yyyy-mm-dd"})
        sheet.merge_range(0, 0, 0, len(COLUMNS) - 1, "采 购 订 单", title)
        facts = (
            ("采购订单号", number, "订单日期", "2026-11-23"),
            ("需方", buyer, "币种", "人民币"),
            ("付款方式", terms, "交货地点", place),
        )
        for row, (left, first, right, second) in enumerate(facts, start=1):
            sheet.write_row(row, 0, (f"{left}：", first))
            sheet.write_row(row, 6, (f"{right}：", second))
        sheet.write_row(5, 0, COLUMNS, head)
        total = 0.0
        for at, (name, model, revision, quantity, unit, price, day, remark) in enumerate(rows, start=6):
            amount = round(float(str(quantity)) * price, 2)
            total += amount
            sheet.write_row(at, 0, ((at - 5) * 10, name, model, revision, quantity, unit), cell)
            sheet.write_row(at, 6, (price, amount), money)
            if isinstance(day, dt.date):
                sheet.write_datetime(at, 8, dt.datetime(day.year, day.month, day.day), date)  # noqa: DTZ001
            else:
                sheet.write(at, 8, day, cell)
            sheet.write(at, 9, remark, cell)
        last = 6 + len(rows)
        sheet.write(last, 0, "合计", head)
        sheet.write(last, 7, total + off, money)
        sheet.write(last + 2, 0, "请于两日内回签。质量要求按技术协议，逾期每天 0.5%，上限 5%。")
        for column, width in enumerate((10, 20, 14, 8, 10, 8, 14, 16, 14, 24)):
            sheet.set_column(column, column, width)


def main(folder: Path) -> None:
    terms = "预付 30%，发货前 30%，验收 30%，质保金 10%（12 个月）"
    write(
        folder / "HT-PO-26118 苏州恒拓电子.xlsx",
        "苏州恒拓电子股份有限公司", "HT-PO-26118", terms, "苏州工业园 3# 车间", CLEAN,
    )  # fmt: skip
    write(
        folder / "LK-PO-261123 宁海锂科（八处错误）.xlsx",
        "宁海锂科新能源有限公司", "LK-PO-261123", terms, "宁海 2# 厂房", FAULTY, off=4_000,
    )  # fmt: skip
    write(
        folder / "SL-PO-26077 上海联驱（500 行备件）.xlsx",
        "上海联驱汽车系统有限公司", "SL-PO-26077", terms, "上海安亭 4# 线", many(),
    )  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
