"""Reader of earned value JSON: budget, planned duration and cumulative PV, EV, AC a period."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from punctual.engine.earned_value import Performance, PeriodInput
from punctual.engine.formats.strict_json import load_json
from punctual.engine.formats.text_file import read_bytes
from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_


def read_performance(path: Path) -> Performance:
    """The figures in a JSON file; ``planned_duration`` is the number of periods when it is missing."""
    return parse_performance(read_bytes(path))


def parse_performance(content: bytes) -> Performance:
    """The figures in the bytes of a JSON document. Raises a Refusal with every reason."""
    data = load_json(content)
    if not isinstance(data, Mapping) or not isinstance(data.get("periods"), list):
        raise Refusal(Reason("earned_value.malformed", N_("the document must be an object with bac and periods")))
    reasons: list[Reason] = []
    periods = [
        _period(entry, row, reasons) if isinstance(entry, Mapping) else _not_an_object(row, reasons)
        for row, entry in enumerate(data["periods"], 1)
    ]
    bac = _number(data.get("bac"), "bac", None, reasons)
    duration = _number(data.get("planned_duration", len(periods)), "planned_duration", None, reasons)
    refuse_if(reasons)
    return Performance(bac=bac or 0.0, planned_duration=duration or 0.0, periods=periods)


def _period(entry: Mapping[str, Any], row: int, reasons: list[Reason]) -> PeriodInput:
    values = {
        name: None if entry.get(name) is None else _number(entry[name], name, row, reasons) for name in ("ev", "ac")
    }
    return PeriodInput(pv=_number(entry.get("pv"), "pv", row, reasons) or 0.0, ev=values["ev"], ac=values["ac"])


def _not_an_object(row: int, reasons: list[Reason]) -> PeriodInput:
    reasons.append(Reason("earned_value.malformed", N_("a period must be an object with pv, ev and ac"), row=row))
    return PeriodInput(0.0, None, None)


def _number(value: Any, name: str, row: int | None, reasons: list[Reason]) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 1e300:
        return float(value)
    text = N_("%(name)s must be a number, it is %(given)s") if value is not None else N_("%(name)s is missing")
    params = {"name": name, "given": repr(value)[:60]} if value is not None else {"name": name}
    reasons.append(Reason("earned_value.not_a_number", text, params, field=name, row=row))
    return None
