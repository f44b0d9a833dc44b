"""OR-Tools CP-SAT for one project: bounds, proofs and sometimes a better schedule, with the best one known as hint.

The solver is loaded here, late, and only in workers and on the command line. It runs in its own thread beside the
population search, with one worker; whoever proves the end stops the other.
"""

from __future__ import annotations

import importlib
import threading
from typing import Any

from punctual.engine.capacity.arrays import Network


def preload() -> None:
    """Begin to load the solver in the background (some tenths of a second), so that it is there when it is wanted."""
    threading.Thread(target=importlib.import_module, args=("ortools.sat.python.cp_model",), daemon=True).start()


class Proof:
    """A running solver over the single-mode network: ``bound`` and ``start`` (better than the hint, or None) may be
    read anytime.
    """

    def __init__(self, net: Network, upper: int, lower: int, hint: list[int], seconds: float, workers: int) -> None:
        self.bound = lower
        self.upper = upper
        self.start: list[int] | None = None
        self._net, self._hint = net, hint
        self._seconds, self._workers = seconds, workers
        self._solver: Any = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="punctual-proof", daemon=True)
        self._error: BaseException | None = None
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether the solver still works."""
        return self._thread.is_alive()

    def finish(self) -> None:
        """Stop the solver and wait for its end; an error of its thread is raised here."""
        self._stopped.set()
        if self._solver is not None:
            self._solver.stop_search()
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            self._solve()
        except BaseException as error:
            self._error = error

    def _solve(self) -> None:
        from ortools.sat.python import cp_model

        if self._stopped.is_set():
            return
        model, starts, end = self._model(cp_model)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = self._workers
        solver.parameters.linearization_level = 0  # of sixty hard projects it proves two more in the same second
        solver.parameters.max_time_in_seconds = max(0.01, self._seconds)
        solver.best_bound_callback = self._hear
        self._solver = solver
        if self._stopped.is_set():
            return
        status = solver.solve(model)
        if status == cp_model.INFEASIBLE:  # nothing is shorter than the best one known
            self.bound = self.upper
        elif status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            self.upper = int(solver.value(end))
            self.start = [int(solver.value(start)) for start in starts]
            self.bound = max(self.bound, self.upper if status == cp_model.OPTIMAL else 0)

    def _hear(self, bound: float) -> None:
        self.bound = max(self.bound, min(self.upper, round(bound)))

    def _model(self, cp_model: Any) -> tuple[Any, list[Any], Any]:
        """Makespan strictly below ``upper``: then either something better comes out or the best one known is proven."""
        net = self._net
        model = cp_model.CpModel()
        end = model.new_int_var(self.bound, max(self.bound, self.upper - 1), "")
        if self.bound > self.upper - 1:
            model.add_bool_or([])
        starts, intervals = [], []
        for task in range(net.fixed.size):
            duration = int(net.duration[task])
            start = model.new_int_var(int(net.release[task]), max(int(net.release[task]), self.upper - duration), "")
            starts.append(start)
            intervals.append(model.new_fixed_size_interval_var(start, duration, ""))
            model.add(start + duration <= end)
            if self._hint:
                model.add_hint(start, self._hint[task])
        for task in range(net.fixed.size):
            for row in range(net.pred_ptr[task], net.pred_ptr[task + 1]):
                other = int(net.pred[row])
                model.add(starts[task] >= starts[other] + int(net.duration[other]) + int(net.lag[row]))
        for kind in range(net.step_ptr.size - 1):
            self._add_capacity(model, intervals, kind)
        model.minimize(end)
        return model, starts, end

    def _add_capacity(self, model: Any, intervals: list[Any], kind: int) -> None:
        net = self._net
        rows = [row for row in range(net.need.size) if net.need[row] == kind]
        owners = net.need_ptr.searchsorted(rows, side="right") - 1
        used = [intervals[int(owner)] for owner in owners]
        units = [int(net.units[row]) for row in rows]
        first, last = int(net.step_ptr[kind]), int(net.step_ptr[kind + 1])
        most = max((int(n) for n in net.step_units[first:last]), default=0)
        if first < last and net.step_time[first] > 0:
            used.append(model.new_fixed_size_interval_var(0, int(net.step_time[first]), ""))
            units.append(most)
        for row in range(first, last):
            until = int(net.step_time[row + 1]) if row + 1 < last else self.upper + 1
            length = until - int(net.step_time[row])
            if length > 0 and net.step_units[row] < most:
                used.append(model.new_fixed_size_interval_var(int(net.step_time[row]), length, ""))
                units.append(most - int(net.step_units[row]))
        if used:
            model.add_cumulative(used, units, most)
