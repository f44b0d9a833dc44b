"""Draws the figure of the page on recovery from the engine itself.

PYTHONPATH=src python docs/algorithms/figures/draw_recovery.py
"""

from __future__ import annotations

from pathlib import Path

from punctual.engine.capacity.model import Link, Mode, Order, Resource, Schedule, Task, problem
from punctual.engine.recovery import (
    BorrowFloat,
    Case,
    Crash,
    ExtraCapacity,
    Outsourcing,
    Recovery,
    Resequence,
    recover,
)

HERE = Path(__file__).parent
WIDTH, HEIGHT, LEFT, BASE = 720, 340, 70, 280


def answer() -> Recovery:
    """Order A waits on the mill for B, which has some float."""
    tasks = [
        Task("B1", (Mode(12, {"mill": 1}),), order="B"),
        Task("A1", (Mode(8, {"mill": 1}),), order="A"),
        Task("A2", (Mode(6, {"bench": 1}),), (Link("A1"),), order="A"),
    ]
    machines = [Resource(name, ((0, 1),)) for name in ("mill", "bench")]
    orders = [Order("A", due=15, weight=10), Order("B", due=16, weight=20)]
    case = Case(problem(resources=machines, orders=orders, tasks=tasks), Schedule((0, 12, 20), (0, 0, 0)), 0, "A")
    levers = [
        ExtraCapacity("overtime", "mill", ((0, 20),), 1, 16.0),
        Outsourcing("supplier", "A1", 10, 90.0),
        Crash("crash A2", "A2", 3, 8.0),
        Crash("crash B1", "B1", 8, 12.0),
        BorrowFloat("borrow float"),
        Resequence("re-sequence"),
    ]
    return recover(case, levers)


def main() -> None:
    options = answer().options
    across = (WIDTH - LEFT - 210) / max(option.cost for option in options)
    up = (BASE - 60) / max(option.gain_p50 for option in options)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'aria-label="Options: gain against cost" font-family="system-ui, sans-serif" font-size="13" fill="#1f2328">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        '<text x="20" y="26" font-size="15" font-weight="600">Options: gain (line from P80 to P50) against cost</text>',
        f'<path d="M{LEFT} 45V{BASE}H{WIDTH - 20}" fill="none" stroke="#8c959f"/>',
        f'<text x="{WIDTH / 2}" y="{BASE + 40}" text-anchor="middle">cost</text>',
        f'<text transform="translate(20 {HEIGHT / 2}) rotate(-90)" text-anchor="middle">units of time gained</text>',
    ]
    for option in options:
        x = LEFT + option.cost * across
        middle, safe = BASE - option.gain_p50 * up, BASE - option.gain_p80 * up
        name = " + ".join(use.lever for use in option.uses)
        text = f"{name}: {option.gain_p50:.1f} for {option.cost:.0f}"
        parts.append(f'<path d="M{x:.1f} {middle:.1f}V{safe:.1f}" stroke="#1f6feb" stroke-width="3"/>')
        parts.append(f'<circle cx="{x:.1f}" cy="{middle:.1f}" r="5" fill="#1f6feb"/>')
        parts.append(f'<text x="{x + 9:.1f}" y="{middle + 4:.1f}">{text}</text>')
    (HERE / "recovery.svg").write_text("\n".join([*parts, "</svg>\n"]), encoding="utf-8")


if __name__ == "__main__":
    main()
