"""The company and its people: nine who sign in, one a role, and the colleagues who are named in the work."""

from __future__ import annotations

from typing import Final

from django.contrib.auth.hashers import make_password
from pypinyin import lazy_pinyin

from punctual.platform.accounts.demo import DEMO_NAMES, DEMO_PASSWORD
from punctual.platform.accounts.models import Role, User
from punctual.platform.company.services import company

SIGN_INS: Final = {
    Role.ADMINISTRATOR: ("方宁", "信息部"),
    Role.ORDER_MANAGER: ("林晓岚", "项目部"),
    Role.SALES: ("王建国", "销售部"),
    Role.SUPPLY_CHAIN: ("刘芳", "采购"),
    Role.PLANNER: ("陈思远", "项目部"),
    Role.QUALITY: ("孙倩", "质检"),
    Role.FINANCE: ("吴敏", "财务部"),
    Role.WORKER: ("郭涛", "调试"),
    Role.MANAGER: ("周启明", "总经办"),
}

TEAMS: Final = {
    "项目部": (("林晓岚", "PM"), ("陈思远", "PM")),
    "机械设计": (("张伟", "MD"), ("李思琪", "MD"), ("黄志强", "MD VAC"), ("徐静", "MD"), ("马超", "MD SHT")),
    "电气设计": (("胡斌", "ED"), ("朱丽华", "ED"), ("高翔", "ED ROB"), ("罗婷", "ED")),
    "软件": (("何俊", "SW COM"), ("梁晨", "SW VIS"), ("宋雨桐", "SW VIS"), ("唐毅", "SW ROB")),
    "采购": (("刘芳", "PUR"), ("许文", "PUR"), ("邓洁", "PUR")),
    "机加工": (
        ("韩立军", "CNC"),
        ("冯国栋", "CNC"),
        ("曹阳", "CNC AX5"),
        ("彭勇", "CNC AX5"),
        ("曾庆", "GRD"),
        ("肖建军", "EDM"),
    ),
    "钣金": (("田野", "SHT"), ("董海", "SHT WLD"), ("袁波", "WLD")),
    "钳工装配": (
        ("赵磊", "FIT VAC"),
        ("潘建华", "FIT VAC"),
        ("于洋", "FIT"),
        ("蒋大勇", "FIT"),
        ("蔡明", "FIT"),
        ("余刚", "FIT SITE"),
    ),
    "电气装配": (("杜鹏", "ELA"), ("叶青", "ELA"), ("程浩", "ELA"), ("苏晴", "ELA SITE")),
    "调试": (("郭涛", "COM SITE"), ("魏然", "COM VIS"), ("吕东", "COM ROB")),
    "质检": (("孙倩", "QC"), ("丁一", "QC CMM"), ("任洁", "QC")),
    "现场服务": (("沈卫", "SITE TRN"), ("姚强", "SITE TRN")),
}
"""Team → (name, codes of the skills)."""

_OFFICE_ROLES: Final = {"采购": Role.SUPPLY_CHAIN, "质检": Role.QUALITY}


def username_of(name: str) -> str:
    """``hejun`` of 何俊."""
    return "".join(lazy_pinyin(name))


def build_people() -> None:
    """Sign-ins with the demo password; the others are known by name and cannot sign in."""
    found = company()
    found.name, found.is_demo = "华辰自动化", True
    found.save()
    password = make_password(DEMO_PASSWORD)
    users = [
        User(
            username=DEMO_NAMES[role],
            display_name=name,
            department=department,
            role=role,
            password=password,
            is_staff=role == Role.ADMINISTRATOR,
            email=f"{DEMO_NAMES[role]}@huachen.example",
            phone=f"0512-6288 03{11 + extension:02d}",
        )
        for extension, (role, (name, department)) in enumerate(SIGN_INS.items())
    ]
    known = {name for name, _ in SIGN_INS.values()}
    users += [
        User(
            username=username_of(name),
            display_name=name,
            department=team,
            role=_OFFICE_ROLES.get(team, Role.WORKER),
            password=make_password(None),
            email=f"{username_of(name)}@huachen.example",
        )
        for team, people in TEAMS.items()
        for name, _ in people
        if name not in known
    ]
    User.objects.bulk_create(users)


def demo_user(role: Role) -> User:
    """Who signs in with this role."""
    found: User = User.objects.get(username=DEMO_NAMES[role])
    return found
