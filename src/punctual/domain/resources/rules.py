"""What a skill and a resource must be: pure checks that return every reason."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from punctual.kernel.checks import Checker
from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_

KINDS: Final = ("person", "equipment", "outsourced")
MOST_UNITS: Final = 999
DEAREST_HOUR: Final = Decimal("9999999")


@dataclass(frozen=True, slots=True)
class SkillFacts:
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class ResourceFacts:
    """What a person tells of a resource. ``hourly_cost`` None keeps what stands there (0 for a new one).

    ``units``: tasks served at once. ``user_id`` belongs to a person, ``supplier_id`` to an outsourced service.
    """

    kind: str
    code: str
    name: str
    calendar_id: int
    team: str = ""
    skill_ids: frozenset[int] = frozenset()
    units: int = 1
    hourly_cost: Decimal | None = None
    user_id: int | None = None
    supplier_id: int | None = None


def reasons_against_skill(facts: SkillFacts) -> list[Reason]:
    check = Checker("skill")
    check.code("code", N_("Code"), facts.code, longest=20)
    check.text("name", N_("Name"), facts.name, longest=80, required=True)
    return check.reasons


def reasons_against_resource(facts: ResourceFacts) -> list[Reason]:
    check = Checker("resource")
    check.one_of("kind", N_("Kind"), facts.kind, KINDS)
    check.code("code", N_("Code"), facts.code, longest=20)
    check.text("name", N_("Name"), facts.name, longest=80, required=True)
    check.text("team", N_("Team"), facts.team, longest=80)
    check.whole("units", N_("Units"), facts.units, least=1, most=MOST_UNITS)
    if facts.hourly_cost is not None:
        check.number("hourly_cost", N_("Cost per hour"), facts.hourly_cost, most=DEAREST_HOUR, places=2)
    if facts.kind == "person" and facts.units > 1:
        check.add("units", "person", N_("A person is one; enter further people as resources of their own."))
    if facts.user_id is not None and facts.kind != "person":
        check.add("user", "kind", N_("Only a person has a sign-in."))
    if facts.supplier_id is not None and facts.kind != "outsourced":
        check.add("supplier", "kind", N_("Only an outsourced service has a supplier."))
    if facts.supplier_id is None and facts.kind == "outsourced":
        check.add("supplier", "missing", N_("An outsourced service needs the supplier who does it."))
    return check.reasons
