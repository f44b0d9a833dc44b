"""Reader of network JSON: activities with distributions, links, risks, correlations, resources and demands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from punctual.engine.formats.strict_json import load_json
from punctual.engine.formats.text_file import read_bytes
from punctual.engine.simulate import Activity, Correlation, Distribution, Kind, Risk, StochasticNetwork
from punctual.engine.simulate.model import PARAMETERS
from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_

_DEFAULTS = {"lambda": 4.0}
_SECTIONS = ("activities", "links", "risks", "correlations", "resources", "demands")


def read_network(path: Path) -> StochasticNetwork:
    """The network in a JSON file (UTF-8). Raises a Refusal that says what is wrong where."""
    return parse_network(read_bytes(path))


def parse_network(content: bytes) -> StochasticNetwork:
    """The network in the bytes of a JSON document. What the numbers mean is judged by ``simulate``, not here."""
    return _Reader().network(load_json(content))


class _Reader:
    """Walks the document and gathers every reason before it refuses."""

    def __init__(self) -> None:
        self._reasons: list[Reason] = []

    def network(self, data: Any) -> StochasticNetwork:
        if not isinstance(data, Mapping):
            raise Refusal(Reason("network.not_an_object", N_("the document must be an object with activities")))
        for name in data:
            if name not in _SECTIONS:
                self._note(
                    name, N_("%(field)s is not a part of a network; there are %(known)s"), known=", ".join(_SECTIONS)
                )
        demands = self._demands(data)
        activities = [
            self._activity(entry, f"activities[{k}]", demands) for k, entry in enumerate(self._list(data, "activities"))
        ]
        known = {activity.id for activity in activities}
        for name in demands:
            if name not in known:
                self._note(f"demands.{name}", N_("%(field)s: there is no such activity"))
        network = StochasticNetwork(
            activities=activities,
            links=[self._pair(entry, f"links[{k}]") for k, entry in enumerate(self._list(data, "links"))],
            risks=[self._risk(entry, f"risks[{k}]") for k, entry in enumerate(self._list(data, "risks"))],
            correlations=[
                self._correlation(entry, f"correlations[{k}]")
                for k, entry in enumerate(self._list(data, "correlations"))
            ],
            capacities={
                name: self._number(self._object(entry, f"resources.{name}"), "capacity", f"resources.{name}")
                for name, entry in self._object(data.get("resources", {}), "resources").items()
            },
        )
        refuse_if(self._reasons)
        return network

    def _demands(self, data: Mapping[str, Any]) -> dict[str, dict[str, float]]:
        return {
            name: {
                resource: self._number(entry, resource, f"demands.{name}")
                for resource in self._object(entry, f"demands.{name}")
            }
            for name, entry in self._object(data.get("demands", {}), "demands").items()
        }

    def _activity(self, entry: Any, field: str, demands: Mapping[str, Mapping[str, float]]) -> Activity:
        entry = self._object(entry, field)
        name = self._id(entry, field)
        return Activity(
            id=name,
            distribution=self._distribution(entry.get("distribution"), f"{field}.distribution"),
            demands=demands.get(name, {}),
            release=self._number(entry, "release", field) if "release" in entry else 0.0,
        )

    def _risk(self, entry: Any, field: str) -> Risk:
        entry = self._object(entry, field)
        names = entry.get("activities", [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            self._note(f"{field}.activities", N_("%(field)s must be a list of activity ids"))
            names = []
        return Risk(
            id=self._id(entry, field),
            probability=self._number(entry, "probability", field),
            activities=tuple(names),
            impact=self._distribution(entry.get("impact"), f"{field}.impact"),
        )

    def _correlation(self, entry: Any, field: str) -> Correlation:
        if isinstance(entry, list) and len(entry) == 3 and all(isinstance(name, str) for name in entry[:2]):
            return Correlation(entry[0], entry[1], self._plain(entry[2], f"{field}[2]"))
        self._note(field, N_("%(field)s must be two activity ids and a number"))
        return Correlation("", "", 0.0)

    def _pair(self, entry: Any, field: str) -> tuple[str, str]:
        if isinstance(entry, list) and len(entry) == 2 and all(isinstance(name, str) for name in entry):
            return entry[0], entry[1]
        self._note(field, N_("%(field)s must be two activity ids, predecessor and successor"))
        return "", ""

    def _distribution(self, entry: Any, field: str) -> Distribution:
        entry = self._object(entry, field)
        given = entry.get("kind")
        try:
            kind = Kind(given)
        except ValueError:
            known = ", ".join(Kind)
            self._note(
                f"{field}.kind", N_("%(field)s is %(given)s; there are %(known)s"), given=repr(given), known=known
            )
            return Distribution(Kind.FIXED, (0.0,))
        if kind is Kind.DISCRETE:
            return Distribution(kind, self._numbers(entry, "values", field), self._numbers(entry, "weights", field))
        numbers = tuple(
            _DEFAULTS[name] if name in _DEFAULTS and name not in entry else self._number(entry, name, field)
            for name in PARAMETERS[kind]
        )
        return Distribution(kind, numbers)

    def _numbers(self, entry: Mapping[str, Any], name: str, field: str) -> tuple[float, ...]:
        values = entry.get(name)
        if not isinstance(values, list):
            self._note(f"{field}.{name}", N_("%(field)s must be a list of numbers"))
            return ()
        return tuple(self._plain(value, f"{field}.{name}[{k}]") for k, value in enumerate(values))

    def _number(self, entry: Mapping[str, Any], name: str, field: str) -> float:
        if name not in entry:
            self._note(f"{field}.{name}", N_("%(field)s is missing"))
            return 0.0
        return self._plain(entry[name], f"{field}.{name}")

    def _plain(self, value: Any, field: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._note(field, N_("%(field)s must be a number, it is %(given)s"), given=repr(value)[:60])
            return 0.0
        try:
            return float(value)
        except OverflowError:
            self._note(field, N_("%(field)s is too large a number"))
            return 0.0

    def _id(self, entry: Mapping[str, Any], field: str) -> str:
        name = entry.get("id")
        if not isinstance(name, str) or not name.strip():
            self._note(f"{field}.id", N_("%(field)s must be a text that is not empty"))
            return f"?{field}"
        return name

    def _list(self, data: Mapping[str, Any], name: str) -> list[Any]:
        value = data.get(name, [])
        if isinstance(value, list):
            return value
        self._note(name, N_("%(field)s must be a list"))
        return []

    def _object(self, value: Any, field: str) -> Mapping[str, Any]:
        if isinstance(value, Mapping):
            return value
        self._note(field, N_("%(field)s must be an object"))
        return {}

    def _note(self, field: str, text: str, **params: object) -> None:
        self._reasons.append(Reason("network.malformed", text, {"field": field, **params}, field=field))
