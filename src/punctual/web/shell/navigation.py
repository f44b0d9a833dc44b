"""The sidebar, grouped by the reader's work. Only what exists and what the reader may open is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.web.shell.waiting import counted

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: ``count`` is the work that waits for this reader."""

    label: Words
    icon: str
    url_name: str
    permission: str = ""
    count: Callable[[User], int] | None = None
    section: str = ""
    """First part of the addresses that belong to it; default: that of its own."""


@dataclass(frozen=True, slots=True)
class Group:
    label: Words
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class ShownEntry:
    name: str
    label: Words
    icon: str
    url: str
    active: bool
    count: int


@dataclass(frozen=True, slots=True)
class ShownGroup:
    label: Words
    entries: list[ShownEntry]


def _unread(user: User) -> int:
    from punctual.platform.notifications.services import unread_count

    return unread_count(user)


def _reviews(user: User) -> int:
    from punctual.domain.orders.selectors import signs_waiting_for

    return signs_waiting_for(user).count()


def _imports(user: User) -> int:
    from punctual.domain.orders.selectors import imports_of

    return imports_of(user).filter(created_by=user, state="open").count()


def _tasks(user: User) -> int:
    from punctual.domain.monitoring.my_tasks import open_count

    return open_count(user, timezone.localdate())


def _actions(user: User) -> int:
    from punctual.domain.actions.selectors import open_for

    return open_for(user).count()


def _warnings(user: User) -> int:
    from punctual.domain.monitoring.selectors import warning_count

    return warning_count(user, timezone.localdate())


def _notices(user: User) -> int:
    from punctual.domain.monitoring.selectors import to_acknowledge

    return to_acknowledge(user).count()


def _risks(user: User) -> int:
    from punctual.domain.risks.selectors import to_review

    return to_review(user, today=timezone.localdate()).filter(owner=user).count()


def _approvals(user: User) -> int:
    from punctual.platform.approvals.selectors import waiting_for

    return waiting_for(user, timezone.localdate()).count()


def _proposals(user: User) -> int:
    from punctual.platform.proposals.services import waiting_for

    return waiting_for(user).count()


def _changes(user: User) -> int:
    from punctual.domain.changes.selectors import open_changes

    return open_changes(user).filter(owner=user).count()


def _requests(user: User) -> int:
    from punctual.domain.customer_relations.selectors import running_requests

    return running_requests(user).filter(owner=user, state="open").count()


def _inspections(user: User) -> int:
    from punctual.domain.quality.selectors import to_inspect

    return to_inspect(user).count()


def _ncrs(user: User) -> int:
    from punctual.domain.quality.selectors import my_ncrs

    return my_ncrs(user).count()


def _shortages(user: User) -> int:
    from punctual.domain.supply.selectors import shortages_of

    return shortages_of(user).filter(state="stops", settled_as="").count()


def _service(user: User) -> int:
    from punctual.domain.aftersales.selectors import visits_ahead

    return visits_ahead(user).filter(engineer=user).count()


