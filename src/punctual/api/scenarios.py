"""What-if scenarios: made, read beside the live plan, applied or discarded."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from ninja import Query, Router, Schema

from punctual.api.authentication import actor_of
from punctual.api.pages import Listing, Paging, listing
from punctual.api.scheduling import SchedulingVersionIn
from punctual.domain.scheduling.models import Scenario
from punctual.domain.scheduling.selectors import scenarios
from punctual.flows.scenarios import apply_scenario, discard_scenario, make_scenario, renew_scenario
from punctual.kernel.refusal import Reason
from punctual.platform.accounts.permissions import require
from punctual.platform.records import get_or_not_found

router = Router()


class ScenarioIn(Schema):
    """``delta``: absence, extra, priority, date, drop (see the documentation of scenarios)."""

    name: str
    delta: list[dict[str, Any]]


class ScenarioOut(Schema):
    """``result`` is empty until it has been computed; ``error`` says why that came to nothing."""

    id: int
    version: int
    name: str
    state: str
    delta: list[dict[str, Any]]
    result: dict[str, Any]
    error: str


def _scenario(found: Scenario) -> dict[str, Any]:
    return {
        "id": found.pk,
        "version": found.version,
        "name": found.name,
        "state": found.state,
        "delta": found.delta,
        "result": found.result,
        "error": " ".join(Reason("", one["text"], one["params"]).worded(gettext) for one in found.error),
    }


@router.get("/scenarios", response=Listing[ScenarioOut])
def list_scenarios(request: HttpRequest, paging: Query[Paging]) -> Any:
    """What-if scenarios, the newest first."""
    actor = actor_of(request)
    require(actor, "scheduling.view")
    return listing(scenarios(actor), paging, sorts=("id", "name"), shape=_scenario)


@router.post("/scenarios", response={202: ScenarioOut})
def create_scenario(request: HttpRequest, body: ScenarioIn) -> Any:
    """Make a scenario; it is computed in the background."""
    return 202, _scenario(make_scenario(actor=actor_of(request), name=body.name, delta=body.delta))


@router.get("/scenarios/{int:pk}", response=ScenarioOut)
def read_scenario(request: HttpRequest, pk: int) -> Any:
    """One scenario with its result beside the live plan."""
    return _scenario(get_or_not_found(scenarios(actor_of(request)), pk=pk))


@router.post("/scenarios/{int:pk}/apply", response=ScenarioOut)
def do_scenario(request: HttpRequest, pk: int, body: SchedulingVersionIn) -> Any:
    """Do for real what it changes: all of it or nothing."""
    found = apply_scenario(
        actor=actor_of(request), scenario_id=pk, today=timezone.localdate(), expected_version=body.version
    )
    return _scenario(found)


@router.post("/scenarios/{int:pk}/renew", response={202: ScenarioOut})
def compute_scenario_again(request: HttpRequest, pk: int, body: SchedulingVersionIn) -> Any:
    """Have it computed beside the schedule that is in force now, in the background."""
    return 202, _scenario(renew_scenario(actor=actor_of(request), scenario_id=pk, expected_version=body.version))


@router.post("/scenarios/{int:pk}/discard", response=ScenarioOut)
def drop_scenario(request: HttpRequest, pk: int, body: SchedulingVersionIn) -> Any:
    """Close it without any change."""
    return _scenario(discard_scenario(actor=actor_of(request), scenario_id=pk, expected_version=body.version))
