"""What the company needs, has and has ordered.

``materials``  what things are made of, and from whom they come
``stock``      what lies where, and every movement that explains it
``needs``      what orders need, and what of it is spoken for
``purchasing`` requests and orders to suppliers, with every date that was given
"""

from punctual.domain.supply.models.materials import (
    Alternative,
    Bom,
    BomLine,
    Material,
    MaterialKind,
    Offer,
)
from punctual.domain.supply.models.needs import (
    Requirement,
    RequirementSource,
    Reservation,
    ReservationState,
    Shortage,
    ShortageState,
)
from punctual.domain.supply.models.purchasing import (
    DateKind,
    PurchaseDate,
    PurchaseLine,
    PurchaseOrder,
    PurchaseRequest,
    PurchaseState,
    Receipt,
    RequestState,
    SupplierLink,
)
from punctual.domain.supply.models.stock import MovementKind, Place, StockItem, StockMovement

__all__ = [
    "Alternative",
    "Bom",
    "BomLine",
    "DateKind",
    "Material",
    "MaterialKind",
    "MovementKind",
    "Offer",
    "Place",
    "PurchaseDate",
    "PurchaseLine",
    "PurchaseOrder",
    "PurchaseRequest",
    "PurchaseState",
    "Receipt",
    "RequestState",
    "Requirement",
    "RequirementSource",
    "Reservation",
    "ReservationState",
    "Shortage",
    "ShortageState",
    "StockItem",
    "StockMovement",
    "SupplierLink",
]
