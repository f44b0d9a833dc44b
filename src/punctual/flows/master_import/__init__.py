"""Import and export of master data: one declared list of columns a noun and one call of its services a row."""

from __future__ import annotations

from typing import Final

from punctual.flows.master_import.calendar_days import CALENDAR_DAYS
from punctual.flows.master_import.columns import MasterImport
from punctual.flows.master_import.customers import CUSTOMERS
from punctual.flows.master_import.materials import BOMS, MATERIALS, STOCK_COUNTS
from punctual.flows.master_import.products import PRODUCTS
from punctual.flows.master_import.resources import RESOURCES
from punctual.flows.master_import.suppliers import SUPPLIERS

SUBJECTS: Final[dict[str, MasterImport]] = {
    subject.name: subject
    for subject in (
        CUSTOMERS,
        SUPPLIERS,
        PRODUCTS,
        RESOURCES,
        CALENDAR_DAYS,
        MATERIALS,
        BOMS,
        STOCK_COUNTS,
    )
}
