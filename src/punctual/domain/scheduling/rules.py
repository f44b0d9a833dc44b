"""What may be promised, who may be absent when, what settings are possible: pure, every reason at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_

LONGEST_ABSENCE: Final = 366
LONGEST_TEXT: Final = 400
GRADES: Final = ("A", "B", "C")


@dataclass(frozen=True, slots=True)
class PromiseLimits:
    """``floor``: below it a promise is an exception; ``wanted``: what a promise to this customer should have."""

    floor: int
    wanted: int


def reasons_against_promise(
    *,
    date: dt.date,
    today: dt.date,
    percent: int | None,
    limits: PromiseLimits,
    earliest: dt.date | None,
    exception_reason: str,
    may_except: bool,
) -> list[Reason]:
    """A date that is past is refused; one below the floor unless somebody who may says why."""
    if date < today:
        text = N_("%(date)s has passed; promise today or a later day.")
        return [Reason("promise.past", text, {"date": date.isoformat()}, field="date")]
    reasons = _too_long(exception_reason, "exception_reason")
    if percent is None or percent >= limits.floor:
        return reasons
    if exception_reason.strip() and may_except:
        return reasons
    params = {
        "date": date.isoformat(),
        "percent": percent,
        "floor": limits.floor,
        "earliest": earliest.isoformat() if earliest else "—",
    }
    if exception_reason.strip():
        text = N_(
            "%(date)s holds with %(percent)d %%, below the %(floor)d %% floor. Earliest: %(earliest)s. Only an order"
            " manager or manager may promise it as an exception."
        )
        return [*reasons, Reason("promise.below_floor_forbidden", text, params, field="date")]
    text = N_(
        "%(date)s holds with %(percent)d %%, below the %(floor)d %% floor. Earliest: %(earliest)s, or give a reason for"
        " an exception."
    )
    return [*reasons, Reason("promise.below_floor", text, params, field="date")]


def _too_long(text: str, field: str, most: int = LONGEST_TEXT) -> list[Reason]:
    if len(text) <= most:
        return []
    words = N_("The text has %(length)d characters; at most %(most)d fit.")
    return [Reason(f"promise.{field}", words, {"length": len(text), "most": most}, field=field)]


def reasons_against_absence(
    *, kind: str, kinds: tuple[str, ...], first: dt.date, last: dt.date, note: str
) -> list[Reason]:
    reasons = []
    if kind not in kinds:
        reasons.append(Reason("absence.kind", N_("Choose what kind of absence it is."), field="kind"))
    if last < first:
        text = N_("The last day (%(last)s) is before the first (%(first)s).")
        params = {"first": first.isoformat(), "last": last.isoformat()}
        reasons.append(Reason("absence.order", text, params, field="last"))
    elif (last - first).days > LONGEST_ABSENCE:
        text = N_("An absence lasts at most %(most)d days; archive the resource when it does not come back.")
        reasons.append(Reason("absence.long", text, {"most": LONGEST_ABSENCE}, field="last"))
    return reasons + _too_long(note, "note", 200)


def reasons_against_settings(
    *, numbers: Mapping[str, tuple[int, int, int]], confidence: Mapping[str, int]
) -> list[Reason]:
    """``numbers``: field → (value, least, most)."""
    reasons = [
        Reason(
            f"scheduling.{field}",
            N_("Choose a value from %(least)d to %(most)d."),
            {"least": least, "most": most},
            field=field,
        )
        for field, (value, least, most) in numbers.items()
        if not least <= value <= most
    ]
    for grade in GRADES:
        if not 1 <= confidence.get(grade, 0) <= 99:
            text = N_("Grade %(grade)s: choose a percentage from 1 to 99.")
            reasons.append(Reason("scheduling.confidence", text, {"grade": grade}, field=f"confidence_{grade}"))
    return reasons


def reasons_against_reason(
    *, channel: str, channels: tuple[str, ...], cause: str, causes: tuple[str, ...], reason: str, later: bool
) -> list[Reason]:
    """How the customer heard it, and why it changed; a later date needs words."""
    reasons = _too_long(reason, "reason")
    if channel not in channels:
        reasons.append(Reason("promise.channel", N_("Choose how the customer heard the date."), field="channel"))
    if cause not in causes:
        reasons.append(Reason("promise.cause", N_("Choose why the date changes."), field="cause"))
    if later and not reason.strip():
        reasons.append(Reason("promise.reason", N_("The date becomes later: say why."), field="reason"))
    return reasons


def reasons_against_extra(*, one: bool, units: int, first: dt.date, last: dt.date) -> list[Reason]:
    """More capacity belongs to a resource or a skill, for at least one unit and a while."""
    reasons = []
    if not one:
        reasons.append(Reason("extra.who", N_("Choose either a resource or a skill."), field="resource"))
    if not 1 <= units <= 100:
        reasons.append(Reason("extra.units", N_("Choose 1 to 100 units."), field="units"))
    if last < first:
        text = N_("The last day (%(last)s) is before the first (%(first)s).")
        params = {"first": first.isoformat(), "last": last.isoformat()}
        reasons.append(Reason("extra.order", text, params, field="last"))
    return reasons


def reasons_against_name(
    *, task: str, name: str, skill: str, has_skill: bool, is_done: bool, is_on_it: bool
) -> list[Reason]:
    """Who is named has the skill that is asked for, and is not on the task already."""
    words = {"task": task, "name": name, "skill": skill}
    reasons = []
    if is_done:
        reasons.append(Reason("name.done", N_("“%(task)s” is done; who did it is on record."), words))
    if not has_skill:
        text = N_("%(name)s does not have the skill “%(skill)s”. Choose somebody who has, or enter the skill first.")
        reasons.append(Reason("name.skill", text, words, field="resource"))
    if is_on_it:
        reasons.append(Reason("name.twice", N_("%(name)s is on “%(task)s” already."), words, field="resource"))
    return reasons
