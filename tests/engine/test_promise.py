"""Dates for a new order: nobody moves, others move within their promises, levers; and the chain that holds it back."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numba.core.dispatcher import Dispatcher

from engine.capacity_cases import problems, task
from punctual.engine.capacity import lines, timeline
from punctual.engine.capacity.arrays import Network, appended, network, reduced, with_capacity
from punctual.engine.capacity.model import Order, Problem, Resource, Schedule, order_ends, problem
from punctual.engine.capacity.words import generator
from punctual.engine.optimise import ruin, yard
from punctual.engine.optimise.answer import Limits
from punctual.engine.optimise.rules import heads
from punctual.engine.optimise.tardiness import minimise_tardiness
from punctual.engine.optimise.warm import warm_tardiness
from punctual.engine.promise import burden, desk, eject
from punctual.engine.promise.chain import holds_back
from punctual.engine.promise.gap import GapFiller
from punctual.engine.promise.levers import Lever, extended_by, with_levers
from punctual.engine.promise.model import Candidate, Shop, consequences, joined
from punctual.engine.promise.negotiate import MOST_MOVED, negotiate
from punctual.engine.promise.rush import rush
from punctual.engine.promise.uncertainty import quantiles
from punctual.engine.promise.warm import warm_promise
from punctual.engine.simulate import Distribution, Kind
from punctual.engine.verify import verified
from punctual.kernel.refusal import Refusal


def full_shop(slack: int = 10) -> Shop:
    """Six orders of one task each, one after the other on one machine, each promised ``slack`` after its end."""
    tasks = [task(f"t{n}", 4, {"M": 1}, order=f"O{n}") for n in range(6)]
    plan = problem(
        resources=[Resource("M", ((0, 1),)), Resource("N", ((0, 1),))],
        orders=[Order(f"O{n}") for n in range(6)],
        tasks=tasks,
    )
    schedule = Schedule(tuple(4 * n for n in range(6)), (0,) * 6)
    return Shop(plan, schedule, 2, {f"O{n}": 4 * n + 4 + slack for n in range(6)})


NEW = Candidate(Order("N", release=2), (task("n1", 3, {"M": 1}, order="N"), task("n2", 2, {"N": 1}, "n1", order="N")))


def test_a_new_order_with_known_ids_is_refused():
    shop = full_shop()
    twin = Candidate(Order("O1"), (task("t1", 1, order="O1"),))
    with pytest.raises(Refusal) as refused:
        negotiate(shop, twin, Limits(evaluations=1))
    assert refused.value.codes == {"promise.task_id", "promise.order_id"}


def test_gap_filling_waits_for_the_end_of_a_full_shop():
    offer = GapFiller(full_shop()).offer(NEW)
    assert offer.start == (24, 27)
    assert offer.moved == ()


@given(problems(), problems())
def test_the_arrays_of_a_new_order_behind_those_of_the_shop_are_the_arrays_of_both(shop, new):
    both = Problem(
        shop.resources,
        (*shop.orders, *(replace(order, id=f"N{order.id}") for order in new.orders)),
        (*shop.tasks, *(_renamed(row, new.orders, shop.resources) for row in new.tasks)),
    )
    behind = replace(both, orders=both.orders[len(shop.orders) :], tasks=both.tasks[len(shop.tasks) :])
    made, _ = network(both, exact=True)
    joint = appended(network(shop, exact=True)[0], network(behind, exact=True)[0])
    assert differences(joint, made) == []


@given(problems(most=12), st.randoms(use_true_random=False))
def test_the_arrays_of_some_tasks_are_what_is_left_of_the_arrays_of_all(shop, dice):
    wanted = {task.id for task in shop.tasks if dice.random() < 0.4}
    for row in reversed(shop.tasks):  # predecessors stand before their successors here
        if row.id in wanted:
            wanted |= {link.predecessor for link in row.predecessors}
    left = [number for number, row in enumerate(shop.tasks) if row.id in wanted]
    alone = replace(shop, tasks=tuple(shop.tasks[row] for row in left))
    rows = np.array(left, dtype=np.int32)
    assert differences(reduced(network(shop, exact=True)[0], rows), network(alone, exact=True)[0]) == []


@given(problems())
def test_other_units_of_the_same_resources_need_no_new_arrays(shop):
    steps = {row.id: (*((time, units + 1) for time, units in row.capacity), (200, 9)) for row in shop.resources}
    more = tuple(replace(row, capacity=steps[row.id]) for row in shop.resources)
    made = with_capacity(network(shop, exact=True)[0], more)
    assert differences(made, network(replace(shop, resources=more), exact=True)[0]) == []


def differences(joint, made):
    """The arrays in which two networks differ; of the topological one only that it is an order of all tasks counts."""
    plain = [name for name in Network._fields if name != "topological"]
    found = [name for name in plain if getattr(joint, name).tolist() != getattr(made, name).tolist()]
    found += [name for name in Network._fields if getattr(joint, name).dtype != getattr(made, name).dtype]
    place = {number: position for position, number in enumerate(joint.topological.tolist())}
    links = [
        (p, n) for n in range(made.fixed.size) for p in made.pred[made.pred_ptr[n] : made.pred_ptr[n + 1]].tolist()
    ]
    if sorted(place) != list(range(made.fixed.size)) or any(place[before] >= place[after] for before, after in links):
        found.append("topological")
    return found


def test_what_the_first_question_has_estimated_serves_those_after_it():
    shop, limits = full_shop(slack=3), Limits(evaluations=4000)
    asked = GapFiller(shop)
    first = negotiate(shop, NEW, limits, filler=asked)
    burdens = asked.burdens
    again = negotiate(shop, NEW, Limits(evaluations=4000), filler=asked)
    assert burdens is not None
    assert asked.burdens is burdens
    assert again == first


def _renamed(row, orders, resources):
    """The same task under a name of its own, which needs the resources at hand."""
    names = {order.id: f"N{order.id}" for order in orders}
    kinds = [resource.id for resource in resources]
    modes = tuple(
        replace(mode, demands={kinds[n % len(kinds)]: units for n, units in enumerate(mode.demands.values())})
        for mode in row.modes
    )
    links = tuple(replace(link, predecessor=f"n{link.predecessor}") for link in row.predecessors)
    return replace(row, id=f"n{row.id}", order=names.get(row.order), modes=modes, predecessors=links)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(problems(most=8), st.randoms(use_true_random=False))
def test_neighbours_are_all_that_stand_there_wherever_they_have_been_sent(shop, dice):
    net, _ = network(shop, exact=True)
    plan = minimise_tardiness(shop, Limits(evaluations=1), workers=1).schedule
    home, modes = (np.array(row, dtype=np.int32) for row in (plan.start, plan.mode))
    line = lines.build(net, 2047)
    state = desk.empty_desk(net, line, heads(net), home, modes, generator(1, 0))
    due = np.full(len(shop.orders) + 1, 2000, dtype=np.int64)
    desk.set_limits(net, state, net.topological, due, 2000)
    desk.lay(line, net, state, home, modes)
    for _ in range(12):
        sent = dice.randrange(len(shop.tasks))
        if state.out[sent] == 0:
            desk.send_away(line, net, state, sent)
            state.counters[desk.POOL] = 0
            way, at = int(net.mode_ptr[sent + 1]) - 1, dice.randrange(400)
            if timeline.fits(line, net, state.planes, way, at):
                desk.put(line, net, state, sent, way, at)
        task, begin = dice.randrange(len(shop.tasks)), dice.randrange(200)
        mode, end = int(net.mode_ptr[task]), begin + dice.randrange(1, 120)
        burden.find_neighbours(net, state, task, mode, begin, end)
        for place, need in enumerate(range(net.need_ptr[mode], net.need_ptr[mode + 1])):
            found = state.near[state.near_ptr[place] : state.near_ptr[place + 1], desk.TASK].tolist()
            assert sorted(found) == _standing_there(net, state, task, int(net.need[need]), begin, end)
            assert [state.start[one] for one in found] == sorted(state.start[one] for one in found)


def _standing_there(net, state, task, kind, begin, end):
    """The same by looking at everybody."""
    found = []
    for other in range(net.fixed.size):
        mode = net.mode_ptr[other] + state.chosen[other]
        needs = range(net.need_ptr[mode], net.need_ptr[mode + 1])
        takes = any(net.need[need] == kind and net.units[need] > 0 for need in needs)
        stands = state.out[other] == 0 and state.start[other] < end and state.finish[other] > begin
        if takes and stands and other != task:
            found.append(other)
    return found


def test_negotiating_takes_the_earliest_room_that_breaks_no_promise():
    shop = full_shop(slack=3)
    offer = negotiate(shop, NEW, Limits(evaluations=4000))
    assert offer.start == (4, 7)
    assert set(offer.moved) == {"t1", "t2", "t3", "t4", "t5"}
    assert all(offer.ends[order] <= latest for order, latest in shop.promises.items())


def test_without_slack_nobody_moves():
    assert negotiate(full_shop(slack=0), NEW, Limits(evaluations=4000)).finish == 29


def test_one_slack_order_moves_to_the_end_and_the_rest_stays():
    shop = full_shop(slack=0)
    shop = replace(shop, promises={**shop.promises, "O2": 100})
    offer = negotiate(shop, NEW, Limits(evaluations=4000))
    assert offer.start == (8, 11)
    assert offer.moved == ("t2",)


def test_an_order_that_is_late_already_may_not_get_later():
    shop = full_shop(slack=0)
    shop = replace(shop, promises=dict.fromkeys(shop.promises, 0))
    assert negotiate(shop, NEW, Limits(evaluations=2000)).finish == 29


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 1000), st.integers(0, 12), st.integers(0, 15))
def test_negotiated_offers_keep_every_rule(seed, slack, now):
    tasks = []
    for n in range(24):
        before = [f"t{n - 1}"] if n % 4 else []
        machine = "M" if (n + seed) % 3 else "N"
        tasks.append(task(f"t{n}", 1 + (n * 7 + seed) % 5, {machine: 1}, *before, order=f"O{n // 4}"))
    plan = problem(
        resources=[Resource("M", ((0, 2), (20, 1), (24, 2))), Resource("N", ((0, 1),))],
        orders=[Order(f"O{k}", 0, 20) for k in range(6)],
        tasks=tasks,
    )
    schedule = minimise_tardiness(plan, Limits(evaluations=1), workers=1).schedule
    ends = order_ends(plan, schedule)
    shop = Shop(plan, schedule, now, {order: end + slack for order, end in ends.items()})
    gaps = GapFiller(shop).offer(NEW)
    offers = [negotiate(shop, NEW, Limits(evaluations=1500), seed=seed) for _ in range(2)]
    assert offers[0] == offers[1]
    in_time = negotiate(shop, NEW, Limits(evaluations=1500, seconds=60), seed=seed)
    assert in_time == offers[0], "a clock that does not end a search does not change it"
    whole = joined(shop, NEW)
    both = Schedule(offers[0].plan.start + offers[0].start, offers[0].plan.mode + offers[0].mode)
    verified(whole, both, promises=shop.promises)
    assert offers[0].finish <= gaps.finish
    assert len(offers[0].moved) <= MOST_MOVED
    kept = zip(schedule.start, offers[0].plan.start, strict=True)
    assert all(old == new for old, new in kept if old < now)


def test_the_chain_names_who_holds_the_resource_and_his_promise():
    shop = full_shop(slack=0)
    offer = GapFiller(shop).offer(NEW)
    both = Schedule(offer.plan.start + offer.start, offer.plan.mode + offer.mode)
    links = holds_back(joined(shop, NEW), both, "N", promises=dict(shop.promises))
    assert [link["kind"] for link in links] == ["predecessor", "resource", "release"]
    assert links[1]["held_by"] == [{"task": "t5", "order": "O5", "until": 24, "promise": 24}]
    assert links[2] == {"kind": "release", "task": "n1", "start": 2}


def test_the_chain_tells_missing_availability_from_other_orders():
    plan = problem(
        resources=[Resource("M", ((0, 0), (9, 1)))], orders=[Order("A")], tasks=[task("a", 2, {"M": 1}, order="A")]
    )
    links = holds_back(plan, Schedule((9,), (0,)), "A")
    assert [(link["kind"], link.get("resource")) for link in links] == [("availability", "M"), ("release", None)]


def test_levers_buy_days_and_only_worthwhile_ones_are_offered():
    shop = full_shop(slack=0)
    levers = [
        Lever("night shift", "M", 4, 12, 1, 500),
        Lever("more of what is not short", "N", 0, 50, 1, 10),
        Lever("dear", "M", 4, 12, 1, 900),
    ]
    options = with_levers(shop, NEW, levers, evaluations=800)
    assert [(option.levers, option.price) for option in options] == [((), 0), (("night shift",), 500)]
    assert options[1].offer.finish == 9


def test_faulty_levers_are_all_refused():
    with pytest.raises(Refusal) as refused:
        with_levers(full_shop(), NEW, [Lever("a", "X", 0, 5, 1, 1), Lever("b", "M", 5, 5, 1, 1)])
    assert refused.value.codes == {"promise.lever_resource", "promise.lever_numbers"}


def test_a_lever_raises_capacity_only_between_its_times():
    plan = extended_by(full_shop().problem, [Lever("a", "M", 3, 6, 2, 1)])
    assert [plan.resources[0].units_at(time) for time in (2, 3, 5, 6)] == [1, 3, 3, 1]


def test_consequences_name_every_order_that_ends_otherwise_and_what_it_costs():
    shop = full_shop(slack=3)
    offer = negotiate(shop, NEW, Limits(evaluations=4000))
    rows = {row.order: row for row in consequences(shop, offer)}
    changed = {order for order, end in order_ends(shop.problem, shop.schedule).items() if offer.ends[order] != end}
    assert rows.keys() == changed
    assert all(row.breaks == 0 for row in rows.values())


def test_a_rush_order_gets_its_date_at_the_cost_of_promises():
    shop = full_shop(slack=0)
    offer = rush(shop, NEW, 9, Limits(evaluations=4000), workers=1)
    assert offer.finish == 9
    assert sum(row.breaks for row in consequences(shop, offer)) > 0
    assert all(old == new for old, new in zip(shop.schedule.start, offer.plan.start, strict=True) if old < shop.now)


def test_a_rush_order_hurts_nobody_where_making_room_within_the_promises_is_enough():
    shop = full_shop(slack=3)
    date = negotiate(shop, NEW, Limits(evaluations=4000)).finish
    offer = rush(shop, NEW, date, Limits(evaluations=4000), workers=1)
    assert offer.finish <= date
    assert all(row.breaks == 0 for row in consequences(shop, offer))


def test_a_rush_order_leaves_those_alone_that_are_spared():
    shop = full_shop(slack=0)
    everybody = {order.id for order in shop.problem.orders}
    offer = rush(shop, NEW, 9, Limits(evaluations=1000), spared=everybody, workers=1)
    assert offer.finish == GapFiller(shop).offer(NEW).finish
    assert not offer.moved


def test_quantiles_of_an_offer_are_ordered_and_collapse_without_uncertainty():
    shop = full_shop(slack=3)
    offer = negotiate(shop, NEW, Limits(evaluations=4000))
    sure = quantiles(shop, NEW, offer, usual=Distribution(Kind.FIXED, (1.0,)), runs=20)
    assert set(sure.values()) == {float(offer.finish)}
    unsure = quantiles(shop, NEW, offer, runs=200)
    assert list(unsure) == [0.5, 0.8, 0.95]
    assert offer.finish - 1 <= unsure[0.5] <= unsure[0.8] <= unsure[0.95]
    assert quantiles(shop, NEW, offer, runs=200) == unsure


def test_no_confirmed_task_moves_to_before_now():
    shop = full_shop(slack=10)
    offer = negotiate(shop, NEW, Limits(evaluations=4000))
    kept = zip(shop.schedule.start, offer.plan.start, strict=True)
    assert all(new >= shop.now for old, new in kept if old >= shop.now)


def compiled_functions() -> dict[str, int]:
    return {
        f"{module.__name__}.{name}": len(function.signatures)
        for module in (burden, desk, eject, ruin, timeline, yard)
        for name, function in vars(module).items()
        if isinstance(function, Dispatcher)
    }


def test_after_warming_neither_promise_nor_portfolio_compiles_anything():
    warm_promise()
    warm_tardiness()
    before = compiled_functions()
    shop = full_shop(slack=3)
    negotiate(shop, NEW, Limits(evaluations=2000))
    minimise_tardiness(shop.problem, Limits(evaluations=1000), workers=2)
    assert compiled_functions() == before
