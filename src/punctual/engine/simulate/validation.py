"""Every reason that speaks against simulating a network, all at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from punctual.engine.simulate.model import LARGEST, Risk, StochasticNetwork
from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_

UNITS_TOLERANCE = 1e-9


def network_problems(network: StochasticNetwork) -> list[Reason]:
    """All reasons: unknown and repeated ids, numbers out of range, cycles by name, demands above capacity, …"""
    ids = [activity.id for activity in network.activities]
    known = set(ids)
    reasons = [] if ids else [Reason("simulate.empty", N_("a network needs at least one activity"), field="activities")]
    reasons += _repeated(ids, "activities")
    reasons += _repeated([risk.id for risk in network.risks], "risks")
    reasons += _capacity_problems(network.capacities)
    for place, activity in enumerate(network.activities):
        reasons += activity.distribution.problems(f"activities[{place}].distribution")
        if not 0 <= activity.release <= LARGEST:
            reasons.append(_out_of_range(f"activities[{place}].release", activity.release, LARGEST))
        reasons += _demand_problems(network, activity.id, activity.demands)
    reasons += _link_problems(network.links, known)
    for place, risk in enumerate(network.risks):
        reasons += _risk_problems(risk, f"risks[{place}]", known)
    reasons += _correlation_problems(network, known)
    return reasons


def find_cycle(ids: Iterable[str], links: Sequence[tuple[str, str]]) -> list[str]:
    """One cycle of ``links`` as its ids in order, the first repeated at the end; empty when there is none."""
    successors: dict[str, list[str]] = {}
    for before, after in links:
        successors.setdefault(before, []).append(after)
    done: set[str] = set()
    for root in ids:
        if root in done:
            continue
        places = {root: 0}
        pending = [iter(successors.get(root, ()))]
        path = [root]
        while pending:
            for after in pending[-1]:
                if after in places:
                    return [*path[places[after] :], after]
                if after not in done:
                    places[after] = len(path)
                    path.append(after)
                    pending.append(iter(successors.get(after, ())))
                    break
            else:
                pending.pop()
                done.add(path[-1])
                del places[path.pop()]
    return []


def _repeated(ids: Sequence[str], field: str) -> list[Reason]:
    text = N_("the id %(id)s is used %(times)d times in %(field)s; each needs its own")
    return [
        Reason("simulate.repeated_id", text, {"id": name, "times": times, "field": field}, field=field)
        for name, times in Counter(ids).items()
        if times > 1
    ]


def _unknown(name: str, field: str) -> Reason:
    text = N_("%(field)s names the activity %(id)s, which is not among the activities")
    return Reason("simulate.unknown_activity", text, {"id": name, "field": field}, field=field)


def _out_of_range(field: str, given: float, largest: float) -> Reason:
    text = N_("%(field)s must be a number from 0 to %(largest)s, it is %(given)s")
    params = {"field": field, "given": f"{given:g}", "largest": f"{largest:g}"}
    return Reason("simulate.number_out_of_range", text, params, field=field)


def _link_problems(links: Sequence[tuple[str, str]], known: set[str]) -> list[Reason]:
    reasons = [
        _unknown(name, f"links[{place}]") for place, link in enumerate(links) for name in link if name not in known
    ]
    cycle = find_cycle(sorted(known), [link for link in links if known.issuperset(link)])
    if cycle:
        text = N_("the links run in a circle: %(cycle)s; remove one of them")
        reasons.append(Reason("simulate.cycle", text, {"cycle": " → ".join(cycle)}, field="links"))
    return reasons


def _risk_problems(risk: Risk, field: str, known: set[str]) -> list[Reason]:
    reasons = []
    if not 0 <= risk.probability <= 1:
        reasons.append(_out_of_range(f"{field}.probability", risk.probability, 1))
    if not risk.activities:
        text = N_("%(field)s needs at least one activity on which it acts")
        reasons.append(Reason("simulate.risk_without_activity", text, {"field": field}, field=field))
    reasons += [_unknown(name, f"{field}.activities") for name in risk.activities if name not in known]
    reasons += _repeated(risk.activities, f"{field}.activities")
    return reasons + risk.impact.problems(f"{field}.impact")


def _correlation_problems(network: StochasticNetwork, known: set[str]) -> list[Reason]:
    if not network.correlations:
        return []
    reasons = []
    constant = {activity.id for activity in network.activities if activity.distribution.is_constant}
    pairs: Counter[frozenset[str]] = Counter()
    for place, correlation in enumerate(network.correlations):
        field = f"correlations[{place}]"
        names = (correlation.first, correlation.second)
        reasons += [_unknown(name, field) for name in names if name not in known]
        if not -1 <= correlation.value <= 1:
            text = N_("%(field)s must be from -1 to 1, it is %(given)s")
            params = {"field": field, "given": f"{correlation.value:g}"}
            reasons.append(Reason("simulate.correlation_out_of_range", text, params, field=field))
        if names[0] == names[1]:
            text = N_("%(field)s names %(id)s twice; a correlation needs two activities")
            reasons.append(
                Reason("simulate.correlation_with_itself", text, {"field": field, "id": names[0]}, field=field)
            )
        reasons += [
            Reason(
                "simulate.correlation_of_constant",
                N_("%(field)s: the duration of %(id)s does not vary, so nothing can be correlated with it"),
                {"field": field, "id": name},
                field=field,
            )
            for name in names
            if name in constant
        ]
        pairs[frozenset(names)] += 1
    text = N_("the correlation of %(pair)s is given %(times)d times; once is right")
    return reasons + [
        Reason(
            "simulate.repeated_correlation",
            text,
            {"pair": " – ".join(sorted(pair)), "times": times},
            field="correlations",
        )
        for pair, times in pairs.items()
        if times > 1
    ]


def _capacity_problems(capacities: Mapping[str, float]) -> list[Reason]:
    return [
        _out_of_range(f"resources.{name}.capacity", units, LARGEST)
        for name, units in capacities.items()
        if not 0 <= units <= LARGEST
    ]


def _demand_problems(network: StochasticNetwork, activity: str, demands: Mapping[str, float]) -> list[Reason]:
    reasons = []
    for resource, units in demands.items():
        field = f"demands.{activity}.{resource}"
        if resource not in network.capacities:
            text = N_("%(field)s: there is no resource %(resource)s among the resources")
            params: dict[str, object] = {"field": field, "resource": resource}
            reasons.append(Reason("simulate.unknown_resource", text, params, field=field))
        elif not 0 <= units <= LARGEST:
            reasons.append(_out_of_range(field, units, LARGEST))
        elif units > network.capacities[resource] + UNITS_TOLERANCE:
            text = N_("activity %(activity)s needs %(units)s of %(resource)s, which has only %(capacity)s")
            params = {
                "activity": activity,
                "units": f"{units:g}",
                "resource": resource,
                "capacity": f"{network.capacities[resource]:g}",
            }
            reasons.append(Reason("simulate.demand_above_capacity", text, params, field=field))
    return reasons
