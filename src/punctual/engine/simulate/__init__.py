"""Monte Carlo of a stochastic network: finish quantiles, criticality, sensitivity and what each risk costs.

The model stands in :mod:`~punctual.engine.simulate.model`, the method in docs/algorithms/simulation.md. The compiled
kernels are loaded at the first call only.
"""

from punctual.engine.simulate.model import Activity, Correlation, Distribution, Kind, Risk, StochasticNetwork
from punctual.engine.simulate.run import Simulation, simulate

__all__ = [
    "Activity",
    "Correlation",
    "Distribution",
    "Kind",
    "Risk",
    "Simulation",
    "StochasticNetwork",
    "simulate",
]
