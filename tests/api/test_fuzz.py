"""Every operation of the API with generated input, as several roles: no server error, no answer outside the schema."""

from __future__ import annotations

import io
import json
import time
from functools import cache
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from django.http import FileResponse
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

import ordering
import planning
from api_document import api_document
from punctual.api.methods import ApiMethodMiddleware
from punctual.domain.orders.models import Order
from punctual.domain.orders.services.review import submit_for_review
from punctual.domain.resources.models import Resource, ResourceKind, Skill

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

ROLES = ("order_manager", "administrator", "sales", "planner", "worker", "manager")
EXAMPLES = 4
SECONDS = 30
"""After these each operation is still tried once."""
EXPECTED = {400, 401, 403, 404, 405, 409, 415, 422}
DOCUMENT = api_document()
OPERATIONS = [result.ok() for result in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()]


@pytest.fixture
def world(person: Any) -> dict[str, list[str]]:
    """What is really there, by the name of the place in an address."""
    manager = person("order_manager")
    planned = planning.plan(person("planner")).order
    Order.objects.update(number="SO-2025-00077")
    planned.refresh_from_db()
    draft = ordering.draft(manager, ordering.line(unit_price="600000"))
    waiting = submit_for_review(actor=manager, order_id=ordering.draft(manager).pk, today=ordering.TODAY)
    confirmed = ordering.confirmed(manager)
    Resource.objects.create(
        code="R1", name="铣床", kind=ResourceKind.values[0], calendar=planning.company_calendar()
    ).skills.add(Skill.objects.first())
    keys = [str(one.key) for one in (draft, waiting, confirmed, planned)]
    verbs = ["quote", "start", "hold", "cancel", "sign", "ask", "return", "reopen"]
    return {
        "key": keys,
        "order": [planned.key, confirmed.key],
        "verb": verbs,
        "code": ["T-1"],
        "number": ["1"],
        "": ["1", "2", "3"],
    }


def address(operation: Any, case: Any, world: dict[str, list[str]], pick: Any, *, real: bool) -> str:
    """The path with generated places, or with what is there."""
    path = operation.path
    for name, value in (case.path_parameters or {}).items():
        chosen = pick(world.get(name, world[""])) if real else str(value)
        path = path.replace("{" + name + "}", quote(chosen, safe="") or "-")
    return str(path)


@cache
def _validator(schema: str) -> Draft202012Validator:
    """Of one answer's schema; most answers are the same problem, and each validator reads all the components."""
    return Draft202012Validator({**json.loads(schema), "components": DOCUMENT["components"]})


def wrong(operation: Any, answer: Any) -> str:
    """What is wrong with an answer; empty for nothing."""
    content_type = answer.headers.get("Content-Type", "")
    if answer.status_code >= 500:
        return f"{answer.status_code}"
    if answer.status_code >= 400:
        if answer.status_code not in EXPECTED or not content_type.startswith("application/problem+json"):
            return f"{answer.status_code} {content_type}"
        schema = {"$ref": "#/components/schemas/Problem"}
    else:
        told = DOCUMENT["paths"][operation.path][operation.method]["responses"].get(str(answer.status_code))
        if told is None:
            return f"{answer.status_code} is not documented"
        schema = told.get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        return ""
    found = next(_validator(json.dumps(schema)).iter_errors(answer.json()), None)
    return f"{answer.status_code} {found.instance_path}: {found.message[:200]}" if found else ""


@pytest.fixture
def clients(person: Any) -> dict[str, Client]:
    made = {role: Client(raise_request_exception=False) for role in ROLES}
    for role, client in made.items():
        client.force_login(person(role))
    return made


def test_the_operations_are_all_here() -> None:
    assert len(OPERATIONS) == sum(len(methods) for methods in DOCUMENT["paths"].values())
    assert len(OPERATIONS) > 80


def tried(operation: Any, world: Any, clients: Any, examples: int) -> dict[str, str]:
    """What went wrong with an operation → by which request."""
    failures: dict[str, str] = {}

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), real=st.booleans(), role=st.sampled_from(ROLES), data=st.data())
    def once(case: Any, real: bool, role: str, data: Any) -> None:
        path = address(operation, case, world, lambda known: data.draw(st.sampled_from(known)), real=real)
        body = json.dumps(case.body) if isinstance(case.body, dict | list | str | int | float | None) else ""
        answer = clients[role].generic(
            operation.method.upper(), path, body, content_type="application/json", query_params=case.query or None
        )
        told = wrong(operation, answer)
        if told:
            failures[f"{operation.label}: {told}"] = f"{role} {path} {case.query} {body[:300]}"

    once()
    return failures


def test_generated_input_never_breaks_an_operation(world: Any, clients: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_a, **_k: ordering.TODAY)
    failures: dict[str, str] = {}
    until = time.monotonic() + SECONDS
    for operation in OPERATIONS:
        failures |= tried(operation, world, clients, EXAMPLES if time.monotonic() < until else 1)
    assert Order.objects.exists(), "the world outlived it"
    assert not failures, "\n".join(f"{what}   ← {how}" for what, how in failures.items())


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/v1/orders?offset=36893488147419103232", "", 422),
        ("GET", "/api/v1/orders/%C2%B9", "", 404),
        ("GET", "/api/v1/nowhere", "", 404),
        ("GET", "/api/v1/orders/%00", "", 404),
        ("POST", "/api/v1/customers", '{"code": "A\\u0000", "name": "x"}', 400),
        ("POST", "/api/v1/customers", '{"code": "A\\ud800", "name": "x"}', 400),
        ("POST", "/api/v1/products", '{"model": "A", "minimum_order_quantity": NaN}', 400),
        ("POST", "/api/v1/orders", "[" * 100_000, 400),
        ("POST", "/api/v1/orders", "{", 400),
        ("DELETE", "/api/v1/customers", "", 405),
    ],
)
def test_what_no_schema_foresees_is_a_problem_too(signed_in, method, path, body, status):
    client = signed_in("order_manager")
    answer = client.generic(method, path, body, content_type="application/json")
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.json()["status"] == status
    if status == 405:
        assert answer.headers["Allow"] == "GET, HEAD, POST"


def test_head_is_answered_as_get_without_the_body(signed_in):
    client = signed_in("order_manager")
    whole, head = client.get("/api/v1/customers"), client.head("/api/v1/customers")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(len(whole.content))
    assert client.head("/api/v1/customers/9999999").status_code == 404


def test_head_of_a_file_tells_its_length_and_reads_none_of_it(rf):
    answer = ApiMethodMiddleware(lambda request: FileResponse(io.BytesIO(b"drawing")))(rf.head("/api/v1/files/1"))
    assert (answer.headers["Content-Length"], answer.getvalue()) == ("7", b"")


def test_a_code_that_is_hardly_visible_is_taken_only_once(signed_in):
    client = signed_in("order_manager")
    for expected in (201, 422):
        answer = client.post("/api/v1/skills", {"code": "p\u00ad", "name": "铣"}, content_type="application/json")
        assert answer.status_code == expected
