"""From a network to the arrays that the kernels take.

Activities are put into one canonical order (topological, equals by id) and their random streams are keyed by seed and
id. So the order in which a file lists things changes nothing, and an activity keeps its luck when others come or go.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from punctual.engine.simulate import correlation
from punctual.engine.simulate.model import Activity, Distribution, Kind, StochasticNetwork

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Rows = tuple[Integers, Integers]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A network as arrays, activities in canonical order; the tuples are the kernels' arguments of the same names."""

    names: tuple[str, ...]
    risk_names: tuple[str, ...]
    links: tuple[Integers, Integers, Integers, Integers]
    releases: Floats
    activities: tuple[Integers, Floats, NDArray[np.uint64], Integers]
    risk_links: Rows
    risks: tuple[Integers, Floats, Floats, NDArray[np.uint64], NDArray[np.uint64]]
    groups: tuple[Integers, NDArray[np.uint64], Floats, Integers]
    tables: Floats
    by_level: NDArray[np.bool_]
    """Activities whose duration rises strictly with one uniform number: its level is the number itself."""
    varies: NDArray[np.bool_]
    demands: tuple[Integers, Integers, Floats]
    capacities: Floats
    room: int
    order: Integers
    """The order in which the serial scheme takes the activities."""

    @property
    def has_demands(self) -> bool:
        return len(self.demands[1]) > 0


class _Tables:
    """Numbers too many for a parameter row, each distinct part once: quantile tables, discrete values."""

    def __init__(self) -> None:
        self._parts: list[Floats] = []
        self._places: dict[tuple[object, ...], int] = {}
        self._length = 0

    def at(self, key: tuple[object, ...], make: Callable[[], Floats]) -> int:
        """Where the part of this key begins; it is made when it is new."""
        if key not in self._places:
            part = make()
            self._places[key] = self._length
            self._parts.append(part)
            self._length += len(part)
        return self._places[key]

    def joined(self) -> Floats:
        return np.concatenate(self._parts) if self._parts else np.zeros(0)


def prepare(network: StochasticNetwork, seed: int) -> Prepared:
    """The arrays of a network without problems (:func:`~punctual.engine.simulate.validation.network_problems`).

    Raises a Refusal when its correlations cannot be reached or contradict each other.
    """
    from punctual.engine.simulate import kernels

    listed = {activity.id: activity for activity in network.activities}
    links = sorted(set(network.links))
    ids = topological(listed, links, dict.fromkeys(listed, 0.0))
    place = {name: k for k, name in enumerate(ids)}
    activities = [listed[name] for name in ids]
    risks = sorted(network.risks, key=lambda risk: risk.id)
    tables = _Tables()
    kinds, parameters = _coded([activity.distribution for activity in activities], tables)
    risk_kinds, risk_parameters = _coded([risk.impact for risk in risks], tables)
    groups, score_rows = _grouped(network, place, kinds, parameters, tables, seed)
    risk_links = compressed(len(ids), [(place[name], k) for k, risk in enumerate(risks) for name in risk.activities])
    pairs = [(place[before], place[after]) for before, after in links]
    successors = compressed(len(ids), pairs)
    predecessors = compressed(len(ids), [(after, before) for before, after in pairs])
    resources = {name: k for k, name in enumerate(sorted(network.capacities))}
    demands = _demands(activities, resources)
    capacities = np.array([network.capacities[name] for name in resources], np.float64)
    room = 2 * int(np.bincount(demands[1], minlength=1).max()) + 2
    releases = np.array([activity.release for activity in activities], np.float64)
    rows = (*predecessors, *successors)
    varies, hit = kinds != kernels.FIXED, np.diff(risk_links[0]) > 0
    return Prepared(
        names=tuple(ids),
        risk_names=tuple(risk.id for risk in risks),
        links=rows,
        releases=releases,
        activities=(kinds, parameters, _keys(seed, "activity", ids), score_rows),
        risk_links=risk_links,
        risks=(
            risk_kinds,
            risk_parameters,
            np.array([risk.probability for risk in risks], np.float64),
            _keys(seed, "event", [risk.id for risk in risks]),
            _keys(seed, "impact", [risk.id for risk in risks]),
        ),
        groups=groups,
        tables=tables.joined(),
        by_level=varies & ~hit & (score_rows < 0) & _rising(kinds, parameters),
        varies=varies | hit,
        demands=demands,
        capacities=capacities,
        room=room,
        order=_in_planned_sequence(network, ids, pairs, (rows, releases, demands, capacities, room))
        if len(demands[1])
        else np.arange(len(ids)),
    )


