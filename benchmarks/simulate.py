"""Monte Carlo: Punctual beside plain NumPy in the same run, time and memory, and how the cost grows.

    PYTHONPATH=src python benchmarks/simulate.py [--quick] [--plot FILE.svg]

NumPy draws all durations at once and takes the longest path activity by activity over columns; it gives the ends of the
network only. Punctual's time is that of the whole call: checking, draws, ends, criticality and sensitivity of every
activity. Both run on the same random networks (each activity has one to three predecessors among the twenty before it),
best of several repetitions. Memory is what a fresh process takes on top of its state after a warm-up.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from svg_chart import Line, chart

from punctual.engine.simulate import Activity, Distribution, Kind, StochasticNetwork, simulate
from punctual.engine.simulate.run import usable_cores

KINDS = ("triangular", "lognormal", "pert")


def network(size: int, kind: str, seed: int, resources: int = 0) -> StochasticNetwork:
    rng = np.random.default_rng(seed)
    modes = rng.uniform(2, 20, size)
    activities = []
    for k, mode in enumerate(modes.tolist()):
        demands = {f"R{rng.integers(resources)}": 1.0} if resources else {}
        if resources and rng.random() < 0.3:
            demands[f"R{rng.integers(resources)}"] = 1.0
        release = float(k // 25) * 0.9 if resources else 0.0
        activities.append(Activity(f"A{k}", distribution(kind, mode), demands, release))
    if resources:  # orders of 25 tasks that compete for the resources
        links = [
            (f"A{k - step}", f"A{k}")
            for k in range(size)
            if k % 25
            for step in {1, int(rng.integers(1, 5))}
            if k % 25 >= step
        ]
        return StochasticNetwork(
            activities, links, capacities={f"R{r}": float(rng.integers(1, 6)) for r in range(resources)}
        )
    links = [
        (f"A{p}", f"A{k}")
        for k in range(1, size)
        for p in sorted(set(rng.integers(max(0, k - 20), k, int(rng.integers(1, 4))).tolist()))
    ]
    return StochasticNetwork(activities, links)


def distribution(kind: str, mode: float) -> Distribution:
    if kind == "lognormal":
        return Distribution(Kind.LOGNORMAL, (mode, 0.3 * mode))
    if kind == "pert":
        return Distribution(Kind.PERT, (0.7 * mode, mode, 1.8 * mode, 4.0))
    return Distribution(Kind.TRIANGULAR, (0.7 * mode, mode, 1.8 * mode))


def plain_numpy(net: StochasticNetwork, runs: int, seed: int) -> float:
    """The ends by NumPy alone; returns their mean."""
    rng = np.random.default_rng(seed)
    size = len(net.activities)
    place = {activity.id: k for k, activity in enumerate(net.activities)}
    before: list[list[int]] = [[] for _ in range(size)]
    for a, b in net.links:
        before[place[b]].append(place[a])
    numbers = np.array([activity.distribution.numbers for activity in net.activities]).T
    kind = net.activities[0].distribution.kind
    if kind is Kind.TRIANGULAR:
        durations = rng.triangular(numbers[0], numbers[1], numbers[2], (runs, size))
    elif kind is Kind.LOGNORMAL:
        spread = np.log1p((numbers[1] / numbers[0]) ** 2)
        durations = rng.lognormal(np.log(numbers[0]) - spread / 2, np.sqrt(spread), (runs, size))
    else:
        low, mode, high, shape = numbers
        alpha, beta = 1 + shape * (mode - low) / (high - low), 1 + shape * (high - mode) / (high - low)
        durations = low + (high - low) * rng.beta(alpha, beta, (runs, size))
    durations = np.ascontiguousarray(durations.T)
    finish = np.zeros((size, runs))
    for k in range(size):
        start = finish[before[k]].max(axis=0) if before[k] else 0.0
        finish[k] = start + durations[k]
    return float(finish.max(axis=0).mean())


def best(work: Callable[[], object], repeat: int, clock: Callable[[], float] = time.perf_counter) -> float:
    times = []
    for _ in range(repeat):
        start = clock()
        work()
        times.append(clock() - start)
    return min(times)


def processor_ratio(net: StochasticNetwork, runs: int, repeat: int) -> float:
    """Processor time of one thread in that of NumPy: the same on a machine that others use too."""
    ours = best(lambda: simulate(net, runs=runs, seed=1, threads=1), repeat, time.process_time)
    return ours / best(lambda: plain_numpy(net, runs, 1), repeat, time.process_time)


def peak_of(what: str, size: int, runs: int) -> float:
    """MiB that the work takes in a fresh process on top of its state after a warm-up."""
    done = subprocess.run(
        [sys.executable, __file__, "--peak", what, str(size), str(runs)], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def print_peak(what: str, size: int, runs: int) -> None:
    work = plain_numpy if what == "numpy" else lambda net, runs, seed: simulate(net, runs=runs, seed=seed).mean
    work(network(20, "triangular", 0), 500, 0)
    net = network(size, "triangular", 1)
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark begins anew
    work(net, runs, 1)
    print(resident("VmHWM") - before)


def resident(which: str) -> float:
    """Resident size of this process now (VmRSS) or at most (VmHWM), MiB (Linux)."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(rf"{which}:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer sizes and repetitions")
    parser.add_argument("--plot", type=Path, help="write cost against size as SVG")
    parser.add_argument("--json", type=Path, help="write the figures as JSON")
    parser.add_argument("--peak", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peak:
        print_peak(arguments.peak[0], int(arguments.peak[1]), int(arguments.peak[2]))
        return
    repeat = 3 if arguments.quick else 7
    simulate(network(50, "triangular", 0, resources=2), runs=64)
    simulate(network(50, "pert", 0), runs=64)
    report: dict[str, Any] = {
        "machine": f"{platform.machine()}, {usable_cores()} cores, "
        f"Python {platform.python_version()}, NumPy {np.__version__}",
        "against_numpy": [],
        "growth": [],
        "with_resources": [],
    }
    print(report["machine"])
    print("\n1,000 activities x 10,000 runs, mean over seeds 1 to 3 of the best of", repeat)
    for kind in KINDS:
        ours, theirs = [], []
        for seed in (1, 2, 3):
            net = network(1000, kind, seed)
            ours.append(best(lambda net=net, seed=seed: simulate(net, runs=10_000, seed=seed), repeat))
            theirs.append(best(lambda net=net, seed=seed: plain_numpy(net, 10_000, seed), repeat))
        row = {"kind": kind, "punctual_ms": 1e3 * float(np.mean(ours)), "numpy_ms": 1e3 * float(np.mean(theirs))}
        row["ratio"] = row["punctual_ms"] / row["numpy_ms"]
        report["against_numpy"].append(row)
        row["processor_ratio"] = processor_ratio(network(1000, kind, 1), 10_000, repeat)
        print(
            f"  {kind:<11} {row['punctual_ms']:7.1f} ms   NumPy {row['numpy_ms']:7.1f} ms   ratio {row['ratio']:.3f}"
            f"   of processor time, one thread {row['processor_ratio']:.3f}"
        )
    ours_peak, theirs_peak = peak_of("punctual", 1000, 10_000), peak_of("numpy", 1000, 10_000)
    report["memory_mib"] = {"punctual": ours_peak, "numpy": theirs_peak, "ratio": ours_peak / theirs_peak}
    print(f"  memory      {ours_peak:7.1f} MiB  NumPy {theirs_peak:7.1f} MiB  ratio {ours_peak / theirs_peak:.3f}")
    print("\ngrowth, 10,000 runs, triangular")
    for size in (100, 300, 1000, 3000) if arguments.quick else (100, 300, 1000, 3000, 10_000):
        net = network(size, "triangular", 1)
        ms = 1e3 * best(lambda net=net: simulate(net, runs=10_000), 3)
        theirs_ms = 1e3 * best(lambda net=net: plain_numpy(net, 10_000, 0), 3) if size <= 3000 else None
        report["growth"].append({"activities": size, "punctual_ms": ms, "numpy_ms": theirs_ms})
        beside = f"NumPy {theirs_ms:8.1f} ms" if theirs_ms else "NumPy would need gigabytes"
        print(f"  {size:6d} activities {ms:8.1f} ms  {1e6 * ms / size / 10_000:6.2f} ns a draw  {beside}")
    print("\nwith 20 resources, 1,000 runs, orders of 25 tasks")
    for size in (250, 1000, 5000):
        net = network(size, "triangular", 1, resources=20)
        seconds = best(lambda net=net: simulate(net, runs=1000), 1 if arguments.quick else 3)
        report["with_resources"].append({"tasks": size, "seconds": seconds})
        print(f"  {size:6d} tasks {seconds:8.2f} s  {1e9 * seconds / size / 1000:6.0f} ns a task and run")
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1))
    if arguments.plot:
        growth, limited = report["growth"], report["with_resources"]
        lines = [
            Line("Punctual, 10,000 runs", *_columns(growth, "activities", "punctual_ms"), marks=True),
            Line("NumPy, 10,000 runs", *_columns(growth, "activities", "numpy_ms"), marks=True),
            Line(
                "20 resources, 1,000 runs",
                [row["tasks"] for row in limited],
                [1e3 * row["seconds"] for row in limited],
                marks=True,
            ),
        ]
        text = chart("Cost of a simulation against its size", "activities", "ms", lines, log_x=True, log_y=True)
        arguments.plot.write_text(text)


def _columns(rows: list[dict[str, Any]], x: str, y: str) -> tuple[list[float], list[float]]:
    usable = [row for row in rows if row[y] is not None]
    return [row[x] for row in usable], [row[y] for row in usable]


if __name__ == "__main__":
    main()
