"""Assembles /api/v1/: one router a subject."""

from punctual.api import problems
from punctual.api.action_items import router as action_items_router
from punctual.api.allocation import router as allocation_router
from punctual.api.approvals import router as approvals_router
from punctual.api.authentication import signed_in
from punctual.api.calendars import router as calendars_router
from punctual.api.changes import router as changes_router
from punctual.api.comments import router as comments_router
from punctual.api.custom_fields import router as custom_fields_router
from punctual.api.customer_po import router as customer_po_router
from punctual.api.customers import router as customers_router
from punctual.api.deliveries import router as deliveries_router
from punctual.api.described import DescribedApi, StrictParser
from punctual.api.documents import router as documents_router
from punctual.api.exchange_rates import router as exchange_rates_router
from punctual.api.feedback import router as feedback_router
from punctual.api.me import router as me_router
from punctual.api.meetings import router as meetings_router
from punctual.api.monitoring import router as monitoring_router
from punctual.api.nonconformities import router as nonconformities_router
from punctual.api.notifications import router as notifications_router
from punctual.api.order_story import router as order_story_router
from punctual.api.orders import router as orders_router
from punctual.api.plan_templates import router as plan_templates_router
from punctual.api.plans import router as plans_router
from punctual.api.products import router as products_router
from punctual.api.proposals import router as proposals_router
from punctual.api.purchase_orders import router as purchase_orders_router
from punctual.api.quality import router as quality_router
from punctual.api.quality_plans import router as quality_plans_router
from punctual.api.quality_records import router as quality_records_router
from punctual.api.report_schedules import router as report_schedules_router
from punctual.api.requests import router as requests_router
from punctual.api.resources import router as resources_router
from punctual.api.risks import router as risks_router
from punctual.api.scenarios import router as scenarios_router
from punctual.api.scheduling import router as scheduling_router
from punctual.api.service_cases import router as service_cases_router
from punctual.api.stock import router as stock_router
from punctual.api.suppliers import router as suppliers_router
from punctual.api.supply import router as supply_router

api = DescribedApi(
    title="Punctual 准交",
    version="1",
    urls_namespace="api",
    auth=signed_in,
    description="Errors are problem+json; every POST takes an Idempotency-Key; lists take limit and offset.",
    openapi_url="openapi.json",
    docs_url=None,
    parser=StrictParser(),
)
problems.install(api)
api.add_router("", me_router, tags=["me"])
api.add_router("", changes_router, tags=["change orders"])
# Before the orders: their `/orders/{key}/{verb}` would take every other word for a verb.
api.add_router("", order_story_router, tags=["orders"])
api.add_router("", customer_po_router, tags=["orders"])
api.add_router("", deliveries_router, tags=["deliveries"])
api.add_router("", approvals_router, tags=["approvals"])
api.add_router("", custom_fields_router, tags=["custom fields"])
api.add_router("", documents_router, tags=["documents"])
api.add_router("", exchange_rates_router, tags=["exchange rates"])
api.add_router("", plans_router, tags=["plans"])
api.add_router("", plan_templates_router, tags=["plan templates"])
api.add_router("", scheduling_router, tags=["schedules and promises"])
api.add_router("", allocation_router, tags=["schedules and promises"])
api.add_router("", scenarios_router, tags=["schedules and promises"])
api.add_router("", customers_router, tags=["customers"])
api.add_router("", suppliers_router, tags=["suppliers"])
api.add_router("", products_router, tags=["products"])
api.add_router("", resources_router, tags=["resources"])
api.add_router("", calendars_router, tags=["calendars"])
api.add_router("", monitoring_router, tags=["monitoring"])
api.add_router("", action_items_router, tags=["monitoring"])
api.add_router("", report_schedules_router, tags=["monitoring"])
api.add_router("", risks_router, tags=["risks"])
api.add_router("", quality_router, tags=["quality"])
api.add_router("", quality_plans_router, tags=["quality"])
api.add_router("", quality_records_router, tags=["quality"])
api.add_router("", nonconformities_router, tags=["quality"])
api.add_router("", supply_router, tags=["supply"])
api.add_router("", stock_router, tags=["stock"])
api.add_router("", purchase_orders_router, tags=["purchase orders"])
api.add_router("", requests_router, tags=["customer relations"])
api.add_router("", meetings_router, tags=["customer relations"])
api.add_router("", feedback_router, tags=["customer relations"])
api.add_router("", service_cases_router, tags=["service cases"])
api.add_router("", comments_router, tags=["comments"])
api.add_router("", proposals_router, tags=["assistants"])
api.add_router("", notifications_router, tags=["notifications"])
# Last: its "/orders/{key}/{verb}" would take the addresses of others.
api.add_router("", orders_router, tags=["orders"])
