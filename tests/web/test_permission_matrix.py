"""Every address and every API operation × every role, against the reviewed table beside this file.

The table holds, for each role, the status of a GET and of an empty POST (pages) or of an empty call (API). A line that
changes must be looked at and accepted: ``PUNCTUAL_ACCEPT=1 python3 run.py test tests/web/test_permission_matrix.py``.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from api_document import api_document
from migrated import only_one
from punctual.platform.accounts.demo import DEMO_NAMES
from punctual.platform.accounts.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

HERE = Path(__file__).resolve().parent
TABLE = HERE / "permission_matrix.txt"
TODAY = dt.date(2026, 11, 23)
PARTS = 8
"""The table is asked in so many pieces of interleaved rows, which the workers of the tests share (conftest.py)."""
LEFT_OUT = ("accounts/", "i18n/")
"""allauth's own addresses, and the language switch, which everybody may use."""


def _routes(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, str]]:
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern, route)
        elif isinstance(pattern, URLPattern) and not route.startswith((*LEFT_OUT, "api/")):
            yield route, pattern.name or ""


@pytest.fixture(scope="module")
def world(demo_company: dt.date, django_db_blocker: Any) -> dict[str, Any]:
    """What stands for each place of an address."""
    with django_db_blocker.unblock():
        return _samples()


def _samples() -> dict[str, Any]:
    """What stands for each place of an address: converter name or ``section/name`` → value."""
    from punctual.domain.orders.models import Order
    from punctual.domain.plans.models import PlanTemplate
    from punctual.platform.approvals.models import ApprovalRequest

    manager = User.objects.get(username="order.manager")
    order = Order.objects.filter(plan__isnull=False, state="in_progress").order_by("pk")[0]
    approval = ApprovalRequest.objects.filter(state="waiting").order_by("pk").first()
    assert approval is not None
    return {
        **_master_samples(),
        **_supply_samples(),
        **_order_samples(manager, order),
        "verb": "hold",
        "token": "none",
        "code": PlanTemplate.objects.order_by("pk").values_list("code", flat=True).first(),
        "number": 1,
        **_quality_samples(order.pk),
        "settings/pk": manager.pk,
        "new/subject": "order",
        "me/pk": 1,
        **_of_customers(),
        "do/verb": "cancel",
        **_delivery_samples(order),
        "file_pk": 1,
        "entries/pk": 1,
        "follow/kind": "order",
        "follow/order/pk": order.pk,
        "comments/kind": "customer",
        "comments/customer/pk": order.customer_id,
        "comments/customer/thing_id": order.customer_id,
        "approvals/pk": approval.pk,
        "approval_id": approval.pk,
        "stand-in/pk": 1,
        "points/pk": 1,
        "po/pk": 1,
        "first": 1,
        "second": 1,
        **_monitoring_samples(manager, order),
        **_scheduling_samples(),
    }


def _first(model: Any) -> Any:
    return model.objects.order_by("pk").values_list("pk", flat=True).first()


def _master_samples() -> dict[str, Any]:
    from punctual.domain.calendars.models import WorkingCalendar
    from punctual.domain.catalog.models import Product, ProductRevision
    from punctual.domain.parties.models import Contact, Customer, Supplier
    from punctual.domain.resources.models import Resource

    models = {
        "customers": Customer,
        "contacts": Contact,
        "suppliers": Supplier,
        "products": Product,
        "resources": Resource,
        "calendars": WorkingCalendar,
    }
    revision, customer = _first(ProductRevision), _first(Customer)
    return {
        **{f"{name}/pk": _first(model) for name, model in models.items()},
        "customers/customer_pk": customer,
        "orders/customers/pk": customer,
        "products/revision_pk": revision,
        "revision_id": revision,
    }


def _supply_samples() -> dict[str, Any]:
    from punctual.domain.supply import models as supply

    models = {
        "materials": supply.Material,
        "stock-items": supply.StockItem,
        "boms": supply.Bom,
        "purchase-requests": supply.PurchaseRequest,
        "reservations": supply.Reservation,
        "requirements": supply.Requirement,
        "receipts": supply.Receipt,
        "shortages": supply.Shortage,
    }
    return {
        **{f"{name}/pk": _first(model) or 1 for name, model in models.items()},
        "purchase-orders/number": "PO-2026-00031",
        "purchase-orders/key": "PO-2026-00031",
        "purchase-orders/do/verb": "send",
        "line_no": 10,
    }


