"""People, equipment and outsourced services in sheets: one row each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from punctual.domain.calendars.models import WorkingCalendar
from punctual.domain.calendars.selectors import calendars, company_calendar
from punctual.domain.parties.selectors import suppliers
from punctual.domain.resources.models import Resource
from punctual.domain.resources.rules import ResourceFacts
from punctual.domain.resources.selectors import resource_facts, resources, skills
from punctual.domain.resources.services import change_resource, create_resource
from punctual.flows.master_import.columns import ImportColumn, MasterImport, Outcome, Shape, Values, unknown
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import Listed
from punctual.platform.accounts.services import people

KINDS: Final = {
    "person": ("person", "人员", "人", "员工"),
    "equipment": ("equipment", "设备", "machine"),
    "outsourced": ("outsourced", "outsourced service", "外协", "委外"),
}


def _save(actor: User, values: Values, today: dt.date) -> Outcome:
    given = _given(actor, values)
    found = resources(actor, archived=True).filter(code__iexact=values["code"]).first()
    if found is None:
        given.setdefault("calendar_id", company_calendar().pk)
        create_resource(actor=actor, facts=ResourceFacts(**{"kind": "person", "name": "", **given}))
        return Outcome.CREATED
    facts = replace(resource_facts(found), **{**given, "code": found.code})
    after = change_resource(actor=actor, resource_id=found.pk, facts=facts, expected_version=None)
    return Outcome.CHANGED if after.version != found.version else Outcome.UNCHANGED


def _given(actor: User, values: Values) -> dict[str, Any]:
    """The row's facts with what it names by code or name looked up."""
    given = {name: values[name] for name in ("code", "name", "team", "units", "hourly_cost") if name in values}
    if "kind" in values:
        given["kind"] = _kind(values["kind"])
    if "calendar" in values:
        given["calendar_id"] = _calendar(actor, values["calendar"]).pk
    if "skills" in values:
        given["skill_ids"] = _skills(actor, values["skills"])
    if "user" in values:
        user = people(actor).filter(username__iexact=values["user"]).first()
        if user is None:
            raise unknown("user", N_("There is no sign-in “%(value)s”."), values["user"])
        given["user_id"] = user.pk
    if "supplier" in values:
        text = values["supplier"].lower()
        supplier = next(
            (
                item
                for item in suppliers(actor)
                if text in {item.code.lower(), item.name.lower(), item.short_name.lower()}
            ),
            None,
        )
        if supplier is None:
            raise unknown("supplier", N_("There is no supplier “%(value)s”."), values["supplier"])
        given["supplier_id"] = supplier.pk
    return given


def _kind(text: str) -> str:
    for kind, names in KINDS.items():
        if text.lower() in names:
            return kind
    raise unknown("kind", N_("“%(value)s” is no kind; there are person, equipment and outsourced service."), text)


def _calendar(actor: User, text: str) -> WorkingCalendar:
    for calendar in calendars(actor):
        if text.lower() in {calendar.code.lower(), calendar.name.lower()}:
            return calendar
    raise unknown("calendar", N_("There is no calendar “%(value)s”; use its code or name."), text)


def _skills(actor: User, wanted: list[str]) -> frozenset[int]:
    known = {text.lower(): skill.pk for skill in skills(actor) for text in (skill.code, skill.name)}
    missing = [text for text in wanted if text.lower() not in known]
    if missing:
        raise unknown(
            "skills", N_("There is no skill “%(value)s”; make it first, or use its code or name."), missing[0]
        )
    return frozenset(known[text.lower()] for text in wanted)


def _records(found: Resource) -> Iterable[Values]:
    yield {
        "code": found.code,
        "name": found.name,
        "kind": found.kind,
        "team": found.team,
        "skills": str(Listed(skill.name for skill in found.skills.all())),
        "calendar": found.calendar.code,
        "units": found.units,
        "hourly_cost": found.hourly_cost,
        "user": found.user.username if found.user else None,
        "supplier": found.supplier.code if found.supplier else None,
    }


RESOURCES = MasterImport(
    name="resources",
    label=N_("Resources"),
    permission="resources.change",
    key=("code",),
    columns=(
        ImportColumn("code", N_("Code"), ("资源编号", "工号", "设备编号", "编码", "代码"), required=True),
        ImportColumn("name", N_("Name"), ("姓名", "资源", "资源名称", "设备名称")),
        ImportColumn("kind", N_("Kind"), ("类型", "资源类别", "type")),
        ImportColumn("team", N_("Team"), ("部门", "工作组", "department")),
        ImportColumn("skills", N_("Skills"), ("工种", "能力"), Shape.LIST),
        ImportColumn("calendar", N_("Calendar"), ("日历",)),
        ImportColumn("units", N_("Units"), ("并行数", "台数", "capacity"), Shape.WHOLE),
        ImportColumn(
            "hourly_cost",
            N_("Cost per hour"),
            ("小时成本", "工时费率", "rate", "hourly cost"),
            Shape.NUMBER,
            permission="resources.see_cost",
        ),
        ImportColumn("user", N_("Sign-in name"), ("用户名", "user name", "username")),
        ImportColumn("supplier", N_("Supplier"), ("供应商编号", "外协厂商")),
    ),
    save=_save,
    records=_records,
)
