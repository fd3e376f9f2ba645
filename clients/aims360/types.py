"""What AIMS360 says and takes, typed: money as Decimal, quantities as int, dates as date. Field names on the wire are in contract.py."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

CodeKind = Literal["division", "season", "term", "ship_via", "country", "currency", "sales_rep", "discount_reason", "order_status_reason"]


@dataclass(frozen=True)
class CodeRow:
    id: str
    code: str
    name: str
    enabled: bool = True


@dataclass(frozen=True)
class Warehouse:
    id: str
    name: str
    active: bool = True


@dataclass(frozen=True)
class Customer:
    """`status` is Active, Inactive or No Shipment; only Active ones may be ordered for. All but `id` and `account` are read by names that
    are UNKNOWN (facts 9.1): "" or None where this tenant does not show them. Ids are those of the code tables."""

    id: str
    account: str
    name: str = ""
    email: str = ""
    phone: str = ""
    status: str = "Active"
    contact: str = ""
    term_id: str | None = None
    ship_via_id: str | None = None
    sales_rep_id: str | None = None
    currency: str = ""  # code, for example USD
    price_level: str = ""
    group: str = ""
    address1: str = ""  # bill-to
    address2: str = ""
    city: str = ""
    state: str = ""
    zip_code: str = ""
    country_id: str | None = None
    last_modified: datetime | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Store:
    id: str
    customer_id: str
    code: str
    name: str = ""
    address1: str = ""
    address2: str = ""
    city: str = ""
    state: str = ""
    zip_code: str = ""
    country_id: str = ""
    active: bool = True
    no_shipment: bool = False


@dataclass(frozen=True)
class SizeRow:
    """`position` orders the sizes of one style-colour: AIMS360's own number, or the served place from 1 when it gives none."""

    name: str
    upc: str | None = None
    position: int = 0


@dataclass(frozen=True)
class StyleColor:
    """One style in one colour. `sizes` stand in the order AIMS360 gives them; texts it does not have are ""."""

    id: str
    style_id: str
    style: str
    color: str
    color_description: str = ""
    description: str = ""
    wholesale_price: Decimal | None = None
    retail_price: Decimal | None = None
    division_id: str | None = None
    season_id: str | None = None
    active: bool = True
    sizes: tuple[SizeRow, ...] = ()
    last_modified: datetime | None = None
    body_code: str = ""
    body_description: str = ""
    brand_name: str = ""
    origin_country: str = ""
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class PriceRow:
    """The prices of one style-colour in one currency and price level (ASSUMED as a whole, A-13)."""

    style_color_id: str
    currency: str
    level: str = ""
    wholesale: Decimal | None = None
    retail: Decimal | None = None


@dataclass(frozen=True)
class ImageDocument:
    """A picture kept as an AIMS360 document (facts 9.9). `style`, `color` and `number` are read from `reference` and `name` by rules that
    are ASSUMED (contract `images.*`): `color` is "" at style level, `number` is 0 when the name gives the picture no place.

    `size` is in bytes as listed, 0 when AIMS360 does not say; `uri` needs no token when `public`.
    """

    id: str
    name: str
    reference: str
    uri: str = ""
    size: int = 0
    uploaded: datetime | None = None
    public: bool = False
    style: str = ""
    color: str = ""
    number: int = 0


@dataclass(frozen=True)
class StockRow:
    """Stock of one (style, colour, size) in one AIMS360 warehouse, in pieces. `ots` is None when the source has no such column.
    `open_orders` is what open orders want and stock allocation does not cover."""

    style: str
    color: str
    size: str
    warehouse: str  # name
    style_color_id: str | None = None
    upc: str | None = None
    division: str | None = None  # code, when the source has it
    season: str | None = None
    on_hand: int = 0
    allocated: int = 0
    pick_tickets: int = 0
    open_orders: int = 0
    ots: int | None = None


@dataclass(frozen=True)
class WipRow:
    """Open quantity of one size on one purchase-order (or cut) line. Dates before 1900 mean none."""

    reference: str
    style_color_id: str
    warehouse_id: str | None
    size: str
    in_warehouse_date: date | None
    x_factory_date: date | None
    open_quantity: int
    allocated: int = 0


@dataclass(frozen=True)
class OneTimeAddress:
    name: str
    address1: str
    address2: str = ""
    address3: str = ""
    city: str = ""
    state: str = ""
    zip_code: str = ""
    country_id: str | None = None


@dataclass(frozen=True)
class OrderDraftLine:
    style_color_id: str
    warehouse_id: str
    price: Decimal
    sizes: tuple[tuple[str, int], ...]  # (size name, pieces)
    note: str = ""
    discount_percentage: Decimal | None = None


@dataclass(frozen=True)
class OrderDraft:
    """An AIMS360 order about to be created (facts 9.7). `header` holds the plain optional fields by their AIMS360 name
    (notes, note1, note2, shippingInstructions, packingNotes, department, buyer, phone, email, ...)."""

    reference: str  # thirdPartyOrderID
    customer_id: str
    division_id: str
    status: Literal["Open", "Hold"]
    purchase_order: str
    lines: tuple[OrderDraftLine, ...]
    term_id: str | None = None
    ship_via_id: str | None = None
    season_id: str | None = None
    entered: date | None = None
    start: date | None = None
    complete: date | None = None
    store_id: str | None = None
    ship_to: OneTimeAddress | None = None
    net_discount_percentage: Decimal | None = None
    header: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class OrderRow:
    """An order read back (field names ASSUMED, A-06)."""

    order: str
    third_party_order_id: str | None
    customer_purchase_order: str | None = None
    customer_account: str | None = None
    status: str | None = None
    entered: date | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class NewStore:
    """A ship-to to be added to a customer; no route for it is known (facts 7, 9.2)."""

    customer_id: str
    code: str
    address: OneTimeAddress


@dataclass(frozen=True)
class NewCustomer:
    account: str
    name: str
    email: str = ""
    phone: str = ""
    address: OneTimeAddress | None = None
    term_id: str | None = None
    ship_via_id: str | None = None
