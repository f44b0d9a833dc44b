"""An assistant reads with its person's token and suggests; nothing is done before the person confirms."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.test import Client as Browser

import ordering
from punctual.cli.main import main
from punctual.domain.actions.models import ActionItem
from punctual.domain.orders.models import Order, OrderState
from punctual.kernel.refusal import Conflict, NotFound, Refusal
from punctual.platform.accounts.models import TokenScope, User
from punctual.platform.accounts.services import issue_token
from punctual.platform.proposals.models import Proposal, ProposalState
from punctual.platform.proposals.services import confirm, decline, propose

Person = Callable[[str], User]


def _propose(actor: User, order: Order, **more: Any) -> Proposal:
    told = {"order": order.label if order.number else str(order.pk), "priority": "1", **more}
    return propose(actor=actor, verb="set_priority", arguments=told, why="It is late.", today=ordering.TODAY)


@pytest.mark.parametrize(
    ("verb", "arguments", "codes"),
    [
        ("drop_database", {}, {"proposal.verb"}),
        ("set_priority", {"order": "1"}, {"proposal.missing"}),
        ("set_priority", {"order": "1", "priority": "1", "sql": "x"}, {"proposal.argument"}),
        ("open_action_item", {"title": "call", "due": "soon"}, {"proposal.due"}),
    ],
)
def test_what_is_no_proposal_is_refused_to_who_makes_it(
    person: Person, verb: str, arguments: dict[str, str], codes: set[str]
) -> None:
    with pytest.raises(Refusal) as refusal:
        propose(actor=person("order_manager"), verb=verb, arguments=arguments, why="", today=ordering.TODAY)
    assert refusal.value.codes == codes
    assert not Proposal.objects.exists()


def test_a_proposal_can_do_no_more_than_its_person_and_is_tried_without_a_trace(person: Person) -> None:
    order = ordering.draft(person("sales"))
    with pytest.raises(Refusal):
        _propose(person("sales"), order)
    with pytest.raises(Refusal):
        _propose(person("order_manager"), order, priority="9")
    made = _propose(person("order_manager"), order)
    order.refresh_from_db()
    assert (order.priority, made.state) == (3, ProposalState.WAITING)


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_text_of_several_lines_is_taken_whatever_ends_them(person: Person, end: str) -> None:
    arguments = {"title": "call", "due": "2026-12-01", "detail": f"first{end}second"}
    made = propose(
        actor=person("order_manager"), verb="open_action_item", arguments=arguments, why="", today=ordering.TODAY
    )
    assert made.arguments["detail"] == "first\nsecond"


def test_only_its_person_confirms_it_once_and_it_is_done_in_their_name(person: Person) -> None:
    manager = person("order_manager")
    order = ordering.draft(person("sales"))
    made = _propose(manager, order)
    with pytest.raises(NotFound):
        confirm(actor=person("administrator"), proposal_id=made.pk, today=ordering.TODAY)
    with pytest.raises(Conflict):
        confirm(actor=manager, proposal_id=made.pk, today=ordering.TODAY, expected_version=9)
    confirm(actor=manager, proposal_id=made.pk, today=ordering.TODAY)
    order.refresh_from_db()
    assert order.priority == 1
    for again in (confirm, decline):
        with pytest.raises(Refusal):
            again(actor=manager, proposal_id=made.pk, **({"today": ordering.TODAY} if again is confirm else {}))


def test_what_can_not_be_done_any_more_stays_and_says_why(person: Person) -> None:
    manager = person("order_manager")
    order = ordering.in_state(manager, OrderState.CONFIRMED)
    made = propose(
        actor=manager, verb="hold_order", arguments={"order": order.label, "reason": "x"}, why="", today=ordering.TODAY
    )
    Order.objects.filter(pk=order.pk).update(state=OrderState.CANCELLED)
    with pytest.raises(Refusal):
        confirm(actor=manager, proposal_id=made.pk, today=ordering.TODAY)
    made.refresh_from_db()
    assert made.state == ProposalState.WAITING
    decline(actor=manager, proposal_id=made.pk)


def test_the_page_shows_ones_own_confirms_and_declines(person: Person, signed_in: Callable[[str], Browser]) -> None:
    order = ordering.draft(person("sales"))
    made, other = _propose(person("order_manager"), order), _propose(person("order_manager"), order, priority="2")
    assert "It is late." not in signed_in("sales").get("/proposals/").content.decode()
    assert signed_in("sales").post(f"/proposals/{made.pk}/", {"verb": "confirm"}).status_code == 404
    client = signed_in("order_manager")
    assert "It is late." in client.get("/proposals/").content.decode()
    client.post(f"/proposals/{made.pk}/", {"verb": "confirm", "version": made.version})
    client.post(f"/proposals/{other.pk}/", {"version": other.version})
    assert set(Proposal.objects.values_list("state", flat=True)) == {"done", "declined"}
    assert Order.objects.get().priority == 1


# ---------------------------------------------------------------------------------------------- the MCP server


def test_the_command_needs_a_token_and_an_address(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PUNCTUAL_TOKEN", raising=False)
    assert main(["mcp"]) == 2
    assert "PUNCTUAL_TOKEN" in capsys.readouterr().err


def _in_process(browser: Browser, token: str) -> Callable[[str, str, Mapping[str, Any] | None], Any]:
    """The same as over HTTP, without a socket."""
    from punctual.assistants.calls import Refused, problem

    def ask(method: str, where: str, body: Mapping[str, Any] | None) -> Any:
        answer = browser.generic(
            method,
            f"/api/v1{where}",
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            headers={"authorization": f"Bearer {token}"},
        )
        if answer.status_code >= 400:
            raise Refused(problem(answer.status_code, answer.content))
        return json.loads(answer.content)

    return ask


def _call(server: Any, *calls: tuple[str, dict[str, Any]]) -> list[Any]:
    """Each call's answer by the SDK's own client, or the text of its error."""
    from mcp import Client

    async def talk() -> list[Any]:
        async with Client(server) as client:
            names = {tool.name for tool in (await client.list_tools()).tools}
            assert {"find_orders", "get_load", "list_promises", "list_warnings", "propose"} <= names
            found = []
            for name, arguments in calls:
                result = await client.call_tool(name, arguments)
                found.append(result.content[0].text if result.is_error else result.structured_content)
            return found

    return asyncio.run(talk())


@pytest.mark.django_db(transaction=True)
def test_the_sdks_client_reads_with_the_persons_eyes_and_proposes(person: Person, monkeypatch: Any) -> None:
    pytest.importorskip("mcp")
    from punctual.assistants.server import make_server

    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    order = ordering.in_state(person("order_manager"), OrderState.CONFIRMED)

    def served(role: str, **more: Any) -> Any:
        return make_server(_in_process(Browser(), issue_token(actor=None, user=person(role), name="t", **more)))

    wish = {"verb": "set_priority", "arguments": {"order": order.label, "priority": "1"}, "why": "late"}
    found = _call(
        served("order_manager"),
        ("find_orders", {"search": order.label}),
        ("get_order", {"order": order.label}),
        ("list_promises", {"order": order.label}),
        ("get_load", {}),
        ("list_warnings", {}),
        ("propose", wish),
        ("get_order", {"order": "../me"}),
    )
    assert found[0]["items"][0]["number"] == order.number
    assert found[1]["lines"]
    assert found[5]["state"] == "waiting"
    assert "get_order: 40" in found[6]
    refused = _call(served("worker"), ("find_orders", {}), ("propose", wish))
    assert "403" in refused[0]
    assert "40" in refused[1]
    read_only = _call(served("order_manager", scope=TokenScope.READ), ("propose", wish))
    assert "403" in read_only[0]
    assert Proposal.objects.count() == 1
    assert Order.objects.get().priority == 3
    assert not ActionItem.objects.exists()


def test_the_command_talks_over_standard_input_and_output(live_server: Any, transactional_db: None) -> None:
    pytest.importorskip("mcp")
    from mcp import StdioServerParameters

    user = User.objects.create_user("om", "om@example.test", "x", role="order_manager")
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "PYTHONPATH", "HOME", "LANG")}
    token = issue_token(actor=None, user=user, name="t")
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "punctual", "mcp", "--url", live_server.url],
        env={**kept, "PUNCTUAL_TOKEN": token},
    )
    assert _call(server, ("find_orders", {})) == [{"total": 0, "limit": 20, "offset": 0, "items": []}]
