"""Assembles /api/v1/: one router a subject."""

from ninja import NinjaAPI

from punctual.api import problems
from punctual.api.authentication import signed_in
from punctual.api.calendars import router as calendars_router
from punctual.api.customers import router as customers_router
from punctual.api.me import router as me_router
from punctual.api.orders import router as orders_router
from punctual.api.plan_templates import router as plan_templates_router
from punctual.api.plans import router as plans_router
from punctual.api.products import router as products_router
from punctual.api.resources import router as resources_router
from punctual.api.scheduling import router as scheduling_router
from punctual.api.suppliers import router as suppliers_router

api = NinjaAPI(
    title="Punctual 准交",
    version="1",
    urls_namespace="api",
    auth=signed_in,
    description="Errors are problem+json; every POST takes an Idempotency-Key; lists take limit and offset.",
    openapi_url="openapi.json",
    docs_url=None,
)
problems.install(api)
api.add_router("", me_router, tags=["me"])
api.add_router("", orders_router, tags=["orders"])
api.add_router("", plans_router, tags=["plans"])
api.add_router("", plan_templates_router, tags=["plan templates"])
api.add_router("", scheduling_router, tags=["schedules and promises"])
api.add_router("", customers_router, tags=["customers"])
api.add_router("", suppliers_router, tags=["suppliers"])
api.add_router("", products_router, tags=["products"])
api.add_router("", resources_router, tags=["resources"])
api.add_router("", calendars_router, tags=["calendars"])