GROUPS: Final[list[Group]] = [
    Group(
        "",
        (
            Entry(_("Today"), "sun", "home"),
            Entry(_("My tasks"), "checkbox", "my_tasks", "progress.own", count=_tasks),
            Entry(_("Action items"), "checklist", "actions", "actions.own", count=_actions),
            Entry(_("Inbox"), "inbox", "inbox", count=_unread),
            Entry(_("Approvals"), "checks", "approvals", "approvals.view", count=_approvals),
            Entry(_("Suggestions"), "message-circle", "proposals", count=_proposals),
        ),
    ),
    Group(
        _("Take orders"),
        (
            Entry(_("Orders"), "file-text", "orders", "orders.view"),
            Entry(_("Import and check"), "table-import", "imports", "orders.change", count=_imports),
            Entry(_("Reviews"), "writing-sign", "reviews", "orders.view", count=_reviews),
            Entry(_("Change orders"), "git-pull-request", "changes", "changes.view", count=_changes),
        ),
    ),
    Group(
        _("Plan"),
        (
            Entry(_("Plan Gantt"), "timeline", "plans", "plans.view"),
            Entry(_("Load"), "layout-grid", "capacity", "scheduling.view"),
            Entry(_("Promises"), "calendar-check", "promises", "promises.view"),
            Entry(_("Rush order"), "bolt", "rush", "scheduling.view"),
            Entry(_("Scenarios"), "flask", "scenarios", "scheduling.view"),
            Entry(_("Schedule runs"), "history", "schedule_runs", "scheduling.view"),
        ),
    ),
    Group(
        _("Watch delivery"),
        (
            Entry(_("Warnings, repair"), "bolt", "warnings", "warnings.view", count=_warnings),
            Entry(_("Shortages and POs"), "package-import", "shortages", "supply.view", count=_shortages),
            Entry(_("Delivery, acceptance"), "truck-delivery", "deliveries", "delivery.view"),
            Entry(_("Change notices"), "bell", "notices", "notices.view", count=_notices),
            Entry(_("Payments"), "coin", "payments", "payments.view"),
        ),
    ),
    Group(
        _("Quality and risk"),
        (
            Entry(_("Quality"), "checklist", "quality", "quality.view"),
            Entry(_("Inspections"), "ruler-2", "inspections", "quality.inspect", count=_inspections),
            Entry(_("Nonconformities"), "circle-x", "ncrs", "quality.report", count=_ncrs),
            Entry(_("Risks"), "target-arrow", "risks", "risks.view", count=_risks),
        ),
    ),
    Group(
        _("For customers"),
        (
            Entry(_("Customers"), "building", "customers", "customers.read"),
            Entry(_("Customer requests"), "message-circle", "requests", "requests.view", count=_requests),
            Entry(_("Meetings"), "users", "meetings", "meetings.view"),
            Entry(_("After-sales"), "tool", "service_cases", "service.visit", count=_service),
            Entry(_("Feedback"), "star", "feedback", "feedback.view"),
        ),
    ),
    Group(
        _("See results"),
        (
            Entry(_("Dashboard"), "chart-bar", "dashboard", "reports.view"),
            Entry(_("Reports"), "file-text", "report_portfolio", "reports.view"),
            Entry(_("Earned value"), "chart-line", "portfolio_performance", "reports.view"),
            Entry(_("Date calibration"), "adjustments-check", "calibration", "scheduling.view"),
            Entry(_("Working time"), "clock", "time", "costs.own_time"),
        ),
    ),
    Group(
        _("Manage"),
        (
            Entry(_("Plan templates"), "template", "plan_templates", "templates.view"),
            Entry(_("Products"), "package", "products", "catalog.read"),
            Entry(_("Materials"), "package-import", "materials", "supply.view"),
            Entry(_("Stock"), "inbox", "stock_items", "supply.view"),
            Entry(_("Bills of material"), "list-details", "boms", "supply.view"),
            Entry(_("Purchase orders"), "truck-delivery", "purchase_orders", "supply.view"),
            Entry(_("Suppliers"), "truck-delivery", "suppliers", "suppliers.read"),
            Entry(_("Supplier scorecard"), "target-arrow", "supplier_scorecard", "supply.view"),
            Entry(_("Resources"), "users", "resources", "resources.read"),
            Entry(_("Calendars"), "calendar", "calendars", "calendars.read"),
            Entry(_("Settings"), "settings", "company_settings", section="/settings/"),
        ),
    ),
]


def shown(request: HttpRequest) -> list[ShownGroup]:
    """The groups with the entries that the reader may open."""
    user = request.user
    if not user.is_authenticated:
        return []
    open_to = [
        (group, [entry for entry in group.entries if not entry.permission or may(user, entry.permission)])
        for group in GROUPS
    ]
    asked = {one.url_name: one.count for _, entries in open_to for one in entries if one.count}
    counts = counted(user, "sidebar", list(asked), lambda name: asked[name](user))
    return [
        ShownGroup(group.label, [_shown(entry, request, counts.get(entry.url_name, 0)) for entry in entries])
        for group, entries in open_to
        if entries
    ]


def _shown(entry: Entry, request: HttpRequest, count: int) -> ShownEntry:
    url = _address(entry.url_name)
    root = entry.section or url
    active = request.path == url if root == "/" else request.path.startswith(root)
    return ShownEntry(entry.url_name, entry.label, entry.icon, url, active, count)