def topological(
    ids: Mapping[str, object], links: Sequence[tuple[str, str]], priority: Mapping[str, float]
) -> list[str]:
    """All ids, each after its predecessors; among those that may come next the lowest priority, then the lowest id."""
    waiting = dict.fromkeys(ids, 0)
    successors: dict[str, list[str]] = {}
    for before, after in links:
        waiting[after] += 1
        successors.setdefault(before, []).append(after)
    ready = [(priority[name], name) for name, count in waiting.items() if count == 0]
    heapq.heapify(ready)
    result = []
    while ready:
        _, name = heapq.heappop(ready)
        result.append(name)
        for after in successors.get(name, ()):
            waiting[after] -= 1
            if waiting[after] == 0:
                heapq.heappush(ready, (priority[after], after))
    return result


def compressed(rows: int, entries: Sequence[tuple[int, int]]) -> Rows:
    """Compressed rows: ``(starts, values)`` so that row k holds ``values[starts[k]:starts[k + 1]]`` in rising order."""
    table = np.array(sorted(entries), np.int64).reshape(-1, 2)
    starts = np.zeros(rows + 1, np.int64)
    np.cumsum(np.bincount(table[:, 0], minlength=rows), out=starts[1:])
    return starts, np.ascontiguousarray(table[:, 1])


def _keys(seed: int, stream: str, ids: Sequence[str]) -> NDArray[np.uint64]:
    prefix = blake2b(f"{seed}\0{stream}\0".encode(), digest_size=8)
    keys = np.empty(len(ids), np.uint64)
    for k, name in enumerate(ids):
        digest = prefix.copy()
        digest.update(name.encode())
        keys[k] = int.from_bytes(digest.digest(), "little")
    return keys


def _coded(distributions: Sequence[Distribution], tables: _Tables) -> tuple[Integers, Floats]:
    """Kind and parameter row of each distribution as the kernels read them."""
    kinds = np.zeros(len(distributions), np.int64)
    parameters = np.zeros((len(distributions), 5))
    for k, distribution in enumerate(distributions):
        kinds[k], row = _code(distribution, tables)
        parameters[k, : len(row)] = row
    return kinds, parameters


def _code(distribution: Distribution, tables: _Tables) -> tuple[int, tuple[float, ...]]:
    from punctual.engine.simulate import kernels

    numbers = distribution.numbers
    if distribution.is_constant:
        return kernels.FIXED, (distribution.mean,)
    match distribution.kind:
        case Kind.UNIFORM:
            return kernels.UNIFORM, (numbers[0], numbers[1] - numbers[0])
        case Kind.TRIANGULAR:
            low, mode, high = numbers
            width = high - low
            return kernels.TRIANGULAR, (low, high, (mode - low) / width, width * (mode - low), width * (high - mode))
        case Kind.EXPONENTIAL:
            return kernels.EXPONENTIAL, numbers
        case Kind.NORMAL:
            place = tables.at((Kind.NORMAL,), lambda: _level_table(kernels.NORMAL))
            return kernels.NORMAL, (*numbers, place)
        case Kind.LOGNORMAL:
            spread = math.sqrt(math.log1p((numbers[1] / numbers[0]) ** 2))
            median = numbers[0] * math.exp(-(spread**2) / 2)
            place = tables.at((Kind.LOGNORMAL, spread), lambda: _level_table(kernels.LOGNORMAL, spread))
            return kernels.LOGNORMAL, (0.0, median, place, spread)
        case Kind.PERT:
            return kernels.PERT, _pert_row(numbers, tables)
        case _:
            pairs = sorted(pair for pair in zip(numbers, distribution.weights, strict=True) if pair[1] > 0)
            values, weights = (np.array(column, np.float64) for column in zip(*pairs, strict=True))
            part = np.concatenate([np.cumsum(weights) / weights.sum(), values])
            return kernels.DISCRETE, (tables.at((Kind.DISCRETE, *pairs), lambda: part), len(values))


def _pert_row(numbers: tuple[float, ...], tables: _Tables) -> tuple[float, ...]:
    from punctual.engine.simulate import kernels, pert

    low, mode, high, shape = numbers
    alpha = 1 + shape * ((mode - low) / (high - low))
    beta = 1 + shape * ((high - mode) / (high - low))

    def both() -> Floats:
        scores = np.empty(2 * pert.SCORE_NODES)
        pert.pert_table(alpha, beta, scores)
        return np.concatenate([scores, _level_table(kernels.PERT, 0, scores)])

    place = tables.at((Kind.PERT, alpha, beta), both)
    return low, high - low, place + 2 * pert.SCORE_NODES, place