def _order_samples(manager: User, order: Any) -> dict[str, Any]:
    """An order with a file, an imported file, a waiver, a change."""
    from punctual.domain.changes.models import ChangeOrder
    from punctual.domain.orders.models import Order, Waiver
    from punctual.domain.orders.services.imports import upload
    from punctual.platform.attachments.services import attach

    attachment = attach(actor=manager, target=order, file=io.BytesIO(b"x"), name="x.txt")
    sheet = "型号,数量,单价\nHC-FS200,1,100\n".encode()
    imported = upload(actor=manager, content=sheet, name="po.csv", today=TODAY)
    draft = Order.objects.filter(state="draft").order_by("pk").first()
    change = ChangeOrder.objects.order_by("pk").first()
    assert change is not None
    return {
        "key": order.number,
        "draft": f"{draft.pk}" if draft else "",
        "order": order.number,
        "imports/pk": imported.pk,
        "files/pk": attachment.pk,
        "waivers/pk": _first(Waiver) or 1,
        "waiver_id": _first(Waiver) or 1,
        "review/verb": "sign",
        "changes/number": change.number,
        "change-orders/number": change.number,
        "holder": "order",
        "documents/order/pk": order.pk,
        "documents/order/file_pk": attachment.pk,
        "documents/order/document": attachment.pk,
    }


def _delivery_samples(order: Any) -> dict[str, Any]:
    from punctual.domain.delivery.models import Acceptance, Delivery, PaymentMilestone

    delivery = Delivery.objects.filter(state="preparing").order_by("pk").first()
    acceptance = Acceptance.objects.filter(state="open").order_by("pk").first()
    milestone = PaymentMilestone.objects.filter(order=order).order_by("pk").first()
    assert delivery is not None
    assert acceptance is not None
    assert milestone is not None
    return {
        "deliveries/number": delivery.number,
        "acceptances/pk": acceptance.pk,
        "acceptance_id": acceptance.pk,
        "payments/pk": milestone.pk,
        "milestone_id": milestone.pk,
    }


def _scheduling_samples() -> dict[str, Any]:
    from punctual.domain.scheduling.models import Absence, ExtraShift, Scenario, ScheduleRun

    firsts = {"absences": Absence, "extras": ExtraShift, "scenarios": Scenario, "schedule-runs": ScheduleRun}
    rows = {
        f"{name}/pk": model.objects.order_by("pk").values_list("pk", flat=True).first()
        for name, model in firsts.items()
    }
    return {**rows, "scenarios/verb": "discard"}


def _monitoring_samples(manager: User, order: Any) -> dict[str, Any]:
    """A task of the worker, a report, a warning, a notice, an action item."""
    from punctual.domain.actions.services import open_action
    from punctual.domain.monitoring.models import ProgressReport, RecoveryRun, Warning
    from punctual.domain.monitoring.services.notices import draft_notice
    from punctual.domain.plans.models import Task

    worker = User.objects.get(username="worker")
    task = Task.objects.filter(needs__resource__user=worker, percent__lt=100).order_by("pk").first()
    assert task is not None
    report = ProgressReport.objects.filter(task__isnull=False).order_by("pk").first()
    warning = Warning.objects.filter(order__isnull=False).order_by("pk").first()
    notice = draft_notice(actor=manager, order=order, title="x")
    action = open_action(actor=manager, title="x", owner=worker, due=timezone.localdate())
    recovery = RecoveryRun.objects.create(order=order, day=TODAY, state="ready")
    assert report is not None
    assert warning is not None
    return {
        "tasks/pk": task.pk,
        "task": task.pk,
        "progress/pk": report.pk,
        "photos/file": 1,
        "report": report.pk,
        "warnings/pk": warning.pk,
        "warning": warning.pk,
        "recover/pk": recovery.pk,
        "run": recovery.pk,
        "notices/pk": notice.pk,
        "notice": notice.pk,
        "drafts/pk": 1,
        "actions/pk": action.pk,
        "action": action.pk,
        "actions/verb": "complete",
        "action-items/verb": "complete",
        "expenses/pk": 1,
        "schedules/pk": 1,
    }


