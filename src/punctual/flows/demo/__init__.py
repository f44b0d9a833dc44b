"""The demo company 华辰自动化: it builds and installs non-standard automation equipment. The same every time,
dated relative to ``today``."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from punctual.flows.demo.calendars import build_calendars
from punctual.flows.demo.catalog import build_catalog
from punctual.flows.demo.changes import build_changes, look_ahead
from punctual.flows.demo.custom_fields import build_custom_fields
from punctual.flows.demo.customer_pos import build_customer_pos
from punctual.flows.demo.customers import build_customer_relations
from punctual.flows.demo.delivery import build_deliveries
from punctual.flows.demo.documents import build_documents
from punctual.flows.demo.monitoring import build_monitoring, give_tasks_to_people, is_watched, look_at_all
from punctual.flows.demo.orders import build_orders
from punctual.flows.demo.parties import build_parties
from punctual.flows.demo.people import build_people
from punctual.flows.demo.plans import build_plans
from punctual.flows.demo.quality import build_quality
from punctual.flows.demo.rates import build_rates
from punctual.flows.demo.records import nothing_waits
from punctual.flows.demo.resources import build_resources
from punctual.flows.demo.risks import build_risks
from punctual.flows.demo.scheduling import build_capacity, build_schedule
from punctual.flows.demo.service import build_service
from punctual.flows.demo.supply import build_supply
from punctual.flows.demo.templates import build_templates, draft_next_edition
from punctual.platform.jobs.services import Progress


@transaction.atomic
def build_master_data(today: dt.date) -> None:
    """People, calendars, customers, suppliers, products and resources: the company before its first order."""
    build_people()
    build_rates(today)
    build_calendars(today)
    build_parties()
    build_catalog(today)
    build_resources()


@transaction.atomic
@nothing_waits()
def build_records(today: dt.date) -> None:
    """Everything that people and files have told: quick, and enough for the pages to open."""
    build_master_data(today)
    build_templates()
    build_orders(today)
    build_plans(today)
    build_custom_fields()
    draft_next_edition()
    build_deliveries(today)
    build_risks(today)
    build_changes(today)
    build_documents(today)
    build_customer_pos(today)
    build_customer_relations(today)
    build_service(today)
    build_quality(today)
    build_supply(today)
    give_tasks_to_people(today)
    build_capacity(today)


def build_forecasts(today: dt.date) -> None:
    """What is computed from it: the schedule over all orders, forecasts through time, warnings. People work on the
    database meanwhile, so this is no single transaction; stopped half-way, it goes on where it was."""
    build_schedule(today)
    look_ahead(today)
    with transaction.atomic():
        if not is_watched():
            with nothing_waits():
                build_monitoring(today)
    look_at_all(today)


def build_company(today: dt.date) -> None:
    """Fill an empty database."""
    build_records(today)
    build_forecasts(today)


def forecasts_job(progress: Progress, *, today: str) -> dict[str, Any]:
    """The second half in the worker, while the pages are open already; what is done stays as it is."""
    build_forecasts(dt.date.fromisoformat(today))
    return {}
