"""Makespan of single projects, side by side with CP-SAT alone (and PyJobShop where installed), in one run.

    python benchmarks/level.py [--seconds 1 10] [--sample 12] [--set j60|g120|g300|g1000] [--solver-seconds 1] [--full]
                               [--reference 60]

Instances whose best known makespan is their critical path are easy for everyone and count as 0 unless a run misses
them; the sample is drawn from the others and the mean over all is reported too (``--full`` runs every instance).
Nobody has published makespans of the generated sets (``g…``). With ``--reference`` they stand against the best schedule
that any run found, a long one of ours among them; without it against the best bound, which is weak there.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import statistics
import time
from collections.abc import Callable

from capacity_instances import TESTDATA, best_known, hard_projects, machine

from punctual.engine.capacity.arrays import network
from punctual.engine.capacity.model import Problem, Schedule
from punctual.engine.formats import psplib
from punctual.engine.optimise.answer import Limits
from punctual.engine.optimise.makespan import minimise_makespan
from punctual.engine.optimise.proof import Proof
from punctual.engine.verify import verified

Solve = Callable[[Problem, float], tuple[int, int]]


def ours(plan: Problem, seconds: float) -> tuple[int, int]:
    answer = minimise_makespan(plan, Limits(seconds=seconds), workers=2)
    return answer.cost, answer.lower_bound


def cp_sat(plan: Problem, seconds: float) -> tuple[int, int]:
    """The same model as ours gives to the solver, but from nothing: no hint, no bound but the horizon, two workers."""
    net, scale = network(plan)
    horizon = int(net.duration.sum()) + 1
    proof = Proof(net, horizon, 0, [], seconds, 2)
    while proof.running:
        time.sleep(0.002)
    proof.finish()
    if proof.start is None:
        return horizon, 0
    verified(plan, Schedule(tuple(s * scale for s in proof.start), (0,) * len(plan.tasks)))
    return proof.upper * scale, proof.bound * scale


def pyjobshop(plan: Problem, seconds: float) -> tuple[int, int]:
    import pyjobshop

    model = pyjobshop.Model()
    resources = {r.id: model.add_renewable(capacity=r.capacity[0][1]) for r in plan.resources}
    tasks = {}
    for task in plan.tasks:
        tasks[task.id] = model.add_task(job=None)
        mode = task.modes[0]
        names = list(mode.demands)
        model.add_mode(tasks[task.id], [resources[n] for n in names], mode.duration, [mode.demands[n] for n in names])
    for task in plan.tasks:
        for link in task.predecessors:
            model.add_end_before_start(tasks[link.predecessor], tasks[task.id])
    result = model.solve(time_limit=seconds, num_workers=2, display=False)
    bound = getattr(result, "lower_bound", 0)
    return int(result.objective), int(bound)


def instances(name: str, sample: int, full: bool) -> tuple[list[tuple[str, Problem, int | None]], float]:
    """(name, project, best known) and the share of the whole set that these are."""
    if name.startswith("g"):
        return [(n, p, None) for n, p in hard_projects(int(name[1:]), sample)], 1.0
    known = {n: row for n, row in best_known().items() if n.startswith(name)}
    hard = [n for n, (_, easy) in known.items() if full or not easy]
    chosen = hard if full else random.Random(1).sample(hard, min(sample, len(hard)))
    rows = [(n, psplib.read(TESTDATA / "psplib" / name / f"{n}.sm"), known[n][0]) for n in chosen]
    return rows, len(hard) / len(known)


def reference(plan: Problem, results: dict[str, tuple[int, int]], seconds: float) -> int:
    """What a generated project is measured by: the best makespan of all runs, or the best bound if none ran long."""
    if not seconds:
        return max(bound for _, bound in results.values())
    return min(ours(plan, seconds)[0], *(span for span, _ in results.values()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, nargs="+", default=[1.0])
    parser.add_argument("--solver-seconds", type=float, default=None)
    parser.add_argument("--sample", type=int, default=12)
    parser.add_argument("--set", default="j60")
    parser.add_argument("--full", action="store_true")
    parser.add_argument(
        "--reference", type=float, default=0.0, help="seconds of the long run that stands for best known"
    )
    arguments = parser.parse_args()
    solver_seconds = arguments.solver_seconds or arguments.seconds[0]
    print(machine())
    peers: list[tuple[str, Solve, float]] = [(f"punctual {s:g} s", ours, s) for s in arguments.seconds]
    peers.append((f"CP-SAT {solver_seconds:g} s", cp_sat, solver_seconds))
    if importlib.util.find_spec("pyjobshop"):
        peers.append((f"PyJobShop {solver_seconds:g} s", pyjobshop, solver_seconds))
    rows, share = instances(arguments.set, arguments.sample, arguments.full)
    for _, solve, _ in peers:  # compile and load outside the measurement
        solve(rows[0][1], 0.5)
    above: dict[str, list[float]] = {name: [] for name, _, _ in peers}
    proofs = dict.fromkeys(above, 0)
    for _, plan, known in rows:
        results = {name: solve(plan, seconds) for name, solve, seconds in peers}
        base = known if known is not None else reference(plan, results, arguments.reference)
        for name, (span, bound) in results.items():
            above[name].append(100 * (span / base - 1))
            proofs[name] += bound >= span
    against = "best bound of this run" if rows[0][2] is None and not arguments.reference else "best known"
    print(f"{arguments.set}: {len(rows)} instances, per cent above {against}; in brackets: mean over the whole set")
    for name in above:
        mean = statistics.mean(above[name])
        print(f"  {name:16}  mean {mean:6.3f} %  ({mean * share:.3f} %)  proofs {proofs[name]}/{len(rows)}")


if __name__ == "__main__":
    main()
