"""Plan templates for all sixty products, and progress on plans as it would be today."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from punctual.domain.catalog.models import Product, ProductFamily
from punctual.domain.plans.models import PlanTemplate
from punctual.domain.plans.services.template_drafts import save_draft
from punctual.domain.plans.services.templates import create_template
from punctual.domain.plans.template_document import document_of, outline, vocabulary
from punctual.domain.plans.template_rows import rows_of
from punctual.flows.demo import template_texts as texts
from punctual.flows.demo.people import demo_user
from punctual.platform.accounts.models import Role

# code, name, family, text, models, budget fixed and per unit in 万元 (labour, material, equipment, outsourced)
TEMPLATES: Final = (
    ("T-01", "锂电整线", "LI", texts.LINE, "HC-FS200 HC-PK32", ((32, 18), (60, 95), (4, 2), (12, 16))),
    (
        "T-02",
        "锂电单机",
        "LI",
        texts.LITHIUM,
        "HC-FS120 HC-HD40 HC-WD60 HC-DS24 HC-ST08 HC-TW15 HC-BK20 HC-FM64",
        ((12, 6), (8, 34), (1, 1), (4, 5)),
    ),
    ("T-03", "总装线", "AS", texts.LINE, "HC-GA30 HC-IA20", ((30, 16), (55, 80), (4, 2), (14, 12))),
    (
        "T-04",
        "装配专机",
        "AS",
        texts.ASSEMBLY,
        "HC-FD12 HC-SC16 HC-LM22 HC-TP18 HC-DB14 HC-PR06 HC-RW08 HC-LK10",
        ((8, 4), (3, 16), (1, 0.5), (2, 3)),
    ),
    ("T-05", "物流系统", "LG", texts.SYSTEM, "HC-TR16 HC-ST40 HC-PA12 HC-SO20", ((14, 8), (10, 40), (2, 1), (6, 9))),
    (
        "T-06",
        "输送单元",
        "LG",
        texts.UNIT,
        "HC-CV10 HC-AG05 HC-VB02 HC-LF06 HC-TB08 HC-BN04",
        ((1.5, 0.8), (0.5, 3), (0.2, 0.1), (0.3, 0.4)),
    ),
    (
        "T-07",
        "视觉检测机",
        "VI",
        texts.VISION,
        "HC-VI30 HC-VI50 HC-LI06 HC-CG12 HC-XR05",
        ((9, 4), (5, 22), (1, 1), (2, 3)),
    ),
    (
        "T-08",
        "视觉工位",
        "VI",
        texts.STATION,
        "HC-AO10 HC-3D20 HC-OC08 HC-CB10 HC-SR04",
        ((3, 1.5), (1, 7), (0.3, 0.2), (0.5, 0.6)),
    ),
    (
        "T-09",
        "医疗包装主机",
        "MP",
        texts.MEDICAL,
        "HC-BL24 HC-CT18 HC-SY30 HC-FL16",
        ((18, 8), (12, 40), (2, 1), (8, 9)),
    ),
    (
        "T-10",
        "医疗包装单机",
        "MP",
        texts.PACKER,
        "HC-SF10 HC-LB12 HC-CP08 HC-TY06 HC-SE04 HC-TT10",
        ((5, 2), (1, 9), (0.5, 0.3), (1, 1.5)),
    ),
    (
        "T-11",
        "备件供应",
        "SV",
        texts.SPARES,
        "HC-SP21 HC-BC03 FKM-62X3 OIL-V100 BLT-T5 CYL-32",
        ((0.1, 0), (0, 0.02), (0, 0), (0, 0)),
    ),
    (
        "T-12",
        "现场服务",
        "SV",
        texts.SERVICE,
        "SVC-INST SVC-TRN SVC-MNT SVC-UPG",
        ((0.2, 0.1), (0, 0), (0, 0), (0.1, 0)),
    ),
)
GOALS: Final = {
    "SV": "按约定日期到货或到场，一次办完。",
    "MP": "按期交付，验证文件一次通过客户质量部门审核。",
}
USUAL_GOAL: Final = "按承诺日期发运，FAT 一次通过；成本不超预算；安全零事故。"
STANDARDS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "LI": (
        ("节拍达到技术协议", "FAT 连续 4 h 计时"),
        ("氦检漏率 ≤ 1×10⁻⁶ Pa·m³/s", "氦质谱检漏"),
        ("72 h 连续运行无故障停机", "试运行记录"),
    ),
    "VI": (
        ("误判率 ≤ 0.5%，漏检率 0", "1000 件样件"),
        ("GR&R ≤ 10%", "3 人 × 10 件 × 3 次"),
        ("节拍达到技术协议", "FAT 计时"),
    ),
    "AS": (
        ("节拍达到技术协议", "FAT 计时"),
        ("关键尺寸 CpK ≥ 1.67", "32 件过程能力"),
        ("换型时间 ≤ 15 min", "现场演示"),
    ),
    "LG": (
        ("输送能力达到技术协议", "FAT 满载 2 h"),
        ("运行噪声 ≤ 75 dB(A)", "声级计"),
        ("安全回路达到 PL d", "安全验证报告"),
    ),
    "MP": (
        ("URS 逐条符合", "DQ/IQ/OQ 文件"),
        ("接触件材质 316L，Ra ≤ 0.4 μm", "材质证明与粗糙度仪"),
        ("审计追踪符合法规", "功能验证"),
    ),
    "SV": (("型号、版本、数量与订单一致", "到货或服务签收单"),),
}
BUDGET_KINDS: Final = (
    ("labour", "设计、装配与调试工时"),
    ("material", "材料与外购件"),
    ("equipment", "机台使用"),
    ("outsourced", "外协加工"),
)
WAN: Final = 10_000
_ROW: Final = re.compile(r"(?P<indent> *)(?P<key>\w+): (?P<rest>.+)")


def build_templates() -> list[PlanTemplate]:
    """T-01 … T-12; every product calls for one."""
    planner = demo_user(Role.PLANNER)
    families = {family.code: family.pk for family in ProductFamily.objects.all()}
    products = dict(Product.objects.values_list("model", "pk"))
    return [
        create_template(
            actor=planner,
            document={
                "code": code,
                "name": name,
                "family": families[family],
                "products": [products[model] for model in models.split()],
                "goals": GOALS.get(family, USUAL_GOAL),
                "tasks": list(_tasks(text)),
                "budget": [
                    {
                        "kind": kind,
                        "name": label,
                        "amount": f"{fixed * WAN:.0f}",
                        "amount_per_unit": f"{each * WAN:.0f}",
                    }
                    for (kind, label), (fixed, each) in zip(BUDGET_KINDS, budget, strict=True)
                    if fixed or each
                ],
                "standards": [{"criterion": what, "method": how} for what, how in STANDARDS[family]],
            },
        )
        for code, name, family, text, models, budget in TEMPLATES
    ]


def draft_next_edition() -> None:
    """Somebody works on the next edition of the inspection machines: their design takes longer than was thought."""
    template = PlanTemplate.objects.get(code="T-07")
    document = document_of(rows_of([template])[template.pk], vocabulary())
    longest = max((one for one in document["tasks"] if not one["is_summary"] and one["duration"].isdecimal()),
                  key=lambda one: int(one["duration"]))  # fmt: skip
    longest["duration"] = str(int(longest["duration"]) + 3)
    head = {"code": template.code, "name": template.name, "family": template.family_id}
    save_draft(
        actor=demo_user(Role.PLANNER),
        template_id=template.pk,
        document={**head, **document, "products": list(template.product_links.values_list("product_id", flat=True))},
        expected_version=None,
    )


def _tasks(text: str) -> Iterator[dict[str, Any]]:
    """Rows of a document; keys become WBS numbers, skills stay codes."""
    rows = [_ROW.fullmatch(line.rstrip()) for line in text.strip().splitlines()]
    found = [
        (len(row["indent"]) // 2, row["key"], [cell.strip() for cell in row["rest"].split("|")]) for row in rows if row
    ]
    wbs = {key: place.wbs for (_, key, _), place in zip(found, outline([level for level, _, _ in found]), strict=True)}
    for level, _, cells in found:
        name, days, needs, after = (cells + [""] * 3)[:4]
        fixed, _, each = days.removesuffix("e").partition("+")
        on_the_clock = "e" if days.endswith("e") else ""
        yield {
            "level": level,
            "name": name.rstrip("*!"),
            "duration": f"{fixed}{on_the_clock}",
            "duration_per_unit": f"{each}{on_the_clock}" if each else "",
            "is_milestone": name.endswith("*"),
            "is_delivery": name.endswith("!"),
            "needs": needs,
            "after": re.sub(r"(^|, )(\w+)", lambda hit: f"{hit[1]}{wbs[hit[2]]}", after),
        }
