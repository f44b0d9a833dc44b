"""A project of many tasks done by people out of pools: TaskJuggler's scheduler beside ours, in one run.

    PYTHONPATH=src python benchmarks/pools.py [--tasks 2000] [--seconds 1] [--seeds 3]

Every task wants one person of one pool for some hours; any of the pool will do (ours: the pool's number of people is the
capacity; TaskJuggler: `allocate` with the others as alternatives, one person stays with a task). Work goes on day and
night, so that only the scheduling differs. The bound is the larger of the critical path and, for each pool, its work
shared by its people. TaskJuggler (`tj3`, Debian's package) is measured as processor time of the whole program on the
written project, once without reading or writing more than it must; where it is not installed only ours is shown.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import math
import random
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from capacity_instances import machine

from punctual.engine.capacity.arrays import network
from punctual.engine.capacity.model import Link, Mode, Problem, Resource, Task, problem
from punctual.engine.optimise.answer import Limits
from punctual.engine.optimise.makespan import minimise_makespan
from punctual.engine.optimise.rules import makespan_bound

BEGIN = dt.datetime(2027, 1, 1)
SIZES = (2, 2, 2, 2, 2)
"""People in each pool."""


@dataclass(frozen=True)
class Work:
    """Hours, pool, and the tasks before it."""

    hours: int
    pool: int
    before: tuple[int, ...]


def project(seed: int, count: int) -> list[Work]:
    """Strands of 250 tasks that lean on one another now and then; pools are asked for in proportion to their size."""
    draw = random.Random(seed)
    made: list[Work] = []
    for number in range(count):
        before = set()
        if number % 250:
            before.add(number - 1 if draw.random() < 0.6 else max(number - number % 250, number - draw.randint(2, 5)))
        if number > 500 and draw.random() < 0.3:
            before.add(number - draw.randint(251, 500))
        pool = draw.choices(range(len(SIZES)), SIZES)[0]
        made.append(Work(draw.randint(8, 80), pool, tuple(sorted(before))))
    return made


def as_problem(works: Sequence[Work]) -> Problem:
    return problem(
        resources=[Resource(f"pool{k}", ((0, size),)) for k, size in enumerate(SIZES)],
        tasks=[
            Task(str(n), (Mode(w.hours, {f"pool{w.pool}": 1}),), tuple(Link(str(b)) for b in w.before))
            for n, w in enumerate(works)
        ],
    )


def as_taskjuggler(works: Sequence[Work]) -> str:
    """The same project in TaskJuggler's language, with the latest end as its only report."""
    horizon = sum(w.hours for w in works) // min(SIZES) + 2000
    lines = [
        f'project p "p" {BEGIN:%Y-%m-%d} +{math.ceil(horizon / 24)}d {{',
        "  timingresolution 60min",
        "  dailyworkinghours 24",
        "  yearlyworkingdays 365",
        "}",
        'shift always "always" { workinghours mon - sun 0:00 - 24:00 }',
    ]
    for pool, size in enumerate(SIZES):
        lines += [f'resource r{pool}_{n} "r{pool}_{n}" {{ shifts always }}' for n in range(size)]
    for number, work in enumerate(works):
        others = ", ".join(f"r{work.pool}_{n}" for n in range(1, SIZES[work.pool]))
        allocate = f"allocate r{work.pool}_0 {{ alternative {others} select minloaded persistent }}"
        depends = f"depends {', '.join(f'!t{b}' for b in work.before)}" if work.before else ""
        lines.append(f'task t{number} "t{number}" {{ effort {work.hours}h {allocate} {depends} }}')
    lines.append('taskreport ends "ends" { formats csv columns id, start, end timeformat "%Y-%m-%d-%H:%M" }')
    return "\n".join(lines) + "\n"


def taskjuggler(works: Sequence[Work]) -> tuple[int, float]:
    """(makespan in hours, seconds of processor time)."""
    with tempfile.TemporaryDirectory(prefix="pools-") as folder:
        (Path(folder) / "p.tjp").write_text(as_taskjuggler(works))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run = subprocess.run(
            ["tj3", "--silent", "--no-color", "--output-dir", folder, str(Path(folder) / "p.tjp")],
            capture_output=True,
            text=True,
            check=False,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        report = Path(folder) / "ends.csv"
        if not report.exists():
            raise SystemExit(run.stderr[-2000:] or run.stdout[-2000:])
        with report.open() as file:
            ends = [dt.datetime.strptime(row["End"], "%Y-%m-%d-%H:%M") for row in csv.DictReader(file, delimiter=";")]
    hours = (max(ends) - BEGIN) / dt.timedelta(hours=1)
    return round(hours), after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    print(machine())
    minimise_makespan(as_problem(project(99, 60)), Limits(seconds=0.5))  # compile outside the measurement
    ours, theirs, ratios = [], [], []
    for seed in range(given.seeds):
        works = project(seed, given.tasks)
        plan = as_problem(works)
        bound = makespan_bound(network(plan)[0]) * network(plan)[1]
        begun = time.perf_counter()
        answer = minimise_makespan(plan, Limits(seconds=given.seconds))
        took = time.perf_counter() - begun
        ours.append(100 * (answer.cost / bound - 1))
        text = f"  seed {seed}: bound {bound} h; ours {answer.cost} h ({ours[-1]:.2f} % over) in {took:.2f} s"
        if shutil.which("tj3"):
            span, processor = taskjuggler(works)
            theirs.append(100 * (span / bound - 1))
            ratios.append(took / processor)
            text += f"; TaskJuggler {span} h ({theirs[-1]:.2f} % over) in {processor:.1f} s of processor time"
        print(text, flush=True)
    print(f"mean over the bound: ours {statistics.mean(ours):.2f} %", end="")
    if theirs:
        print(
            f", TaskJuggler {statistics.mean(theirs):.2f} %; time ours / TaskJuggler {statistics.mean(ratios):.3f}",
            end="",
        )
    print()


if __name__ == "__main__":
    main()