def _quality_samples(order_id: int) -> dict[str, Any]:
    from punctual.domain.quality import models as quality

    def first(model: Any, **lookup: Any) -> int:
        return model.objects.filter(**lookup).order_by("pk").values_list("pk", flat=True).first() or 1

    note = quality.DebitNote.objects.order_by("pk").first()
    assert note is not None
    return {
        "inspections/pk": first(quality.Inspection),
        "inspections/inspection_id": first(quality.Inspection),
        "inspections/files/file_pk": 1,
        "ncr/pk": note.ncr_id,
        "ncr/debit-notes/note_pk": note.pk,
        "note_pk": note.pk,
        "ncr/files/file_pk": 1,
        "nonconformities/ncr_id": first(quality.Nonconformity),
        "8d/pk": first(quality.CorrectiveAction),
        "corrective-actions/capa_id": first(quality.CorrectiveAction),
        "charts/pk": first(quality.ControlChart),
        "charts/signals/signal_pk": first(quality.ChartSignal),
        "quality/severity/pk": first(quality.SupplierSeverity),
        "quality/reviews/pk": first(quality.QualityReview),
        "quality/gauges/pk": first(quality.Gauge),
        "quality/templates/pk": first(quality.QualityTemplate),
        "quality/points/pk": first(quality.ControlPoint, plan__order=order_id),
        "quality/points/point_pk": first(quality.TemplatePoint),
    }


def _of_customers() -> dict[str, Any]:
    """Requests, meetings, feedback, service and channels."""
    from punctual.domain.aftersales.models import ServiceCase, Visit
    from punctual.domain.customer_relations.models import CustomerRequest, Meeting, Survey, TrackingLink, TrackingTask
    from punctual.platform.notifications.channels import add_webhook

    def first(rows: Any) -> Any:
        found = rows.order_by("pk").first()
        assert found is not None, rows.model
        return found

    admin = User.objects.get(username="admin")
    request = first(CustomerRequest.objects.filter(state="open"))
    case = first(ServiceCase.objects.filter(state="planned"))
    meeting = first(Meeting.objects.filter(state="planned"))
    visit = first(Visit.objects.filter(done_at=None))
    link, task, survey = first(TrackingLink.objects), first(TrackingTask.objects), first(Survey.objects)
    webhook, _secret = add_webhook(actor=admin, url="https://hooks.example.com/punctual")
    return {
        "requests/key": request.number,
        "requests/number": request.number,
        "requests/verb": "resume",
        "requests/files/pk": 1,
        "meetings/pk": meeting.pk,
        "meetings/verb": "start",
        "what": "minutes",
        "feedback/pk": survey.pk,
        "service-cases/key": case.number,
        "service-cases/number": case.number,
        "service-cases/verb": "work",
        "visits/pk": visit.pk,
        "links/pk": link.pk,
        "wants/pk": task.pk,
        "channels/verb": "test-webhook",
        "webhooks/pk": webhook.pk,
    }


def _address(route: str, samples: dict[str, Any]) -> str:
    """The route with its places filled; where no sample stands for a place, the demo's first record does."""
    parts: list[str] = []
    for part in route.split("/"):
        if not part.startswith(("<", "{")):
            parts.append(part)
            continue
        place, ending = re.split("[>}]", part[1:], maxsplit=1)
        name = place.split(":")[-1]
        section = next((p for p in reversed(parts) if p and not any(c.isdigit() for c in p)), "")
        keys = (f"{parts[0]}/{section}/{name}", f"{section}/{name}", f"{parts[0]}/{name}", name)
        parts.append(str(next((samples[key] for key in keys if key in samples), 1)) + ending)
    return "/" + "/".join(parts)


RENDERED = ("order_manager", "worker")
"""For these two the pages are written out, for the others the answer is decided and no page is drawn: whether somebody
may open it is decided before, and drawing seven hundred pages ten times takes ten minutes."""


def _drawn(role: str) -> Any:
    return nullcontext() if role in RENDERED else patch("django.shortcuts.loader.render_to_string", lambda *_, **__: "")


def _status(client: Client, method: str, address: str, **more: Any) -> int:
    """The status; whatever the request changed is taken back, a new session's cookie too."""
    cookies = client.cookies.copy()
    with transaction.atomic():
        answer = client.generic(method, address, **more)
        transaction.set_rollback(True)
    client.cookies = cookies
    return answer.status_code


def _clients() -> dict[str, Client]:
    clients = {"nobody": Client(raise_request_exception=False)}
    for role, name in DEMO_NAMES.items():
        client = Client(raise_request_exception=False)
        client.force_login(User.objects.get(username=name))
        clients[role.value] = client
    return clients


