"""What a recovery answers: the forecast as it stands, and the options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from punctual.engine.explain import Link
from punctual.engine.recovery.patch import Patch
from punctual.kernel.refusal import Reason


@dataclass(frozen=True, slots=True)
class Forecast:
    """End of the delivery: ``planned`` by the schedule, and the dates kept with 50 % and 80 % of the runs."""

    planned: int
    p50: float
    p80: float


@dataclass(frozen=True, slots=True)
class LeverUse:
    """One lever of an option. ``amounts``: unit-times of extra capacity, time saved by crashing or expediting."""

    lever: str
    kind: str
    amounts: Mapping[str, int]
    cost: float


@dataclass(frozen=True, slots=True)
class Touched:
    """What an option does to another order: tasks that move, by how much its end moves (positive: later), what that
    lateness costs."""

    tasks: int
    end: int
    cost: int


@dataclass(frozen=True, slots=True)
class Option:
    """One way out, verified feasible.

    ``gain gain_p50 gain_p80``   time units by which the delivery comes earlier, by plan and at 50 % and 80 %.
    ``error_p50 error_p80``      standard errors of the last two.
    ``cost``                     levers + prices of moved tasks + added lateness cost of other orders.
    ``rest``                     end of the whole order (later than the first delivery when it is split).
    ``patch``                    ready for :func:`punctual.engine.recovery.patched`.
    """

    uses: tuple[LeverUse, ...]
    forecast: Forecast
    gain: int
    gain_p50: float
    gain_p80: float
    error_p50: float
    error_p80: float
    cost: float
    touched: Mapping[str, Touched]
    rest: int
    keeps_deadline: bool
    patch: Patch

    def as_data(self) -> dict[str, object]:
        """Plain data for JSON."""
        return asdict(self) | {"patch": self.patch.as_data()}


@dataclass(frozen=True, slots=True)
class Recovery:
    """The non-dominated options, the largest gain first.

    ``before``    the forecast of the order as it stands. ``chain`` what drives it, the nearest cause first.
    ``reason``    why there is no option, else None. ``left_out`` lever id → why no option uses it.
    ``runs``      Monte Carlo runs behind every P50 and P80 (the same draws before and after).
    """

    options: tuple[Option, ...]
    before: Forecast
    chain: tuple[Link, ...]
    reason: Reason | None
    left_out: Mapping[str, Reason]
    runs: int
    seed: int
