"""What JOOR says, parsed: typed, money as Decimal, quantities as int, times aware UTC. Raw JSON stays beside it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

OrderStatus = Literal["cancelled", "in_progress", "notes", "pending", "approved", "shipped", "unknown"]


@dataclass(frozen=True)
class Address:
    code: str = ""
    name: str = ""
    phone: str = ""
    email: str = ""
    address_1: str = ""
    address_2: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    country_iso_two: str = ""
    country_iso_three: str = ""


@dataclass(frozen=True)
class OrderLine:
    """One row per style, colour and size (joor-api facts 8.5)."""

    style_number: str
    style_identifier: str
    style_id: str
    name: str
    color: str
    color_code: str
    size: str
    size_code: str
    upc: str
    unit_price: Decimal | None  # original wholesale price
    price: Decimal | None  # after the style-level discount
    price_adjustment: Decimal
    quantity: int
    multiplier: int  # units per case pack, 1 when it is none
    price_extended: Decimal | None  # (price + adjustment) x quantity
    comment: str = ""
    color_comment: str = ""


@dataclass(frozen=True)
class JoorOrder:
    """One v2 order. `raw` is the JSON exactly as it came."""

    order_id: str
    status: OrderStatus
    currency: str
    price_label: str
    total: Decimal | None
    discount: Decimal  # an amount
    discount_percent: Decimal
    shipping_total: Decimal
    customer_code: str
    customer_name: str
    company_name: str
    company_code: str
    purchase_order: str
    shipping: Address
    billing: Address
    payment_method_code: str
    payment_method_name: str
    shipping_method_code: str
    shipping_method_name: str
    warehouse_code: str
    warehouse_name: str
    divisions: tuple[tuple[str, str], ...]  # (code, name)
    season_code: str
    delivery_name: str  # the linesheet
    delivery_code: str
    date_created: datetime | None
    date_approved: datetime | None
    date_modified: datetime | None
    ship_start: date | None
    ship_end: date | None  # complete ship date, which is also the cancel date
    comments: str
    internal_comments: str
    buyer_name: str
    sales_rep: str
    sales_rep_code: str
    lines: tuple[OrderLine, ...]
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class OrdersPage:
    orders: tuple[JoorOrder, ...]
    broken: tuple[tuple[dict[str, Any], str], ...]  # raw rows that could not be parsed, and why; never dropped
    next_start: int | None  # None: this was the last page


@dataclass(frozen=True)
class InventoryItem:
    """One position to set. `bucket` is None for immediate stock, else the date. UPC wins; else style + identifier + colour + size."""

    warehouse: str
    quantity: int
    bucket: date | None = None
    upc: str | None = None
    style_number: str | None = None
    style_identifier: str | None = None
    color_code: str | None = None
    size: str | None = None


@dataclass(frozen=True)
class InventoryAnswer:
    """`failed` maps the index of a refused item to JOOR's words; everything else was taken."""

    failed: dict[int, str]
    log_id: str | None


@dataclass(frozen=True)
class ExportState:
    order_id: str
    state: Literal["SUCCESS", "FAILED", "UNDEFINED"]
    description: str = ""
