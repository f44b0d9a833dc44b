"""Draws the figures of simulation, earned value, sampling, control charts and cause chains from the engine itself.

PYTHONPATH=src:benchmarks python docs/algorithms/figures/draw_statistics.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from svg_chart import COLOURS, Line, chart

from punctual.engine.control_charts import ChartType, Subgroups, control_chart
from punctual.engine.earned_value import Performance, PeriodInput, earned_value
from punctual.engine.explain import Cause, Dependency, Gate, ScheduledTask, driving_chain
from punctual.engine.sampling import Severity, sampling_plan
from punctual.engine.simulate import Activity, Distribution, Kind, Risk, StochasticNetwork, simulate

HERE = Path(__file__).parent


def simulation() -> str:
    """How the finish of a small network spreads, with and without its risk."""

    def spread(low: float, mode: float, high: float) -> Distribution:
        return Distribution(Kind.PERT, (low, mode, high, 4.0))

    activities = [
        Activity("design", spread(8, 10, 16)),
        Activity("castings", spread(15, 20, 35)),
        Activity("machining", spread(6, 8, 14)),
        Activity("assembly", spread(5, 6, 10)),
    ]
    links = [("design", "castings"), ("design", "machining"), ("castings", "assembly"), ("machining", "assembly")]
    impact = Distribution(Kind.TRIANGULAR, (5.0, 10.0, 20.0))
    risk = Risk("foundry fails", 0.3, ("castings",), impact)
    lines = []
    for name, risks in (("without the risk", []), ("with the risk (probability 0.3)", [risk])):
        result = simulate(StochasticNetwork(activities, links, risks), runs=20_000)
        levels = np.linspace(0.001, 0.999, 200)
        lines.append(Line(name, np.quantile(result.ends, levels).tolist(), (100 * levels).tolist()))
    ends = [min(line.x[0] for line in lines), max(line.x[-1] for line in lines)]
    lines.append(Line("P80", ends, [80, 80], dashed=True, colour="#57606a"))
    return chart("Probability that the finish is kept", "days from the start", "%", lines)


def earned() -> str:
    """PV, EV and AC of a late project, and the schedule earned."""
    pv = [40, 110, 210, 330, 460, 590, 710, 810, 890, 950, 985, 1000]
    ev = [30, 80, 150, 240, 340, 440, 530]
    ac = [35, 95, 180, 280, 395, 510, 620]
    periods = [PeriodInput(value, *((ev[k], ac[k]) if k < len(ev) else (None, None))) for k, value in enumerate(pv)]
    status = earned_value(Performance(1000, 12, periods))[6]
    earned_time = status.es or 0.0
    return chart(
        f"AT = 7, ES = {earned_time:.2f}, SPI(t) = {status.spi_t:.2f}, EAC(t) = {status.eac_t:.1f} periods",
        "period",
        "cumulative",
        [
            Line("PV", [0, *range(1, 13)], [0, *pv]),
            Line("EV", list(range(8)), [0, *ev], marks=True),
            Line("AC", list(range(8)), [0, *ac], marks=True),
            Line("ES", [7, earned_time, earned_time], [ev[6], ev[6], 0], dashed=True, colour="#57606a"),
        ],
    )


def sampling() -> str:
    """Operating characteristics of one lot and AQL under the three severities."""
    quality = np.linspace(0, 10, 101).tolist()
    lines = []
    for severity in Severity:
        plan = sampling_plan(1000, aql=1.0, severity=severity)
        name = f"{severity.value}: n = {plan.n}, Ac = {plan.ac}"
        lines.append(Line(name, quality, [100 * plan.acceptance_probability(value) for value in quality]))
    return chart("Lot of 1,000, level II, AQL 1.0", "% nonconforming", "% of lots accepted", lines)


def control() -> str:
    """Individuals with limits and a run of nine on one side."""
    values = [
        10.2,
        9.8,
        10.1,
        9.9,
        10.3,
        9.7,
        10.0,
        10.4,
        9.9,
        10.1,
        10.5,
        10.3,
        10.6,
        10.4,
        10.5,
        10.7,
        10.4,
        10.6,
        10.5,
    ]
    result = control_chart(Subgroups([[value] for value in values]), ChartType.I_MR)
    points = list(range(1, len(values) + 1))
    ends = [1, len(values)]
    marked = sorted({point for signal in result.signals for point in signal.points})
    return chart(
        "Individuals: the last nine lie on one side (test 2)",
        "point",
        "value",
        [
            Line("values", points, values, marks=True),
            Line("signal", marked, [values[point - 1] for point in marked], marks=True),
            Line("limits", ends, [float(np.max(result.ucl))] * 2, dashed=True, colour="#57606a"),
            Line("", ends, [float(np.min(result.lcl))] * 2, dashed=True, colour="#57606a"),
            Line("centre", ends, [result.center] * 2, colour="#8c959f"),
        ],
    )


def cause_chain() -> str:
    """A small schedule with the chain that drives its last task."""
    tasks = [
        ScheduledTask("SO-1 mill", 0, 6, order="SO-1", demands={"mill": 1}),
        ScheduledTask("SO-2 saw", 0, 3, order="SO-2"),
        ScheduledTask("SO-2 mill", 6, 11, order="SO-2", dependencies=[Dependency("SO-2 saw")], demands={"mill": 1}),
        ScheduledTask(
            "SO-2 assemble", 11, 15, order="SO-2", dependencies=[Dependency("SO-2 mill")],
            gates=[Gate(9, Cause.MATERIAL, "bearings", by="Acme")],
        ),
        ScheduledTask("SO-2 test", 15, 17, order="SO-2", dependencies=[Dependency("SO-2 assemble")]),
    ]  # fmt: skip
    chain = driving_chain(tasks, "SO-2 test", capacities={"mill": 1})
    driven = {link.task for link in chain}
    width, row, left, unit = 720, 34, 140, 28
    height = row * len(tasks) + 40 + 20 * len(chain)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        'aria-label="driving chain" font-family="system-ui, sans-serif" font-size="13">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for k, task in enumerate(tasks):
        y = 12 + row * k
        colour = COLOURS[1] if task.id in driven else "#afb8c1"
        parts.append(f'<text x="{left - 10}" y="{y + 16}" text-anchor="end">{task.id}</text>')
        parts.append(
            f'<rect x="{left + unit * task.start:.0f}" y="{y}" width="{unit * (task.finish - task.start):.0f}" '
            f'height="22" rx="3" fill="{colour}"/>'
        )
    for k, link in enumerate(chain):
        y = row * len(tasks) + 34 + 20 * k
        detail = " ".join(part for part in (link.by, link.what and f"({link.what})") if part)
        parts.append(f'<text x="{left}" y="{y}">{link.task} ← {link.cause.value} {detail}: {link.wait:g}</text>')
    return "\n".join([*parts, "</svg>\n"])


if __name__ == "__main__":
    for name, draw in (
        ("simulation", simulation),
        ("earned-value", earned),
        ("sampling", sampling),
        ("control-charts", control),
        ("explain", cause_chain),
    ):
        (HERE / f"{name}.svg").write_text(draw(), encoding="utf-8")
