"""Assembles /api/v1/: one router a subject."""

from ninja import NinjaAPI

from punctual.api import problems
from punctual.api.authentication import signed_in
from punctual.api.me import router as me_router
from punctual.api.plans import router as plans_router

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
api.add_router("", plans_router, tags=["plans"])
