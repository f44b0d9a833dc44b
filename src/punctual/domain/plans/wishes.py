"""What a command asks for, read out of untrusted JSON: each reader returns a good value or refuses with its field."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NoReturn

from punctual.domain.plans.models import Constraint, LagUnit, LinkType
from punctual.domain.plans.state import PlanState
from punctual.kernel.quantity import NotANumber, parse_decimal
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_

Wish = Mapping[str, Any]
LONGEST: Final = 10 * 366 * 24 * 60
"""Ten years in minutes: no task of an order is longer, a slip of the key is."""
FIRST_YEAR, LAST_YEAR = 2000, 2100


def refuse(code: str, text: str, field: str = "", /, **params: object) -> NoReturn:
    raise Refusal(Reason(code=f"plan.{code}", text=text, params=params, field=field))


def lies_with_others(label: str) -> Reason:
    """Why a summary takes no dates of its own."""
    text = N_("“%(task)s” lies where its tasks lie; change one of them.")
    return Reason("plan.summary", text, {"task": label}, "task")


def task_of(state: PlanState, wish: Wish, field: str = "task") -> int:
    """The id of an existing task."""
    value = wish.get(field)
    if isinstance(value, bool) or not isinstance(value, int) or value not in state.tasks:
        refuse("task_unknown", N_("This plan has no task %(value)s; it may have been deleted."), field, value=value)
    return value


def open_leaf(state: PlanState, wish: Wish, *, done_too: bool = False) -> int:
    """The id of an existing task without tasks of its own, and (but for ``done_too``) not done."""
    task_id = task_of(state, wish)
    if state.is_summary(task_id):
        raise Refusal(lies_with_others(state.label(task_id)))
    if state.tasks[task_id].actual_finish is not None and not done_too:
        refuse("task_done", N_("“%(task)s” is done; its dates are on record."), "task", task=state.label(task_id))
    return task_id


def tasks_of(state: PlanState, wish: Wish) -> list[int]:
    """One or more tasks, in the order of the outline; ``tasks`` or ``task``."""
    given = wish.get("tasks", [wish.get("task")])
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        refuse("tasks_missing", N_("Say which tasks."), "tasks")
    wanted = {task_of(state, {"tasks": one}, "tasks") for one in given}
    return [task_id for task_id in state.outline if task_id in wanted]


def row_of(rows: Mapping[int, object], wish: Wish, field: str, sentence: str) -> int:
    """The id of an existing row; ``sentence`` says that there is none."""
    value = wish.get(field)
    if isinstance(value, bool) or not isinstance(value, int) or value not in rows:
        refuse(f"{field}_unknown", sentence, field)
    return value


def amount(wish: Wish, field: str) -> Decimal:
    """Money: not negative, at most two decimals."""
    try:
        found = parse_decimal(wish.get(field, ""))
    except NotANumber:
        found = Decimal(-1)
    if found < 0 or found >= 10**15 or found != round(found, 2):
        refuse(
            "amount",
            N_("“%(value)s” is no amount of money; it is 0 or more, with at most two decimals."),
            field,
            value=wish.get(field),
        )
    return found


def whole(wish: Wish, field: str, *, least: int = 0, most: int = LONGEST, default: int | None = None) -> int:
    """A whole number between two bounds."""
    value = wish.get(field, default)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        refuse(
            "number",
            N_("“%(value)s” is not possible here; a whole number from %(least)s to %(most)s is."),
            field,
            value=value,
            least=least,
            most=most,
        )
    return value


def moment(wish: Wish, field: str, *, required: bool = True) -> dt.datetime | None:
    """A moment on the site's clock: ``2026-02-14T08:00:00`` or a day (its first minute)."""
    value = wish.get(field)
    if value in (None, "") and not required:
        return None
    try:
        found = dt.datetime.fromisoformat(str(value)).replace(second=0, microsecond=0)
    except ValueError:
        refuse("moment", N_("“%(value)s” is no date; write it as 2026-02-14 or 2026-02-14T08:00."), field, value=value)
    if found.tzinfo is not None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        refuse(
            "moment_range",
            N_("%(value)s can't be used; it needs a year from %(first)s to %(last)s and no time zone."),
            field,
            value=value,
            first=FIRST_YEAR,
            last=LAST_YEAR,
        )
    return found


def day(wish: Wish, field: str, *, required: bool = True) -> dt.date | None:
    found = moment(wish, field, required=required)
    return found.date() if found else None


def line(wish: Wish, field: str, *, most: int = 120, required: bool = True) -> str:
    """One line of text."""
    value = " ".join(str(wish.get(field) or "").split())
    if required and not value:
        refuse("text_missing", N_("A name is needed."), field)
    if len(value) > most:
        refuse(
            "text_long",
            N_("This is too long: %(length)s characters, at most %(most)s."),
            field,
            length=len(value),
            most=most,
        )
    return value


def text(wish: Wish, field: str, *, most: int = 4000) -> str:
    value = str(wish.get(field) or "").strip()
    if len(value) > most:
        refuse(
            "text_long",
            N_("This is too long: %(length)s characters, at most %(most)s."),
            field,
            length=len(value),
            most=most,
        )
    return value


def choice(wish: Wish, field: str, allowed: Sequence[str], default: str | None = None) -> str:
    value = wish.get(field, default)
    if value not in allowed:
        refuse(
            "choice",
            N_("“%(value)s” is not possible here; one of %(allowed)s is."),
            field,
            value=value,
            allowed=", ".join(allowed),
        )
    return str(value)


def link_type(wish: Wish, default: str = "FS") -> str:
    return choice(wish, "type", LinkType.values, default)


def lag(wish: Wish, *, unit: str = "working", amount: int = 0) -> tuple[int, str]:
    """The lag and what it counts; percent from −100 to 1000."""
    unit = choice(wish, "lag_unit", LagUnit.values, unit)
    if unit == "percent":
        return whole(wish, "lag", least=-100, most=1000, default=amount), unit
    return whole(wish, "lag", least=-LONGEST, default=amount), unit


def constraint(wish: Wish) -> str:
    return choice(wish, "constraint", Constraint.values)
