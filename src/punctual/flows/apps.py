from importlib import import_module
from typing import Final

from django.apps import AppConfig

LISTENERS: Final = (
    "complaints",
    "contained_stock",
    "customer_meetings",
    "early_warning",
    "incoming_inspection",
    "late_purchases",
    "material_needs",
    "payment_events",
    "promise_ledger",
    "proposals",
    "quality_warnings",
    "recover",
    "recovery_approval",
    "replan",
    "risk_occurs",
    "rush_approval",
    "satisfaction",
    "scenarios",
    "supply_warnings",
    "warranty_clock",
)
"""Flows that hear events of others; each has a ``listen`` that subscribes, called once when the programme starts."""


class FlowsConfig(AppConfig):
    name = "punctual.flows"
    label = "flows"

    def ready(self) -> None:
        for name in LISTENERS:
            import_module(f"punctual.flows.{name}").listen()
