"""Records as plain facts for the rules."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from typing import Final

from punctual.domain.risks.models import ResponseState, Risk, RiskResponse, RiskSettings, ThreePoints
from punctual.domain.risks.rules import Matrix, Points
from punctual.platform.one_row import the_row

DEFAULT_PROBABILITY_BOUNDS: Final = (10, 25, 40, 65)
DEFAULT_IMPACT_BOUNDS: Final = (1, 2, 4, 8)
POINT_FIELDS: Final = tuple(one.name for one in fields(Points))


def risk_settings() -> RiskSettings:
    """The company's matrix; made with the usual bounds the first time."""
    defaults = {
        "probability_bounds": list(DEFAULT_PROBABILITY_BOUNDS),
        "impact_bounds": list(DEFAULT_IMPACT_BOUNDS),
    }
    return the_row(RiskSettings, **defaults)


def matrix(settings: RiskSettings | None = None) -> Matrix:
    found = settings or risk_settings()
    return Matrix(
        tuple(Decimal(str(one)) for one in found.probability_bounds),
        tuple(Decimal(str(one)) for one in found.impact_bounds),
        found.watch_from,
        found.act_from,
        found.stop_from,
    )


def points_of(found: ThreePoints) -> Points:
    return Points(**{name: getattr(found, name) for name in POINT_FIELDS})


def in_force(risk: Risk) -> RiskResponse | None:
    """The response that was chosen or is done; ``risk.responses`` may be prefetched."""
    return next((one for one in risk.responses.all() if one.state != ResponseState.PROPOSED), None)


def standing(risk: Risk) -> Points:
    """How the risk stands today: as after its response once that is done, else as it was assessed."""
    response = in_force(risk)
    return points_of(response if response and response.state == ResponseState.DONE else risk)


def residual(risk: Risk) -> Points:
    """How the risk stands once its chosen response is done; without one as it is."""
    response = in_force(risk)
    return points_of(response) if response else points_of(risk)