@cache
def _address(url_name: str) -> str:
    """Of a page without parameters; the sidebar asks for forty of them every time."""
    return reverse(url_name)


def key_of(groups: list[ShownGroup]) -> str:
    """What tells one look of the sidebar from another."""
    return " ".join(
        f"{one.name}{'*' if one.active else ''}{one.count or ''}" for group in groups for one in group.entries
    )


@dataclass(frozen=True, slots=True)
class Creation:
    """A line of the "New" menu."""

    label: Words
    icon: str
    url_name: str
    permission: str

    @property
    def url(self) -> str:
        return _address(self.url_name)


CREATIONS: Final[list[Creation]] = [
    Creation(_("New order"), "file-plus", "order_new", "orders.change"),
    Creation(_("Import a customer's order"), "table-import", "imports", "orders.change"),
    Creation(_("Record a request"), "message-circle", "request_new", "requests.change"),
    Creation(_("Report a nonconformity"), "circle-x", "ncr_new", "quality.report"),
    Creation(_("Record an inspection"), "ruler-2", "inspection_new", "quality.inspect"),
    Creation(_("New customer"), "building", "customer_new", "customers.change"),
    Creation(_("New product"), "package", "product_new", "catalog.change"),
    Creation(_("New material"), "package", "material_new", "supply.change"),
    Creation(_("New purchase order"), "truck-delivery", "purchase_order_new", "supply.change"),
    Creation(_("New purchase request"), "list-check", "purchase_request_new", "supply.decide"),
    Creation(_("New supplier"), "truck-delivery", "supplier_new", "suppliers.change"),
    Creation(_("New resource"), "user-plus", "resource_new", "resources.change"),
]

PHONE_TABS: Final[list[str]] = ["home", "orders", "my_tasks", "inbox"]
"""Url names of at most four entries of the sidebar that stand at the bottom of a phone."""


def creations_for(user: User) -> list[Creation]:
    return [item for item in CREATIONS if may(user, item.permission)]


def phone_tabs(groups: list[ShownGroup]) -> list[ShownEntry]:
    """The bottom tabs, in the order of PHONE_TABS, out of what is shown at the side."""
    by_url = {entry.url: entry for group in groups for entry in group.entries}
    return [by_url[url] for url in map(_address, PHONE_TABS) if url in by_url]


@dataclass(frozen=True, slots=True)
class SettingsEntry:
    """A line of the settings page's own navigation."""

    label: Words
    icon: str
    url_name: str
    permission: str = ""


SETTINGS: Final[list[SettingsEntry]] = [
    SettingsEntry(_("Company"), "building", "company_settings"),
    SettingsEntry(_("People and roles"), "users", "people"),
    SettingsEntry(_("Order checks and review"), "checkbox", "order_settings", "orders.view"),
    SettingsEntry(_("Custom fields"), "list-details", "custom_fields", "orders.view"),
    SettingsEntry(_("Warnings, repair"), "alert-triangle", "warning_settings", "warnings.rules"),
    SettingsEntry(_("Response times"), "hourglass", "response_times", "requests.view"),
    SettingsEntry(_("Channels"), "send", "company_channels", "channels.manage"),
    SettingsEntry(_("Schedules and promises"), "calendar-check", "scheduling_settings", "scheduling.view"),
    SettingsEntry(_("Approval chains"), "checks", "approval_rules", "approvals.rules"),
    SettingsEntry(_("Shipping and payments"), "truck-delivery", "delivery_settings", "delivery.settings"),
    SettingsEntry(_("Exchange rates"), "coin", "exchange_rates", "rates.view"),
    SettingsEntry(_("System"), "shield-check", "system", "settings.manage"),
]


def settings_nav(request: HttpRequest) -> list[ShownEntry]:
    """The settings pages, the open one marked."""
    return [
        ShownEntry(
            item.url_name, item.label, item.icon, reverse(item.url_name), request.path == reverse(item.url_name), 0
        )
        for item in SETTINGS
        if not item.permission or may(request.user, item.permission)
    ]
