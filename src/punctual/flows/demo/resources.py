"""Forty-five people, twenty-five machines and the suppliers who work for the company."""

from __future__ import annotations

from typing import Final

from punctual.domain.calendars.models import WorkingCalendar
from punctual.domain.parties.models import Supplier
from punctual.domain.resources.models import Resource, ResourceKind, Skill
from punctual.domain.resources.services import document_of
from punctual.flows.demo.parties import SUPPLIERS
from punctual.flows.demo.people import TEAMS, demo_user
from punctual.flows.demo.records import begin_stories, make_findable
from punctual.platform.accounts.models import Role, User

SKILLS: Final = {
    "PM": "项目管理",
    "MD": "机械设计",
    "ED": "电气设计",
    "SW": "软件编程",
    "PUR": "采购",
    "CNC": "数控加工",
    "AX5": "五轴加工",
    "GRD": "磨削",
    "EDM": "线切割",
    "SHT": "钣金",
    "WLD": "焊接",
    "FIT": "钳工装配",
    "VAC": "真空装配",
    "ELA": "电气装配",
    "COM": "调试",
    "VIS": "视觉调试",
    "ROB": "机器人编程",
    "QC": "检验",
    "CMM": "三坐标测量",
    "SITE": "现场安装",
    "TRN": "客户培训",
    "OUT-MC": "外协机加工",
    "OUT-HT": "外协热处理",
    "OUT-SF": "外协表面处理",
    "OUT-FR": "外协机架",
    "TRANS": "大件运输",
    "LSR": "激光切割",
    "BND": "折弯",
    "ASM": "装配工位",
    "TST": "调试台",
    "LEAK": "氦检漏",
    "CRN": "行车吊装",
}

TEAM_CALENDAR: Final = {"钳工装配": "ASM6", "电气装配": "ASM6", "机加工": "ASM6", "钣金": "ASM6"}
TEAM_COST: Final = {
    "项目部": 180,
    "机械设计": 160,
    "电气设计": 160,
    "软件": 170,
    "采购": 110,
    "机加工": 95,
    "钣金": 90,
    "钳工装配": 92,
    "电气装配": 88,
    "调试": 140,
    "质检": 105,
    "现场服务": 150,
}

# code, name, how many of them, skill, team, calendar, cost per hour
MACHINES: Final = (
    ("VMC", "立式加工中心", 4, "CNC", "机加工", "MC2", 120),
    ("AX5", "五轴加工中心", 2, "AX5", "机加工", "MC2", 260),
    ("LTH", "数控车床", 3, "CNC", "机加工", "MC2", 90),
    ("GRD", "平面磨床", 2, "GRD", "机加工", "ASM6", 80),
    ("EDM", "慢走丝线切割", 2, "EDM", "机加工", "MC2", 70),
    ("LSR", "激光切割机", 1, "LSR", "钣金", "ASM6", 180),
    ("BND", "数控折弯机", 1, "BND", "钣金", "ASM6", 85),
    ("WLD", "焊接工位", 2, "WLD", "钣金", "ASM6", 60),
    ("CMM", "三坐标测量机", 1, "CMM", "质检", "CO5", 130),
    ("HLD", "氦质谱检漏仪", 1, "LEAK", "质检", "CO5", 110),
    ("CRN", "行车", 2, "CRN", "钳工装配", "ASM6", 40),
    ("ASM", "装配工位", 3, "ASM", "钳工装配", "ASM6", 20),
    ("TST", "联机调试台", 1, "TST", "调试", "CO5", 30),
)
OUTSOURCED: Final = {
    "腾飞机加": ("OUT-MC", 4, 110),
    "宏达热处理": ("OUT-HT", 6, 60),
    "亮面表面": ("OUT-SF", 6, 55),
    "彩固喷涂": ("OUT-SF", 4, 50),
    "固架焊接": ("OUT-FR", 3, 85),
    "速达物流": ("TRANS", 5, 200),
}
"""Supplier → (skill, how many jobs it takes at once, cost per hour)."""


def build_resources() -> None:
    """P01 … P45, the machines, W01 … W06, each with its calendar, skills and cost."""
    skills = {
        skill.code: skill
        for skill in Skill.objects.bulk_create(Skill(code=code, name=name) for code, name in SKILLS.items())
    }
    calendars = {calendar.code: calendar for calendar in WorkingCalendar.objects.all()}
    rows = [*_people(calendars), *_machines(calendars), *_outsourced(calendars)]
    made = Resource.objects.bulk_create([resource for resource, _ in rows])
    Resource.skills.through.objects.bulk_create(
        Resource.skills.through(resource_id=resource.pk, skill_id=skills[code].pk)
        for resource, codes in rows
        for code in codes.split()
    )
    begin_stories(made, demo_user(Role.PLANNER))
    make_findable(made, document_of)


def _people(calendars: dict[str, WorkingCalendar]) -> list[tuple[Resource, str]]:
    users = {user.display_name: user for user in User.objects.all()}
    people = [(team, name, codes) for team, members in TEAMS.items() for name, codes in members]
    return [
        (
            Resource(
                kind=ResourceKind.PERSON,
                code=f"P{number:02d}",
                name=name,
                team=team,
                calendar=calendars[TEAM_CALENDAR.get(team, "CO5")],
                hourly_cost=TEAM_COST[team],
                user=users[name],
            ),
            codes,
        )
        for number, (team, name, codes) in enumerate(people, start=1)
    ]


def _machines(calendars: dict[str, WorkingCalendar]) -> list[tuple[Resource, str]]:
    return [
        (
            Resource(
                kind=ResourceKind.EQUIPMENT,
                code=f"{code}-{number}",
                name=f"{name} {number}#" if count > 1 else name,
                team=team,
                calendar=calendars[calendar],
                hourly_cost=cost,
            ),
            skill,
        )
        for code, name, count, skill, team, calendar, cost in MACHINES
        for number in range(1, count + 1)
    ]


def _outsourced(calendars: dict[str, WorkingCalendar]) -> list[tuple[Resource, str]]:
    does = {short_name: what for short_name, _, what, _, _, works_for_us in SUPPLIERS if works_for_us}
    suppliers = {supplier.short_name: supplier for supplier in Supplier.objects.all()}
    return [
        (
            Resource(
                kind=ResourceKind.OUTSOURCED,
                code=f"W{number:02d}",
                name=f"{short_name} {does[short_name]}",
                team="外协",
                calendar=calendars["CO5"],
                units=units,
                hourly_cost=cost,
                supplier=suppliers[short_name],
            ),
            skill,
        )
        for number, (short_name, (skill, units, cost)) in enumerate(OUTSOURCED.items(), start=1)
    ]