def _pages() -> dict[str, str]:
    """What begins a row → the route."""
    return {f"/{route} [{name}]": route for route, name in sorted(_routes(get_resolver()))}


def _operations() -> dict[str, tuple[str, str]]:
    """What begins a row → method and path."""
    paths = sorted(api_document()["paths"].items())
    return {f"{method.upper()} {path}": (method, path) for path, methods in paths for method in sorted(methods)}


def _page_cells(clients: dict[str, Client], route: str, samples: dict[str, Any]) -> Iterator[str]:
    form = {"content_type": "application/x-www-form-urlencoded"}
    address = _address(route, samples)
    for role, client in clients.items():
        with _drawn(role):
            got, posted = _status(client, "GET", address), _status(client, "POST", address, **form)
        yield f"{role}={got}/{posted}"


def _operation_cells(clients: dict[str, Client], method: str, path: str, samples: dict[str, Any]) -> Iterator[str]:
    address = "/api/v1" + _address(path.removeprefix("/api/v1").lstrip("/"), samples)
    more = {} if method == "get" else {"data": b"{}", "content_type": "application/json"}
    for role, client in clients.items():
        yield f"{role}={_status(client, method.upper(), address, **more)}"


def _known() -> dict[str, str]:
    """What begins a row → the reviewed row."""
    return {row.partition(" nobody=")[0]: row for row in TABLE.read_text().splitlines()}


def _accept(rows: dict[str, str], order: list[str]) -> None:
    """These rows in the place of what the table says of them; what is no more goes."""
    with only_one(Path(tempfile.gettempdir()) / "punctual-permission-matrix.lock"):
        kept = _known() | rows
        TABLE.write_text("".join(f"{kept[begin]}\n" for begin in order if begin in kept))


@pytest.mark.parametrize("part", range(PARTS))
def test_every_address_and_operation_answers_each_role_as_reviewed(
    world: dict[str, Any], django_db_blocker: Any, part: int
) -> None:
    pages, operations = _pages(), _operations()
    order = [*pages, *operations]
    with django_db_blocker.unblock():
        clients = _clients()
        rows = {}
        for begin in order[part::PARTS]:
            if begin in pages:
                cells = _page_cells(clients, pages[begin], world)
            else:
                cells = _operation_cells(clients, *operations[begin], world)
            rows[begin] = " ".join([begin, *cells])
    failing = [row for row in rows.values() if "=500" in row or "/500" in row]
    assert not failing, "\n".join(failing)
    if os.environ.get("PUNCTUAL_ACCEPT"):
        _accept(rows, order)
    known = _known()
    changed = [f"- {known.get(begin, '')}\n+ {row}" for begin, row in rows.items() if known.get(begin) != row]
    assert not changed, "\n".join(changed)


@pytest.mark.skipif("PUNCTUAL_ACCEPT" in os.environ, reason="the parts write it at the same time")
def test_the_table_speaks_of_what_there_is_and_nothing_else() -> None:
    assert list(_known()) == [*_pages(), *_operations()]


def test_strangers_see_the_public_addresses_only(world: dict[str, Any], django_db_blocker: Any) -> None:
    """What nobody may open is decided here, not in the table."""
    public = {
        "csp_report",
        "feed",
        "healthz",
        "metrics",
        "portal_forgot",
        "portal_sign_in",
        "portal_sign_out",
        "portal_welcome",
        "readyz",
        "supplier_8d",
        "supplier_link",
        "survey",
        "track",
        "track_enter",
        "track_enter_not_mine",
        "track_not_mine",
        "track_order",
    }
    form = {"content_type": "application/x-www-form-urlencoded"}
    open_to_all = []
    with django_db_blocker.unblock():
        for route, name in sorted(_routes(get_resolver())):
            # A stranger is turned away before anything is looked up, so any number does.
            nobody, address = Client(raise_request_exception=False), "/" + re.sub(r"<[^>]+>", "1", route)
            got, posted = _status(nobody, "GET", address), _status(nobody, "POST", address, **form)
            quiet = route.startswith("sign/") and got in {302, 404, 405}
            if name not in public and not quiet and (got, posted) != (302, 302):
                open_to_all.append(f"/{route} [{name}] {got}/{posted}")
    assert not open_to_all, "\n".join(open_to_all)
