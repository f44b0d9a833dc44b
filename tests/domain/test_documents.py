"""Documents on orders, tasks and inspections: who may, what counts, and that a task waits for the customer's yes."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from django.utils import timezone

import inspecting
import ordering
import planning
from punctual.domain.delivery.models import DocumentRequest
from punctual.domain.delivery.services.documents import (
    answer_by_link,
    answer_by_paper,
    ask_customer,
    attach_document,
    decide,
    documents_of_order,
)
from punctual.domain.monitoring.models import Block
from punctual.domain.plans.models import Plan, Task
from punctual.domain.quality.models import Inspection
from punctual.kernel.refusal import Forbidden, NotFound, Refusal
from punctual.platform.attachments.models import Attachment
from punctual.platform.links.models import SignedLink

pytestmark = pytest.mark.django_db
TODAY = ordering.TODAY


@pytest.fixture
def task(person: Any) -> Task:
    """A leaf of the plan of a confirmed order."""
    actor = person("order_manager")
    plan = planning.plan(actor)
    return Task.objects.filter(plan=plan, is_summary=False, is_milestone=False).select_related("plan__order")[0]


def drawing(person: Any, task: Task, *, waiting: bool = True, role: str = "planner") -> Attachment:
    return attach_document(
        actor=person(role), holder="task", pk=task.pk, file=io.BytesIO(b"%PDF"), name="总装图.pdf", kind="drawing",
        needs_approval=waiting,
    )  # fmt: skip


def asked(person: Any, task: Task, **more: Any) -> tuple[DocumentRequest, str]:
    found = drawing(person, task)
    return ask_customer(
        actor=person("order_manager"), holder="task", pk=task.pk, attachment_id=found.pk, task_id=task.pk, **more
    )


def blocks(task: Task) -> list[str]:
    return list(Block.objects.filter(task=task, cleared_at=None).values_list("reason", flat=True))


def test_who_may_not_see_the_thing_attaches_nothing_to_it(person: Any, task: Task) -> None:
    with pytest.raises(NotFound):
        drawing(person, task, role="worker")
    with pytest.raises(NotFound):
        attach_document(
            actor=person("worker"), holder="order", pk=task.plan.order_id, file=io.BytesIO(b"1"), name="a", kind="other"
        )
    with pytest.raises(NotFound):
        attach_document(actor=person("planner"), holder="user", pk=1, file=io.BytesIO(b"1"), name="a", kind="other")
    with pytest.raises(Refusal) as refused:
        attach_document(
            actor=person("planner"), holder="task", pk=task.pk, file=io.BytesIO(b"1"), name="a", kind="poem"
        )
    assert refused.value.codes == {"document.kind"}
    assert not Attachment.objects.exists()


def test_files_of_the_same_name_are_versions_and_stand_with_the_order(person: Any, task: Task) -> None:
    assert [drawing(person, task).version, drawing(person, task).version] == [1, 2]
    rows = documents_of_order(person("sales"), task.plan.order)
    assert {(holder, one.version) for holder, one in rows} == {(task, 1), (task, 2)}


def test_nobody_approves_their_own_and_not_everybody_decides(person: Any, task: Task) -> None:
    mine = drawing(person, task, role="order_manager")
    wish = {"holder": "task", "pk": task.pk, "attachment_id": mine.pk, "approve": True, "today": TODAY}
    with pytest.raises(Forbidden):
        decide(actor=person("planner"), **wish)
    with pytest.raises(Refusal) as refused:
        decide(actor=person("order_manager"), **wish)
    assert refused.value.codes == {"document.own"}
    assert decide(actor=person("quality"), **wish).approval == "approved"


def test_a_task_waits_for_the_customers_yes_and_is_done_with_it(person: Any, task: Task) -> None:
    _request, token = asked(person, task)
    assert len(blocks(task)) == 1
    done = answer_by_link(token=token, approve=True, name="周建平", note="", today=TODAY)
    task.refresh_from_db()
    assert (blocks(task), task.percent) == ([], 100)
    assert done.answered_at is not None
    with pytest.raises(Refusal) as refused:
        answer_by_link(token=token, approve=False, name="周建平", note="x", today=TODAY)
    assert refused.value.codes == {"link.used"}


def test_a_task_that_only_waits_goes_on_with_the_yes(person: Any, task: Task) -> None:
    _request, token = asked(person, task, finishes=False)
    answer_by_link(token=token, approve=True, name="周建平", note="", today=TODAY)
    task.refresh_from_db()
    assert (blocks(task), task.percent) == ([], 0)


def test_after_a_no_it_waits_for_the_next_version_and_the_old_link_is_dead(person: Any, task: Task) -> None:
    _request, token = asked(person, task)
    answer_by_link(token=token, approve=False, name="周建平", note="孔位不对", today=TODAY)
    assert len(blocks(task)) == 1
    assert "v1" in blocks(task)[0]
    _second, old = asked(person, task)
    _third, new = asked(person, task)
    with pytest.raises(Refusal) as refused:
        answer_by_link(token=old, approve=True, name="周建平", note="", today=TODAY)
    assert refused.value.codes == {"link.revoked"}
    SignedLink.objects.update(expires_at=timezone.now() - dt.timedelta(minutes=1))
    with pytest.raises(Refusal) as refused:
        answer_by_link(token=new, approve=True, name="周建平", note="", today=TODAY)
    assert refused.value.codes == {"link.expired"}
    assert len(blocks(task)) == 1


def test_an_uploaded_paper_answers_as_the_link_does_and_ends_it(person: Any, task: Task) -> None:
    request, token = asked(person, task)
    wish: dict[str, Any] = {"request_id": request.pk, "approve": True, "name": "周建平", "note": "", "today": TODAY}
    with pytest.raises(Forbidden):
        answer_by_paper(actor=person("planner"), file=io.BytesIO(b"%PDF"), **wish)
    with pytest.raises(Refusal) as refused:
        answer_by_paper(actor=person("sales"), file=None, **wish)
    assert refused.value.codes == {"document.paper"}
    assert len(blocks(task)) == 1
    answer_by_paper(actor=person("sales"), file=io.BytesIO(b"%PDF"), file_name="确认函.pdf", **wish)
    task.refresh_from_db()
    assert (blocks(task), task.percent) == ([], 100)
    assert Attachment.objects.filter(kind="agreement", target_type="order").count() == 1
    with pytest.raises(Refusal):
        answer_by_link(token=token, approve=True, name="周建平", note="", today=TODAY)
    with pytest.raises(Refusal) as refused:
        answer_by_paper(actor=person("sales"), file=io.BytesIO(b"%PDF"), **wish)
    assert "document.answered" in refused.value.codes


def test_a_task_of_another_plan_or_a_done_one_can_not_wait(person: Any, task: Task) -> None:
    found = drawing(person, task)
    Task.objects.filter(pk=task.pk).update(percent=100)
    for wish in (task.pk, 999_999):
        with pytest.raises(Refusal) as refused:
            ask_customer(actor=person("order_manager"), holder="task", pk=task.pk, attachment_id=found.pk, task_id=wish)
        assert refused.value.codes == {"document.task"}
    assert not DocumentRequest.objects.exists()
    assert Plan.objects.count() == 1


def test_the_pages_and_the_api_do_the_same(person: Any, task: Task, signed_in: Any) -> None:
    client = signed_in("order_manager")
    url = f"/documents/task/{task.pk}/attach/"
    data = {"kind": "drawing", "needs_approval": "on", "next": f"/tasks/{task.pk}/"}
    assert client.post(url, {**data, "file": io.BytesIO(b"%PDF")}).status_code in (302, 303)
    found = Attachment.objects.get()
    page = client.get(f"/orders/{task.plan.order.key}/documents/").content.decode()
    assert f"/documents/task/{task.pk}/{found.pk}/" in page
    assert f"/documents/task/{task.pk}/{found.pk}/" in client.get(f"/tasks/{task.pk}/").content.decode()
    assert client.get(f"/documents/task/{task.pk}/{found.pk}/").content == b"%PDF"
    asked_ = client.post(
        f"/api/v1/documents/task/{task.pk}/{found.pk}/ask-customer", {"task": task.pk}, "application/json"
    )
    assert asked_.status_code == 201
    assert client.get(f"/sign/document/{asked_.json()['token']}/").status_code == 200
    rows = client.get(f"/api/v1/documents/task/{task.pk}").json()
    assert [(row["kind"], row["version"], row["approval"]) for row in rows] == [("drawing", 1, "waiting")]


# ---------------------------------------------------------------------------------------------- on an inspection


def certificate(person: Any, one: Inspection, role: str = "quality", **more: Any) -> Attachment:
    return attach_document(
        actor=person(role), holder="inspection", pk=one.pk, file=io.BytesIO(b"%PDF"), name="材质证明.pdf",
        kind="certificate", **more,
    )  # fmt: skip


@pytest.fixture
def inspection(person: Any, task: Task) -> Inspection:
    """Due at a control point of the task's plan that asks for a certificate."""
    point = inspecting.quality_plan(task.plan, needs_certificate=True, has_certificate=False)
    one = inspecting.inspection(person("quality"))
    Inspection.objects.filter(pk=one.pk).update(point=point, order=task.plan.order)
    return Inspection.objects.get(pk=one.pk)


def test_who_does_not_inspect_attaches_nothing_to_an_inspection(person: Any, inspection: Inspection) -> None:
    with pytest.raises((Forbidden, NotFound)):
        certificate(person, inspection, role="worker")
    with pytest.raises((Forbidden, NotFound)):
        certificate(person, inspection, role="sales")
    assert not Attachment.objects.exists()


def test_a_certificate_on_an_inspection_fulfils_its_point_and_stands_with_the_order(
    person: Any, inspection: Inspection
) -> None:
    made = certificate(person, inspection)
    inspection.point.refresh_from_db()
    assert inspection.point.has_certificate
    assert (inspection, made) in documents_of_order(person("quality"), inspection.order)
    assert certificate(person, inspection).version == 2


def test_a_certificate_that_has_to_be_approved_fulfils_nothing_before_it_is(
    person: Any, inspection: Inspection
) -> None:
    made = certificate(person, inspection, needs_approval=True)
    inspection.point.refresh_from_db()
    assert not inspection.point.has_certificate
    decide(
        actor=person("order_manager"), holder="inspection", pk=inspection.pk, attachment_id=made.pk, approve=True,
        today=TODAY,
    )  # fmt: skip
    inspection.point.refresh_from_db()
    assert inspection.point.has_certificate