def _level_table(kind: int, fourth: float = 0.0, scores: Floats | None = None) -> Floats:
    """The table of a standardised quantile over its level; ``fourth`` is the fourth number of its row."""
    from punctual.engine.simulate import kernels

    table = np.zeros(kernels.TABLE_SIZE)
    row = np.array([0.0, 1.0, 0.0, fourth, 0.0])
    kernels.level_table(kind, row, np.zeros(0) if scores is None else scores, table)
    return table


def _rising(kinds: Integers, parameters: Floats) -> NDArray[np.bool_]:
    """Which durations rise strictly with their level: not the discrete ones, nor a normal one that is cut at 0."""
    from punctual.engine.simulate import kernels

    is_cut = (kinds == kernels.NORMAL) & (parameters[:, 0] <= 6 * parameters[:, 1])
    rising: NDArray[np.bool_] = (kinds != kernels.DISCRETE) & ~is_cut
    return rising


def _grouped(
    network: StochasticNetwork,
    place: Mapping[str, int],
    kinds: Integers,
    parameters: Floats,
    tables: _Tables,
    seed: int,
) -> tuple[tuple[Integers, NDArray[np.uint64], Floats, Integers], Integers]:
    """The correlated groups as the kernels read them, and for each activity its row of scores or -1."""
    from punctual.engine.simulate import kernels

    pairs = [(place[c.first], place[c.second], c.value) for c in network.correlations]
    shapes: dict[int, Any] = {}
    flat = tables.joined()
    for member in sorted({member for first, second, _ in pairs for member in (first, second)}):
        values = np.empty(len(correlation.grid()))
        kernels.from_scores(kinds[member], parameters[member], flat, correlation.grid(), values)
        shapes[member] = correlation.coefficients(values)
    names = list(place)
    groups = correlation.groups(pairs, shapes, names)
    score_rows = np.full(len(place), -1, np.int64)
    members = [member for group in groups for member in group.members]
    score_rows[members] = np.arange(len(members))
    starts = np.cumsum([0, *(len(group.members) for group in groups)]).astype(np.int64)
    factor_starts = np.cumsum([0, *(group.factor.size for group in groups)]).astype(np.int64)
    factors = np.concatenate([np.zeros(0), *(group.factor.ravel() for group in groups)])
    return (starts, _keys(seed, "activity", [names[member] for member in members]), factors, factor_starts), score_rows


def _demands(activities: Sequence[Activity], resources: Mapping[str, int]) -> tuple[Integers, Integers, Floats]:
    entries = sorted(
        (k, resources[name], units)
        for k, activity in enumerate(activities)
        for name, units in activity.demands.items()
        if units > 0
    )
    starts, columns = compressed(len(activities), [(k, resource) for k, resource, _ in entries])
    return starts, columns, np.array([units for _, _, units in entries], np.float64)


def _in_planned_sequence(
    network: StochasticNetwork,
    ids: Sequence[str],
    pairs: Sequence[tuple[int, int]],
    arguments: tuple[tuple[Integers, ...], Floats, tuple[Integers, Integers, Floats], Floats, int],
) -> Integers:
    """Activities by their starts in the schedule at mean durations (impacts of risks by their expectation included).

    That schedule takes them by latest start (the largest tail of work first). The runs then keep its sequence, as a
    shop keeps its plan, and each new booking falls near the end of the profiles, where it is quick.
    """
    from punctual.engine.simulate import scheduling

    place = {name: k for k, name in enumerate(ids)}
    listed = {activity.id: activity for activity in network.activities}
    means = np.array([listed[name].distribution.mean for name in ids])
    for risk in network.risks:
        for name in risk.activities:
            means[place[name]] += risk.probability * risk.impact.mean
    latest = (-means).tolist()
    for before, after in sorted(pairs, reverse=True):
        latest[before] = min(latest[before], latest[after] - means[before])
    links = [(ids[before], ids[after]) for before, after in pairs]
    by_latest = [place[name] for name in topological(listed, links, dict(zip(ids, latest, strict=True)))]
    links_in_rows, releases, demands, capacities, room = arguments
    start, finish = np.empty(len(ids)), np.empty(len(ids))
    size = len(capacities)
    profiles = (np.empty((size, room)), np.empty((size, room)), np.empty(size, np.int64))
    limits = (links_in_rows, releases, demands, capacities)
    scheduling.schedule(np.array(by_latest), *limits, means, profiles, start, finish)
    return np.lexsort((np.arange(len(ids)), start))
