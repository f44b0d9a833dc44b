"""A template as the editor and the API write it: rows with levels and cells of text; read with every error in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from punctual.domain.plans.models import BudgetKind
from punctual.domain.plans.template_rows import Step, StepBudget, StepLink, TemplateRows
from punctual.domain.plans.template_text import (
    LinkText,
    Vocabulary,
    days_text,
    is_on_the_clock,
    link_text,
    needs_text,
    parse_days,
    parse_links,
    parse_needs,
)
from punctual.domain.resources.models import Resource, Skill
from punctual.kernel.quantity import NotANumber, parse_decimal, plain
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_

MOST_STEPS: Final = 500
Document = Mapping[str, Any]


@dataclass(frozen=True)
class Outlined:
    """Where a row stands: its WBS number, the index of its parent, whether it holds others."""

    wbs: str
    parent: int | None
    is_summary: bool


def vocabulary() -> Vocabulary:
    """Everything that can be needed, by name and code."""
    skills = list(Skill.objects.values_list("pk", "code", "name"))
    resources = list(Resource.objects.filter(archived_at=None).values_list("pk", "code", "name"))
    return Vocabulary(
        {word.casefold(): pk for pk, code, name in skills for word in (code, name)},
        {word.casefold(): pk for pk, code, name in resources for word in (code, name)},
        {pk: name for pk, _, name in skills},
        {pk: name for pk, _, name in resources},
    )


def outline(levels: Sequence[int]) -> list[Outlined]:
    """Places of rows by their levels; a row lies at most one level below the row above it."""
    counters: list[int] = []
    path: list[int] = []
    found: list[tuple[str, int | None]] = []
    for index, wish in enumerate(levels):
        level = max(0, min(wish, len(path)))
        del path[level:], counters[level + 1 :]
        if len(counters) == level:
            counters.append(0)
        counters[level] += 1
        found.append((".".join(map(str, counters)), path[-1] if path else None))
        path.append(index)
    parents = {parent for _, parent in found}
    return [Outlined(wbs, parent, index in parents) for index, (wbs, parent) in enumerate(found)]


def document_of(rows: TemplateRows, words: Vocabulary) -> dict[str, Any]:
    """The rows as a document."""
    index_of = {step.key: index for index, step in enumerate(rows.steps)}
    levels: list[int] = []
    for step in rows.steps:
        levels.append(0 if step.parent is None else levels[index_of[step.parent]] + 1)
    places = outline(levels)
    after: dict[int, list[str]] = {}
    for link in rows.links:
        wbs = places[index_of[link.predecessor]].wbs
        after.setdefault(link.successor, []).append(link_text(wbs, link.type, link.lag, link.lag_unit))
    return {
        "goals": rows.goals,
        "tasks": [
            {
                "id": step.key,
                "level": level,
                "wbs": place.wbs,
                "is_summary": place.is_summary,
                "name": step.name,
                "duration": days_text(step.duration, is_elapsed=step.is_elapsed),
                "duration_per_unit": days_text(step.duration_per_unit, is_elapsed=step.is_elapsed),
                "is_milestone": step.is_milestone,
                "is_delivery": step.is_delivery,
                "needs": needs_text(step.needs, words),
                "after": ", ".join(after.get(step.key, [])),
                "notes": step.notes,
            }
            for step, level, place in zip(rows.steps, levels, places, strict=True)
        ],
        "budget": [
            {
                "kind": line.kind,
                "name": line.name,
                "amount": plain(line.amount),
                "amount_per_unit": plain(line.amount_per_unit),
                "task": places[index_of[line.step]].wbs if line.step is not None else "",
            }
            for line in rows.budget
        ],
        "standards": [{"criterion": criterion, "method": method} for criterion, method in rows.standards],
    }


def read_document(document: Document, words: Vocabulary) -> TemplateRows:
    """The document's rows; keys of new steps are negative. Refused with every reason: ``row`` counts the tasks from 1,
    fields of budget and standards are named ``budget.amount`` and the like."""
    faults: list[Reason] = []
    tasks = [one for one in _list(document, "tasks") if str(one.get("name") or "").strip()]
    if not tasks:
        faults.append(Reason("template.empty", N_("A template needs at least one task."), field="tasks"))
    if len(tasks) > MOST_STEPS:
        faults.append(
            Reason("template.long", N_("A template holds at most %(most)s tasks."), {"most": MOST_STEPS}, field="tasks")
        )
    places = outline([_level(one) for one in tasks])
    keys = _keys(tasks)
    steps = tuple(_step(index, one, keys, places, words, faults) for index, one in enumerate(tasks))
    links = tuple(_links(tasks, keys, places, faults))
    budget = tuple(_budget(document, keys, places, faults))
    standards = tuple(_standards(document))
    refuse_if(faults)
    return TemplateRows(str(document.get("goals") or "").strip(), steps, links, budget, standards, stored=False)


def _list(document: Document, name: str) -> list[Mapping[str, Any]]:
    given = document.get(name) or []
    return [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []


def _level(task: Mapping[str, Any]) -> int:
    value = task.get("level", 0)
    return value if isinstance(value, int) else 0


def _keys(tasks: Sequence[Mapping[str, Any]]) -> list[int]:
    """Ids of known steps stay; a new one, or one that is there twice, gets a negative number."""
    seen: set[int] = set()
    keys = []
    for index, task in enumerate(tasks):
        given = task.get("id")
        key = given if isinstance(given, int) and given > 0 and given not in seen else -1 - index
        seen.add(key)
        keys.append(key)
    return keys


def _step(
    index: int,
    task: Mapping[str, Any],
    keys: Sequence[int],
    places: Sequence[Outlined],
    words: Vocabulary,
    faults: list[Reason],
) -> Step:
    place = places[index]
    minutes = []
    cells = [str(task.get(field) or "") for field in ("duration", "duration_per_unit")]
    if len({is_on_the_clock(cell) for cell in cells if cell.strip(" 0")}) > 1:
        faults.append(
            Reason(
                "template.mixed_days",
                N_("Fixed and per-unit duration are either both working days or both days on the clock (20e)."),
                field="duration_per_unit",
                row=index + 1,
            )
        )
    for field, cell in zip(("duration", "duration_per_unit"), cells, strict=True):
        found = parse_days(cell, field)
        if isinstance(found, Reason):
            faults.append(found.at(row=index + 1))
        minutes.append(found if isinstance(found, int) else 0)
    milestone = bool(task.get("is_milestone")) and not place.is_summary
    if not place.is_summary and not milestone and not any(minutes) and not faults:
        faults.append(
            Reason(
                "template.no_duration",
                N_("“%(task)s” takes no time; give it a duration or make it a milestone."),
                {"task": str(task["name"])},
                field="duration",
                row=index + 1,
            )
        )
    needs = []
    for need in parse_needs(str(task.get("needs") or ""), words):
        if isinstance(need, Reason):
            faults.append(need.at(row=index + 1))
        else:
            needs.append(need)
    return Step(
        key=keys[index],
        parent=None if place.parent is None else keys[place.parent],
        name=" ".join(str(task["name"]).split())[:120],
        duration=0 if place.is_summary or milestone else minutes[0],
        duration_per_unit=0 if place.is_summary or milestone else minutes[1],
        is_elapsed=any(map(is_on_the_clock, cells)) and not place.is_summary,
        is_milestone=milestone,
        is_delivery=bool(task.get("is_delivery")) and not place.is_summary,
        notes=str(task.get("notes") or "").strip()[:4000],
        needs=() if place.is_summary else tuple(needs),
    )


def _links(
    tasks: Sequence[Mapping[str, Any]], keys: Sequence[int], places: Sequence[Outlined], faults: list[Reason]
) -> list[StepLink]:
    index_of = {place.wbs: index for index, place in enumerate(places)}
    links: dict[tuple[int, int], StepLink] = {}
    for index, task in enumerate(tasks):
        for found in parse_links(str(task.get("after") or "")):
            reason = found if isinstance(found, Reason) else _against(found, index, index_of, places)
            if reason is not None:
                faults.append(reason.at(row=index + 1))
            elif isinstance(found, LinkText):
                pair = keys[index_of[found.wbs]], keys[index]
                links[pair] = StepLink(*pair, found.type, found.lag, found.lag_unit)
    return list(links.values())


def _against(found: LinkText, index: int, index_of: Mapping[str, int], places: Sequence[Outlined]) -> Reason | None:
    if found.wbs not in index_of:
        return Reason(
            "template.link_row", N_("There is no row %(wbs)s to wait for."), {"wbs": found.wbs}, field="after"
        )
    other = index_of[found.wbs]
    if other in (index, *_above(index, places)) or index in _above(other, places):
        return Reason("template.link_self", N_("A row can't wait for itself or for the group it is in."), field="after")
    return None


def _above(index: int, places: Sequence[Outlined]) -> list[int]:
    found = []
    parent = places[index].parent
    while parent is not None:
        found.append(parent)
        parent = places[parent].parent
    return found


def _budget(
    document: Document, keys: Sequence[int], places: Sequence[Outlined], faults: list[Reason]
) -> list[StepBudget]:
    index_of = {place.wbs: index for index, place in enumerate(places)}
    lines = []
    for row, one in enumerate(_list(document, "budget"), start=1):
        amounts = []
        for field in ("amount", "amount_per_unit"):
            try:
                value = parse_decimal(str(one.get(field) or "0"), places=2)
            except NotANumber:
                value = Decimal(-1)
            if value < 0:
                faults.append(
                    Reason(
                        "template.amount",
                        N_("“%(value)s” is no amount of money; it is 0 or more."),
                        {"value": str(one.get(field))},
                        field=f"budget.{field}",
                        row=row,
                    )
                )
            amounts.append(value)
        kind = str(one.get("kind") or "")
        if kind not in BudgetKind.values:
            faults.append(
                Reason("template.budget_kind", N_("Choose what kind of cost this is."), field="budget.kind", row=row)
            )
        wbs = str(one.get("task") or "").strip()
        if wbs and wbs not in index_of:
            reason = Reason("template.budget_row", N_("There is no row %(wbs)s."), {"wbs": wbs}, "budget.task", row)
            faults.append(reason)
        if any(amounts):
            step = keys[index_of[wbs]] if wbs in index_of else None
            lines.append(StepBudget(kind, str(one.get("name") or "").strip()[:120], amounts[0], amounts[1], step))
    return lines


def _standards(document: Document) -> list[tuple[str, str]]:
    rows = [
        (str(one.get("criterion") or "").strip(), str(one.get("method") or "").strip())
        for one in _list(document, "standards")
    ]
    return [(criterion[:200], method[:200]) for criterion, method in rows if criterion]
